"""The watchdog process.

Run as `python -m ...watchdog.program SETTINGS`, where SETTINGS is JSON. It writes one message a line to standard
output: `ready`, then `stop`, `active` and `idle` as they happen. It shares a `SharedState` with the agent's process,
here called the worker. It ends when its standard input ends, which also happens if the worker is killed.

On the hot key it sets `stopped`, after which the worker sends no more input, and releases held keys and buttons until
the worker has stopped. It kills a worker that does not acknowledge the stop within `ACKNOWLEDGE_LIMIT_S` or finish
within `FINISH_LIMIT_S`; sooner where only the end of the worker releases what it holds.
"""

import json
import mmap
import os
import platform
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...env import EnvError
from ..address import DisplayAddress
from .activity import ActivitySignal, UserActivity
from .input_source import InputSource
from .settings import HotKey
from .shared_state import SIZE, SharedState

RELEASE_EVERY_S = 0.02
ACKNOWLEDGE_LIMIT_S, FINISH_LIMIT_S = 2.0, 10.0
HELD_ACKNOWLEDGE_LIMIT_S, HELD_FINISH_LIMIT_S = 0.15, 0.5
"""The limits where the watchdog cannot release the worker's keys."""

KILLED = (
    "\nscreenwright: stopped by {hot_key}; the program did not respond and was killed. "
    "To continue the recorded run: screenwright run --resume RUN\n"
)
_POLL_S = 0.25
_NOT_WINDOWS = sys.platform != "win32"


@dataclass(slots=True)
class Watchdog:
    """Watches until the worker ends or closes the watchdog's standard input."""

    source: InputSource
    state: SharedState
    activity: UserActivity
    worker: int
    hot_key: str
    _stopped_at: float | None = None
    _reader: threading.Thread | None = None

    def watch(self) -> None:
        """Run until the worker or the screen is gone, then release the keys and buttons that the worker holds."""
        with suppress(EnvError):
            try:
                while not self._input_ended():
                    self._poll()
            except BrokenPipeError:
                pass  # the worker ended while a message was written
            self.source.release()

    def _poll(self) -> None:
        self.source.wait(RELEASE_EVERY_S if self._stopped_at is not None else _POLL_S)
        for event in self.source.read():
            for signal_ in self.activity.on_input(event, time.monotonic()):
                self._on_signal(signal_)
        for signal_ in self.activity.on_tick(time.monotonic()):
            self._on_signal(signal_)
        if self._stopped_at is not None:
            self._enforce_stop(time.monotonic() - self._stopped_at)

    def _on_signal(self, signal_: ActivitySignal) -> None:
        if signal_ is ActivitySignal.INPUT:
            self.state.count_input()
            return
        if signal_ is ActivitySignal.STOP and self._stopped_at is None:
            self.state.stopped = True
            self.source.release()
            self._stopped_at = time.monotonic()
        _send(signal_.value)

    def _enforce_stop(self, since_s: float) -> None:
        """Release what the worker pressed since the stop, and kill the worker if it does not stop in time."""
        self.source.release()
        acknowledged, acting = self.state.acknowledged, self.state.acting
        if not acknowledged:
            limit_s = ACKNOWLEDGE_LIMIT_S if self.source.can_release else HELD_ACKNOWLEDGE_LIMIT_S
        else:
            limit_s = FINISH_LIMIT_S if self.source.can_release or not acting else HELD_FINISH_LIMIT_S
        if (not acknowledged or acting or self.state.run_active) and since_s > limit_s:
            self._kill_worker()

    def _kill_worker(self) -> None:
        with suppress(OSError):
            os.kill(self.worker, signal.SIGKILL if _NOT_WINDOWS else signal.SIGTERM)
        sys.stderr.write(KILLED.format(hot_key=self.hot_key))
        sys.stderr.flush()
        self._stopped_at = time.monotonic()  # try again after another limit

    def _input_ended(self) -> bool:
        if _NOT_WINDOWS:
            return os.getppid() != self.worker or bool(select.select([0], [], [], 0)[0] and not os.read(0, 1))
        if self._reader is None:  # Windows cannot select pipes
            self._reader = threading.Thread(target=sys.stdin.read, daemon=True)
            self._reader.start()
        return not self._reader.is_alive()


def main() -> None:
    """Watch the screen named in the settings."""
    settings = json.loads(sys.argv[1])
    state = SharedState(_memory(settings["memory"]))
    address = DisplayAddress(settings["display"], settings["authority"])
    try:
        source = _open_source(address, state, settings["devices"], trusting=settings["trusting"])
    except EnvError as error:
        _send(f"unavailable {error}")
        return
    hot_key = HotKey.parse(settings["hot_key"])
    activity = UserActivity(hot_key, settings["quiet_s"])
    _send("ready")
    Watchdog(source, state, activity, settings["worker"], settings["hot_key"]).watch()
    source.close()


def _memory(given: int | str) -> mmap.mmap:
    """The shared memory, by its file descriptor or, on Windows, its name."""
    if sys.platform == "win32":
        return mmap.mmap(-1, SIZE, str(given))
    return mmap.mmap(int(given), SIZE)


def _open_source(address: DisplayAddress, state: SharedState, devices: str | None, *, trusting: bool) -> InputSource:
    if devices is not None:
        from .evdev import EvdevInput

        return EvdevInput(Path(devices), 0)
    if platform.system() in ("Windows", "Darwin"):
        from .pynput_input import PynputInput

        return PynputInput()
    from .x11 import XInput

    return XInput(address, state, 0, trusting=trusting)


def _send(message: str) -> None:
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
