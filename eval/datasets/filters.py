"""Filters for recorded steps: conditions separated by commas, all of which must hold.

all                        every step
done                       the task was done
changed                    the step changed the screen or only ended the episode, and no action was refused
parsed                     the first reply of the model was parsed without an error
score>=0.5  score<=0.5     the score of the episode
steps<=20   steps>=3       the number of steps of the episode
no-recovery                the episode had no recovery action: the agent did not repeat itself
verified                   the critic confirmed that the task was done
seed=0-9                   the seed of the episode; the last one may be left out
task=click-*  category=X   the task or category of the episode; * matches any text
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

from ..core.record import Record
from .steps import RecordedStep

Condition: TypeAlias = Callable[[Record, RecordedStep], bool]

_COMPARISON = re.compile(r"(score|steps)(>=|<=)(-?\d+(?:\.\d+)?)|(task|category)=(.+)|seed=(\d{1,15})(?:-(\d{1,15}))?")


@dataclass(frozen=True, slots=True)
class StepFilter:
    """A filter, and the text that it was parsed from."""

    text: str
    conditions: tuple[Condition, ...]

    @classmethod
    def parse(cls, text: str) -> "StepFilter":
        """Parse conditions.

        Raises:
            ValueError: a condition is unknown.
        """
        return cls(text, tuple(_condition(part.strip()) for part in text.split(",")))

    def __call__(self, record: Record, step: RecordedStep) -> bool:
        """Whether to keep `step` of the episode of `record`."""
        return all(condition(record, step) for condition in self.conditions)


def _condition(text: str) -> Condition:
    match text:
        case "all":
            return lambda record, step: True
        case "done":
            return lambda record, step: record.done is True
        case "changed":
            return lambda record, step: not step.refused and (step.changed is not False or not step.acts)
        case "parsed":
            return lambda record, step: not step.parse_failures
        case "no-recovery":
            return lambda record, step: not step.recovered
        case "verified":
            return lambda record, step: step.verified is True
        case _:
            return _comparison(text)


def _comparison(text: str) -> Condition:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise ValueError(
            f"unknown condition {text!r}: use all, done, changed, parsed, no-recovery, verified, score>=N, steps<=N, "
            "seed=N-M, task=X or category=X"
        )
    if match[6]:
        first, last = int(match[6]), int(match[7] or match[6])
        return lambda record, step: first <= record.id.seed <= last
    if match[4]:
        return _matches(match[4], match[5])
    return _in_range(match[1], match[2], float(match[3]))


def _matches(field: str, pattern: str) -> Condition:
    if field == "task":
        return lambda record, step: fnmatchcase(record.id.task, pattern)
    return lambda record, step: fnmatchcase(record.category, pattern)


def _in_range(field: str, operator: str, limit: float) -> Condition:
    def holds(record: Record, step: RecordedStep) -> bool:
        value = record.score if field == "score" else record.steps
        return value is not None and (value >= limit if operator == ">=" else value <= limit)

    return holds
