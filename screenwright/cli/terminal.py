"""Output for the user: the terminal, the progress of a run, and the default folder to record in.

Colour follows https://no-color.org.
"""

import os
import select
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TextIO

from screenwright._text import counted, one_line, printable, printable_styled

from ..agent.core.decision import Finish
from ..agent.core.describe import describe_action, describe_ending
from ..agent.record.describe import describe_event
from ..agent.record.events import (
    Acted,
    Decided,
    Ended,
    Event,
    NeedsUser,
    Observed,
    ParseFailed,
    PolicyInfo,
    Started,
    Stepped,
)
from ..agent.record.trajectory import RunError

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_PROGRESS_EVERY_S = 10.0
_POLL_S = 0.1
_MAX_LINE = 2000
INDENT = " " * 6


class _QuestionCancelled(Exception):
    """Raised by a signal handler while a question waits for its answer."""


class Terminal:
    """Writes lines to `stream` (default: standard error) and reads answers from standard input."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self.is_tty = self._stream.isatty()
        self._has_color = self.is_tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._last_progress = time.monotonic()
        self._in_progress = False
        self._is_asking = False
        self._is_cancelled = False
        self.reported: list[str] = []

    def report(self, line: str) -> None:
        """Print a line that a later error need not repeat."""
        self.reported.append(line)
        self.line(line)

    def style(self, text: str, style: str) -> str:
        """`text` in that style, such as `bold` or `red`, if there is colour support."""
        text = printable(text)
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._has_color else text

    def fit(self, text: str, used: int = 0, most: int = 160) -> str:
        """`text` on one line, cut to the width that is left after `used` columns, or to `most` characters."""
        text = printable(" ".join(text.split()))
        room = min(most, shutil.get_terminal_size().columns - used) if self.is_tty else most
        return text if len(text) <= room else text[: max(room, 2) - 1] + "…"

    def line(self, text: str = "") -> None:
        """Print a line; of control characters only those of `style` are kept."""
        self.close()
        print(printable_styled(text), file=self._stream, flush=True)

    def progress(self, text: str) -> None:
        """Show progress: one line that is overwritten on a terminal, otherwise a line every 10 seconds."""
        if self.is_tty:
            print(f"\r\x1b[K{printable_styled(text)}", end="", file=self._stream, flush=True)
            self._in_progress = True
        elif time.monotonic() - self._last_progress >= _PROGRESS_EVERY_S:
            self._last_progress = time.monotonic()
            self.line(text)

    def close(self) -> None:
        """End the progress line."""
        if self._in_progress:
            self._in_progress = False
            print(file=self._stream, flush=True)

    def ask(self, question: str, cancelled: Callable[[], bool] = lambda: False) -> str | None:
        """A line of standard input, without its end.

        None if there is no more input, after `cancel_questions`, and on a terminal as soon as `cancelled()`.
        """
        self.close()
        self._is_asking = True
        try:
            line = "" if self._is_cancelled else self._read_answer(question, cancelled)
        except (_QuestionCancelled, OSError):  # an OSError: the terminal is gone
            line = ""
        finally:
            self._is_asking = False
        if not line:
            self.line()
        return line.strip() if line else None

    def _read_answer(self, question: str, cancelled: Callable[[], bool]) -> str:
        print(printable(question), end=" ", file=self._stream, flush=True)
        if sys.platform != "win32" and sys.stdin.isatty():
            # Poll, since a signal that arrives just before a read is handled only after it.
            while not select.select([sys.stdin], [], [], _POLL_S)[0]:
                if cancelled():
                    return ""
        return sys.stdin.readline()

    def cancel_questions(self) -> None:
        """Cancel the question that is being asked, and all later ones; for signal handlers."""
        self._is_cancelled = True
        if self._is_asking:
            raise _QuestionCancelled

    def confirm(self, question: str) -> bool:
        """Whether the user answers yes."""
        return (self.ask(f"{question} [y/N]") or "").lower() in ("y", "yes")


def _described(policy: PolicyInfo) -> str:
    """The model, its dialect and the source of the prompt; the reader needs no prompt."""
    name = policy.model.name
    if not policy.prompt_source or name == "reader":
        return name
    dialect = f", dialect {policy.dialect}" if policy.dialect else ""
    return f"{name}{dialect}, prompt from {policy.prompt_source}"


class Progress:
    """Prints events as they happen."""

    def __init__(self, terminal: Terminal | None = None) -> None:
        self._terminal = terminal or Terminal()
        self._actions: list[str] = []
        self._is_first = True

    def show(self, event: Event) -> None:
        """Print `event`, if it is relevant to the user."""
        match event:
            case Started():
                sandbox = event.env.settings.get("sandbox", "")
                risk = f"sandbox {sandbox}" if sandbox.startswith("off") else ""
                details = one_line(f"({', '.join(filter(None, (_described(event.policy), event.env.kind, risk)))})")
                self._terminal.line(f"{self._style(event.task, 'bold')}  {self._style(details, 'dim')}")
            case Observed():
                self._observed(event)
            case ParseFailed():
                self._dim(f"{event.step:4d}  parse failure: {one_line(event.message, _MAX_LINE)}; retrying")
            case Decided():
                self._decided(event)
            case Acted():
                action = describe_action(event.action)
                self._actions.append(f"{action} -- refused: {event.refused}" if event.refused else action)
            case Stepped():
                duration = self._style(f"{event.total_s:.1f} s", "dim")
                actions = one_line("; ".join(self._actions), _MAX_LINE) or "no action"
                self._terminal.line(f"{INDENT}{actions}  {duration}")
            case NeedsUser(kind="rule" | "safety_check"):
                pass  # the question follows in full
            case Ended():
                self._ended(event)
            case _:
                if text := describe_event(event):
                    self._dim(f"{INDENT}{text}".replace("\n", f"\n{INDENT}| "))  # no line may look like one of ours

    def _observed(self, event: Observed) -> None:
        """Print the facts about the screen that the model receives, such as a download or a refused upload."""
        self._actions = []
        facts = event.notes if self._is_first else event.observation.facts  # the first notes include earlier facts
        self._is_first = False
        for fact in facts:
            self._dim(f"{INDENT}{self._terminal.fit(str(fact), len(INDENT))}")

    def _decided(self, event: Decided) -> None:
        self._terminal.line(f"{event.step:4d}  {self._terminal.fit(event.thought or '', len(INDENT))}".rstrip())
        if event.ending is not None:
            self._actions.append("finished" if isinstance(event.ending, Finish) else describe_ending(event.ending))

    def _ended(self, event: Ended) -> None:
        steps = counted(event.steps, "step")
        is_known = any(event.reason in line for line in self._terminal.reported)
        reason = f": {'the error above' if is_known else one_line(event.reason, _MAX_LINE)}" if event.reason else ""
        parse_failures = f", {event.parse_failures} parse failures" if event.parse_failures else ""
        checked = "" if event.verified is None else f", {'verified' if event.verified else 'not verified'}"
        about = "about " if event.usage.estimated else ""
        cost = f", cost {about}{event.cost:.4g}" if event.cost is not None else ""
        stop = self._style(event.stop, "bold")
        self._terminal.line(f"{stop}{checked} after {steps}, {event.seconds:.1f} s{cost}{parse_failures}{reason}")

    def _dim(self, text: str) -> None:
        self._terminal.line(self._style(text, "dim"))

    def _style(self, text: str, style: str) -> str:
        return self._terminal.style(text, style)


@contextmanager
def new_run_folder(name: str) -> Generator[Path]:
    """`runs/TIME-NAME`, which no other process has; removed again if nothing is written to it.

    Raises:
        RunError: it cannot be created.
    """
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
    folder = Path("runs") / stem
    try:
        folder.parent.mkdir(exist_ok=True)
        for number in count(2):
            with suppress(FileExistsError):  # a run of the same second
                folder.mkdir(mode=0o700)
                break
            folder = folder.with_name(f"{stem}-{number}")
    except OSError as error:
        raise RunError(f"cannot record the run in {folder}: {error.strerror}; choose a folder with --out") from error
    try:
        yield folder
    finally:
        with suppress(OSError):  # it is not empty
            folder.rmdir()
            folder.parent.rmdir()


def quoted(path: Path) -> str:
    """`path` as it can be pasted into a shell."""
    return shlex.quote(str(path))
