"""A task step by step: between two steps, the program that asked for them has the screen."""

from collections.abc import Callable, Generator
from typing import Generic, Self, TypeVar

from ..record.events import Ended, Event, Observed, Stepped
from ..record.steps import StepEvents

R = TypeVar("R")


class TaskSteps(Generic[R]):
    """The steps of a task: an iterator that does one step at each `next`.

    A step is yielded when its actions are done; what follows until the next screenshot, such as an answer of the user,
    is added to its events later. `result` is the result of the task, None until the episode has ended. `close` ends it.
    """

    def __init__(self, events: Generator[Event], result_of: Callable[[Ended], R]) -> None:
        self.result: R | None = None
        self._events = events
        self._result_of = result_of
        self._current: list[Event] = []
        self._has_begun = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StepEvents:
        step: StepEvents | None = None
        for event in self._events:
            if isinstance(event, Observed):
                step = StepEvents(event, [] if self._has_begun else self._current)
                self._current, self._has_begun = step.events, True
                continue
            self._current.append(event)
            if isinstance(event, Ended):
                self.result = self._result_of(event)
            if step is not None and isinstance(event, Stepped | Ended):
                return step
        raise StopIteration

    def close(self) -> None:
        """End the episode, unless it has ended."""
        self._events.close()
