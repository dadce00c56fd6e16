"""The settings of an agent and of `screenwright run`; every node builds what it describes.

config = RunConfig.of(env="browser", url="https://example.org", steps=20)
with config.env.build() as env:
    print(config.build_agent().run('Click "Learn more"', env).answer)
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from screenwright._plugins import load_plugin

from ....envs.config import BrowserConfig, Config, JsonObject, Screen, Setting, SettingError, setting
from ....envs.secrets import Secret
from ...core.limits import Limits
from ...core.model import Model
from ...core.prices import Price
from ...core.supervision import NO_INTERVENTION, Supervision
from ...core.validation import first_problem
from ...guard.guard import AllowAll, Guard
from ...guard.rules import RuleSet
from ...guard.rules_file import RulesError, load_rules
from ...guard.secret_sources import SecretError, load_secrets
from ...monitor.critic import ModelCritic
from ...policy.policy import Policy
from ..agent import Agent
from ..open_model import open_model
from .model import AgentConfig

_PRICES: TypeAdapter[dict[str, Price]] = TypeAdapter(
    dict[str, Price], config=ConfigDict(extra="forbid", defer_build=True)
)


class LimitsConfig(Config):
    """How long an episode may take."""

    group: ClassVar[str] = "limits"

    steps: int | None = setting(None, "maximum number of steps (default: 50; eval: the benchmark's)", gt=0, common=True)
    seconds: float | None = setting(
        None, "maximum number of seconds (default: no limit; eval: the benchmark's)", gt=0, common=True
    )
    tokens: int | None = setting(None, "maximum number of tokens, prompts and replies together", gt=0, common=True)

    def build(self, default: Limits = Limits()) -> Limits:
        """The limits; those that are not set are from `default`."""
        return Limits(self.steps or default.steps, self.seconds or default.seconds, self.tokens or default.tokens)


class CostConfig(Config):
    """What an episode may cost."""

    group: ClassVar[str] = "limits"

    max_cost: float | None = setting(None, "maximum cost, in the currency of --prices", gt=0)
    prices: JsonObject | None = setting(
        None,
        "your prices of a million tokens by the name of the model, as JSON, such as "
        """'{"my-model": {"input": 2, "output": 8, "cached": 0.5}}'""",
    )

    def build(self) -> dict[str, Price]:
        """The prices.

        Raises:
            SettingError: they have another form.
        """
        if self.max_cost is not None and not self.prices:
            raise SettingError("max_cost", "needs the price of the model: add --prices")
        try:
            return _PRICES.validate_python(self.prices or {})
        except ValidationError as error:
            raise SettingError("prices", f"is invalid: {first_problem(error)}") from None


class RecoveryConfig(Config):
    """What the loop does when the agent makes no progress or claims to have finished."""

    group: ClassVar[str] = "recovery"

    recovery: bool = setting(
        True, "recovery: report actions without effect to the model, escalate if it repeats itself (off in presets)"
    )
    critic: str | None = setting(
        None, "check a finished task: same, to ask the same model, or the address of another one"
    )

    def build(self, model: Callable[[], Model]) -> Supervision:
        """The supervision; `model` returns the model that acts.

        Raises:
            ValueError: there is no such model, or it cannot judge.
        """
        supervision = Supervision() if self.recovery else NO_INTERVENTION
        if self.critic is None:
            return supervision
        critic = model() if self.critic == "same" else open_model(self.critic)
        if critic.info().name == "reader":
            raise SettingError("critic", "cannot be the reader: name the address of a model")
        return replace(supervision, critic=ModelCritic(critic))


class RulesConfig(Config):
    """What the agent may do."""

    group: ClassVar[str] = "rules"

    rules: str | None = setting(
        None,
        "file with rules about actions, or a preset: read-only, careful, trusted (default: careful on a real screen "
        "and for attached browsers, otherwise and in eval none)",
        common=True,
    )
    confirm: bool = setting(False, "ask before each action; eval: deny each action", common=True)

    def build(self, default: str | None = None) -> RuleSet | None:
        """The rules, or those named `default`; with `confirm`, they ask where they would allow.

        Raises:
            ValueError: the rules cannot be read.
        """
        name = self.rules or default
        try:
            rules = load_rules(name) if name else None
        except RulesError as error:
            raise SettingError("", str(error)) from error
        if not self.confirm:
            return rules
        return load_rules("confirm") if rules is None else rules.asking()


class RunConfig(Config):
    """The settings of `screenwright run`."""

    group: ClassVar[str] = "recording and approval"

    env: Screen = BrowserConfig()
    agent: AgentConfig = AgentConfig()
    limits: LimitsConfig = LimitsConfig()
    costs: CostConfig = CostConfig()
    recovery: RecoveryConfig = RecoveryConfig()
    action_rules: RulesConfig = RulesConfig()
    secret: tuple[str, ...] = setting(
        (),
        "text that the agent types without seeing it, as NAME=SOURCE@HOST such as bank=env:BANK_PW@bank.example; "
        "sources are env:, file:, keyring: and prompt:, each also after totp:; repeatable",
        common=True,
    )
    guard: str | None = setting(None, "guard of an installed plugin, which allows or denies each action")
    approval_timeout: float = setting(300.0, "seconds after which an action that was asked about is denied", gt=0)
    yes: bool = setting(False, "take over a real screen or a phone without asking first", common=True)
    out: Path | None = setting(None, "folder to record in (default: runs/TIME-NAME)", common=True)

    def build_agent(
        self, *, attended: bool = False, report: Callable[[str], object] = lambda line: None, **parts: Any
    ) -> Agent:
        """The agent; `attended` if a user answers its questions. `parts` are further arguments of `Agent`.

        A model on a server is measured at its first contact; `report` is called with a line about the result.

        Raises:
            ValueError: there is no such model or dialect, a setting does not fit it, or its clicks miss.
        """
        prices = self.costs.build()
        model = None if self.agent.policy else self.agent.model.build()
        dialects = None if model is None else self.agent.check_model(model, report)
        restarts = self.env.restarts if isinstance(self.env, BrowserConfig) else 0
        recovery = self.recovery.build(lambda: model or self.agent.model.build())
        supervision = replace(recovery, attended=attended, restarts=restarts, approval_timeout_s=self.approval_timeout)
        policy = self.agent.build_policy(model, dialects, summarize=supervision.summarize)
        limits = replace(self.limits.build(), cost=self.costs.max_cost)
        return Agent(policy=policy, limits=limits, supervision=supervision, prices=prices, **parts)

    def build_secrets(self) -> tuple[Secret, ...]:
        """The secrets, looked up where the settings say.

        Raises:
            ValueError: one of them is not there, or cannot be typed on this kind of screen.
            ImportError: the extra for a keyring or a one-time code is not installed.
        """
        try:
            secrets = load_secrets(self.secret)
        except SecretError as error:
            raise SettingError("secret", str(error)) from error
        has_hosts = isinstance(self.env, BrowserConfig) and not self.env.window
        for secret in secrets:
            if has_hosts and not secret.host:
                problem = "needs the host of the page where it is typed: end it with one, such as @bank.example"
                raise SettingError("secret", f"{secret.name} {problem}")
            if secret.host and not has_hosts:
                problem = f"is bound to {secret.host}, but only a page in a browser without --window has a host"
                raise SettingError("secret", f"{secret.name} {problem}: bind it to a program, such as @program:xterm")
        if secrets and isinstance(self.env, BrowserConfig) and self.env.engine != "chromium":
            raise SettingError("secret", "needs --browser chromium")
        return secrets

    def build_rules(self) -> RuleSet | None:
        """The rules of the settings, or those of the kind of screen.

        Raises:
            ValueError: the rules cannot be read.
        """
        return self.action_rules.build(self.env.default_rules)

    def build_guard(self) -> Guard:
        """The guard of the plugin that the settings name; by default one that allows everything.

        Raises:
            ValueError: there is no such guard.
        """
        guard: Guard = AllowAll() if self.guard is None else load_plugin("guard", self.guard)()
        return guard


class ReplayConfig(RunConfig):
    """The settings of `screenwright replay`: those of a run; what only applies to a model needs `heal`."""

    group: ClassVar[str] = "replay"

    heal: str | None = setting(
        None,
        "have a model do a step whose target is not found: its address, or same for that of --model",
        common=True,
        group="replay",
    )
    wait: float = setting(
        10.0, "seconds that a target or the effect of an action may take to appear", gt=0, common=True, group="replay"
    )

    @classmethod
    def settings(cls) -> Mapping[str, Setting]:
        """See `Config`."""
        left_out = {"policy", *RecoveryConfig.settings()}
        of_models = cls.of_models()
        return {
            name: replace(found, common=found.common and name not in of_models)
            for name, found in super().settings().items()
            if name not in left_out
        }

    @staticmethod
    def of_models() -> frozenset[str]:
        """The settings that only apply to a model."""
        return frozenset(AgentConfig.settings().keys() | CostConfig.settings().keys() | {"tokens"})

    def build_healer(self, report: Callable[[str], object]) -> Policy | None:
        """The policy of the model that `heal` names; None if there is none. Raises as `RunConfig.build_agent`."""
        if self.heal is None:
            return None
        node, agent = self.agent.model, self.agent
        if self.heal != "same":
            node = node.model_copy(update={"model": self.heal})
            agent = agent.model_copy(update={"model": node})
        model = node.build()
        return agent.build_policy(model, agent.check_model(model, report))

    def build_replay(self, policy: Policy, **parts: Any) -> Agent:
        """The agent that performs a recipe; `parts` are further arguments of `Agent`."""
        return Agent(
            policy=policy,
            limits=replace(self.limits.build(Limits(steps=None)), cost=self.costs.max_cost),
            supervision=replace(NO_INTERVENTION, approval_timeout_s=self.approval_timeout),
            prices=self.costs.build(),
            **parts,
        )


class GroundConfig(Config):
    """The settings of `screenwright ground`: those of an agent that apply to a single screenshot."""

    agent: AgentConfig = AgentConfig()

    @classmethod
    def settings(cls) -> Mapping[str, Setting]:
        """See `Config`."""
        return {name: found for name, found in super().settings().items() if name not in _OF_RUNS}


_OF_RUNS = ("policy", "thoughts", "history", "several_actions")
