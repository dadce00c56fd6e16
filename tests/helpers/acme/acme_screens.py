"""A package of a third party: one plugin of each kind, written only against the public names of Screenwright."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from screenwright import (
    Action,
    AgentFactory,
    Allow,
    Click,
    DecisionContext,
    Deny,
    Env,
    EpisodeId,
    Finish,
    GuardDecision,
    Hotkey,
    Model,
    ModelInfo,
    ModelOptions,
    ModelPolicy,
    Observation,
    Outcome,
    Policy,
    PolicyEvents,
    PolicyInfo,
    Result,
    Rules,
    ScreenConfig,
    Size,
    TaskInstance,
    UiTars15,
    setting,
)
from screenwright.testing import FakeEnv, ScriptedModel, ScriptedPolicy


class AcmeScreen(ScreenConfig):
    """An environment, the fake GUI, with settings of its own."""

    group: ClassVar[str] = "screen: acme"

    kind: Literal["acme"] = "acme"
    acme_width: int = setting(640, "width of the window", ge=320)
    display: str | None = setting(None, "a setting with the same name as one of ours")

    def build(self, out: Path | None = None) -> Env:
        """See `ScreenConfig`."""
        return FakeEnv(Size(self.acme_width, 480))


class AcmeModel(ScriptedModel):
    """A model that finishes with `text`."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__([f"Thought: I am {name}.\nAction: finished(content='{text}')"])
        self._name = name

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo(self._name)


def open_model(address: str, options: ModelOptions) -> Model:
    """A model: `acme:TEXT` finishes with TEXT."""
    return AcmeModel(options.name or "Acme", address.partition(":")[2])


class AcmePolicy:
    """A policy: presses Greet once, then finishes."""

    def __init__(self) -> None:
        self._script = ScriptedPolicy([(Click(FakeEnv().where("Greet")),), Finish("greeted")])

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("acme policy"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`."""
        return self._script.decide(context, interrupted)


@dataclass(frozen=True, slots=True)
class AcmeDialect(UiTars15):
    """A dialect: that of UI-TARS 1.5 under another name, for models served as `Acme-7B` and the like."""

    name: str = "acme"
    served_as: str = r"acme-\d+b"


class AcmeGuard:
    """A guard: no keyboard shortcuts, and no clicks twice."""

    def __init__(self) -> None:
        self._clicked = False

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        """See `Guard`."""
        if isinstance(action, Hotkey) or (isinstance(action, Click) and self._clicked):
            return Deny("Acme does not allow this")
        self._clicked = isinstance(action, Click)
        return Allow()


@dataclass(frozen=True)
class AcmeTask:
    """A task: press Greet."""

    name: str = "greet"
    category: str = ""

    @contextmanager
    def set_up(self, seed: int) -> Generator[TaskInstance]:
        """See `Task`."""
        yield AcmeInstance(FakeEnv())


@dataclass(frozen=True)
class AcmeInstance:
    """The task on its screen."""

    env: Env
    instruction: str = "Press Greet"

    def judge(self, result: Result) -> Outcome:
        """See `TaskInstance`."""
        assert isinstance(self.env, FakeEnv)
        return Outcome(self.env.state.presses == 1, f"{self.env.state.presses} presses")


@dataclass(frozen=True)
class AcmeBenchmark:
    """A benchmark of one task, without data."""

    name: str = "acme"
    version: str = "1.0"
    rules: Rules = Rules(seeds=(0, 1), steps=5)

    def tasks(self) -> tuple[AcmeTask, ...]:
        """See `Benchmark`."""
        return (AcmeTask(),)


def policy_for(instance: TaskInstance, episode: EpisodeId) -> Policy:
    """An agent factory: a new policy for each episode, which may depend on the task."""
    if episode.seed == 0:
        return AcmePolicy()
    return ModelPolicy(ScriptedModel(["Action: finished()"]), AcmeDialect())


def factory() -> AgentFactory:
    """For `screenwright eval acme --agent acme_screens:factory`."""
    return policy_for
