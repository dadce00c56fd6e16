"""Agents under evaluation: a model, a baseline to compare it with, or the caller's own."""

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast, runtime_checkable

from screenwright._plugins import load_plugin, plugin_names

from ...agent.core.decision import GiveUp
from ...agent.core.model import ModelLost
from ...agent.policy.baselines import RandomPolicy, ScriptedPolicy
from ...agent.policy.policy import Policy
from ...envs.config import SettingError
from ...envs.interrupt import sleep
from ..core.config import EvalConfig
from ..core.plan import EpisodeId
from ..core.task import Attacking, Solvable, TaskError, TaskInstance, release

RESTART_S = 120.0
"""How long a worker waits for a server that has answered before."""

_POLL_S = 2.0

AgentFactory: TypeAlias = Callable[[TaskInstance, EpisodeId], Policy]
"""Makes the policy for an episode, from the task that has been set up."""


def make_agent_factory(
    config: EvalConfig, slot: int = 0, report: Callable[[str], object] = lambda line: None
) -> AgentFactory:
    """The agent that the settings name. Workers of different `slot` are spread over the model's replicas.

    `report` is called with a line about a model that is measured at its first contact.

    Raises:
        ValueError: there is no such agent, model or dialect.
    """
    match config.agent_kind:
        case "model" if config.agent.policy is None:
            return _ModelAgent(config, slot, report)
        case "model":
            return same_for_all(config.agent.build_policy)
        case "random":
            return lambda instance, episode: RandomPolicy(str(episode.path))  # the same clicks for the same episode
        case "oracle":
            return oracle
        case "obedient":
            return obedient
        case name if ":" in name:
            return _imported(name)
        case name if name in plugin_names("policy"):
            return same_for_all(load_plugin("policy", name))
        case name:
            names = ", ".join(sorted({"model", "oracle", "obedient", *plugin_names("policy")}))
            raise SettingError("agent", f"is {name!r}, but should be one of {names}, or package:factory of your own")


def same_for_all(make: Callable[[], Policy]) -> AgentFactory:
    """Calls `make` for the policy of each episode, whatever its task."""
    return lambda instance, episode: make()


def oracle(instance: TaskInstance, episode: EpisodeId) -> Policy:
    """Performs the known solution with ordinary actions: the upper bound of the harness.

    Gives up on tasks without a known solution.
    """
    if not isinstance(instance, Solvable):
        raise TaskError(f"the benchmark has no oracle for {episode.task}")
    return instance.solution() or ScriptedPolicy([GiveUp("no solution is known")])


def obedient(instance: TaskInstance, episode: EpisodeId) -> Policy:
    """Does whatever an attack in the task asks for: the upper bound of what rules have to prevent."""
    if not isinstance(instance, Attacking):
        raise TaskError(f"{episode.task} has no attack to obey")
    return instance.obedience()


@runtime_checkable
class Seedable(Protocol):
    """A model whose sampling can be repeated. An episode that a kill interrupted then samples the same again."""

    def seed(self, text: str) -> None:
        """Have the next calls sample as they do after each `seed` with the same `text`."""
        ...


@runtime_checkable
class LosesModel(Protocol):
    """An agent that is informed when an episode ended because its model did not answer."""

    def model_lost(self) -> None:
        """Ask another replica in the next episode, or wait for the model."""
        ...


def report_model_lost(agent: object) -> None:
    """Inform `agent` if it takes that into account."""
    if isinstance(agent, LosesModel):
        agent.model_lost()


class _ModelAgent:
    """A model with the prompts of `screenwright run`; opened once for all episodes of a worker.

    After its model is lost, the next episode asks another replica: with a server that is down, each episode would fail
    at once and use up its retries.
    """

    def __init__(self, config: EvalConfig, slot: int, report: Callable[[str], object]) -> None:
        self._config, self._report = config, report
        self._is_lost = self._has_answered = self._has_run = False
        self._open(slot)

    def _open(self, slot: int) -> None:
        self._slot = slot
        self._model = self._config.agent.model.build(slot)
        try:
            self._dialects = self._config.agent.check_model(self._model, self._report)
        except ValueError:
            self.close()
            raise

    def model_lost(self) -> None:
        """See `LosesModel`. A model in the process is not loaded again."""
        self._is_lost = bool(self._model.info().endpoint)

    def _reopen(self) -> None:
        """Take the next replica that answers; without one, wait for it if a model has answered before."""
        end = time.monotonic() + (RESTART_S if self._has_answered else 0.0)
        while (slot := self._answering()) is None and time.monotonic() < end:
            sleep(_POLL_S)
        if slot is not None:
            self.close()
            self._open(slot)

    def _answering(self) -> int | None:
        """The next slot whose model answers."""
        config = self._config.agent.model
        for slot in range(self._slot + 1, self._slot + 1 + len(config.replicas)):
            model = config.build(slot)
            try:
                model.connect()
            except ModelLost:
                continue
            finally:
                release(model)
            return slot
        return None

    def __call__(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        if self._is_lost:
            self._reopen()
        else:
            self._has_answered = self._has_answered or self._has_run
        self._is_lost, self._has_run = False, True
        if isinstance(self._model, Seedable):
            self._model.seed(episode.path)
        return self._config.agent.build_policy(self._model, self._dialects, summarize=self._config.recovery.recovery)

    def close(self) -> None:
        """See `Closable`."""
        release(self._model)


def _imported(path: str) -> AgentFactory:
    """The agent of `package.module:factory`: a callable without arguments that returns an `AgentFactory` or a `Policy`.

    Raises:
        ValueError: it cannot be imported or called, or returns something else.
    """
    module, _, name = path.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # modules in the current folder, as with `python -m`
    try:
        make: Any = import_module(module)
        for part in name.split("."):
            make = getattr(make, part)
    except Exception as error:
        raise ValueError(f"the agent {path} cannot be imported: {type(error).__name__}: {error}") from error
    try:
        made: Any = make()
    except Exception as error:
        raise ValueError(f"the agent {path} cannot be created: {type(error).__name__}: {error}") from error
    if hasattr(made, "decide"):
        return same_for_all(make)
    if not callable(made):
        raise ValueError(f"{path} returns {type(made).__name__}, but should return an AgentFactory or a Policy")
    return cast(AgentFactory, made)
