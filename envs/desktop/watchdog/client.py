"""The agent's side of the watchdog: starts it, receives its messages, and announces input to it."""

import json
import mmap
import os
import secrets
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from ... import interrupt
from ...env import ActionRefused, EnvLost, EnvStopped, EnvUnavailable, Fact, InputListener
from ...environment import clean_environment
from ..address import DisplayAddress
from .activity import ActivitySignal
from .settings import InterruptSettings
from .shared_state import SIZE, Kind, SharedState

TAKEN = "the user took over mouse and keyboard; the action was not completed"
USER_INPUT = "The user used the mouse or keyboard since the last screenshot. The screen may have changed."
GONE = "the watchdog process for the hot key has ended"
DISABLE = "to run without a hot key and without pausing for the user: --hot-key off --pause-for-user 0"
_START_LIMIT_S = 15.0
_END_LIMIT_S = 3.0
_WINDOWS = sys.platform == "win32"


class NoWatchdog:
    """A null object for screens without a watchdog."""

    def check(self) -> None:
        """See `WatchdogClient`; never raises."""

    def check_alive(self) -> None:
        """See `WatchdogClient`; never raises."""

    def announce(self, kind: Kind, detail: int) -> None:
        """See `WatchdogClient`; does nothing."""

    def sleep(self, seconds: float) -> None:
        """See `WatchdogClient`."""
        interrupt.sleep(seconds)

    @contextmanager
    def acting(self) -> Generator[None]:
        """See `WatchdogClient`; does nothing."""
        yield

    def take_facts(self) -> tuple[Fact, ...]:
        """See `WatchdogClient`; always empty."""
        return ()

    def set_input_listener(self, listener: InputListener | None) -> None:
        """See `WatchdogClient`; the listener is never called."""

    def close(self) -> None:
        """See `WatchdogClient`; does nothing."""


class WatchdogClient(NoWatchdog):
    """The connection to a running watchdog."""

    def __init__(self, watchdog: subprocess.Popen[str], memory: mmap.mmap, interrupts: InterruptSettings) -> None:
        self._process, self._hot_key = watchdog, interrupts.hot_key
        self._state = SharedState(memory)
        self._seen = self._state.input_count
        self._listener: InputListener | None = None
        self._user_active = False
        self._gone = False
        self._closed = False
        self._interrupted = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="screenwright-watchdog", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process id of the watchdog."""
        return self._process.pid

    def check_alive(self) -> None:
        """Check that the run was not stopped and that the watchdog is running.

        Raises:
            EnvStopped: the user pressed the hot key.
            EnvLost: the watchdog has ended.
        """
        if self._state.stopped:
            raise EnvStopped(self._reason)
        if self._gone:
            raise EnvLost(GONE)

    def check(self) -> None:
        """Check that input may be sent.

        Raises:
            ActionRefused: the user has used mouse or keyboard since the last observation.
            EnvStopped, EnvLost: see `check_alive`.
        """
        self.check_alive()
        # With a listener the run pauses while the user is active; without one, actions are refused until then.
        unpaused = self._listener is None and self._user_active
        if self._state.input_count != self._seen or unpaused:
            raise ActionRefused(TAKEN)

    def announce(self, kind: Kind, detail: int) -> None:
        """Announce an input that is about to be sent."""
        self._state.announce(kind, detail)

    def sleep(self, seconds: float) -> None:
        """Sleep; a stop interrupts it.

        Raises:
            EnvStopped, EnvLost: see `check_alive`.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._interrupted.wait(min(interrupt.SLICE_S, left)):
            interrupt.check_interrupted()
        self.check_alive()

    @contextmanager
    def acting(self) -> Generator[None]:
        """Mark an action as in progress."""
        self._state.acting = True
        try:
            yield
        finally:
            self._state.acting = False

    def take_facts(self) -> tuple[Fact, ...]:
        """Facts for the observation that is taken now; input before it no longer makes `check` refuse."""
        touches, before = self._state.input_count, self._seen
        self._seen = touches
        return (Fact(USER_INPUT),) if touches != before else ()

    def set_input_listener(self, listener: InputListener | None) -> None:
        """Send events to `listener` from now on; None at the end of its run."""
        self._listener = listener
        self._state.run_active = listener is not None
        if listener is not None and self._state.stopped:
            listener.stop(self._reason)

    def close(self) -> None:
        """End the watchdog, which releases what is held."""
        if self._closed:
            return
        self._closed = True
        self._state.run_active = False
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(_END_LIMIT_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def _reason(self) -> str:
        return f"stopped by the user: {self._hot_key}"

    def _listen(self) -> None:
        """Read messages of the watchdog; runs on a thread."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._on_message(line.strip())
        if not self._closed:
            self._gone = True
            self._interrupted.set()

    def _on_message(self, message: str) -> None:
        listener = self._listener
        if message == ActivitySignal.STOP.value:
            self._state.acknowledged = True
            self._interrupted.set()
            if listener is not None:
                listener.stop(self._reason)
        elif message in (ActivitySignal.ACTIVE.value, ActivitySignal.IDLE.value):
            self._user_active = message == ActivitySignal.ACTIVE.value
            if listener is not None:
                (listener.user_started if self._user_active else listener.user_finished)()


def start_watchdog(
    address: DisplayAddress, interrupts: InterruptSettings, *, trusting: bool = False, devices: Path | None = None
) -> WatchdogClient:
    """Start a watchdog for the display at `address`.

    With `trusting` all XTEST input counts as the agent's, for drivers that cannot announce it. With `devices`, the
    folder of the kernel's input devices, it reads those instead of the display.

    Raises:
        EnvUnavailable: it cannot watch this display; the message says what to do.
    """
    with _temporary_file() as file:
        memory, name = _shared(file)
        settings = {
            "memory": name,
            "display": address.name,
            "authority": address.authority,
            "trusting": trusting,
            "devices": None if devices is None else str(devices),
            "hot_key": interrupts.hot_key,
            "quiet_s": interrupts.quiet_s,
            "worker": os.getpid(),
        }
        watchdog = _start_process(settings, () if _WINDOWS else (file.fileno(),))
    message = _first_message(watchdog)
    if message != "ready":
        watchdog.kill()
        watchdog.communicate()
        why = message.removeprefix("unavailable ") if message.startswith("unavailable ") else "it does not start"
        raise EnvUnavailable(f"the watchdog for the hot key cannot run: {why}; {DISABLE}")
    return WatchdogClient(watchdog, memory, interrupts)


def _temporary_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise EnvUnavailable(f"no temporary file can be created, set TMPDIR: {error.strerror}") from error


def _shared(file: IO[bytes]) -> tuple[mmap.mmap, int | str]:
    """New shared memory, and its file descriptor or, on Windows, its name."""
    if sys.platform == "win32":
        name = f"screenwright-{os.getpid()}-{secrets.token_hex(8)}"
        return mmap.mmap(-1, SIZE, name), name
    file.truncate(SIZE)
    return mmap.mmap(file.fileno(), SIZE), file.fileno()


def _start_process(settings: dict[str, Any], files: tuple[int, ...]) -> subprocess.Popen[str]:
    """Start the process in its own session, so that Ctrl-C reaches only the agent's process."""
    paths = os.pathsep.join(path or str(os.getcwd()) for path in sys.path)  # noqa: PTH109 -- it is joined to strings
    return subprocess.Popen(
        [sys.executable, "-P", "-m", f"{__package__}.program", json.dumps(settings)],
        env=clean_environment(PYTHONPATH=paths),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        pass_fds=files,
        start_new_session=True,
    )


def _first_message(watchdog: subprocess.Popen[str]) -> str:
    """Its first message; empty if it ends or takes too long."""
    assert watchdog.stdout is not None
    if not _WINDOWS and not select.select([watchdog.stdout], [], [], _START_LIMIT_S)[0]:
        return ""
    return watchdog.stdout.readline().strip()
