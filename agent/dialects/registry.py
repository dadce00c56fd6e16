"""Finds a dialect by its name, or by the name that a model is served under.

A package adds a dialect through an entry point in the group `screenwright.dialects`: a function without required
parameters, such as a class, that returns a `Dialect`. The name of the entry point is the dialect's name. An attribute
`served_as` of the dialect names the models it is for: a regular expression for their names in lower case, with every
run of other characters than letters, digits and `/` written as `-`. For example, `ui-?tars-?1-?5` matches
`ByteDance-Seed/UI-TARS-1.5-7B`. A method `for_model(name)` may return a variant for one of them.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from screenwright._plugins import load_plugin, plugin_names

from ...prompts.official import OfficialPrompt
from ..core.functions import FunctionSpec
from .dialect import Dialect, HasVariants
from .prompting.prompt_kind import Prompt
from .prompting.thoughts import Thoughts

_SEPARATORS = re.compile(r"[^a-z0-9/]+")


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
    changed = _with_setting(dialect, "--prompt", prompt=prompt)
    _ = changed.prompt_sha256  # raises if the family has no such prompt
    return changed


def has_prompt(dialect: Dialect, prompt: Prompt) -> bool:
    """Whether the family has a prompt of that kind; one with a single prompt also locates elements with it."""
    if not _has_field(dialect, "prompt"):
        return prompt is Prompt.GROUNDING
    try:
        with_prompt(dialect, prompt)
    except ValueError:
        return False
    return True


def prompts_of(dialect: Dialect) -> Mapping[Prompt, tuple[OfficialPrompt, ...]]:
    """Where the official prompts of `dialect` are published: its attribute `official`, if it has one."""
    return getattr(dialect, "official", {})


def with_language(dialect: Dialect, language: str) -> Dialect:
    """`dialect` with its thoughts in `language`.

    Raises:
        ValueError: the family's prompt does not name a language.
    """
    return _with_setting(dialect, "--language", language=language)


def with_thoughts(dialect: Dialect, thoughts: Thoughts) -> Dialect:
    """`dialect` with a prompt that asks for that kind of thoughts.

    Raises:
        ValueError: the family's prompt does not support them.
    """
    if thoughts is Thoughts.OFFICIAL and not _has_field(dialect, "thoughts"):
        return dialect
    return _with_setting(dialect, f"--thoughts {thoughts}", thoughts=thoughts)


def with_several_actions(dialect: Dialect) -> Dialect:
    """`dialect` with a prompt that asks for several actions per reply.

    Raises:
        ValueError: the family's prompt does not support it.
    """
    of_ui_tars = {"one_action": False} if _has_field(dialect, "one_action") else {}
    changed = _with_setting(dialect, "--several-actions", several_actions=True, **of_ui_tars)
    if changed.prompt_sha256 == dialect.prompt_sha256:
        raise ValueError(f"the prompt of {dialect.name} does not support --several-actions: leave it out")
    return changed


def with_other_prompts(dialect: Dialect) -> Iterator[Dialect]:
    """`dialect` as it is, then with each other combination of the settings that change its prompt for a screen."""
    for thoughts in Thoughts:
        with suppress(ValueError):
            thinking = with_thoughts(dialect, thoughts)
            yield thinking
            yield with_several_actions(thinking)


def with_max_image_pixels(dialect: Dialect, max_pixels: int) -> Dialect:
    """`dialect` with screenshots of at most that many pixels; its own limit, if that is lower, stays.

    Raises:
        ValueError: the model's processor would enlarge such images again.
    """
    try:
        rule = dialect.image_rule.capped(max_pixels)
    except ValueError as error:
        raise ValueError(f"--max-image-pixels: {error} or more") from None
    return _with_setting(dialect, "--max-image-pixels", image_rule=rule)


def with_ask_user(dialect: Dialect) -> Dialect:
    """`dialect` with a prompt that offers to call the user; unchanged if the family has no call for it to add."""
    return _with_setting(dialect, "", ask_user=True) if _has_field(dialect, "ask_user") else dialect


def with_functions(dialect: Dialect, functions: tuple[FunctionSpec, ...]) -> Dialect:
    """`dialect` with functions of the program that the model may call.

    Raises:
        ValueError: checkpoints of the family call no functions, or one has the name of an action of the family.
    """
    if not getattr(dialect, "takes_functions", False):
        able = [name for name in dialect_names() if getattr(dialect_named(name), "takes_functions", False)]
        problem = f"checkpoints of {dialect.name} cannot call the action {functions[0].name}"
        raise ValueError(f"{problem}: use a model of {', '.join(able)}, or one behind the API of a vendor")
    return _with_setting(dialect, "", functions=functions)


def dialect_for_model(model_name: str) -> Dialect | None:
    """The dialect of the model served as `model_name`, such as `ByteDance-Seed/UI-TARS-1.5-7B`.

    None if no dialect, or more than one, is for models of that name.
    """
    candidates = dialects_for_model(model_name)
    return candidates[0] if len(candidates) == 1 else None


def required_dialect_for_model(model_name: str) -> Dialect:
    """As `dialect_for_model`.

    Raises:
        ValueError: the name does not determine the dialect; the message lists the choices.
    """
    match dialects_for_model(model_name):
        case [dialect]:
            return dialect
        case []:
            names = ", ".join(dialect_names())
            raise ValueError(f"no dialect is known for the model {model_name!r}: choose one of {names}")
        case several:
            names = " or ".join(dialect.name for dialect in several)
            raise ValueError(
                f"the model name {model_name!r} does not determine the dialect: use --dialect {names}; `screenwright "
                "run` measures which one fits"
            )


def dialects_for_model(model_name: str) -> list[Dialect]:
    """The dialects that a model name fits; several if it does not tell the version, or names two families.

    The last part of a path that fits any dialect decides: `/models/ui-tars/Holo2-8B` and
    `/models/Holo2-8B/checkpoint-100` are both Holo2. Where two patterns match, one inside the other, the longer one
    counts.
    """
    served = _SEPARATORS.sub("-", model_name.lower().replace("\\", "/"))
    found = [(dialect, *match.span()) for dialect, pattern in _patterns() for match in re.finditer(pattern, served)]
    folder = max((served.rfind("/", 0, end) for _, _, end in found), default=0)
    last = [(dialect, start, end) for dialect, start, end in found if served.rfind("/", 0, end) == folder]
    fitting = [
        dialect
        for dialect, start, end in last
        if not any(left <= start and end <= right and right - left > end - start for _, left, right in last)
    ]
    return [_variant(dialect, served) for dialect in {dialect.name: dialect for dialect in fitting}.values()]


def _variant(dialect: Dialect, served: str) -> Dialect:
    variant: Dialect = dialect.for_model(served) if isinstance(dialect, HasVariants) else dialect
    return variant


def _patterns() -> Iterator[tuple[Dialect, str]]:
    """Each dialect with its pattern of model names, if it has one."""
    for name in dialect_names():
        # A broken dialect of another package matters only if it is chosen.
        with suppress(ValueError, ImportError, re.error):
            dialect = dialect_named(name)
            if pattern := getattr(dialect, "served_as", ""):
                re.compile(pattern)
                yield dialect, pattern


def _has_field(dialect: Dialect, name: str) -> bool:
    return name in getattr(dialect, "__dataclass_fields__", {})


def _with_setting(dialect: Any, flag: str, **setting: object) -> Dialect:
    """A copy with another setting; dialects that have settings are dataclasses."""
    if not all(_has_field(dialect, name) for name in setting):
        raise ValueError(f"the prompt of {dialect.name} does not support {flag}: leave it out")
    changed: Dialect = replace(dialect, **setting)
    return changed
