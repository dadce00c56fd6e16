"""Two models together: a planner decides what to do, and a grounder locates the targets of its actions."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from screenwright._text import without_tokens

from ...envs.actions import map_points
from ...envs.env import EnvInfo
from ...envs.geometry import ScreenPoint
from ..core.answer_format import AnswerRequest
from ..core.context import DecisionContext
from ..core.coordinates import Frame, PointTrace
from ..core.decision import ParseFailure
from ..core.functions import FunctionSpec
from ..core.messages import Turn
from ..core.model import Model
from ..dialects.dialect import Dialect, RequestShaping
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import required_dialect_for_model, with_prompt
from ..record.events import Decided, ParseFailed, PolicyInfo, RecoveredError, Replied
from .grounding import parse_and_ground
from .model_policy import ModelPolicy
from .policy import PolicyEvents

MAX_RETRIES = 2
"""How often the planner decides again after a target that the grounder did not find."""

_NOT_FOUND = "The element {target!r} was not found on the screen. Describe it differently, or choose another action."

_Located: TypeAlias = PointTrace | Literal["not found"]


@dataclass
class GroundedPolicy:
    """Asks `planner`, and then `model`, the grounder, for the position of each target that the planner's reply names.

    The target is named in words by a planner with the dialect `planner`, or by a field of its reply; otherwise it is
    the thought of a reply with one point. A point that is not named keeps the planner's own position. `dialect` is the
    grounder's (default: by its name), with its grounding prompt.
    """

    planner: ModelPolicy
    model: Model
    dialect: Dialect | None = None

    _grounding: Dialect | None = field(init=False, default=None)

    def info(self) -> PolicyInfo:
        """See `Policy`: the planner, with the grounder."""
        return replace(self.planner.info(), grounder=self.model.info())

    def for_episode(self, env: EnvInfo, *, attended: bool) -> "GroundedPolicy":
        """See `EpisodeAware`."""
        return replace(self, planner=self.planner.for_episode(env, attended=attended))

    def with_functions(self, functions: tuple[FunctionSpec, ...]) -> "GroundedPolicy":
        """See `TakesFunctions`: the planner calls them."""
        return replace(self, planner=self.planner.with_functions(functions))

    def open(self) -> None:
        """See `Policy`.

        Raises:
            ValueError: the dialect of the planner or of the grounder is not known, or the grounder's has no grounding
                prompt.
        """
        self.planner.open()
        self.open_grounder()

    def open_grounder(self) -> None:
        """Contact the grounder, and find its dialect. Raises as `open`."""
        self.model.connect()
        self._dialect()

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`. A target that is not found is reported to the planner, which decides again."""
        for attempt in range(MAX_RETRIES + 1):
            missing = ""
            for event in self.planner.decide(context, interrupted):
                if isinstance(event, Decided):
                    decided, missing = yield from self._ground(event, context, attempt, interrupted)
                    if not missing:
                        yield decided
                        return
                else:
                    yield event
            if not missing:
                return  # no reply could be parsed
            yield ParseFailed(context.step, attempt, "missing_point", 0, _NOT_FOUND.format(target=missing))
            newest = context.history[-1]
            noted = replace(newest, notes=(*newest.notes, _NOT_FOUND.format(target=missing)))
            context = replace(context, history=(*context.history[:-1], noted))

    def answer(
        self, context: DecisionContext, request: AnswerRequest, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError, None, str]:
        """See `AnswersInForm`."""
        return self.planner.answer(context, request, interrupted)

    def _ground(
        self, decided: Decided, context: DecisionContext, attempt: int, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError, None, tuple[Decided, str]]:
        """`decided` with the grounder's points, and the first target that was not found."""
        traces: list[PointTrace] = []
        for trace in decided.traces:
            target = trace.model.target or (decided.thought or "" if len(decided.traces) == 1 else "")
            if not target:
                traces.append(trace)
                continue
            located = yield from self._locate(target, context, attempt, interrupted)
            if isinstance(located, PointTrace):
                traces.append(replace(located, model=replace(located.model, target=target)))
            elif trace.model.target:
                return decided, target
            else:
                traces.append(trace)
        positions = iter(traces)

        def moved(_: ScreenPoint) -> ScreenPoint:
            return next(positions).screen

        actions = tuple(map_points(action, moved) for action in decided.actions)
        return replace(decided, actions=actions, traces=tuple(traces)), ""

    def _locate(
        self, target: str, context: DecisionContext, attempt: int, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError, None, _Located]:
        dialect, screenshot = self._dialect(), context.history[-1].screenshot
        started = time.perf_counter()
        size = dialect.image_rule.resize(screenshot.size)
        image = self.planner.encode(screenshot, size, self.planner.image_format)
        messages = dialect.render(without_tokens(target), (Turn(image),))
        encode_s, started = time.perf_counter() - started, time.perf_counter()
        sampling = dialect.shape(dialect.sampling) if isinstance(dialect, RequestShaping) else dialect.sampling
        completion = self.model.complete(
            messages, sampling, lambda text: interrupted() or (bool(text) and dialect.is_complete(text))
        )
        model_s = time.perf_counter() - started
        for line in completion.recovered_errors:
            yield RecoveredError(context.step, "model", line)
        yield Replied(
            context.step, attempt, completion.text, completion.usage, size, 1, encode_s, model_s, purpose="ground"
        )
        reply = parse_and_ground(dialect, completion.text, Frame(screenshot.size, size, dialect.space, context.device))
        return "not found" if isinstance(reply, ParseFailure) or not reply.traces else reply.traces[0]

    def _dialect(self) -> Dialect:
        """The grounder's dialect with its grounding prompt."""
        if self._grounding is None:
            found = self.dialect or required_dialect_for_model(self.model.info().name)
            self._grounding = with_prompt(found, Prompt.GROUNDING)
        return self._grounding
