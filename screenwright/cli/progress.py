"""What a person sees while a run goes on: a line a step, on standard error."""

import sys
from typing import TextIO

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

_THOUGHT_LENGTH = 160


class Progress:
    """Prints events as they happen. Colours are used on a terminal only."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._coloured = self._stream.isatty()
        self._doing: list[str] = []

    def show(self, event: Event) -> None:
        """Print what `event` means to a person, if anything."""
        match event:
            case Started():
                self._line(f"{self._bold(event.task)}  {self._dim(f'({event.policy.model.name}, {event.env.kind})')}")
            case Resumed():
                self._line(self._dim(f"going on after step {event.steps}"))
            case Observed():
                self._doing = []
            case ParseFailed():
                self._line(self._dim(f"{event.step:4d}  the reply could not be read: {event.message}; asking again"))
            case Decided():
                self._decided(event)
            case Acted():
                said = describe_action(event.action)
                self._doing.append(f"{said} -- refused: {event.refused}" if event.refused else said)
            case Stepped():
                self._line(f"      {'; '.join(self._doing) or 'nothing'}  {self._dim(f'{event.total_s:.1f} s')}")
            case Note():
                self._line(self._dim(f"      {event.text}"))
            case Escalated() | Critiqued() | Summarized() | NeedsUser() | UserMessage() | RecoveredError():
                self._line(self._dim(f"      {describe_supervision(event)}"))
            case Ended():
                self._ended(event)
            case _:
                pass

    def _decided(self, event: Decided) -> None:
        thought = " ".join((event.thought or "").split())
        if len(thought) > _THOUGHT_LENGTH:
            thought = thought[: _THOUGHT_LENGTH - 1] + "…"
        self._line(f"{event.step:4d}  {thought}")
        if event.ending is not None:
            self._doing.append("finished" if isinstance(event.ending, Finish) else describe_ending(event.ending))

    def _ended(self, event: Ended) -> None:
        steps = "1 step" if event.steps == 1 else f"{event.steps} steps"
        reason = f": {event.reason}" if event.reason else ""
        parse_failures = f", {event.parse_failures} unreadable replies" if event.parse_failures else ""
        checked = "" if event.verified is None else f", {'verified' if event.verified else 'not verified'}"
        self._line(f"{self._bold(event.stop)}{checked} after {steps}, {event.seconds:.1f} s{parse_failures}{reason}")

    def _line(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._coloured else text

    def _dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self._coloured else text
