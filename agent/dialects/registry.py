"""Finds a dialect by its name, or by the name that a model is served under.

A package adds a dialect through an entry point in the group `screenwright.dialects`: a function without required
parameters, such as a class, that returns a `Dialect`. The name of the entry point is the dialect's name.
"""

import re
from dataclasses import replace
from typing import Any

from screenwright._plugins import load_plugin, plugin_names

from .dialect import Dialect
from .prompting.prompt_kind import Prompt
from .prompting.thoughts import Thoughts

_MODEL_NAMES: tuple[tuple[str, str], ...] = (
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
"""Patterns of served model names, in lower case, with the dialect of each; the first match wins."""


def dialect_names() -> tuple[str, ...]:
    """The names of all dialects, including those of other packages, sorted."""
    return plugin_names("dialect")


def dialect_named(name: str) -> Dialect:
    """The dialect called `name`, with its default settings.

    Raises:
        ValueError: there is no such dialect; the message lists all names.
    """
    dialect: Dialect = load_plugin("dialect", name)()
    return dialect


def with_prompt(dialect: Dialect, prompt: Prompt) -> Dialect:
    """`dialect` with the prompt for that kind of screen; unchanged if its family has only one prompt.

    Raises:
        ValueError: the family has several prompts, but none of that kind.
    """
    if not _has_field(dialect, "prompt"):
        return dialect
    changed = _replace(dialect, prompt=prompt)
    _ = changed.prompt_sha256  # raises if the family has no such prompt
    return changed


def with_language(dialect: Dialect, language: str) -> Dialect:
    """`dialect` with its thoughts in `language`.

    Raises:
        ValueError: the family's prompt does not name a language.
    """
    if not _has_field(dialect, "language"):
        raise ValueError(f"the prompt of {dialect.name} does not support --language: leave it out")
    return _replace(dialect, language=language)


def with_thoughts(dialect: Dialect, thoughts: Thoughts) -> Dialect:
    """`dialect` with a prompt that asks for that kind of thoughts.

    Raises:
        ValueError: the family's prompt does not support them.
    """
    if _has_field(dialect, "thoughts"):
        return _replace(dialect, thoughts=thoughts)
    if thoughts is not Thoughts.OFFICIAL:
        raise ValueError(f"the prompt of {dialect.name} does not support --thoughts {thoughts}: leave it out")
    return dialect


def dialect_for_model(model_name: str) -> Dialect | None:
    """The dialect of the model served as `model_name`, such as `ByteDance-Seed/UI-TARS-1.5-7B`; None if unknown."""
    served = model_name.lower()
    for pattern, name in _MODEL_NAMES:
        if re.search(pattern, served):
            return dialect_named(name)
    return None


def _has_field(dialect: Dialect, name: str) -> bool:
    return name in getattr(dialect, "__dataclass_fields__", {})


def _replace(dialect: Any, **settings: object) -> Dialect:
    """A copy with other settings; dialects that have settings are dataclasses."""
    changed: Dialect = replace(dialect, **settings)
    return changed
