"""Who does the tasks: a model, or what a figure should be seen beside."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from ...agent.core.context import DecisionContext
from ...agent.core.coordinates import Absolute, Frame, ModelPoint
from ...agent.core.decision import Finish, GiveUp
from ...agent.core.messages import ImageFormat
from ...agent.core.model import Model, ModelInfo, Sampling
from ...agent.dialects.dialect import Dialect
from ...agent.dialects.prompting.prompt_kind import Prompt
from ...agent.dialects.prompting.thoughts import Thoughts
from ...agent.dialects.registry import dialect_named, with_language, with_thinking
from ...agent.loop.open_model import open_model
from ...agent.policy.image_history import history_named
from ...agent.policy.model_policy import ModelPolicy, Policy, ScriptedPolicy
from ...agent.record.events import Decided, PolicyInfo
from ...envs.actions import Click
from ...envs.env import Env
from ...envs.geometry import ScreenPoint
from ..core.plan import EpisodeId
from ..core.settings import EvalSettings
from ..core.task import Solvable, TaskError, TaskInstance


class AgentFactory(Protocol):
    """Makes the policy that does an episode."""

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """The policy for a task that has been set up."""
        ...


def make_agent_factory(settings: EvalSettings, slot: int = 0) -> AgentFactory:
    """The contender that the settings name. Workers of different `slot` are spread over the model's replicas.

    Raises:
        ValueError: there is no such model or dialect.
    """
    match settings.agent:
        case "null":
            return NullAgent()
        case "random":
            return RandomClicker()
        case "oracle":
            return Oracle()
        case "model":
            replicas = settings.replicas
            if not replicas:
                raise ValueError("--model names no model")
            return ModelAgentFactory(settings, replicas[slot % len(replicas)])


class NullAgent:
    """Gives up at once: what is done then was done before."""

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`."""
        return ScriptedPolicy([Finish("")])


class RandomClicker:
    """Clicks anywhere, once a step: what can be had without looking. The same clicks for the same episode."""

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`."""
        return _RandomPolicy(random.Random(f"{episode.path}"))  # noqa: S311 -- no secret


@dataclass(frozen=True, slots=True)
class _RandomPolicy:
    choose: random.Random

    def info(self) -> PolicyInfo:
        return PolicyInfo(ModelInfo("random clicks"))

    def open(self) -> None:
        """Nothing to do."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> Iterator[Decided]:
        size = context.history[-1].screenshot.size
        at = ScreenPoint(self.choose.randrange(size.width), self.choose.randrange(size.height))
        trace = Frame(size, size, Absolute(), context.device).trace(ModelPoint(at.x, at.y))
        yield Decided(context.step, None, (Click(at),), traces=(trace,))


class Oracle:
    """Knows the answers, and works the screen like anybody else: the ceiling of the harness."""

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`. What nobody has solved is given up."""
        if not isinstance(instance, Solvable):
            raise TaskError(f"the benchmark has no oracle for {episode.task}")
        return instance.solution() or ScriptedPolicy([GiveUp("no solution is known")])


class ModelAgentFactory:
    """A model, asked as an `Agent` with these settings would ask it; opened once for all episodes of a worker."""

    def __init__(self, settings: EvalSettings, address: str) -> None:
        self._settings = settings
        self._dialect = _dialect_of(settings)
        self._model: Model = open_model(address, settings.model_name, image_uuids=settings.image_uuids)

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`."""
        policy = self._asked(instance, None)
        if not self._sampling_is_set:
            return policy
        policy.open()
        return self._asked(instance, self._sampling(policy.dialect.sampling))

    def _asked(self, instance: TaskInstance, sampling: Sampling | None) -> ModelPolicy:
        settings = self._settings
        return ModelPolicy(
            self._model,
            self._dialect,
            history=history_named(settings.history),
            sampling=sampling,
            image_format=ImageFormat(settings.image_format),
            prompt=Prompt(settings.prompt) if settings.prompt else prompt_for(instance.env),
            constrain=settings.constrain,
            condense=settings.reflect,
        )

    @property
    def _sampling_is_set(self) -> bool:
        settings = self._settings
        return any(value is not None for value in (settings.temperature, settings.top_p, settings.max_tokens))

    def _sampling(self, usual: Sampling) -> Sampling:
        settings = self._settings
        if settings.temperature is not None:
            usual = replace(usual, temperature=settings.temperature)
        if settings.top_p is not None:
            usual = replace(usual, top_p=settings.top_p)
        if settings.max_tokens is not None:
            usual = replace(usual, max_tokens=settings.max_tokens)
        return usual


def _dialect_of(settings: EvalSettings) -> Dialect | None:
    if settings.dialect is None:
        if settings.language is not None:
            raise ValueError("--language needs --dialect: which model it is may not be known yet")
        if settings.thoughts is not Thoughts.OFFICIAL:
            raise ValueError("--thoughts needs --dialect: which model it is may not be known yet")
        return None
    dialect = with_thinking(dialect_named(settings.dialect), settings.thoughts)
    return dialect if settings.language is None else with_language(dialect, settings.language)


def prompt_for(env: Env) -> Prompt:
    """A page has no address bar to click on, so that a model is offered `navigate` there; a picture is pointed at."""
    info = env.info()
    if info.kind == "picture":
        return Prompt.GROUNDING
    return Prompt.BROWSER if info.kind == "browser" and "window" not in info.settings else Prompt.COMPUTER
