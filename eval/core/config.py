"""The settings of an evaluation, from which it can be repeated."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from ...agent.loop.config.model import AgentConfig
from ...agent.loop.config.run import LimitsConfig, RecoveryConfig, RulesConfig
from ...envs.config import Config, SettingError, setting
from ...envs.config.node import ENV_HELP
from .presets import Preset, preset_named

_benchmark = partial(setting, group="benchmark")
_workers = partial(setting, group="workers")


_SEED = r"\d{1,15}(-\d{1,15})?"
_SEEDS = rf"^{_SEED}(,{_SEED})*$"


class EvalConfig(Config):
    """The settings of `screenwright eval`. A `preset` supplies the settings that were not given."""

    group: ClassVar[str] = "recording"

    benchmark: str = _benchmark(..., "benchmark to run")
    preset: str | None = _benchmark(
        None, "settings of a published protocol, such as ui-tars-1.5-osworld-15", common=True
    )
    root: Path | None = _benchmark(None, "folder of the benchmark's data or checkout", common=True)
    task: tuple[str, ...] = _benchmark(
        (), "run only tasks whose name matches, such as 'click-*'; repeatable", common=True
    )
    category: tuple[str, ...] = _benchmark((), "run only tasks of this category; repeatable", common=True)
    seeds: str | None = _benchmark(None, "seeds to run each task with, such as 0-4 or 7,9", pattern=_SEEDS, common=True)
    trials: int = _benchmark(1, "how often to run each task and seed, for pass@k", gt=0, common=True)
    best_of: int = _benchmark(
        1, "run each task and seed this often, and have the judge choose one of the rollouts (needs --judge)", gt=0
    )
    python: Path | None = _benchmark(
        None, "Python that has the benchmark's own package (osworld, androidworld, browsergym)"
    )
    provider: str | None = _benchmark(
        None, "screenwright: run OSWorld's tasks in sandboxes of this machine, as the benchmark osworld-novm"
    )
    option: tuple[str, ...] = _benchmark(
        (), "NAME=VALUE for the benchmark's own package, such as provider_name=docker; repeatable"
    )
    pass_env: tuple[str, ...] = _benchmark((), ENV_HELP)
    judge: str | None = _benchmark(
        None,
        "URL[,MODEL] of the model that judges, for benchmarks that need one and for --best-of",
        pattern=r"^https?://",
    )
    judge_prompts: Path | None = _benchmark(None, "folder with other prompts for the judge, such as the official ones")

    agent_kind: str = setting(
        "model",
        "model, a baseline (null, random, oracle, obedient), or package:factory of your own",
        name="agent",
        group="model",
        common=True,
    )
    agent: AgentConfig = AgentConfig()
    limits: LimitsConfig = LimitsConfig()
    recovery: RecoveryConfig = RecoveryConfig()
    action_rules: RulesConfig = RulesConfig()

    workers: int = _workers(1, "episodes at once, each in its own process; 0 runs them in this one", ge=0, common=True)
    ray: str | None = _workers(None, "run on the Ray cluster at this address instead, such as auto or HOST:PORT")
    retries: int = _workers(2, "how often to retry an episode that failed through no fault of the agent", ge=0)
    episode_timeout: float = _workers(1800, "seconds after which an episode counts as hung and is killed", gt=0)

    price: str | None = setting(
        None,
        "IN:OUT[:CACHED] for a million tokens each, to report the cost",
        pattern=r"^\d+(\.\d+)?:\d+(\.\d+)?(:\d+(\.\d+)?)?$",
    )
    out: Path | None = setting(None, "folder to record in (default: runs/TIME-NAME)", common=True)

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, given: object) -> object:
        if not isinstance(given, Mapping) or given.get("preset") is None:
            return given
        preset = preset_named(str(given["preset"]))
        if given.get("benchmark") != preset.benchmark:
            raise ValueError(f"the preset {preset.name} is for {preset.benchmark}, not for {given.get('benchmark')}")
        merged = _overlay(cls.tree_of(preset.values), given)
        by_name = {text.partition("=")[0]: text for text in (*_options(preset), *given.get("option", ()))}
        return {**merged, **({"option": tuple(by_name.values())} if by_name else {})}

    @model_validator(mode="after")
    def _check_agent(self) -> Self:
        if self.agent_kind == "model":
            return self
        preset = preset_named(self.preset).values if self.preset else {}
        for name in sorted(self.agent.changed() - preset.keys()):
            problem = f"applies to models, not to --agent {self.agent_kind}: leave it out"
            raise SettingError(name, problem, excluded_by="agent")
        return self

    @model_validator(mode="after")
    def _check_best_of(self) -> Self:
        if self.best_of > 1 and self.judge is None:
            raise SettingError("best_of", "needs a model that compares the rollouts: add --judge URL")
        if self.best_of > 1 and self.trials > 1:
            raise SettingError("trials", "is the number of rollouts, which --best-of gives: leave one of them out")
        return self

    @property
    def rollouts(self) -> int:
        """How often each task and seed is run."""
        return max(self.trials, self.best_of)

    @property
    def protocol(self) -> str:
        """The preset and the settings that differ: `preset X, changed: steps 30 (15)`; empty without a preset."""
        if self.preset is None:
            return ""
        preset = preset_named(self.preset)
        plain = EvalConfig.from_flat({"benchmark": preset.benchmark, **preset.values})
        mine, theirs = self.flat(), plain.flat()
        changed = [
            f"{name} {mine[name]} ({theirs[name]})"
            for name in preset.values
            if name != "option" and mine[name] != theirs[name]
        ]
        options = self.options
        changed += [
            f"{name} {options[name]} ({value})" for name, value in plain.options.items() if options[name] != value
        ]
        return f"preset {self.preset}" + (f", changed: {', '.join(changed)}" if changed else "")

    @property
    def options(self) -> dict[str, object]:
        """The options by name, with values parsed as JSON where they are JSON, such as numbers.

        Raises:
            ValueError: one of them does not have the form NAME=VALUE.
        """
        return dict(_option(text) for text in self.option)


def _options(preset: Preset) -> tuple[str, ...]:
    options = preset.values.get("option", ())
    assert isinstance(options, tuple)
    return options


def _overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` recursively updated with `over`."""
    merged = dict(base)
    for name, value in over.items():
        new = value.model_dump(exclude_unset=True) if isinstance(value, Config) else value
        both = isinstance(new, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _overlay(merged[name], new) if both else new
    return merged


def _option(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise SettingError("option", f"is {text!r}, but should be NAME=VALUE")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value
