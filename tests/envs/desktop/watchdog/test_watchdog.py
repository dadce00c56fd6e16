"""The watchdog on a display. The user is a second connection that sends input without announcing it."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from delayed import after
from paths import ACCEPTANCE
from processes import alive, command_of, started_by

from screenwright import Acted, Action, Ended, Episode, Event, Note, Observed, ScriptedPolicy, StopReason
from screenwright.envs.actions import Click, Hotkey, KeyDown, LongPress, Type
from screenwright.envs.desktop import DesktopEnv, InterruptSettings, VirtualDisplay
from screenwright.envs.desktop.virtual.display import RunningDisplay
from screenwright.envs.desktop.watchdog.client import USER_INPUT
from screenwright.envs.desktop.watchdog.x11 import pressed_on
from screenwright.envs.desktop.x11.connection import connect
from screenwright.envs.env import ActionRefused, EnvLost, EnvStopped, Fact
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.settle import SettleTimeouts
from screenwright.testing import eventually

pytestmark = pytest.mark.desktop

AT = ScreenPoint(100, 100)
KEYCODES = {"escape": 9, "a": 38, "shift": 50}
QUICK = SettleTimeouts(0.05, 0.05, 0.2)
TRIAL = ACCEPTANCE / "stop_trial.py"


class Person:
    """A user at the display, with their own connection."""

    def __init__(self, running: RunningDisplay) -> None:
        self._display: Any = connect(running.address)

    def press(self, *names: str) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        for name in names:
            for event in (X.KeyPress, X.KeyRelease):
                xtest.fake_input(self._display, event, KEYCODES[name])
        self._display.sync()

    def move(self) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        for step in range(8):
            xtest.fake_input(self._display, X.MotionNotify, x=200 + step, y=200)
        self._display.sync()

    def down(self) -> tuple[set[int], set[int]]:
        """The keycodes and buttons that are down."""
        return pressed_on(self._display)

    def close(self) -> None:
        self._display.close()


@pytest.fixture(scope="module")
def display() -> Iterator[RunningDisplay]:
    running = RunningDisplay(VirtualDisplay(Size(640, 480)))
    yield running
    running.stop()


@pytest.fixture
def person(display: RunningDisplay) -> Iterator[Person]:
    user = Person(display)
    yield user
    user.close()


@pytest.fixture
def real(display: RunningDisplay, monkeypatch: pytest.MonkeyPatch) -> Iterator[DesktopEnv]:
    """The display, operated as a real screen; user input pauses a run for 1.5 seconds."""
    assert display.address.authority
    monkeypatch.setenv("XAUTHORITY", display.address.authority)
    with DesktopEnv(display=display.address.name, timeouts=QUICK, interrupts=InterruptSettings(quiet_s=1.5)) as env:
        env.observe()
        yield env


# -- the hot key


def test_the_hot_key_stops_an_action_and_releases_all_keys(real: DesktopEnv, person: Person) -> None:
    real.execute(KeyDown("shift"))
    eventually(person.down, ({KEYCODES["shift"]}, set()))
    with (
        after(0.3, lambda: person.press("escape", "escape")),
        pytest.raises(EnvStopped, match="stopped by the user: double escape"),
    ):
        real.execute(LongPress(AT, 60))
    eventually(person.down, (set(), set()))
    with pytest.raises(EnvStopped):
        real.execute(Click(AT))
    with pytest.raises(EnvStopped):
        real.observe()


def test_the_agents_own_escapes_do_not_stop_the_run(real: DesktopEnv) -> None:
    for _ in range(3):
        real.execute(Hotkey(("escape",)))
    real.execute(Type("ab" * 300))
    assert real.observe().facts == ()


def test_one_escape_of_the_user_pauses_but_does_not_stop(real: DesktopEnv, person: Person) -> None:
    person.press("escape")
    eventually(lambda: Fact(USER_INPUT) in real.observe().facts, True)


def test_killing_the_watchdog_ends_the_run(real: DesktopEnv) -> None:
    mine = [child for child in psutil.Process().children() if "watchdog.program" in " ".join(command_of(child))]
    assert len(mine) == 1
    mine[0].kill()
    with pytest.raises(EnvLost, match="the watchdog process for the hot key has ended"):
        real.execute(LongPress(AT, 60))


# -- user input


def test_actions_decided_before_the_user_took_over_are_refused(real: DesktopEnv, person: Person) -> None:
    person.press("a")
    eventually(lambda: refused(real), True)
    eventually(lambda: real.observe().facts, ())
    eventually(lambda: refused(real), False)  # once the user is idle


def test_a_click_that_is_overtaken_by_a_key_is_not_the_users(
    real: DesktopEnv, display: RunningDisplay, person: Person
) -> None:
    """A window manager can freeze the mouse at each click; the keyboard goes on."""
    from Xlib import X

    manager = connect(display.address)
    window = manager.screen().root.create_window(300, 300, 50, 50, 0, X.CopyFromParent, override_redirect=True)
    window.map()
    window.grab_button(1, X.AnyModifier, True, X.ButtonPressMask, X.GrabModeSync, X.GrabModeAsync, X.NONE, X.NONE)
    manager.sync()
    real.execute(Click(ScreenPoint(320, 320)))
    real.execute(Hotkey(("shift",)))
    manager.allow_events(X.ReplayPointer, X.CurrentTime)
    manager.sync()
    real.execute(Click(AT))
    person.press("a")
    state = real._session._watchdog._state  # type: ignore[union-attr]  # it is open # pyright: ignore
    eventually(lambda: int(state.input_count), 1)
    manager.close()


def refused(env: DesktopEnv) -> bool:
    try:
        env.execute(Click(AT))
    except ActionRefused as refusal:
        return "the user took over mouse and keyboard" in str(refusal)
    return False


def test_moving_the_mouse_interrupts_an_action(real: DesktopEnv, person: Person) -> None:
    with after(0.3, person.move), pytest.raises(ActionRefused, match="the user took over mouse and keyboard"):
        real.execute(Type("slowly " * 5000))
    eventually(person.down, (set(), set()))
    assert Fact(USER_INPUT) in real.observe().facts


def test_an_episode_pauses_for_the_user_and_the_model_is_informed(real: DesktopEnv, person: Person) -> None:
    script: list[tuple[Action, ...]] = [(Click(AT),), (LongPress(AT, 0.2),), (Click(AT),)]
    events: list[Event] = []
    episode = Episode("click", real, ScriptedPolicy(script))
    paused = threading.Event()

    def keep_typing() -> None:
        while not paused.wait(0.1):
            person.press("a")

    typing = threading.Thread(target=keep_typing)
    for event in episode.run():
        events.append(event)
        if isinstance(event, Observed) and event.step == 2:
            typing.start()
            eventually(lambda: episode.control.user_active, True)
        if isinstance(event, Note):
            paused.set()
    paused.set()
    typing.join()
    assert [event.text for event in events if isinstance(event, Note)] == [
        "paused: the user is using the screen",
        "resumed",
    ]
    notes = [event.notes for event in events if isinstance(event, Observed)]
    assert any(USER_INPUT in note for note in notes[2])
    assert isinstance(events[-1], Ended)
    assert events[-1].stop is StopReason.FINISHED


def test_user_input_during_a_model_call_only_refuses_its_action(real: DesktopEnv, person: Person) -> None:
    script: list[tuple[Action, ...]] = [(Click(AT),), (Click(AT),), (Click(AT),)]
    episode = Episode("click", real, ScriptedPolicy(script))
    refusals: list[str | None] = []

    def types() -> bool:
        person.press("a")
        return episode.control.user_active

    for event in episode.run():
        if isinstance(event, Observed) and event.step == 2:
            eventually(types, True)
            eventually(lambda: episode.control.user_active, False)
        if isinstance(event, Acted):
            refusals.append(event.refused)
    assert [bool(refusal) for refusal in refusals] == [False, True, False]


def test_the_hot_key_ends_an_episode_as_cancelled(real: DesktopEnv, person: Person) -> None:
    with after(0.3, lambda: person.press("escape", "escape")):
        *_, last = Episode("press", real, ScriptedPolicy(iter([(LongPress(AT, 60),)]))).run()
    assert isinstance(last, Ended)
    assert (last.stop, last.reason) == (StopReason.CANCELLED, "stopped by the user: double escape")


# -- the end of the worker


def test_keys_held_by_a_killed_worker_are_released(display: RunningDisplay, person: Person) -> None:
    program = textwrap.dedent("""
        import time
        from screenwright.envs.actions import ButtonDown, KeyDown
        from screenwright.envs.desktop import DesktopEnv
        env = DesktopEnv()
        env.execute(KeyDown("shift"))
        env.execute(ButtonDown())
        print("held", flush=True)
        time.sleep(60)
    """)
    surroundings = os.environ | {"DISPLAY": str(display.address.name), "XAUTHORITY": str(display.address.authority)}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "held\n"
        assert person.down() == ({KEYCODES["shift"]}, {1})
        started = psutil.Process(worker.pid).children(recursive=True)
        assert started
        os.kill(worker.pid, signal.SIGKILL)
    eventually(person.down, (set(), set()))
    eventually(lambda: alive(started), [])


def test_healthy_frozen_and_stuck_workers_are_all_stopped() -> None:
    """A short run of `tests/acceptance/stop_trial.py`, without its time limits."""
    command = [sys.executable, str(TRIAL), "--trials", "3", "--jobs", "3", "--json", "--seed", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    trials = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [(trial["hangs"], trial["ended"]) for trial in trials] == [
        ("", "cancelled"), ("frozen", "killed"), ("C call", "killed"),
    ]  # fmt: skip
    assert [(trial["left_down"], trial["processes_left"], trial["resumable"]) for trial in trials] == [(0, 0, True)] * 3


def test_a_virtual_display_has_no_watchdog_unless_it_is_interactive() -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(320, 240))) as env:
        started = started_by(env.observe)
        assert not [process for process in started if "watchdog.program" in " ".join(command_of(process))]


def test_the_watchdog_ends_with_the_environment(display: RunningDisplay, monkeypatch: pytest.MonkeyPatch) -> None:
    assert display.address.authority
    monkeypatch.setenv("XAUTHORITY", display.address.authority)
    env = DesktopEnv(display=display.address.name)
    started = started_by(env.observe)
    assert len(started) == 1
    env.close()
    eventually(lambda: alive(started), [])
