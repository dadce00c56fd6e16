"""Families that are asked in our own words: the actions as the system's message, the task as the user's, then turns."""

from collections.abc import Sequence

from ...prompts.render import prompt_sha256, render
from ..messages import Message, Turn
from .conversation import conversation

TASK = "Task: {task}"


def instructed(template: str, task: str, turns: Sequence[Turn], **blanks: str) -> tuple[Message, ...]:
    """The conversation that opens with `prompts/<template>.txt`."""
    return conversation(turns, system=render(template, **blanks), prompt=TASK.format(task=task))


def identity(template: str, *blanks: str) -> str:
    """The identity of `prompts/<template>.txt` before its blanks are filled."""
    return prompt_sha256(render(template, **{blank: f"${blank}" for blank in blanks}), TASK)


def image_size(turns: Sequence[Turn]) -> tuple[str, str]:
    """Width and height of the image to be answered, for prompts that tell the model; all images have one size."""
    sizes = [turn.image.size for turn in turns if turn.image is not None]
    return (str(sizes[-1].width), str(sizes[-1].height)) if sizes else ("unknown", "unknown")
