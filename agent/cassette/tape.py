"""The recorded events of a run, and how far a replay has got: each event that the loop produces is compared."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import dropwhile, islice

from pydantic import JsonValue

from ...envs.env import Observation
from ..record.events import Ended, Event, Observed, RecoveredError, Resumed, Started
from ..record.trajectory import event_to_json

_TIMES = {"capture_s": 0.0, "encode_s": 0.0, "model_s": 0.0, "total_s": 0.0, "log_s": 0.0, "seconds": 0.0}
_MAX_DIFFERENCES = 5
_MAX_VALUE = 200


class Diverged(Exception):
    """The loop does something else than the recorded one; the message says in which step, and what differs."""

    def __init__(self, step: int, problem: str) -> None:
        super().__init__(f"step {step}: {problem}")
        self.step = step


class Tape:
    """The events of an episode, or of a part of it that ends where it was interrupted."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = tuple(event for event in events if not depends_on_clock(event))
        self.position = 0
        """The index of the recorded event that the loop has to produce next."""
        self.last: Event | None = None

    @property
    def ahead(self) -> Sequence[Event]:
        """The events that the loop has not produced yet."""
        return self.events[self.position :]

    @property
    def next(self) -> Event | None:
        """The event that the loop has to produce next; None at the end."""
        return self.at(self.position)

    def at(self, index: int) -> Event | None:
        """The event at `index`; None after the end."""
        return self.events[index] if index < len(self.events) else None

    def after(self, *skipped: type[Event]) -> Iterator[Event]:
        """The next events, without those at the start that are of these kinds."""
        return dropwhile(lambda event: isinstance(event, skipped), self.ahead)

    @property
    def step(self) -> int:
        """The step that the loop is in."""
        steps = (getattr(event, "step", None) for event in reversed(self.events[: self.position + 1]))
        return next((step for step in steps if step is not None), 0)

    @property
    def seen(self) -> Observation:
        """The newest observation of a step, without its facts; before the first one, the first one."""
        before = (event for event in reversed(self.events[: self.position]) if isinstance(event, Observed))
        after = (event for event in self.ahead if isinstance(event, Observed))
        observed = next(before, None) or next(after, None)
        if observed is None:
            raise self.diverged("the loop observes the screen, which the recorded one did not")
        return replace(observed.observation, facts=())

    def take(self, event: Event) -> None:
        """Compare the next recorded event with `event`, which the loop has produced.

        Raises:
            Diverged: it is another one.
        """
        recorded = self.next
        if recorded is None or without_times(recorded) != without_times(event):
            raise self.diverged(_difference(recorded, event))
        self.position += 1
        self.last = event

    def diverged(self, problem: str) -> Diverged:
        """The error of a loop that does something else."""
        return Diverged(self.step, problem)


def depends_on_clock(event: Event) -> bool:
    """Whether `event` reports a change of the system clock, which no replay repeats."""
    return isinstance(event, RecoveredError) and event.kind == "clock"


def without_times(event: Event) -> bytes:
    """The line of `event` in a log, without times, durations and the version of Screenwright."""
    names = {field.name for field in fields(event)}
    changes: dict[str, object] = {name: value for name, value in _TIMES.items() if name in names}
    if isinstance(event, Started | Resumed):
        changes |= {"time": "", "version": ""}
    if isinstance(event, Ended):
        changes["time"] = ""
    return event_to_json(replace(event, **changes))  # type: ignore[arg-type]  # the names are those of its fields


def segments(events: Iterable[Event]) -> list[tuple[Event, ...]]:
    """The events by the process that recorded them: each after the first one starts with `Resumed`."""
    found: list[list[Event]] = []
    for event in events:
        if isinstance(event, Started | Resumed):
            found.append([])
        found[-1].append(event)
    return [tuple(segment) for segment in found]


def _difference(recorded: Event | None, event: Event) -> str:
    if recorded is None:
        return f"the loop goes on with {event.event!r} after the end of the recording"
    if recorded.event != event.event:
        return f"the recording has {recorded.event!r}, and the loop {event.event!r}: {_shown(_flat(_json_of(event)))}"
    before, now = (dict(_flat(_json_of(one))) for one in (recorded, event))
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    lines = [f"{name} was {_text(before.get(name))} and is {_text(now.get(name))}" for name in names]
    more = f"; {len(lines) - _MAX_DIFFERENCES} more differences" if len(lines) > _MAX_DIFFERENCES else ""
    return f"{recorded.event!r} differs: {'; '.join(lines[:_MAX_DIFFERENCES])}{more}"


def _json_of(event: Event) -> JsonValue:
    value: JsonValue = json.loads(without_times(event))
    return value


def _flat(value: JsonValue, name: str = "") -> Iterator[tuple[str, JsonValue]]:
    """The parts of `value` with their names, such as `actions[0].at[1]`."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _flat(one, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value:
        for index, one in enumerate(value):
            yield from _flat(one, f"{name}[{index}]")
    else:
        yield name, value


def _shown(parts: Iterable[tuple[str, JsonValue]]) -> str:
    kept = ((name, value) for name, value in parts if name not in ("event", "step") and value not in (None, "", [], {}))
    return ", ".join(f"{name} {_text(value)}" for name, value in islice(kept, _MAX_DIFFERENCES))


def _text(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
