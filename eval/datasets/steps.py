"""The steps of a recorded run, each with what was seen, said and done in it."""

from dataclasses import dataclass
from typing import TypeVar

from ...agent.record.events import Acted, Decided, Event, Observed, ParseFailed, Replied, Stepped
from ...agent.record.trajectory import Run

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A whole step. `replies` holds every reply to its prompt, the last of which was followed.

    `parse_failures` says what ailed the others. `changed` tells whether the next look showed other pixels; None if
    there was
    none.
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
        """Whether it did something on the screen, rather than only ended the episode."""
        return bool(self.decided.actions)


def steps_of(run: Run) -> tuple[RecordedStep, ...]:
    """The whole steps of `run`, in order. One that was broken off did not happen, as when the run is resumed."""
    whole: list[list[Event]] = []
    current: list[Event] = []
    for event in run.events:
        if isinstance(event, Observed):
            current = []
        current.append(event)
        if isinstance(event, Stepped):
            whole.append(current)
            current = []
    last = [event for event in current if isinstance(event, Observed)]
    history = [*(_one(events, Observed) for events in whole), *last]
    return tuple(_step(events, history[index + 1 : index + 2]) for index, events in enumerate(whole))


def _step(events: list[Event], following: list[Observed]) -> RecordedStep:
    change = following[0].change if following else None
    return RecordedStep(
        observed=_one(events, Observed),
        decided=_one(events, Decided),
        replies=tuple(event for event in events if isinstance(event, Replied) and event.purpose == "act"),
        parse_failures=tuple(event for event in events if isinstance(event, ParseFailed)),
        refused=any(isinstance(event, Acted) and event.refused is not None for event in events),
        changed=None if change is None else change.share > 0,
    )


def _one(events: list[Event], kind: type[E]) -> E:
    return next(event for event in events if isinstance(event, kind))
