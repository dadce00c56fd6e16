"""What an evaluation may be told: one value, from which it can be run again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ...agent.dialects.prompting.thoughts import Thoughts
from ...agent.policy.image_history import HISTORY_HELP, HISTORY_PATTERN
from .presets import preset_named, with_preset

AgentKind = Literal["model", "null", "random", "oracle"]


class EvalSettings(BaseModel):
    """What `screenwright eval` may be told. The descriptions are the help texts of the flags."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    benchmark: str = Field(description="which benchmark")
    preset: str | None = Field(
        default=None,
        description="the settings of a published protocol, such as ui-tars-1.5-osworld-15",
    )
    root: Path | None = Field(default=None, description="the folder that the benchmark's data or checkout is in")
    task: tuple[str, ...] = Field(
        default=(), description="only tasks whose name matches, such as 'click-*'; repeatable"
    )
    category: tuple[str, ...] = Field(default=(), description="only tasks of this category; repeatable")
    seeds: str | None = Field(
        default=None, pattern=r"^\d+(-\d+)?(,\d+(-\d+)?)*$", description="which variants, such as 0-4 or 7,9"
    )
    trials: int = Field(default=1, gt=0, description="how often each variant is tried, for pass@k")
    steps: int | None = Field(default=None, gt=0, description="most steps an episode (default: the benchmark's)")
    seconds: float | None = Field(default=None, gt=0, description="most seconds an episode")
    tokens: int | None = Field(default=None, gt=0, description="most tokens an episode, in and out")

    agent: AgentKind = Field(
        default="model",
        description="a model, or to compare with: null gives up at once, random clicks anywhere, oracle knows how",
    )
    model: str = Field(
        default="reader",
        description="reader, a model's folder, or the address of a server; several with commas are replicas",
    )
    model_name: str | None = Field(default=None, description="the model's name at that server, if it serves several")
    dialect: str | None = Field(default=None, description="how the model speaks, if its name does not tell")
    prompt: Literal["computer", "browser", "mobile"] | None = Field(
        default=None, description="which prompt to ask in, where the dialect has several (default: by the screen)"
    )
    language: Literal["English", "Chinese"] | None = Field(
        default=None, description="of the model's thoughts, with --dialect (default: the dialect's)"
    )
    thoughts: Thoughts = Field(
        default=Thoughts.OFFICIAL,
        description="planned asks for plan, milestones and a look back in our words, with --dialect",
    )
    history: str = Field(
        default="chunked:5:2",
        pattern=HISTORY_PATTERN,
        description=HISTORY_HELP,
    )
    temperature: float | None = Field(default=None, ge=0, description="of the sampling (default: the dialect's)")
    top_p: float | None = Field(default=None, gt=0, le=1, description="of the sampling (default: the dialect's)")
    max_tokens: int | None = Field(default=None, gt=0, description="most tokens a reply (default: the dialect's)")
    image_format: Literal["png", "jpeg"] = Field(default="png", description="how screenshots go to the model")
    image_uuids: bool = Field(default=False, description="vLLM: send the bytes of each screenshot once only")
    constrain: bool = Field(
        default=False, description="vLLM: admit no reply but a thought and one action of the dialect"
    )

    python: Path | None = Field(
        default=None,
        description="the Python that the benchmark's own package is installed for (osworld, androidworld, browsergym)",
    )
    option: tuple[str, ...] = Field(
        default=(), description="NAME=VALUE for the benchmark's own package, such as provider_name=docker; repeatable"
    )
    judge: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="URL[,MODEL] of the model that judges, for benchmarks that are judged by one",
    )
    judge_prompts: Path | None = Field(
        default=None, description="a folder with other wording for the judge, such as the official"
    )

    reflect: bool = Field(
        default=True,
        description="tell the model when nothing changed and lead it out of circles (presets leave that out)",
    )
    workers: int = Field(default=1, ge=0, description="episodes at once, each in a process of its own")
    ray: str | None = Field(
        default=None, description="run on the Ray cluster at this address, such as auto or HOST:PORT, instead"
    )
    retries: int = Field(default=2, ge=0, description="how often an episode is tried again that the machinery broke")
    timeouts: float = Field(
        default=1800, gt=0, description="seconds after which an episode counts as hung and is ended"
    )
    price: str | None = Field(
        default=None,
        pattern=r"^\d+(\.\d+)?:\d+(\.\d+)?(:\d+(\.\d+)?)?$",
        description="IN:OUT[:CACHED], a million tokens each, to tell what it cost",
    )

    @model_validator(mode="before")
    @classmethod
    def _take_preset(cls, given: object) -> object:
        return with_preset(given) if isinstance(given, Mapping) else given

    @property
    def protocol(self) -> str:
        """The preset's name and what was set otherwise: `preset X, changed: steps 30 (15)`; empty without one."""
        if self.preset is None:
            return ""
        preset = preset_named(self.preset)
        plain = EvalSettings.model_validate({"benchmark": preset.benchmark, **preset.values})
        changed = [
            f"{name} {getattr(self, name)} ({getattr(plain, name)})"
            for name in preset.values
            if name != "option" and getattr(self, name) != getattr(plain, name)
        ]
        mine = self.options
        changed += [f"{name} {mine[name]} ({value})" for name, value in plain.options.items() if mine[name] != value]
        return f"preset {self.preset}" + (f", changed: {', '.join(changed)}" if changed else "")

    @property
    def options(self) -> dict[str, object]:
        """The options by name; what reads as JSON, such as a number or true, is that.

        Raises:
            ValueError: one of them is not of the form NAME=VALUE.
        """
        return dict(_option(text) for text in self.option)

    @property
    def replicas(self) -> tuple[str, ...]:
        """The addresses of the model, one or several."""
        return tuple(part for part in self.model.split(",") if part)


def _option(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ValueError(f"--option is {text!r}, but should be NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
