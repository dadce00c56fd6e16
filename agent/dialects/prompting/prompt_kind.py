"""What a model is asked to work, for families that are asked differently for each."""

from collections.abc import Mapping
from enum import StrEnum


class Prompt(StrEnum):
    """A computer, a browser without its frame, a phone, or nothing but the place to click."""

    COMPUTER = "computer"
    BROWSER = "browser"
    MOBILE = "mobile"
    GROUNDING = "grounding"


def template_for(prompt: Prompt, templates: Mapping[Prompt, str], family: str) -> str:
    """The template that `family` has for `prompt`.

    Raises:
        ValueError: it has none.
    """
    if prompt not in templates:
        raise ValueError(f"{family} has no {prompt} prompt: choose one of {', '.join(templates)}")
    return templates[prompt]
