"""The process around a command: its standard streams, and the signals that stop it.

A closed pipe, a full disk or a terminal of another encoding never costs a run its result or its exit code.
"""

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

from screenwright._text import printable_styled

INTERRUPTED = 130
"""The exit code after Ctrl-C, SIGTERM or SIGHUP."""

UNWRITABLE = 74
"""The exit code if standard output cannot be written, EX_IOERR of sysexits.h."""

PIPE_CLOSED = 141
"""The exit code if the reader of standard output is gone, as after SIGPIPE."""

_STOP_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class ForgivingStream:
    """A text stream that stays usable when it cannot be written any more; `error` is the reason.

    With `keep_going`, further output is discarded; otherwise the error is raised. Characters that the encoding lacks
    are escaped. A terminal gets no control characters but colours: texts of pages and models must not act on it.
    """

    def __init__(self, stream: TextIO, *, keep_going: bool = False) -> None:
        self._stream, self.keep_going = stream, keep_going
        self.error: OSError | None = None
        self._is_tty = stream.isatty()
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Write `text`."""
        try:
            return self._stream.write(printable_styled(text) if self._is_tty else text)
        except OSError as error:
            self._lost(error)
            return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lost(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _lost(self, error: OSError) -> None:
        self.error = self.error or error
        with suppress(OSError, ValueError):  # the interpreter writes what is still buffered at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        if not self.keep_going:
            raise error


@contextmanager
def forgiving_streams() -> Generator[ForgivingStream]:
    """Standard streams that exist and forgive errors; yields standard output, of which errors are still raised."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the parent; take its number, so that no other file gets it
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False))
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    before = sys.stdout, sys.stderr
    out, err = ForgivingStream(sys.stdout), ForgivingStream(sys.stderr, keep_going=True)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield out
    finally:
        with suppress(OSError):
            out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def exit_code_of(code: int, out: ForgivingStream) -> int:
    """The exit code of a command that returned `code`, with regard to what happened to its output."""
    with suppress(OSError):
        out.flush()
    if out.error is None:
        return code
    if out.error.errno != errno.EPIPE:
        print(f"screenwright: cannot write to standard output: {out.error.strerror}", file=sys.stderr)
    if out.keep_going:
        return code
    return PIPE_CLOSED if out.error.errno == errno.EPIPE else UNWRITABLE


@contextmanager
def stop_signals(handler: Callable[[int, FrameType | None], None]) -> Generator[None]:
    """Call `handler` on Ctrl-C, SIGTERM and SIGHUP, except for those that the parent ignores, as nohup does."""
    before = on_stop_signals(handler)
    try:
        yield
    finally:
        for one, old in before.items():
            signal.signal(one, old)


def on_stop_signals(handler: Callable[[int, FrameType | None], None]) -> dict[signal.Signals, Any]:
    """Call `handler` from now on, as `stop_signals` does; returns the handlers that it replaces."""
    is_main = threading.current_thread() is threading.main_thread()  # only there can handlers be set
    before = {one: signal.getsignal(one) for one in _STOP_SIGNALS if is_main}
    changed = {one: old for one, old in before.items() if old not in (signal.SIG_IGN, None)}
    for one in changed:
        signal.signal(one, handler)
    return changed


def end_at_once(_signal: int, _frame: FrameType | None) -> NoReturn:
    """The signal handler that ends the process, while it starts and when its command is over."""
    os._exit(INTERRUPTED)


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """The signal handler that raises `KeyboardInterrupt`."""
    raise KeyboardInterrupt
