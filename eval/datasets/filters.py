"""Which recorded steps are kept: conditions joined by commas, all of which must hold.

all                        every step
done                       the task was done
changed                    the step changed the screen, or only ended the episode; nothing in it was refused
read                       the model's first reply could be read
score>=0.5  score<=0.5     what the benchmark gave for the episode
steps<=20   steps>=3       how long the episode was
task=click-*  category=X   what was done
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

from ..core.record import Record
from .steps import RecordedStep

Condition: TypeAlias = Callable[[Record, RecordedStep], bool]

_FORM = re.compile(r"(score|steps)(>=|<=)(-?\d+(?:\.\d+)?)|(task|category)=(.+)")


@dataclass(frozen=True, slots=True)
class StepFilter:
    """A filter, and the text that it was read from."""

    text: str
    conditions: tuple[Condition, ...]

    @classmethod
    def parse(cls, text: str) -> "StepFilter":
        """Read conditions.

        Raises:
            ValueError: one of them is none.
        """
        return cls(text, tuple(_condition(part.strip()) for part in text.split(",")))

    def __call__(self, record: Record, step: RecordedStep) -> bool:
        """Whether that step of that episode is kept."""
        return all(condition(record, step) for condition in self.conditions)


def _condition(text: str) -> Condition:
    match text:
        case "all":
            return lambda record, step: True
        case "done":
            return lambda record, step: record.done is True
        case "changed":
            return lambda record, step: not step.refused and (step.changed is not False or not step.acts)
        case "read":
            return lambda record, step: not step.parse_failures
        case _:
            return _compared(text)


def _compared(text: str) -> Condition:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is no condition; there are all, done, changed, read, score>=N, steps<=N, task=X, category=X"
        )
    if found[4]:
        return _named(found[4], found[5])
    return _measured(found[1], found[2], float(found[3]))


def _named(what: str, pattern: str) -> Condition:
    if what == "task":
        return lambda record, step: fnmatchcase(record.id.task, pattern)
    return lambda record, step: fnmatchcase(record.category, pattern)


def _measured(what: str, sign: str, limit: float) -> Condition:
    def holds(record: Record, step: RecordedStep) -> bool:
        value = record.score if what == "score" else record.steps
        return value is not None and (value >= limit if sign == ">=" else value <= limit)

    return holds
