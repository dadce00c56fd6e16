"""Finding a dialect: by its name, or by the name that a model is served under.

Third parties add dialects by an entry point in the group `screenwright.dialects`, whose name is the dialect's and
whose object is called without arguments to make it.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

from .dialect import Dialect
from .gta1 import Gta1
from .holo import Holo, holo1, holo2
from .opencua import OpenCua
from .prompting.prompt_kind import Prompt
from .prompting.thoughts import Thoughts
from .qwen_vl import GuiOwl, Qwen3Vl, Qwen25Vl
from .scalecua import ScaleCua
from .seed_xml import SeedXml
from .ui_tars import Doubao, UiTars10, UiTars15
from .ui_venus import UiVenus

ENTRY_POINTS = "screenwright.dialects"

DIALECTS: dict[str, Callable[[], Dialect]] = {
    "ui-tars-1.5": UiTars15,
    "ui-tars-1.0": UiTars10,
    "doubao": Doubao,
    "seed-xml": SeedXml,
    "qwen2.5-vl": Qwen25Vl,
    "qwen3-vl": Qwen3Vl,
    "gui-owl": GuiOwl,
    "opencua": OpenCua,
    "scalecua": ScaleCua,
    "holo1": holo1,
    "holo1.5": Holo,
    "holo2": holo2,
    "gta1": Gta1,
    "ui-venus": UiVenus,
}

SERVED: tuple[tuple[str, str], ...] = (
    (r"ui-?tars-?2(?![0-9b])|doubao-seed|seed-?(oss-)?1[.-][68]", "seed-xml"),
    (r"doubao|seed-?1[.-]5", "doubao"),
    (r"ui-?tars-?(7b-?)?1[._-]5", "ui-tars-1.5"),
    (r"^reader$", "ui-tars-1.5"),
    (r"ui-?tars", "ui-tars-1.0"),
    (r"gui-?owl", "gui-owl"),
    (r"ui-?venus", "ui-venus"),
    (r"opencua", "opencua"),
    (r"scalecua", "scalecua"),
    (r"gta-?1", "gta1"),
    (r"holo-?2", "holo2"),
    (r"holo-?1[._-]5", "holo1.5"),
    (r"holo-?1", "holo1"),
    (r"qwen-?2[._-]5-?vl", "qwen2.5-vl"),
    (r"qwen-?3(\.5)?-?vl|evocua", "qwen3-vl"),
)
"""What the names of served models look like, in lower case; the first pattern found in the name counts."""


def dialect_names() -> tuple[str, ...]:
    """The names of all dialects, those of third parties included."""
    return tuple(sorted({*DIALECTS, *(entry.name for entry in entry_points(group=ENTRY_POINTS))}))


def dialect_named(name: str) -> Dialect:
    """The dialect called `name`, with its default settings.

    Raises:
        ValueError: there is none; the message lists those that are.
    """
    if name in DIALECTS:
        return DIALECTS[name]()
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        make: Callable[[], Dialect] = entry.load()
        return make()
    raise ValueError(f"there is no dialect {name!r}: choose one of {', '.join(dialect_names())}")


def with_prompt(dialect: Dialect, prompt: Prompt) -> Dialect:
    """`dialect` with the prompt for that kind of screen; as it is, if its family has one prompt only.

    Raises:
        ValueError: the family has several prompts, and none of that kind.
    """
    settings: Any = dialect  # a dialect is whatever has its methods; those with several prompts are dataclasses
    if "prompt" not in getattr(settings, "__dataclass_fields__", {}):
        return dialect
    asked: Dialect = replace(settings, prompt=prompt)
    _ = asked.prompt_sha256  # a family without that prompt says so here
    return asked


def with_language(dialect: Dialect, language: str) -> Dialect:
    """`dialect` with its thoughts in `language`.

    Raises:
        ValueError: its family is not told in which language to think.
    """
    settings: Any = dialect
    if "language" not in getattr(settings, "__dataclass_fields__", {}):
        raise ValueError(f"{dialect.name} is not told in which language to think: leave out --language")
    told: Dialect = replace(settings, language=language)
    return told


def with_thinking(dialect: Dialect, thoughts: Thoughts) -> Dialect:
    """`dialect` asked to think in that way.

    Raises:
        ValueError: its family takes no such request.
    """
    settings: Any = dialect
    if "thoughts" not in getattr(settings, "__dataclass_fields__", {}):
        if thoughts is Thoughts.OFFICIAL:
            return dialect
        raise ValueError(f"{dialect.name} is not told how to think: leave out --thoughts {thoughts}")
    told: Dialect = replace(settings, thoughts=thoughts)
    return told


def dialect_for_model(model_name: str) -> Dialect | None:
    """The dialect of the model served as `model_name`, such as `ByteDance-Seed/UI-TARS-1.5-7B`; None if unknown."""
    served = model_name.lower()
    for pattern, name in SERVED:
        if re.search(pattern, served):
            return dialect_named(name)
    return None
