"""Groups the events of a recorded run by step."""

from dataclasses import dataclass
from typing import TypeVar

from ...agent.record.events import Acted, Decided, Event, Observed, ParseFailed, Replied, Stepped
from ...agent.record.trajectory import Run

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A complete step. `replies` has every reply to its prompt; the last one was executed.

    `parse_failures` has the errors of the other replies. `changed` is whether the next screenshot differs; None if
    there is none.
    """

    observed: Observed
    decided: Decided
    replies: tuple[Replied, ...] = ()
    parse_failures: tuple[ParseFailed, ...] = ()
    refused: bool = False
    changed: bool | None = None

    @property
    def number(self) -> int:
        """The step's number, from 1."""
        return self.observed.step

    @property
    def acts(self) -> bool:
        """Whether it has actions on the screen, not only an ending."""
        return bool(self.decided.actions)


def steps_of(run: Run) -> tuple[RecordedStep, ...]:
    """The complete steps of `run`, in order. An interrupted step is ignored, as it is when the run is resumed."""
    complete: list[list[Event]] = []
    current: list[Event] = []
    for event in run.events:
        if isinstance(event, Observed):
            current = []
        current.append(event)
        if isinstance(event, Stepped):
            complete.append(current)
            current = []
    last = [event for event in current if isinstance(event, Observed)]
    observed = [*(_first(events, Observed) for events in complete), *last]
    return tuple(_step(events, observed[index + 1 : index + 2]) for index, events in enumerate(complete))


def _step(events: list[Event], following: list[Observed]) -> RecordedStep:
    change = following[0].change if following else None
    return RecordedStep(
        observed=_first(events, Observed),
        decided=_first(events, Decided),
        replies=tuple(event for event in events if isinstance(event, Replied) and event.purpose == "act"),
        parse_failures=tuple(event for event in events if isinstance(event, ParseFailed)),
        refused=any(isinstance(event, Acted) and event.refused is not None for event in events),
        changed=None if change is None else change.share > 0,
    )


def _first(events: list[Event], kind: type[E]) -> E:
    return next(event for event in events if isinstance(event, kind))
