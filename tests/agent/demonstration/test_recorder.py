"""A demonstration becomes a run: its steps, the screens before them, and what is kept out of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from screenwright import (
    Acted,
    Action,
    Click,
    Decided,
    Ended,
    EnvLost,
    EnvUnavailable,
    Event,
    FakeEnv,
    Hotkey,
    Note,
    Observation,
    Observed,
    Secret,
    Started,
    StopReason,
    Type,
    read_run,
)
from screenwright.agent.core.decision import Finish
from screenwright.agent.demonstration.config import RecordConfig
from screenwright.agent.demonstration.recorder import STOP_KEYS, Demonstration
from screenwright.agent.record.trajectory import RunLog
from screenwright.agent.record.viewer import render_page
from screenwright.cli.main import main
from screenwright.cli.settings import load_settings
from screenwright.envs.config import BrowserConfig, DesktopConfig
from screenwright.envs.demonstration import KeyInput, PersonInput, PointerInput, TextInput
from screenwright.envs.secrets import SecretVault


class WatchedEnv(FakeEnv):
    """The fake screen with a person at it; `is_closed` once the person has closed it."""

    listener: Callable[[PersonInput], None] | None = None
    is_closed = False
    looks = 0

    def watch_person(self, listener: Callable[[PersonInput], None] | None) -> None:
        self.listener = listener

    def observe(self) -> Observation:
        if self.is_closed:
            raise EnvLost("the window was closed")
        self.looks += 1
        return super().observe()

    def click(self, label: str) -> None:
        at = self.where(label)
        self.put(PointerInput("press", at, time.monotonic()), PointerInput("release", at, time.monotonic()))
        self.execute(Click(at))

    def put(self, *events: PersonInput) -> None:
        assert self.listener is not None
        for event in events:
            self.listener(event)


def text(value: str, *, hidden: bool = False) -> TextInput:
    return TextInput(value, time.monotonic(), hidden)


def keys(*names: str) -> list[PersonInput]:
    return [KeyInput(name, "", True, time.monotonic()) for name in names]


def demonstrate(env: WatchedEnv, hands: Iterator[None], **parts: object) -> list[Event]:
    """Record while `hands` go on, each part of them once the screen has been seen again."""
    seen = [-1]

    def stopped() -> bool:
        if env.looks == seen[0]:
            return False
        seen[0] = env.looks
        return next(hands, True) is True

    return list(Demonstration("Greet Ada", env, **parts).run(stopped))  # type: ignore[arg-type]


def decided(events: list[Event]) -> list[tuple[Action, ...]]:
    return [event.actions for event in events if isinstance(event, Decided)]


def test_steps_show_the_screen_before_each_action_and_the_last_one_the_end(tmp_path: Path) -> None:
    env = WatchedEnv()

    def hands() -> Iterator[None]:
        env.click("Greet")
        yield
        env.put(text("Ada"))
        env.execute(Type("Ada"))
        yield

    with RunLog(tmp_path) as log:
        events = demonstrate(env, hands(), record=log)
    assert decided(events) == [(Click(env.where("Greet")),), (Type("Ada"),), ()]
    shots = [event.observation.screenshot for event in events if isinstance(event, Observed)]
    assert shots[0] == FakeEnv().observe().screenshot
    assert shots[1] != shots[0]
    assert shots[2] == env.observe().screenshot
    run = read_run(tmp_path)
    assert run.events == tuple(events)
    assert (run.started.task, run.started.policy.model.name) == ("Greet Ada", "a person")
    assert run.ended is not None
    assert (run.ended.stop, run.ended.steps) == (StopReason.FINISHED, 3)
    assert all(event.result and event.result.method == "demonstrated" for event in events if isinstance(event, Acted))
    assert isinstance([event for event in events if isinstance(event, Decided)][-1].ending, Finish)
    assert "Greet Ada" in render_page(run.events, title="Greet Ada")
    assert env.listener is None


def test_shortcut_ends_it_and_is_not_part_of_it() -> None:
    env = WatchedEnv()

    def hands() -> Iterator[None]:
        env.put(*keys("f5"), *keys(*STOP_KEYS))
        yield
        raise AssertionError("the demonstration goes on")

    events = demonstrate(env, hands())
    assert decided(events) == [(Hotkey(("f5",)),), ()]
    assert isinstance(events[-1], Ended)
    assert events[-1].reason == "the person ended the demonstration"


def test_closed_screen_ends_it_with_all_that_was_done() -> None:
    env = WatchedEnv()

    def hands() -> Iterator[None]:
        env.click("Greet")
        env.is_closed = True
        yield

    events = demonstrate(env, hands())
    assert decided(events) == [(Click(env.where("Greet")),), ()]
    assert isinstance(events[-1], Ended)


def test_passwords_and_secrets_are_recorded_as_their_names(tmp_path: Path) -> None:
    env = WatchedEnv()

    def hands() -> Iterator[None]:
        env.put(text("", hidden=True), *keys("tab"), text("my hunter22!"), *keys("tab"), text("", hidden=True))
        yield

    with RunLog(tmp_path) as log:
        events = demonstrate(env, hands(), record=log, vault=SecretVault([Secret("bank", "hunter22")]))
    tab = (Hotkey(("tab",)),)
    texts = [(Type("{{password}}"),), tab, (Type("my {{bank}}!"),), tab, (Type("{{password-2}}"),)]
    assert decided(events)[:5] == texts
    assert "a password was typed" in next(event.text for event in events if isinstance(event, Note))
    assert next(event.secrets for event in events if isinstance(event, Started)) == ("bank",)
    assert b"hunter22" not in (tmp_path / "events.jsonl").read_bytes()


def test_screen_that_reports_no_person_is_refused_and_leaves_no_run(tmp_path: Path) -> None:
    with RunLog(tmp_path / "run") as log, pytest.raises(EnvUnavailable, match="does not report what a person does"):
        list(Demonstration("a task", FakeEnv(), log).run(lambda: True))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([" "], "the TASK is empty"),
        (["a task", "--window"], "--window does not report what a person does"),
        (["a task", "--cdp", "http://127.0.0.1:1"], "--cdp does not report what a person does"),
        (["a task", "--model", "http://127.0.0.1:1"], "--model has no meaning for a recording"),
        (["a task", "--secret", "bank=env:NO_SUCH_VARIABLE@bank.example"], "NO_SUCH_VARIABLE"),
    ],
)
def test_command_refuses_what_cannot_be_recorded(
    arguments: list[str],
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["record", *arguments]) == 2
    assert problem in capsys.readouterr().err


def test_a_person_can_work_on_the_screens_that_are_recorded() -> None:
    page = load_settings(RecordConfig, {}, {}).build_screen()
    assert isinstance(page, BrowserConfig)
    assert page.headed
    display = load_settings(RecordConfig, {"env": "desktop", "virtual": True}, {}).build_screen()
    assert isinstance(display, DesktopConfig)
    assert display.watch_interactive
