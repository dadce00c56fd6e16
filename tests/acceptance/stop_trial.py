"""Stops runs at random moments, also during drags and held keys, and measures how soon all input ends.

    .venv/bin/python tests/acceptance/stop_trial.py [--trials 100] [--seed 1] [--jobs 1] [--json]

A worker process runs an endless episode of drags, long presses, held keys and typing on a display that it treats as a
real screen. After a random time another client presses Esc twice. Of ten workers six run normally, two were frozen just
before (SIGSTOP), and two hang in a C call that blocks all threads. The time to stop is from the second Esc to the last
input of the worker, or until nothing is held down, whichever is later. Afterwards the log must be complete, the run
resumable, and no process left.
"""

import argparse
import ctypes
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from screenwright import DesktopEnv, Drag, Episode, Limits, LongPress, ScreenPoint, ScriptedPolicy, Size, StopReason
from screenwright.agent.record.trajectory import RunLog, read_run
from screenwright.envs.actions import Action, Button, ButtonDown, ButtonUp, Hotkey, KeyDown, KeyUp, Type
from screenwright.envs.desktop import InterruptSettings
from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
from screenwright.envs.desktop.watchdog.activity import DOUBLE_PRESS_S
from screenwright.envs.desktop.watchdog.x11 import pressed_on
from screenwright.envs.settle import SettleTimeouts

SIZE = Size(1280, 720)
HANGS = ("", "frozen", "C call", "", "", "", "frozen", "C call", "", "")
ESCAPE = 9  # the keycode of Esc on every PC keyboard
START_S, END_S, WATCH_S = 60.0, 60.0, 1.0
RAW_PRESSES = {13, 15, 17}


@dataclass(frozen=True)
class Trial:
    """One stop: how the worker hung, what it was doing, and the result."""

    hangs: str
    doing: str
    held: int
    stop_s: float
    end_s: float
    left_down: int
    processes_left: int
    ended: str
    resumable: bool

    @property
    def good(self) -> bool:
        """Whether the trial passed."""
        return not self.left_down and not self.processes_left and self.resumable


# The worker


def endless_actions(seed: int) -> Iterator[tuple[Action, ...]]:
    """An endless sequence of actions, most of them long."""
    rng = random.Random(seed)

    def point() -> ScreenPoint:
        return ScreenPoint(rng.randrange(20, SIZE.width - 20), rng.randrange(20, SIZE.height - 20))

    while True:
        chosen = rng.randrange(5)
        if chosen == 0:
            yield (Drag(tuple(point() for _ in range(rng.randrange(2, 5))), modifiers=("shift",) * rng.randrange(2)),)
        elif chosen == 1:
            yield (LongPress(point(), rng.uniform(0.2, 2.0)),)
        elif chosen == 2:
            yield (Type("".join(rng.choice("abc DEF, 123!\n") for _ in range(2000))),)
        elif chosen == 3:
            yield (KeyDown("ctrl"), KeyDown("shift"), Hotkey(("a",)), KeyUp("shift"), KeyUp("ctrl"))
        else:
            yield (ButtonDown(Button.LEFT, point()), KeyDown("alt"), Hotkey(("x",)), KeyUp("alt"), ButtonUp())


def work(display: str, authority: str, folder: Path, seed: int) -> None:
    """Run a worker until it is stopped; prints `started` at the first step."""
    os.environ |= {"DISPLAY": display, "XAUTHORITY": authority}
    hang = ctypes.PyDLL(None).sleep  # PyDLL keeps the interpreter lock
    signal.signal(signal.SIGUSR1, lambda _signal, _frame: hang(3600))
    interrupts = InterruptSettings(quiet_s=0)  # otherwise the first Esc interrupts the action, like any key
    with DesktopEnv(timeouts=SettleTimeouts(0.05, 0.05, 0.2), interrupts=interrupts) as env, RunLog(folder) as log:
        episode = Episode("keep busy", env, ScriptedPolicy(endless_actions(seed)), Limits(steps=None), record=log)
        for event in episode.run():
            if event.event == "observed" and event.step == 1:
                print("started", flush=True)


# The user, and what the display shows


class User:
    """A user at the display: presses Esc, and observes held keys and input events."""

    def __init__(self, address: DisplayAddress) -> None:
        from Xlib.ext import xinput

        from screenwright.envs.desktop.x11.connection import connect

        self.input, self.state, self.events = (connect(address) for _ in range(3))
        root = self.events.screen().root
        root.xinput_select_events([(xinput.AllMasterDevices, sum(1 << event for event in RAW_PRESSES))])
        self.events.sync()

    def press_escape(self) -> float:
        """Press and release Esc; returns the time of the press."""
        from Xlib import X
        from Xlib.ext import xtest

        when = time.monotonic()
        xtest.fake_input(self.input, X.KeyPress, ESCAPE)
        xtest.fake_input(self.input, X.KeyRelease, ESCAPE)
        self.input.sync()
        return when

    def down(self) -> int:
        """The number of keys and buttons that are held down."""
        keys, buttons = pressed_on(self.state)
        return len(keys - {ESCAPE}) + len(buttons)

    def presses(self) -> int:
        """The number of presses and motions since the last call, without Esc."""
        found = 0
        while self.events.pending_events():
            event = self.events.next_event()
            data: Any = getattr(event, "data", b"")
            found += isinstance(data, bytes) and int.from_bytes(data[6:10], sys.byteorder) != ESCAPE
        return found

    def measure_stop(self, since: float) -> float:
        """Seconds from `since` to the last input or held key, observed for a while."""
        last = since
        while time.monotonic() < since + WATCH_S:
            if self.presses() or self.down():
                last = time.monotonic()
            time.sleep(0.002)
        return last - since


# One trial


def run_trial(number: int, seed: int, folder: Path) -> Trial:
    """Start a display with a worker, stop the worker, and check the result."""
    display = RunningDisplay(VirtualDisplay(SIZE))
    try:
        return stop_worker(number, seed, display, User(display.address), folder)
    finally:
        display.stop()


def stop_worker(number: int, seed: int, display: RunningDisplay, user: User, folder: Path) -> Trial:
    """Start a worker on `display`, stop it, and check the result."""
    rng = random.Random(seed * 1000 + number)
    hangs = HANGS[number % len(HANGS)]
    run = folder / f"run{number}"
    assert display.address.name
    assert display.address.authority
    command = [sys.executable, __file__, "--worker", display.address.name, display.address.authority, str(run)]
    with subprocess.Popen([*command, str(rng.random())[2:8]], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        if worker.stdout.readline() != "started\n":
            raise SystemExit("the worker did not start")
        started = psutil.Process(worker.pid).children(recursive=True)
        moment = time.monotonic() + rng.uniform(0.1, 3.0)
        while time.monotonic() < moment:
            user.presses()  # drain the queue: reading a long one takes more than half a second
            time.sleep(0.01)
        first = user.press_escape()
        time.sleep(rng.uniform(0.05, 0.25))
        if hangs:
            worker.send_signal(signal.SIGSTOP if hangs == "frozen" else signal.SIGUSR1)
            time.sleep(0.05)
        held = user.down()
        user.presses()
        pressed = user.press_escape()
        while pressed - first > DOUBLE_PRESS_S / 2:  # a busy machine delayed the second press
            first, pressed = pressed, user.press_escape()
        stop_s = user.measure_stop(pressed)
        try:
            worker.wait(END_S)
        except subprocess.TimeoutExpired:
            worker.kill()
        end_s = time.monotonic() - pressed
    left = psutil.wait_procs(started, timeout=60)[1]
    recorded = read_run(run)
    ended = "killed" if recorded.ended is None else str(recorded.ended.stop)
    doing = next((type(event.action).__name__ for event in reversed(recorded.events) if event.event == "acted"), "")
    whole = len(recorded.past().history) >= 0 and (hangs != "" or ended == StopReason.CANCELLED)
    return Trial(hangs, doing, held, stop_s, end_s, user.down(), len(left), ended, whole)


def main() -> int:
    """Run the trials; the exit code is 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print each trial as a line of JSON")
    parser.add_argument("--jobs", type=int, default=1, help="trials at a time; with several, times are not comparable")
    given = parser.parse_args()
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
        for trial in pool.map(lambda number: run_trial(number, given.seed, Path(folder)), range(given.trials)):
            trials.append(trial)
            if given.json:
                print(json.dumps(asdict(trial)), flush=True)
    report(trials)
    return 0 if all(trial.good for trial in trials) else 1


def report(trials: list[Trial]) -> None:
    """Print a line for each kind of worker, and one for all."""
    print("worker     stops  held  median ms  worst ms  left down  processes left  run over after s (worst)")
    for name in ("", "frozen", "C call", None):
        some = [trial for trial in trials if name is None or trial.hangs == name]
        if not some:
            continue
        times = [1000 * trial.stop_s for trial in some]
        shown = "all" if name is None else name or "normal"
        print(
            f"{shown:10} {len(some):5d} {sum(trial.held > 0 for trial in some):5d}"
            f" {statistics.median(times):10.0f} {max(times):9.0f} {sum(trial.left_down for trial in some):10d}"
            f" {sum(trial.processes_left for trial in some):15d} {max(trial.end_s for trial in some):12.1f}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(sys.argv[2], sys.argv[3], Path(sys.argv[4]), int(sys.argv[5]))
    else:
        sys.exit(main())
