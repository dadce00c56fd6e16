"""No run is reported as finished without its effect, whatever goes wrong: 3 agents, 9 faults, 3 kinds of screen.

The reader decides by the screen. The attentive model asks the user whenever the loop reports a problem, so each fault
is reported to it. The stubborn model always finishes, and a critic that knows the saved name checks it.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from faulty_form import NAME, SAVE, SECOND_SAVE, SIZE, TEXT, FaultyEnv, MemoryForm, PageForm, Stage, TkForm

from screenwright import (
    Action,
    Agent,
    Allow,
    BrowserEnv,
    Click,
    CompletionClaim,
    Critique,
    Deny,
    DesktopEnv,
    Limits,
    Message,
    Observation,
    Result,
    ScriptedModel,
    StopReason,
    Supervision,
    UiTars15,
    VirtualDisplay,
)
from screenwright.agent.loop import observer
from screenwright.testing import eventually

pytestmark = pytest.mark.reader

TASK = f'Type "{TEXT}" into Name. Click "Save".'
SCRIPT = (
    f"Action: click(start_box='({NAME.x:.0f},{NAME.y:.0f})')",
    f"Action: type(content='{TEXT}')",
    f"Action: click(start_box='({SAVE.x:.0f},{SAVE.y:.0f})')",
    "Action: finished(content='saved')",
)
PROBLEMS = ("did not change", "could not be executed", "not allowed", "did not appear", "interrupted", "restarted")
FAULTS = ("", "refused", "denied", "dead", "disabled", "equal", "deaf", "resumed", "restarted")
AGENTS = ("reader", "attentive", "stubborn")
COMBINATIONS = [(agent, fault) for agent in AGENTS for fault in FAULTS]
TYPED_AFTER = {"reader": 3, "attentive": 2, "stubborn": 2}
"""Actions until the text is typed; the reader also selects the old text."""


def attentive(messages: Sequence[Message]) -> str:
    is_after_focus = sum(message.role == "assistant" for message in messages) == 1  # shows a caret at most
    newest = messages[-1].text.replace("did not change the screen", "") if is_after_focus else messages[-1].text
    if any(problem in newest for problem in PROBLEMS):
        return "Action: call_user(content='something went wrong')"
    return stubborn(messages)


def stubborn(messages: Sequence[Message]) -> str:
    replies = sum(message.role == "assistant" for message in messages)
    return SCRIPT[min(replies, len(SCRIPT) - 1)]


def agent_for(name: str, stage: Stage, fault: str, steps: int = 12) -> Agent:
    def is_saved(claim: CompletionClaim) -> Critique:
        return Critique(stage.saved() == TEXT, "checked the saved name")

    def no_saving(action: Action, observation: Observation) -> Allow | Deny:
        return Deny("nothing may be saved") if fault == "denied" and saves(action) else Allow()

    model = "reader" if name == "reader" else ScriptedModel(attentive if name == "attentive" else stubborn)
    return Agent(
        model,
        dialect=None if name == "reader" else UiTars15(),
        limits=Limits(steps=steps),
        guard=no_saving,
        supervision=Supervision(restarts=1, critic=is_saved if name == "stubborn" else None),
    )


def saves(action: Action) -> bool:
    return isinstance(action, Click) and min(abs(action.at.y - at.y) for at in (SAVE, SECOND_SAVE)) < 17


def run(name: str, fault: str, stage: Stage, folder: Path) -> Result:
    shown = fault if fault in ("dead", "disabled", "equal", "deaf") else ""
    stage.show(shown)
    env = FaultyEnv(
        stage.env,
        restarted=lambda: stage.show(shown),
        refuses=lambda action: fault == "refused" and saves(action),
        lose_after=TYPED_AFTER[name] if fault == "restarted" else None,
    )
    if fault != "resumed":
        return agent_for(name, stage, fault).run(TASK, env)
    agent_for(name, stage, fault, steps=TYPED_AFTER[name]).run(TASK, env, out=folder / "run")
    stage.show("")
    return agent_for(name, stage, fault).continue_run(folder / "run", env)


def check(name: str, fault: str, stage: Stage, folder: Path) -> None:
    result = run(name, fault, stage, folder)
    saved = stage.saved()
    assert saved in ("", TEXT), "a wrong name was saved"
    if result.finished:
        assert saved == TEXT
    if not fault or (name == "reader" and fault in ("resumed", "restarted")):
        assert result.finished, result.reason
    elif name == "reader":
        assert result.stop is StopReason.NEEDS_USER
        assert result.reason.startswith("I cannot ")
    else:
        assert not result.finished


@pytest.fixture(autouse=True)
def _no_pause_before_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer, "RETRY_S", 0.0)


@pytest.mark.parametrize(("name", "fault"), COMBINATIONS)
def test_run_in_memory_is_finished_only_with_its_effect(name: str, fault: str, tmp_path: Path) -> None:
    check(name, fault, MemoryForm(), tmp_path)


@pytest.mark.parametrize("fault", ["dead clock", "dead hover"])
def test_clock_and_look_under_the_pointer_are_not_taken_for_the_effect_of_a_click(fault: str) -> None:
    stage = MemoryForm()
    stage.show(fault)
    result = agent_for("reader", stage, "").run(TASK, stage)
    assert (result.stop, result.reason) == (
        StopReason.NEEDS_USER,
        "I cannot click 'Save': it was clicked, but the screen did not change.",
    )


def test_effect_that_appears_late_is_waited_for() -> None:
    stage = MemoryForm()
    stage.show("late")
    assert agent_for("reader", stage, "").run(TASK, stage).finished
    assert stage.saved() == TEXT


@contextmanager
def page_form(folder: Path) -> Generator[Stage]:
    with BrowserEnv(folder.as_uri() + "/", viewport=SIZE) as env:
        yield PageForm(env, folder)


@contextmanager
def tk_form(folder: Path) -> Generator[Stage]:
    with DesktopEnv(virtual=VirtualDisplay(SIZE)) as env:
        env.observe()
        assert env.address is not None
        form = TkForm(env, {"DISPLAY": str(env.address.name), "XAUTHORITY": str(env.address.authority)})
        eventually(lambda: env.observe().screenshot.image.getpixel((25, 100)), (238, 238, 238))  # the button is painted
        yield form
        form.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stage]:
    with page_form(tmp_path_factory.mktemp("page")) as stage:
        yield stage


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stage]:
    with tk_form(tmp_path_factory.mktemp("program")) as stage:
        yield stage


@pytest.mark.browser
@pytest.mark.parametrize(("name", "fault"), COMBINATIONS)
def test_run_on_a_page_is_finished_only_with_its_effect(name: str, fault: str, page: Stage, tmp_path: Path) -> None:
    check(name, fault, page, tmp_path)


@pytest.mark.desktop
@pytest.mark.parametrize(("name", "fault"), COMBINATIONS)
def test_run_in_a_program_is_finished_only_with_its_effect(
    name: str, fault: str, program: Stage, tmp_path: Path
) -> None:
    check(name, fault, program, tmp_path)
