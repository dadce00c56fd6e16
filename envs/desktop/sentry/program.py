"""The sentry itself: a process beside the worker that sees the hot key and lets go of everything, come what may.

Run as `python -m ...sentry.program SETTINGS`, where SETTINGS is JSON. It writes one word a line to standard output,
`ready`, then `stop`, `began` and `finished` as they happen, and ends at the end of its input, which comes however the
worker ends. It shares a `Board` with the worker.

At the hot key it marks the board, after which the worker presses nothing any more, and itself lets go of what is down,
again and again until the worker has left off or is gone. A worker that does not even hear of it within `UNHEARD_S`, or
has not left off within `UNFINISHED_S`, is ended; sooner where only its end lets go of what it holds.
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
from pathlib import Path

from ...env import EnvError
from ..address import DisplayAddress
from .board import SIZE, Board
from .person import Meaning, UserActivity
from .senses import Senses
from .settings import HotKey

RELEASE_EVERY_S = 0.02
UNHEARD_S = 2.0
UNFINISHED_S = 10.0
HELD_UNHEARD_S, HELD_UNFINISHED_S = 0.15, 0.5
"""The same where keys stay down as long as the worker lives."""
ENDED = (
    "\nscreenwright: stopped by {hot_key}; the program did not answer and was ended. "
    "What was recorded can be gone on with: screenwright run --resume RUN\n"
)
_IDLE_S = 0.5
_NOT_WINDOWS = sys.platform != "win32"


class Sentry:
    """Watches until the worker is gone, or says that it needs no sentry any more."""

    def __init__(self, senses: Senses, board: Board, person: UserActivity, worker: int, hot_key: str) -> None:
        self._senses, self._board, self._person, self._worker, self._hot_key = senses, board, person, worker, hot_key
        self._stopped_at: float | None = None
        self._reader: threading.Thread | None = None

    def watch(self) -> None:
        """Until the end of the input, or of the screen; then nothing of the worker's is down."""
        with suppress(EnvError):
            try:
                while not self._input_ended():
                    self._turn()
            except BrokenPipeError:
                pass  # the worker went away while it was being told something
            self._senses.release()

    def _turn(self) -> None:
        self._senses.wait(self._patience())
        for sensed in self._senses.sensed():
            for meaning in self._person.did(sensed, time.monotonic()):
                self._follow(meaning)
        for meaning in self._person.passed(time.monotonic()):
            self._follow(meaning)
        if self._stopped_at is not None:
            self._see_to_the_stop(time.monotonic() - self._stopped_at)

    def _patience(self) -> float:
        return RELEASE_EVERY_S if self._stopped_at is not None else _IDLE_S / 2

    def _follow(self, meaning: Meaning) -> None:
        if meaning is Meaning.TOUCHED:
            self._board.touched()
            return
        if meaning is Meaning.STOP and self._stopped_at is None:
            self._board.stopped = True
            self._senses.release()
            self._stopped_at = time.monotonic()
        _say(meaning.value)

    def _see_to_the_stop(self, since_s: float) -> None:
        """Let go of what the worker pressed since, and end it where it does not leave off."""
        self._senses.release()
        heard, acting = self._board.heard, self._board.acting
        if not heard:
            late = UNHEARD_S if self._senses.lets_go else HELD_UNHEARD_S
        else:
            late = UNFINISHED_S if self._senses.lets_go or not acting else HELD_UNFINISHED_S
        if (not heard or acting or self._board.attended) and since_s > late:
            self._end_worker()

    def _end_worker(self) -> None:
        with suppress(OSError):
            os.kill(self._worker, signal.SIGKILL if _NOT_WINDOWS else signal.SIGTERM)
        sys.stderr.write(ENDED.format(hot_key=self._hot_key))
        sys.stderr.flush()
        self._stopped_at = time.monotonic()  # so that it is tried again, not at once

    def _input_ended(self) -> bool:
        if _NOT_WINDOWS:
            return os.getppid() != self._worker or bool(select.select([0], [], [], 0)[0] and not os.read(0, 1))
        if self._reader is None:  # pipes cannot be selected there
            self._reader = threading.Thread(target=sys.stdin.read, daemon=True)
            self._reader.start()
        return not self._reader.is_alive()


def main() -> None:
    """Watch the screen that the settings name."""
    settings = json.loads(sys.argv[1])
    memory = _memory(settings["memory"])
    board = Board(memory)
    address = DisplayAddress(settings["display"], settings["authority"])
    try:
        senses = _senses(address, board, settings["devices"], trusting=settings["trusting"])
    except EnvError as error:
        _say(f"unavailable {error}")
        return
    hot_key = HotKey.parse(settings["hot_key"])
    person = UserActivity(hot_key, settings["quiet_s"])
    _say("ready")
    Sentry(senses, board, person, settings["worker"], settings["hot_key"]).watch()
    senses.close()


def _memory(given: int | str) -> mmap.mmap:
    """What the worker shares: the number of an open file, or on Windows a name."""
    if sys.platform == "win32":
        return mmap.mmap(-1, SIZE, str(given))
    return mmap.mmap(int(given), SIZE)


def _senses(address: DisplayAddress, board: Board, devices: str | None, *, trusting: bool) -> Senses:
    if devices is not None:
        from .evdev import EvdevSenses

        return EvdevSenses(Path(devices), 0)
    if platform.system() == "Windows":
        from .windows import WindowsSenses

        return WindowsSenses()
    if platform.system() == "Darwin":
        from .macos import MacSenses

        return MacSenses()
    from .x11 import XSenses

    return XSenses(address, board, 0, trusting=trusting)


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
