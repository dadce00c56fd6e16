"""Asks in the terminal: whether an action may be carried out, and what the model wants to know."""

from collections.abc import Callable
from pathlib import Path

from screenwright._files import write_file
from screenwright._text import one_line

from ..agent.core.approvals import Scope
from ..agent.guard.approval import ApprovalAnswer, ApprovalRequest, parse_answer
from .terminal import INDENT, Terminal, quoted

_FOLDER = "approvals"
_MAX_LINE = 4000
_SCOPES = {Scope.RUN: "run: for this run", Scope.HOST: "host: for this run on {place}"}


class TerminalApprover:
    """An `Approver` that asks in the terminal. The picture of what is asked about is saved in the run's `folder`."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self._terminal, self._folder = terminal, folder

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`. The end of the input answers nothing."""
        if request.kind == "question":
            line = self._terminal.ask(f"{INDENT}answer, or press Enter when the screen is ready:", cancelled)
        else:
            line = self._terminal.ask(self._question(request), cancelled)
        return None if line is None else parse_answer(line, request)

    def _question(self, request: ApprovalRequest) -> str:
        asks = f"rule {request.rule!r}" if request.kind == "rule" else "safety check of the model's API"
        about, place = ": ".join(filter(None, (asks, request.reason))), one_line(request.place)
        choices = [_SCOPES[scope].format(place=place) for scope in request.scopes if scope in _SCOPES]
        more = "; ".join((*choices, "other words deny it and go to the model"))
        lines = [one_line(f"{about}{f' on {place}' if place else ''}", _MAX_LINE), *self._picture(request), more]
        details = "".join(f"{INDENT}{line}\n" for line in lines)
        return f"{details}{INDENT}{one_line(request.question, _MAX_LINE)} -- allow it? [y/N]"

    def _picture(self, request: ApprovalRequest) -> list[str]:
        """The line that names the picture; none if it cannot be written, such as on a full disk."""
        if request.image is None:
            return []
        path = self._folder / _FOLDER / f"step-{request.step}-{request.image.sha256[:8]}.png"
        try:
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            write_file(path, request.image.png)
        except OSError:
            return []
        return [f"see {quoted(path)}"]
