"""The kinds of prompts, for families that have several."""

from collections.abc import Mapping
from enum import StrEnum

from ....envs.env import EnvInfo


class Prompt(StrEnum):
    """For a computer, a page without browser window, a phone, or only locating an element."""

    COMPUTER = "computer"
    BROWSER = "browser"
    MOBILE = "mobile"
    GROUNDING = "grounding"


def template_for(prompt: Prompt, templates: Mapping[Prompt, str], family: str) -> str:
    """The template of `family` for `prompt`.

    Raises:
        ValueError: there is none.
    """
    if prompt not in templates:
        others = " or ".join(other for other in templates if other is not Prompt.GROUNDING)
        advice = f"choose one with --prompt {others}" if others else "it only locates elements (screenwright ground)"
        raise ValueError(f"{family} has no {prompt} prompt: {advice}")
    return templates[prompt]


def prompt_for(env: EnvInfo) -> Prompt:
    """The prompt that fits a screen.

    A page without browser window has no address bar, so the model needs `navigate`; on an image it only points.
    """
    match env.kind:
        case "image":
            return Prompt.GROUNDING
        case "android":
            return Prompt.MOBILE
        case "browser" if "window" not in env.settings:
            return Prompt.BROWSER
        case _:
            return Prompt.COMPUTER
