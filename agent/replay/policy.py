"""Performs the steps of a recipe: waits until each target is on the screen, and ends the run if it does not appear."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from ...envs.actions import Action, Drag, Type, Wait, map_points, points_of
from ...envs.geometry import Box, ScreenPoint
from ...envs.screenshot import Screenshot
from ..core.context import DecisionContext
from ..core.coordinates import Absolute, Frame, ModelPoint
from ..core.decision import Finish
from ..core.model import ModelInfo
from ..policy.policy import PolicyEvents, ScreenDiverged
from ..record.events import Decided, PolicyInfo
from .anchors import OCR, locate
from .located import Ambiguous, Found, Located, Missing
from .outcomes import outcome_problem, read_values, resembles
from .pattern import pattern_of
from .recipe import Recipe, RecipeStep
from .results import Done, result_problem, state_problem
from .target import TargetReader

WAIT_S = 10.0
"""How long a target, or the effect of an action, may take to appear."""

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE = 0.1
"""The longest pause as a share of the limit, so that the waits do not look like a loop of the agent."""

_SAME_SHIFT_PX = 4


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where the screen differed from the recording: the step, its number, both screens, and the points on them.

    `is_before` if the step was not performed.
    """

    number: int
    step: RecipeStep | None
    reason: str
    recorded: Screenshot | None
    now: Screenshot
    recorded_points: tuple[ScreenPoint, ...] = ()
    points: tuple[ScreenPoint, ...] = ()
    is_before: bool = False


class ReplayPolicy:
    """Performs `recipe`, whose parameters are filled in; for one episode.

    `mismatch` is set when the episode has diverged. The answer of a run that reads out values is a JSON object.
    """

    def __init__(self, recipe: Recipe, *, wait_s: float = WAIT_S, reader: TargetReader = OCR) -> None:
        self.recipe = recipe
        self.mismatch: Mismatch | None = None
        self._wait_s = wait_s
        self.reader = reader
        self._next = 0
        self._done: Done | None = None
        self._last_pointed: Done | None = None
        self._waiting_since: float | None = None
        self._pause_s = _FIRST_PAUSE_S

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("replay"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`.

        Raises:
            ScreenDiverged: the screen is not what it was in the recording.
        """
        seen = context.history[-1].screenshot
        if self._done is not None and len(context.history) > 1 and (refused := context.history[-2].refused):
            self._diverge(
                seen, f"the action was not carried out: {refused[1]}", step=self._done.step, number=self._next
            )
        if self._done is not None:
            if problem := result_problem(self._done, seen):
                yield self._wait(context, seen, problem, step=self._done.step, number=self._next)
                return
            self._done = None
        if self._next == len(self.recipe.steps):
            if problem := outcome_problem(self.recipe, seen):
                yield self._wait(context, seen, problem)
                return
            yield Decided(context.step, "Everything was done as recorded.", (), Finish(self._answer(seen)))
            return
        step = self.recipe.steps[self._next]
        located = [locate(one, seen, context.device.scale, self.reader) for one in step.anchors]
        found = [one for one in located if isinstance(one, Found)]
        problem = _problem(located) or _path_problem(step, found) or self._start_problem(step, seen, context)
        planned = self._planned(context, step, found, seen)
        problem = problem or ("" if planned.field is not None else state_problem(planned))
        if problem:
            points = tuple(point for one in located if isinstance(one, Ambiguous) for point in one.points)
            yield self._wait(context, seen, problem, step=step, number=self._next + 1, points=points)
            return
        yield self._act(context, planned, found)

    def skip_to(self, done: int) -> None:
        """Go on after the first `done` steps, the last of which was done otherwise."""
        self._next, self._done, self._last_pointed = done, None, None
        self._waiting_since, self._pause_s, self.mismatch = None, _FIRST_PAUSE_S, None

    def _planned(self, context: DecisionContext, step: RecipeStep, found: Sequence[Found], seen: Screenshot) -> Done:
        """The step as it is performed next; a text goes where the last action with a point was."""
        if found:
            scale = context.device.scale * found[-1].zoom
            field = self._field(step)
            return Done(step, seen, points_of(step.action)[-1], found[-1].point, scale, field)
        if self._last_pointed is not None and isinstance(step.action, Type):
            return replace(self._last_pointed, step=step, before=seen)
        return Done(step, seen)

    def _field(self, step: RecipeStep) -> Box | None:
        """The recorded field that the step is about, which may have the focus already; None if it is none."""
        targets = (pattern_of(one, self.reader).target for one in step.anchors)
        return next((one.box for one in targets if one.is_editable), None)

    def _act(self, context: DecisionContext, planned: Done, found: Sequence[Found]) -> Decided:
        step, seen = planned.step, planned.before
        action = _moved(step.action, [one.point for one in found])
        self._next += 1
        self._waiting_since, self._pause_s = None, _FIRST_PAUSE_S
        self._done = planned
        if found:
            self._last_pointed = planned
        sure = f" ({min(one.confidence for one in found):.0%} sure)" if found else ""
        frame = Frame(seen.size, seen.size, Absolute(), context.device)
        traces = tuple(frame.trace(ModelPoint(point.x, point.y)) for point in points_of(action))
        return Decided(context.step, f"{step.words}{sure}", (action,), traces=traces)

    def _start_problem(self, step: RecipeStep, seen: Screenshot, context: DecisionContext) -> str:
        """Why a text or a key cannot be typed first: without a target, the whole screen has to be as recorded."""
        is_first = self._next == 0 and not step.anchors
        if not is_first or resembles(step.before, step.scale, seen, context.device.scale, self.reader):
            return ""
        return "the screen is not the one at which the recording starts"

    def _answer(self, seen: Screenshot) -> str:
        return json.dumps(read_values(self.recipe, seen), ensure_ascii=False) if self.recipe.read else ""

    def _wait(
        self,
        context: DecisionContext,
        seen: Screenshot,
        problem: str,
        step: RecipeStep | None = None,
        number: int = 0,
        points: tuple[ScreenPoint, ...] = (),
    ) -> Decided:
        """Wait for the screen to change; raise `ScreenDiverged` after the limit."""
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        if now - self._waiting_since >= self._wait_s:
            self._diverge(seen, problem, step=step, number=number, points=points)
        pause, self._pause_s = self._pause_s, min(self._pause_s * 2, max(1.0, _LONGEST_PAUSE * self._wait_s))
        return Decided(context.step, f"Waiting: {problem}.", (Wait(pause),))

    def _diverge(
        self,
        seen: Screenshot,
        problem: str,
        step: RecipeStep | None = None,
        number: int = 0,
        points: tuple[ScreenPoint, ...] = (),
    ) -> NoReturn:
        """End the episode.

        Raises:
            ScreenDiverged: always.
        """
        steps = self.recipe.steps
        if step is None:
            recorded = steps[-1].after if steps else None
            where = "at the end"
        else:
            is_done = self._done is not None and self._done.step is step
            recorded = step.after if is_done and step.after is not None else step.before
            where = f"{'after' if is_done else 'at'} step {number} of {len(steps)} ({step.words})"
        at = points_of(step.action) if step is not None else ()
        is_before = step is not None and self._done is None
        self.mismatch = Mismatch(number, step, problem, recorded, seen, at, points, is_before)
        raise ScreenDiverged(f"{where}: {problem}")


def _problem(located: Sequence[Located]) -> str:
    return next((one.reason for one in located if isinstance(one, Missing | Ambiguous)), "")


def _path_problem(step: RecipeStep, found: Sequence[Found]) -> str:
    """Why the points between the ends of a path are not known: the ends have moved apart."""
    path = points_of(step.action)
    if len(path) <= len(found) or len(found) < 2:
        return ""
    shifts = [(one.point.x - at.x, one.point.y - at.y) for one, at in zip(found, (path[0], path[-1]), strict=True)]
    is_same = all(abs(one - other) <= _SAME_SHIFT_PX for one, other in zip(*shifts, strict=True))
    return "" if is_same else "the ends of the path are not where they were to each other"


def _moved(action: Action, points: Sequence[ScreenPoint]) -> Action:
    """`action` at the points where its anchors were found; what is between the ends of a path moves with the first."""
    path = points_of(action)
    if not path:
        return action
    if isinstance(action, Drag):
        dx, dy = points[0].x - path[0].x, points[0].y - path[0].y
        between = tuple(ScreenPoint(point.x + dx, point.y + dy) for point in path[1:-1])
        return replace(action, path=(points[0], *between, points[-1]))
    return map_points(action, lambda _: points[0])
