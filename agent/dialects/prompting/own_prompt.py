"""Families that are asked in our own words: the actions as the system's message, the task as the user's, then turns."""

from collections.abc import Callable, Sequence

from ....prompts.render import prompt_sha256, render
from ...core.messages import Message, Turn
from .layout import as_written, conversation
from .thoughts import Thoughts, asked_for

TASK = "Task: {task}"


def instructed(
    template: str,
    task: str,
    turns: Sequence[Turn],
    *,
    thoughts: Thoughts = Thoughts.OFFICIAL,
    past: Callable[[str], str] = as_written,
    **blanks: str,
) -> tuple[Message, ...]:
    """The conversation that opens with `prompts/<template>.txt`, and with more about `thoughts` if there is any."""
    system = _opening(template, thoughts, **blanks)
    return conversation(turns, system=system, prompt=TASK.format(task=task), past=past)


def identity(template: str, *blanks: str, thoughts: Thoughts = Thoughts.OFFICIAL) -> str:
    """The identity of `prompts/<template>.txt` before its blanks are filled."""
    return prompt_sha256(_opening(template, thoughts, **{blank: f"${blank}" for blank in blanks}), TASK)


def _opening(template: str, thoughts: Thoughts, **blanks: str) -> str:
    more = asked_for(thoughts)
    return render(template, **blanks) + (f"\n\nWhen you think:\n{more}" if more else "")


def image_size(turns: Sequence[Turn]) -> tuple[str, str]:
    """Width and height of the image to be answered, for prompts that tell the model; all images have one size."""
    sizes = [turn.image.size for turn in turns if turn.image is not None]
    return (str(sizes[-1].width), str(sizes[-1].height)) if sizes else ("unknown", "unknown")
