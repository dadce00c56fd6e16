"""How a model is asked to think before it acts, and what of its thinking it is shown again."""

import re
from enum import StrEnum

from ....prompts.render import render
from ..parser.sections import read_reasoning


class Thoughts(StrEnum):
    """As its own prompt says, or with a plan, a check of milestones and a look back, in our words."""

    OFFICIAL = "official"
    PLANNED = "planned"


_REFLECTION = re.compile(
    r"\s*Reflection\s*[:\uff1a].*?(?=^[ \t]*(?:Action_Summary|Thought|Action)\s*[:\uff1a])", re.DOTALL | re.MULTILINE
)


def asked_for(thoughts: Thoughts) -> str:
    """The lines about thinking that are added to a prompt; none where it stays as it is."""
    return render("thoughts_planned") if thoughts is Thoughts.PLANNED else ""


def without_reasoning(reply: str) -> str:
    """`reply` from the end of its `<think>` part on: what such models are trained to be shown of the past."""
    _, end = read_reasoning(reply)
    return reply[end:].lstrip() or reply


def without_reflection(reply: str) -> str:
    """`reply` without a `Reflection:` section at its beginning, as ByteDance's own client stores it."""
    return _REFLECTION.sub("", reply, count=1) if _REFLECTION.match(reply) else reply
