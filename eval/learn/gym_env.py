"""A task of a benchmark as an environment of Gymnasium."""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, SupportsFloat, TypeAlias

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv

from ...agent.core.context import DecisionContext
from ...agent.core.coordinates import Absolute, Frame, ModelPoint
from ...agent.core.decision import AskUser, Ending, Finish, GiveUp
from ...agent.core.limits import Limits, StopReason
from ...agent.core.model import ModelInfo, Usage
from ...agent.dialects.dialect import Dialect
from ...agent.dialects.registry import dialect_named
from ...agent.loop.agent import result_of
from ...agent.loop.control import Control
from ...agent.loop.episode import Episode
from ...agent.policy.grounding import GroundedReply, parse_and_ground
from ...agent.policy.model_policy import MAX_REPAIRS
from ...agent.policy.policy import PolicyEvents
from ...agent.record.events import Acted, Decided, Ended, Event, Observed, ParseFailed, PolicyInfo, Replied
from ...envs.actions import ActionIn, points_of
from ...envs.env import EnvLost
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ..benchmarks.registry import benchmark_for
from ..core.config import EvalConfig
from ..core.task import Budgeted, SelfEnding, TaskInstance, release

GymAction: TypeAlias = str | ActionIn[ScreenPoint] | Ending | tuple[ActionIn[ScreenPoint], ...]
"""The reply of a model as text, or what to do, with points in pixels of the screenshot."""

GymObservation: TypeAlias = dict[str, Any]

_FIRST_FREE_SEED = 1000
"""Seeds that are drawn start here, so that training does not see the episodes that evaluations run."""

_MAX_TEXT = 100_000
_ASCII = "\n" + "".join(map(chr, range(32, 127)))
_TRUNCATED = (StopReason.STEP_LIMIT, StopReason.TIME_LIMIT)

_open_benchmarks: Counter[str] = Counter()
"""The environments of each benchmark in this process, which share browsers and servers."""


class AnyText(spaces.Text):
    """A space of texts in any script. Samples are ASCII."""

    def __init__(self, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(_MAX_TEXT, min_length=0, charset=_ASCII, seed=seed)

    def contains(self, x: Any) -> bool:
        """Whether `x` is a text that is not too long."""
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A short random text."""
        length = int(self.np_random.integers(1, 100))
        return "".join(self.np_random.choice(self.character_list, size=length))


class GymnasiumEnv(gymnasium.Env[GymObservation, GymAction]):
    """`task` of `benchmark`, with the loop, the screen and the judge of `screenwright eval`.

    An observation has the screenshot as `image`, RGB of the shape (height, width, 3), and as `text` the instruction and
    what else a model would get. An action is a model's reply in `dialect`, or an action of ours. A reply that
    cannot be parsed changes nothing, and the next text has its error; the third in a row ends the episode. The reward
    is 0 until the end, and then the benchmark's score, or else 1 or 0. An episode is terminated when the agent or the
    task ends it, and truncated at the limit of steps (default: the benchmark's) or time.

    `info` has the `instruction`, and at the end `done`, `found` (by the judge), `stop` and `reason`. `root` is the
    folder of the benchmark's data. Without a seed, `reset` draws one of 1000 or more: evaluations use those below.

    Raises:
        ValueError, TaskError: there is no such benchmark, task or dialect.
        EnvUnavailable: there is no browser or display. The screen is opened at once, since the space has its size.
        EnvLost: from `step`, if the screen is gone. It is no outcome of the episode.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 1}  # noqa: RUF012 -- the name and type are Gymnasium's

    def __init__(
        self,
        benchmark: str,
        task: str,
        dialect: str = "ui-tars-1.5",
        steps: int | None = None,
        root: str | Path | None = None,
        render_mode: str | None = None,
    ) -> None:
        self._benchmark = benchmark_for(EvalConfig.of(benchmark=benchmark, **({"root": root} if root else {})))
        tasks = {one.name: one for one in self._benchmark.tasks()}
        if task not in tasks:
            raise ValueError(f"{benchmark} has no task {task!r}")
        self._task, self._dialect = tasks[task], dialect_named(dialect)
        self._limits = Limits(steps or self._benchmark.rules.steps, self._benchmark.rules.seconds)
        self.render_mode = render_mode
        self._stack = ExitStack()
        self._is_closed = False
        self._instance: TaskInstance | None = None
        self._events: Generator[Event] | None = None
        self._shape: tuple[int, ...] | None = None
        self._begin(self._benchmark.rules.seeds[0])
        _open_benchmarks[self._benchmark.name] += 1
        self._shape = self._pixels.shape
        self.observation_space = spaces.Dict({"image": spaces.Box(0, 255, self._shape, np.uint8), "text": AnyText()})
        self.action_space = AnyText()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[GymObservation, dict[str, Any]]:
        """Set the task up with `seed`; the seed of the task is the same number."""
        super().reset(seed=seed)
        self._begin(int(self.np_random.integers(_FIRST_FREE_SEED, 2**31)) if seed is None else seed)
        return self._observation(), {"instruction": self._text}

    def step(self, action: GymAction) -> tuple[GymObservation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Carry out `action`; returns when the screen has settled."""
        if self._instance is None or self._is_over:
            raise gymnasium.error.ResetNeeded("the episode is over: call reset")
        self._policy.pending = action
        ended = self._advance()
        info: dict[str, Any] = {"instruction": self._instance.instruction}
        if ended is None:
            return self._observation(), 0.0, False, False, info
        if ended.stop is StopReason.ENV_LOST:
            raise EnvLost(ended.reason)
        outcome = self._instance.judge(result_of(ended))
        stop = "task_over" if self._control.stopped else str(ended.stop)
        info |= {"done": outcome.done, "found": outcome.found, "stop": stop, "reason": ended.reason}
        reward = float(outcome.done) if outcome.score is None else outcome.score
        truncated = ended.stop in _TRUNCATED
        return self._observation(), reward, not truncated, truncated, info

    def render(self) -> Any:
        """The newest screenshot, RGB of the shape (height, width, 3)."""
        return self._pixels

    def close(self) -> None:
        """Release the screen; may be called twice."""
        if self._is_closed:
            return
        self._end()
        self._is_closed = True
        _open_benchmarks[self._benchmark.name] -= 1
        if not _open_benchmarks[self._benchmark.name]:
            release(self._benchmark)

    # -- the episode

    def _begin(self, seed: int) -> None:
        """Set the task up and observe it."""
        self._end()
        if self._is_closed:
            raise gymnasium.error.ClosedEnvironmentError("the environment is closed")
        instance = self._instance = self._stack.enter_context(self._task.set_up(seed))
        limits = self._limits
        if isinstance(instance, Budgeted):
            limits = Limits(min(instance.steps, limits.steps or instance.steps), limits.seconds)
        self._policy = _GivenReplies(self._dialect)
        self._control = Control()
        episode = Episode(instance.instruction, instance.env, self._policy, limits, control=self._control)
        self._events = episode.run()
        self._is_over = False
        self._text = instance.instruction
        ended = self._advance()
        if ended is not None:
            self._end()
            raise EnvLost(ended.reason)

    def _end(self) -> None:
        if self._events is not None:
            self._events.close()
        self._events = self._instance = None
        self._stack.close()

    def _advance(self) -> Ended | None:
        """Run the episode until it needs the next action, which returns None, or ends."""
        assert self._instance is not None
        assert self._events is not None
        for event in self._events:
            match event:
                case Observed():
                    self._pixels = self._fit(event.observation.screenshot)
                    self._text = "\n".join((self._instance.instruction, *event.notes))
                    return None
                case ParseFailed(attempt=attempt, message=message) if attempt < MAX_REPAIRS:
                    self._text = f"{self._instance.instruction}\nThe reply could not be parsed: {message}"
                    return None
                case Acted() if isinstance(self._instance, SelfEnding) and self._instance.is_over():
                    self._control.stop()
                case Ended():
                    self._is_over = True
                    return event
                case _:
                    pass
        raise AssertionError("an episode ends with Ended")

    def _observation(self) -> GymObservation:
        return {"image": self._pixels.copy(), "text": self._text[:_MAX_TEXT]}

    def _fit(self, screenshot: Screenshot) -> Any:
        """The pixels in the size of the space; a screen of another size is cut, or filled with black."""
        pixels = np.asarray(screenshot.image.convert("RGB"))
        if self._shape is None or pixels.shape == self._shape:
            return pixels
        fitted = np.zeros(self._shape, np.uint8)
        height, width = min(self._shape[0], pixels.shape[0]), min(self._shape[1], pixels.shape[1])
        fitted[:height, :width] = pixels[:height, :width]
        return fitted


class _GivenReplies:
    """A policy whose decisions are given from outside: `pending` is the next one."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.pending: GymAction | None = None

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("gymnasium"), self._dialect.name)

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`. A reply that cannot be parsed may be replaced twice."""
        screen = context.history[-1].screenshot.size
        frame = Frame(screen, self._dialect.image_rule.resize(screen), self._dialect.space, context.device)
        for attempt in range(MAX_REPAIRS + 1):
            given, self.pending = self.pending, None
            assert given is not None, "an action is given before each decision"
            if not isinstance(given, str):
                yield _decided(context, given)
                return
            yield Replied(context.step, attempt, given, Usage(), frame.image, 1)
            reply = parse_and_ground(self._dialect, given, frame)
            if isinstance(reply, GroundedReply):
                yield reply.decided(context.step)
                return
            yield ParseFailed(context.step, attempt, reply.kind, reply.position, reply.message)


def _decided(
    context: DecisionContext, given: ActionIn[ScreenPoint] | Ending | tuple[ActionIn[ScreenPoint], ...]
) -> Decided:
    if isinstance(given, Finish | AskUser | GiveUp):
        return Decided(context.step, None, (), given)
    actions = given if isinstance(given, tuple) else (given,)
    size = context.history[-1].screenshot.size
    frame = Frame(size, size, Absolute(), context.device)
    points = (ModelPoint(point.x, point.y) for action in actions for point in points_of(action))
    return Decided(context.step, None, actions, traces=tuple(map(frame.trace, points)))


def make_vector(num_envs: int = 1, **arguments: Any) -> AsyncVectorEnv:
    """`num_envs` environments of the same task, each in a process of its own.

    Processes are spawned, since a forked browser does not work, and share no memory, since texts have any length.
    """
    return AsyncVectorEnv(
        [lambda: GymnasiumEnv(**arguments) for _ in range(num_envs)], shared_memory=False, context="spawn"
    )
