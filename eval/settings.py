"""What an evaluation may be told: one value, from which it can be run again."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..agent.history import HISTORY_HELP, HISTORY_PATTERN

AgentKind = Literal["model", "null", "random", "oracle"]


class EvalSettings(BaseModel):
    """What `screenwright eval` may be told. The descriptions are the help texts of the flags."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    benchmark: str = Field(description="which benchmark")
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

    workers: int = Field(default=1, ge=0, description="episodes at once, each in a process of its own")
    ray: str | None = Field(
        default=None, description="run on the Ray cluster at this address, such as auto or HOST:PORT, instead"
    )
    retries: int = Field(default=2, ge=0, description="how often an episode is tried again that the machinery broke")
    patience: float = Field(
        default=1800, gt=0, description="seconds after which an episode counts as hung and is ended"
    )
    price: str | None = Field(
        default=None,
        pattern=r"^\d+(\.\d+)?:\d+(\.\d+)?(:\d+(\.\d+)?)?$",
        description="IN:OUT[:CACHED], a million tokens each, to tell what it cost",
    )

    @property
    def replicas(self) -> tuple[str, ...]:
        """The addresses of the model, one or several."""
        return tuple(part for part in self.model.split(",") if part)
