"""The terminal: colour, width, progress and questions. Colour follows https://no-color.org."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_PROGRESS_EVERY_S = 10.0


class Terminal:
    """Writes lines to `stream` (default: standard error) and reads answers from standard input."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self.is_tty = self._stream.isatty()
        self._has_color = self.is_tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._last_progress = time.monotonic()
        self._in_progress = False

    def style(self, text: str, style: str) -> str:
        """`text` in that style, such as `bold` or `red`; unchanged without colour support."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._has_color else text

    def fit(self, text: str, used: int = 0, most: int = 160) -> str:
        """`text` on one line, cut to the width that is left after `used` columns, or to `most` characters."""
        text = " ".join(text.split())
        room = min(most, shutil.get_terminal_size().columns - used) if self.is_tty else most
        return text if len(text) <= room else text[: max(room, 2) - 1] + "…"

    def line(self, text: str = "") -> None:
        """Print a line."""
        self._end_progress()
        print(text, file=self._stream, flush=True)

    def progress(self, text: str) -> None:
        """Show progress: one line that is overwritten on a terminal, otherwise a line every 10 seconds."""
        if self.is_tty:
            print(f"\r\x1b[K{text}", end="", file=self._stream, flush=True)
            self._in_progress = True
        elif time.monotonic() - self._last_progress >= _PROGRESS_EVERY_S:
            self._last_progress = time.monotonic()
            self.line(text)

    def close(self) -> None:
        """End the progress line."""
        self._end_progress()

    def ask(self, question: str) -> str | None:
        """A line of standard input, without its end; None if there is no more input."""
        self._end_progress()
        print(question, end=" ", file=self._stream, flush=True)
        line = sys.stdin.readline()
        if not line:
            self.line()
        return line.strip() if line else None

    def confirm(self, question: str) -> bool:
        """Whether the user answers yes."""
        return (self.ask(f"{question} [y/N]") or "").lower() in ("y", "yes")

    def _end_progress(self) -> None:
        if self._in_progress:
            self._in_progress = False
            print(file=self._stream, flush=True)


@contextmanager
def sigterm_as_interrupt() -> Generator[None]:
    """Handle SIGTERM like Ctrl-C, so that a plain `kill` also ends child processes and writes reports."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
