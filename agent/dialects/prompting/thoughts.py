"""Instructions on thinking, and which thoughts remain in earlier replies."""

import re
from enum import StrEnum

from ....prompts.render import render
from ..parser.sections import read_reasoning


class Thoughts(StrEnum):
    """`OFFICIAL`: as in the official prompt. `PLANNED`: also with a plan, milestones and a check of the last action."""

    OFFICIAL = "official"
    PLANNED = "planned"


_REFLECTION = re.compile(
    r"\s*Reflection\s*[:\uff1a].*?(?=^[ \t]*(?:Action_Summary|Thought|Action)\s*[:\uff1a])", re.DOTALL | re.MULTILINE
)


def thinking_instructions(thoughts: Thoughts) -> str:
    """The lines to add to a prompt; empty for `OFFICIAL`."""
    return render("thoughts_planned") if thoughts is Thoughts.PLANNED else ""


def without_reasoning(reply: str) -> str:
    """Remove the `<think>` part of `reply`, as in the training data of reasoning models."""
    _, end = read_reasoning(reply)
    return reply[end:].lstrip() or reply


def without_reflection(reply: str) -> str:
    """Remove a `Reflection:` section at the start of `reply`, as ByteDance's client does."""
    return _REFLECTION.sub("", reply, count=1) if _REFLECTION.match(reply) else reply
