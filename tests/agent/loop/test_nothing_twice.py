"""A run that was killed at any moment and is resumed does nothing a second time without having said so."""

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from faulty_form import TEXT, MemoryForm
from killed_env import Killed, KilledBy

from screenwright import (
    Acted,
    Action,
    ActionResult,
    Agent,
    Allow,
    Click,
    Decided,
    DecisionContext,
    Deny,
    Ended,
    Env,
    EnvLost,
    Event,
    FakeEnv,
    Finish,
    GuardDecision,
    Hotkey,
    Intended,
    Observation,
    Observed,
    PolicyEvents,
    PolicyInfo,
    Resumed,
    ScreenPoint,
    StopReason,
    Supervision,
    Type,
    Wait,
    read_run,
)
from screenwright.agent.core.describe import DENIED, POSSIBLY_DONE, UNCONFIRMED, unconfirmed_message
from screenwright.agent.core.model import ModelInfo
from screenwright.agent.record.viewer import render_page
from screenwright.cli.terminal import Progress, Terminal


def click(number: int) -> Click[ScreenPoint]:
    return Click(ScreenPoint(float(number), 400.0))


SCRIPT = (
    (click(1),),
    (click(2), Type("first"), click(3)),
    (Hotkey(("tab",)),),
    (click(99999), click(4)),  # outside the screen: refused, so the second one is skipped
    (Type("denied"),),
    (Wait(0), click(5)),
)
"""All actions differ, so that one that is carried out twice is found."""

NOT_DONE = (click(99999), click(4), Type("denied"))
_SKIPPED = re.compile(r"The last (?:action|(\d+) actions) of your reply")


class ByHistory:
    """Plays `SCRIPT` by the number of the step, as a model that does not repeat what its history shows."""

    def info(self) -> PolicyInfo:
        return PolicyInfo(ModelInfo("by history"))

    def open(self) -> None:
        pass

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        actions = SCRIPT[context.step - 1] if context.step <= len(SCRIPT) else ()
        yield Decided(context.step, None, actions, None if actions else Finish())


class Recorder(FakeEnv):
    """Records the actions that were carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Action] = []

    def execute(self, action: Action) -> ActionResult:
        result = super().execute(action)
        self.done.append(action)
        return result


def deny_one_text(action: Action, observation: Observation) -> GuardDecision:
    return Deny("not this text") if action == Type("denied") else Allow()


def by_history() -> Agent:
    return Agent(policy=ByHistory(), guard=deny_one_text)


def events_of(agent: Agent, folder: Path, env: Env) -> list[Event]:
    return list(agent.continue_stream(folder, env))


def first_notes(events: Sequence[Event]) -> tuple[str, ...]:
    """The note to the model when the run continues."""
    return next(event.notes for event in events if isinstance(event, Observed))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Sequence[bytes]:
    """The lines of a complete run, each with its line break."""
    folder = tmp_path_factory.mktemp("complete")
    env = Recorder()
    assert by_history().run("a task", env, out=folder / "run").finished
    assert [action for actions in SCRIPT for action in actions if action not in NOT_DONE] == env.done
    return (folder / "run" / "events.jsonl").read_bytes().splitlines(keepends=True)


def cut(log: Sequence[bytes], lines: int, folder: Path) -> Path:
    """The run, killed in the middle of writing the line after `lines` lines."""
    (folder / "images").mkdir(parents=True)
    (folder / "events.jsonl").write_bytes(b"".join(log[:lines]) + log[lines][: len(log[lines]) // 2])
    return folder


def test_run_killed_after_any_event_repeats_nothing_and_says_what_may_have_happened(
    log: Sequence[bytes], tmp_path: Path
) -> None:
    for lines in range(1, len(log)):
        run = cut(log, lines, tmp_path / str(lines))
        before = read_run(run).events
        intended = [event.action for event in before if isinstance(event, Intended)]
        results = [event.action for event in before if isinstance(event, Acted)]
        env = Recorder()
        events = events_of(by_history(), run, env)
        assert isinstance(events[-1], Ended)
        assert events[-1].stop is StopReason.FINISHED
        assert not [action for action in intended if action in env.done], f"repeated after {lines} events"
        unknown = [action for action in intended if action not in results]
        notes = first_notes(events)
        assert [note for note in notes if POSSIBLY_DONE in note] == [unconfirmed_message(action) for action in unknown]
        (resumed,) = [event for event in events if isinstance(event, Resumed)]
        assert resumed.unconfirmed == next(iter(unknown), None)
        left_out = [action for actions in SCRIPT for action in actions if action not in (*intended, *env.done)]
        skipped = [action for action in left_out if action not in NOT_DONE]
        said = sum(int(number) if number else 1 for note in notes for number in _SKIPPED.findall(note))
        assert len(skipped) <= said, f"left out after {lines} events, and not said"


def test_what_may_have_happened_is_said_again_if_the_resumed_run_is_killed_too(
    log: Sequence[bytes], tmp_path: Path
) -> None:
    during = next(index for index, line in enumerate(log) if b'"intended"' in line) + 1
    run = cut(log, during, tmp_path / "run")
    stream = by_history().continue_stream(run, Recorder())
    for event in stream:
        if isinstance(event, Decided):
            break
    del stream
    notes = first_notes(events_of(by_history(), run, Recorder()))
    assert unconfirmed_message(click(1)) in notes


def test_reason_of_the_last_refusal_is_said_again(log: Sequence[bytes], tmp_path: Path) -> None:
    denial = next(index for index, line in enumerate(log) if b'"by_guard":true' in line) + 1
    for lines in (denial, denial + 1, denial + 2):
        run = cut(log, lines, tmp_path / str(lines))
        assert f"{DENIED}not this text. Find another way." in first_notes(events_of(by_history(), run, Recorder()))


def test_action_is_on_disk_before_it_is_carried_out(tmp_path: Path) -> None:
    seen = list[str]()

    class Reading(FakeEnv):
        def execute(self, action: Action) -> ActionResult:
            last = read_run(tmp_path / "run").events[-1]
            assert isinstance(last, Intended)
            assert last.action == action
            seen.append(f"{last.step}.{last.index}")
            return super().execute(action)

    assert by_history().run("a task", Reading(), out=tmp_path / "run").finished
    assert seen == ["1.0", "2.0", "2.1", "2.2", "3.0", "4.0", "6.0", "6.1"]


def test_screen_that_is_lost_and_restarted_during_an_action_leaves_it_open(tmp_path: Path) -> None:
    class Lost(Recorder):
        def execute(self, action: Action) -> ActionResult:
            result = super().execute(action)
            if action == click(1):
                raise EnvLost("it crashed")
            return result

        def restart(self) -> str:
            return "It was restarted."

    agent = Agent(policy=ByHistory(), guard=deny_one_text, supervision=Supervision(restarts=1))
    events = list(agent.stream("a task", env := Lost(), out=tmp_path / "run"))
    told = [event.notes for event in events if isinstance(event, Observed)]
    assert unconfirmed_message(click(1)) in told[1]
    assert env.done.count(click(1)) == 1
    past = read_run(tmp_path / "run").past()
    assert past.history[0].refused == (0, UNCONFIRMED)


def test_resumed_run_says_on_the_terminal_and_in_the_viewer_what_may_have_happened(tmp_path: Path) -> None:
    env = KilledBy(Click)
    with pytest.raises(Killed):
        by_history().run("a task", env, out=tmp_path / "run")
    page = render_page(read_run(tmp_path / "run").events)
    assert f"no result: {POSSIBLY_DONE}" in page
    env.kind = None
    events = events_of(by_history(), tmp_path / "run", env)
    terminal = io.StringIO()
    progress = Progress(Terminal(terminal))
    for event in events:
        progress.show(event)
    assert "interrupted; resumed after step 1; click at 1, 400 may already have been carried out" in terminal.getvalue()


# -- the reader


class KilledForm(MemoryForm):
    """The form, killed at the click on `Save`: before or after the name is saved."""

    def __init__(self, *, saves: bool) -> None:
        super().__init__()
        self.saves, self.presses, self.is_armed = saves, 0, True

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        is_save = isinstance(action, Click) and action.at.y > 90
        self.presses += is_save
        if is_save and self.is_armed and not self.saves:
            raise Killed
        result = super().execute(action)
        if is_save and self.is_armed:
            raise Killed
        return result


@pytest.mark.reader
@pytest.mark.parametrize(
    ("saves", "is_fresh", "stop"),
    [
        (True, False, StopReason.FINISHED),
        (False, False, StopReason.NEEDS_USER),
        (True, True, StopReason.NEEDS_USER),
        (False, True, StopReason.NEEDS_USER),
    ],
)
def test_reader_looks_for_the_effect_of_an_interrupted_click_and_does_not_repeat_it(
    saves: bool, is_fresh: bool, stop: StopReason, tmp_path: Path
) -> None:
    form = KilledForm(saves=saves)
    with pytest.raises(Killed):
        Agent("reader").run(f'Type "{TEXT}" into Name. Click "Save".', form, out=tmp_path / "run")
    form.is_armed = False
    if is_fresh:
        form.show("")
    result = Agent("reader").continue_run(tmp_path / "run", form)
    assert (result.stop, form.presses) == (stop, 1), result.reason
