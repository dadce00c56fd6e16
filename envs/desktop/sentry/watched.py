"""The worker's side of its sentry: starting it, keeping to what it says, and telling it what is about to be done."""

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

from ...env import ActionRefused, EnvLost, EnvStopped, EnvUnavailable, InputListener
from ..address import DisplayAddress
from .board import SIZE, Board, Kind
from .settings import InterruptSettings

TAKEN = "the user took mouse and keyboard, and it was left off; look at the screen as it is now"
WORKED = "The user worked mouse or keyboard since your last look; the screen may not be as you left it."
GONE = "what watches for the hot key has ended"
WITHOUT = "to do without a hot key, and without making way for the user: --hot-key off --pause-for-user 0"
_START_LIMIT_S = 15.0
_END_LIMIT_S = 3.0
_WINDOWS = sys.platform == "win32"


class Unwatched:
    """A screen that nobody watches: nothing stops what is done on it, and nobody is told."""

    def check(self) -> None:
        """Nothing is wrong."""

    def check_alive(self) -> None:
        """Nothing is wrong."""

    def announce(self, kind: Kind, detail: int) -> None:
        """Nobody listens."""

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    @contextmanager
    def acting(self) -> Generator[None]:
        """Act."""
        yield

    def take_facts(self) -> tuple[str, ...]:
        """There are none."""
        return ()

    def set_input_listener(self, listener: InputListener | None) -> None:
        """Nobody will be told."""

    def close(self) -> None:
        """There is nothing to close."""


class Watched(Unwatched):
    """A screen with a sentry beside it.

    `check` is asked before anything is pressed or moved. It raises `EnvStopped` after the hot key, `ActionRefused`
    where the person has used mouse or keyboard since the last look, and `EnvLost` where the sentry is gone. Letting go
    needs no asking.
    """

    def __init__(self, sentry: subprocess.Popen[str], memory: mmap.mmap, interrupts: InterruptSettings) -> None:
        self._sentry, self._memory, self._stopping = sentry, memory, interrupts
        self._board = Board(memory)
        self._seen = self._board.touches
        self._listener: InputListener | None = None
        self._at_work = False
        self._gone = False
        self._closed = False
        self._stirred = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="screenwright-sentry", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The sentry's process."""
        return self._sentry.pid

    def check_alive(self) -> None:
        """See that the work was not stopped, and that the sentry is there."""
        if self._board.stopped:
            raise EnvStopped(self._reason)
        if self._gone:
            raise EnvLost(GONE)

    def check(self) -> None:
        """See that nothing speaks against going on."""
        self.check_alive()
        alone = self._listener is None
        if self._board.touches != self._seen or (alone and self._at_work):
            raise ActionRefused(TAKEN)

    def announce(self, kind: Kind, detail: int) -> None:
        """Say what is about to be done."""
        self._board.announce(kind, detail)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless the work is stopped.

        Raises:
            EnvStopped: it is.
        """
        self._stirred.wait(seconds)
        self.check_alive()

    @contextmanager
    def acting(self) -> Generator[None]:
        """An action is in flight meanwhile."""
        self._board.acting = True
        try:
            yield
        finally:
            self._board.acting = False

    def take_facts(self) -> tuple[str, ...]:
        """What is to be told with a look that is taken now; what the person did before it is over and done with."""
        touches, before = self._board.touches, self._seen
        self._seen = touches
        return (WORKED,) if touches != before else ()

    def set_input_listener(self, listener: InputListener | None) -> None:
        """Tell `listener` from now on; None when its run is over."""
        self._listener = listener
        self._board.attended = listener is not None
        if listener is not None and self._board.stopped:
            listener.stop(self._reason)

    def close(self) -> None:
        """Send the sentry away; it lets go of what is down."""
        if self._closed:
            return
        self._closed = True
        self._board.attended = False
        assert self._sentry.stdin is not None
        with suppress(OSError):
            self._sentry.stdin.close()
        try:
            self._sentry.wait(timeout=_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._sentry.kill()
            self._sentry.wait()
        self._thread.join(_END_LIMIT_S)
        if self._sentry.stdout is not None:
            self._sentry.stdout.close()

    @property
    def _reason(self) -> str:
        return f"stopped by the user: {self._stopping.hot_key}"

    def _listen(self) -> None:
        """The thread: hand on what the sentry says."""
        assert self._sentry.stdout is not None
        for line in self._sentry.stdout:
            self._hear(line.strip())
        if not self._closed:
            self._gone = True
            self._stirred.set()

    def _hear(self, word: str) -> None:
        listener = self._listener
        if word == "stop":
            self._board.heard = True
            self._stirred.set()
            if listener is not None:
                listener.stop(self._reason)
        elif word in ("began", "finished"):
            self._at_work = word == "began"
            if listener is not None:
                (listener.user_started if self._at_work else listener.user_finished)()


def start_sentry(
    address: DisplayAddress, interrupts: InterruptSettings, *, trusting: bool = False, devices: Path | None = None
) -> Watched:
    """Start a sentry for the display at `address`; `trusting` where what is done to it cannot be announced.

    With `devices`, the folder of the kernel's input devices, it reads those instead of asking the display.

    Raises:
        EnvUnavailable: it cannot watch this display; says what to do.
    """
    with tempfile.TemporaryFile() as file:
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
        sentry = _started(settings, () if _WINDOWS else (file.fileno(),))
    said = _first_word(sentry)
    if said != "ready":
        sentry.kill()
        sentry.communicate()
        why = said.removeprefix("unavailable ") if said.startswith("unavailable ") else "it does not start"
        raise EnvUnavailable(f"nobody can watch for the hot key: {why}; {WITHOUT}")
    return Watched(sentry, memory, interrupts)


def _shared(file: IO[bytes]) -> tuple[mmap.mmap, int | str]:
    """Memory to share, and how the sentry finds it: by the number of an open file, or on Windows by a name."""
    if sys.platform == "win32":
        name = f"screenwright-{os.getpid()}-{secrets.token_hex(8)}"
        return mmap.mmap(-1, SIZE, name), name
    file.truncate(SIZE)
    return mmap.mmap(file.fileno(), SIZE), file.fileno()


def _started(settings: dict[str, Any], files: tuple[int, ...]) -> subprocess.Popen[str]:
    """Start the process, in a session of its own, so that Ctrl-C reaches the worker alone."""
    paths = os.pathsep.join(path or str(os.getcwd()) for path in sys.path)  # noqa: PTH109 -- it is joined to strings
    return subprocess.Popen(
        [sys.executable, "-P", "-m", f"{__package__}.program", json.dumps(settings)],
        env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        pass_fds=files,
        start_new_session=True,
    )


def _first_word(sentry: subprocess.Popen[str]) -> str:
    """What it says first; empty where it ends or takes too long."""
    assert sentry.stdout is not None
    if not _WINDOWS and not select.select([sentry.stdout], [], [], _START_LIMIT_S)[0]:
        return ""
    return sentry.stdout.readline().strip()
