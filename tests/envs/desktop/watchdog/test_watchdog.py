"""The watchdog on real displays. The person is a second connection that fakes input without announcing it."""

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
from paths import ACCEPTANCE
from processes import alive, command_of, started_by

from screenwright import Acted, Action, Ended, Episode, Event, Note, Observed, ScriptedPolicy, StopReason
from screenwright.envs.actions import Click, Hotkey, KeyDown, LongPress, Type
from screenwright.envs.desktop import DesktopEnv, InterruptSettings, VirtualDisplay
from screenwright.envs.desktop.virtual.display import RunningDisplay
from screenwright.envs.desktop.watchdog.client import USER_INPUT
from screenwright.envs.desktop.watchdog.x11 import down_on
from screenwright.envs.desktop.x11.connection import connect
from screenwright.envs.env import ActionRefused, EnvLost, EnvStopped
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.settle import SettleTimeouts
from screenwright.testing import eventually

pytestmark = pytest.mark.desktop

AT = ScreenPoint(100, 100)
KEYCODES = {"escape": 9, "a": 38, "shift": 50}
QUICK = SettleTimeouts(0.05, 0.05, 0.2)
TRIAL = ACCEPTANCE / "stop_trial.py"


class Person:
    """Somebody at the display, who is not us."""

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
        return down_on(self._display)

    def close(self) -> None:
        self._display.close()


@pytest.fixture(scope="module")
def display() -> Iterator[RunningDisplay]:
    running = RunningDisplay(VirtualDisplay(Size(640, 480)))
    yield running
    running.stop()


@pytest.fixture
def person(display: RunningDisplay) -> Iterator[Person]:
    somebody = Person(display)
    yield somebody
    somebody.close()


@pytest.fixture
def real(display: RunningDisplay, monkeypatch: pytest.MonkeyPatch) -> Iterator[DesktopEnv]:
    """The display worked as a real screen is; a hand on it holds the work for a second and a half."""
    assert display.address.authority
    monkeypatch.setenv("XAUTHORITY", display.address.authority)
    with DesktopEnv(display=display.address.name, timeouts=QUICK, interrupts=InterruptSettings(quiet_s=1.5)) as env:
        env.observe()
        yield env


def in_a_moment(work: Any) -> threading.Thread:
    thread = threading.Timer(0.3, work)
    thread.start()
    return thread


# -- the hot key


def test_the_hot_key_stops_in_the_middle_of_an_action_and_nothing_stays_down(real: DesktopEnv, person: Person) -> None:
    real.execute(KeyDown("shift"))
    eventually(person.down, ({KEYCODES["shift"]}, set()))
    in_a_moment(lambda: person.press("escape", "escape"))
    with pytest.raises(EnvStopped, match="stopped by the user: double escape"):
        real.execute(LongPress(AT, 60))
    eventually(person.down, (set(), set()))
    with pytest.raises(EnvStopped):
        real.execute(Click(AT))
    with pytest.raises(EnvStopped):
        real.observe()


def test_our_own_escapes_stop_nothing(real: DesktopEnv) -> None:
    for _ in range(3):
        real.execute(Hotkey(("escape",)))
    real.execute(Type("ab" * 300))
    assert real.observe().facts == ()


def test_one_escape_of_the_persons_holds_and_does_not_stop(real: DesktopEnv, person: Person) -> None:
    person.press("escape")
    eventually(lambda: USER_INPUT in real.observe().facts, True)


def test_a_watchdog_that_is_killed_ends_the_work(real: DesktopEnv) -> None:
    mine = [child for child in psutil.Process().children() if "watchdog.program" in " ".join(command_of(child))]
    assert len(mine) == 1
    mine[0].kill()
    with pytest.raises(EnvLost, match="the watchdog process for the hot key has ended"):
        real.execute(LongPress(AT, 60))


# -- a hand on mouse or keyboard


def test_what_was_decided_before_the_person_took_over_is_not_carried_out(real: DesktopEnv, person: Person) -> None:
    person.press("a")
    eventually(lambda: refused(real), True)
    eventually(lambda: real.observe().facts, ())
    eventually(lambda: refused(real), False)  # once they have left it alone


def refused(env: DesktopEnv) -> bool:
    try:
        env.execute(Click(AT))
    except ActionRefused as refusal:
        return "the user took over mouse and keyboard" in str(refusal)
    return False


def test_a_hand_on_the_mouse_breaks_an_action_off(real: DesktopEnv, person: Person) -> None:
    in_a_moment(person.move)
    with pytest.raises(ActionRefused, match="the user took over mouse and keyboard"):
        real.execute(Type("slowly " * 5000))
    eventually(person.down, (set(), set()))
    assert USER_INPUT in real.observe().facts


def test_an_episode_holds_while_the_person_works_and_the_model_is_told(real: DesktopEnv, person: Person) -> None:
    script: list[tuple[Action, ...]] = [(Click(AT),), (LongPress(AT, 0.2),), (Click(AT),)]
    events: list[Event] = []
    episode = Episode("click", real, ScriptedPolicy(script))
    for event in episode.run():
        events.append(event)
        if isinstance(event, Observed) and event.step == 2:
            person.press("a")
            eventually(lambda: episode.control.user_active, True)
    assert [event.text for event in events if isinstance(event, Note)] == [
        "paused: the user works the screen",
        "resumed",
    ]
    notes = [event.notes for event in events if isinstance(event, Observed)]
    assert any(USER_INPUT in note for note in notes[2])
    assert isinstance(events[-1], Ended)
    assert events[-1].stop is StopReason.FINISHED


def test_a_person_who_came_and_went_while_the_model_thought_holds_nothing_up(real: DesktopEnv, person: Person) -> None:
    script: list[tuple[Action, ...]] = [(Click(AT),), (Click(AT),), (Click(AT),)]
    episode = Episode("click", real, ScriptedPolicy(script))
    refusals: list[str | None] = []
    for event in episode.run():
        if isinstance(event, Observed) and event.step == 2:
            person.press("a")
            eventually(lambda: episode.control.user_active, True)
            eventually(lambda: episode.control.user_active, False)
        if isinstance(event, Acted):
            refusals.append(event.refused)
    assert [bool(refusal) for refusal in refusals] == [False, True, False]


def test_the_hot_key_ends_an_episode_as_cancelled(real: DesktopEnv, person: Person) -> None:
    in_a_moment(lambda: person.press("escape", "escape"))
    *_, last = Episode("press", real, ScriptedPolicy(iter([(LongPress(AT, 60),)]))).run()
    assert isinstance(last, Ended)
    assert (last.stop, last.reason) == (StopReason.CANCELLED, "stopped by the user: double escape")


# -- whatever ends the worker


def test_what_a_killed_worker_held_is_let_go_of(display: RunningDisplay, person: Person) -> None:
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
    eventually(person.down, (set(), set()), within_s=10)
    eventually(lambda: alive(started), [], within_s=10)


def test_workers_that_are_in_order_frozen_or_stuck_are_all_stopped() -> None:
    """A small `tests/acceptance/stop_trial.py`, which says how long it took; here only that it came about."""
    command = [sys.executable, str(TRIAL), "--trials", "3", "--json", "--seed", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    trials = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [(trial["hangs"], trial["ended"]) for trial in trials] == [
        ("", "cancelled"), ("frozen", "killed"), ("C call", "killed"),
    ]  # fmt: skip
    assert [(trial["left_down"], trial["processes_left"], trial["resumable"]) for trial in trials] == [(0, 0, True)] * 3


def test_a_virtual_display_has_no_watchdog_unless_its_watcher_works_it() -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(320, 240))) as env:
        started = started_by(env.observe)
        assert not [process for process in started if "watchdog.program" in " ".join(command_of(process))]


def test_the_watchdog_goes_with_the_environment(display: RunningDisplay, monkeypatch: pytest.MonkeyPatch) -> None:
    assert display.address.authority
    monkeypatch.setenv("XAUTHORITY", display.address.authority)
    env = DesktopEnv(display=display.address.name)
    started = started_by(env.observe)
    assert len(started) == 1
    env.close()
    assert not alive(started)
