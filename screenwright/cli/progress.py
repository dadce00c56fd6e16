"""The progress of a run: a line for each step, on standard error."""

from ..agent.core.decision import Finish
from ..agent.core.describe import describe_action, describe_ending
from ..agent.record.describe import describe_supervision
from ..agent.record.events import (
    Acted,
    Critiqued,
    Decided,
    Ended,
    Escalated,
    Event,
    NeedsUser,
    Note,
    Observed,
    ParseFailed,
    RecoveredError,
    Resumed,
    Started,
    Stepped,
    Summarized,
    UserMessage,
)
from .terminal import Terminal

INDENT = " " * 6


class Progress:
    """Prints events as they happen."""

    def __init__(self, terminal: Terminal | None = None) -> None:
        self._terminal = terminal or Terminal()
        self._actions: list[str] = []

    def show(self, event: Event) -> None:
        """Print `event`, if it is relevant to the user."""
        match event:
            case Started():
                details = f"({', '.join(filter(None, (event.policy.model.name, event.env.kind)))})"
                self._terminal.line(f"{self._style(event.task, 'bold')}  {self._style(details, 'dim')}")
            case Resumed():
                self._dim(f"continuing after step {event.steps}")
            case Observed():
                self._actions = []
            case ParseFailed():
                self._dim(f"{event.step:4d}  parse failure: {event.message}; retrying")
            case Decided():
                self._decided(event)
            case Acted():
                action = describe_action(event.action)
                self._actions.append(f"{action} -- refused: {event.refused}" if event.refused else action)
            case Stepped():
                duration = self._style(f"{event.total_s:.1f} s", "dim")
                self._terminal.line(f"{INDENT}{'; '.join(self._actions) or 'no action'}  {duration}")
            case Note():
                self._dim(f"{INDENT}{event.text}")
            case Escalated() | Critiqued() | Summarized() | NeedsUser() | UserMessage() | RecoveredError():
                self._dim(f"{INDENT}{describe_supervision(event)}")
            case Ended():
                self._ended(event)
            case _:
                pass

    def _decided(self, event: Decided) -> None:
        self._terminal.line(f"{event.step:4d}  {self._terminal.fit(event.thought or '', len(INDENT))}".rstrip())
        if event.ending is not None:
            self._actions.append("finished" if isinstance(event.ending, Finish) else describe_ending(event.ending))

    def _ended(self, event: Ended) -> None:
        steps = "1 step" if event.steps == 1 else f"{event.steps} steps"
        reason = f": {event.reason}" if event.reason else ""
        parse_failures = f", {event.parse_failures} parse failures" if event.parse_failures else ""
        checked = "" if event.verified is None else f", {'verified' if event.verified else 'not verified'}"
        stop = self._style(event.stop, "bold")
        self._terminal.line(f"{stop}{checked} after {steps}, {event.seconds:.1f} s{parse_failures}{reason}")

    def _dim(self, text: str) -> None:
        self._terminal.line(self._style(text, "dim"))

    def _style(self, text: str, style: str) -> str:
        return self._terminal.style(text, style)
