"""Agents under evaluation: a model, a baseline to compare it with, or the caller's own."""

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from ..._plugins import load_plugin, plugin_names
from ...agent.core.context import DecisionContext
from ...agent.core.coordinates import Absolute, Frame, ModelPoint
from ...agent.core.decision import Finish, GiveUp
from ...agent.core.model import ModelInfo
from ...agent.dialects.prompting.prompt_kind import Prompt
from ...agent.policy.model_policy import Policy, ScriptedPolicy
from ...agent.record.events import Decided, PolicyInfo
from ...envs.actions import Click
from ...envs.config import SettingError
from ...envs.env import Env
from ...envs.geometry import ScreenPoint
from ..core.config import EvalConfig
from ..core.plan import EpisodeId
from ..core.task import Solvable, TaskError, TaskInstance


class AgentFactory(Protocol):
    """Makes the policy for an episode."""

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """The policy for a task that has been set up."""
        ...


def make_agent_factory(config: EvalConfig, slot: int = 0) -> AgentFactory:
    """The agent that the settings name. Workers of different `slot` are spread over the model's replicas.

    Raises:
        ValueError: there is no such agent, model or dialect.
    """
    match config.agent_kind:
        case "model":
            return ModelAgentFactory(config, slot)
        case "null":
            return NullAgent()
        case "random":
            return RandomClicker()
        case "oracle":
            return Oracle()
        case name if ":" in name:
            return _imported(name)
        case name if name in plugin_names("policy"):
            make: Callable[[], Policy] = load_plugin("policy", name)
            return PolicyPerEpisode(make)
        case name:
            names = ", ".join(sorted({"model", "oracle", *plugin_names("policy")}))
            raise SettingError("agent", f"is {name!r}, but should be one of {names}, or package:factory of your own")


@dataclass(frozen=True, slots=True)
class PolicyPerEpisode:
    """Calls `make` for the policy of each episode."""

    make: Callable[[], Policy]

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`."""
        return self.make()


class NullAgent:
    """Finishes immediately; measures tasks that are already solved at reset."""

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`."""
        return ScriptedPolicy([Finish("")])


class RandomClicker:
    """Clicks a random point in each step; the same clicks for the same episode."""

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
    """Knows the solution and carries it out by ordinary actions: the upper bound of the harness."""

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`. Gives up on tasks without a known solution."""
        if not isinstance(instance, Solvable):
            raise TaskError(f"the benchmark has no oracle for {episode.task}")
        return instance.solution() or ScriptedPolicy([GiveUp("no solution is known")])


class ModelAgentFactory:
    """A model, asked as `screenwright run` would ask it; opened once for all episodes of a worker."""

    def __init__(self, config: EvalConfig, slot: int) -> None:
        self._config = config
        self._model = config.agent.model.build(slot)
        config.agent.build_dialect()  # refuses wrong settings before the first episode
        config.agent.check_calibration(self._model)

    def policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        """See `AgentFactory`."""
        condense = self._config.recovery.recovery
        return self._config.agent.build_policy(self._model, prompt_for(instance.env), condense=condense)


def prompt_for(env: Env) -> Prompt:
    """The prompt for this kind of screen. The browser prompt offers `navigate`, since a page has no address bar."""
    info = env.info()
    if info.kind == "picture":
        return Prompt.GROUNDING
    return Prompt.BROWSER if info.kind == "browser" and "window" not in info.settings else Prompt.COMPUTER


def _imported(path: str) -> AgentFactory:
    """The agent of `package.module:factory`: a callable without arguments that returns an `AgentFactory` or a `Policy`.

    Raises:
        ValueError: it cannot be imported, or returns something else.
    """
    module, _, name = path.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # modules in the current folder, as with `python -m`
    try:
        make: Any = import_module(module)
        for part in name.split("."):
            make = getattr(make, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the agent {path} cannot be imported: {error}") from error
    made: object = make()
    if hasattr(made, "decide"):
        return PolicyPerEpisode(make)
    if not hasattr(made, "policy"):
        raise ValueError(f"{path} returns {type(made).__name__}, but should return an AgentFactory or a Policy")
    factory: Any = made
    found: AgentFactory = factory
    return found
