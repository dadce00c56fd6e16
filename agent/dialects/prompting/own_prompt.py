"""Prompts from our own templates: a system message with the actions, a user message with the task, then the turns."""

from collections.abc import Callable, Sequence

from ....prompts.render import prompt_sha256, render
from ...core.messages import Message, Turn
from .layout import conversation, unchanged
from .thoughts import Thoughts, thinking_instructions

TASK = "Task: {task}"


def prompt_messages(
    template: str,
    task: str,
    turns: Sequence[Turn],
    *,
    thoughts: Thoughts = Thoughts.OFFICIAL,
    past: Callable[[str], str] = unchanged,
    **placeholders: str,
) -> tuple[Message, ...]:
    """The conversation, starting with `prompts/<template>.txt` and the instructions for `thoughts`."""
    system = _opening(template, thoughts, **placeholders)
    return conversation(turns, system=system, prompt=TASK.format(task=task), past=past)


def template_sha256(template: str, *placeholders: str, thoughts: Thoughts = Thoughts.OFFICIAL) -> str:
    """The hash of `prompts/<template>.txt` before its placeholders are filled."""
    return prompt_sha256(
        _opening(template, thoughts, **{placeholder: f"${placeholder}" for placeholder in placeholders}), TASK
    )


def _opening(template: str, thoughts: Thoughts, **placeholders: str) -> str:
    instructions = thinking_instructions(thoughts)
    return render(template, **placeholders) + (f"\n\nWhen you think:\n{instructions}" if instructions else "")


def image_size(turns: Sequence[Turn]) -> tuple[str, str]:
    """Width and height of the newest image, for prompts that state them; all images have the same size."""
    sizes = [turn.image.size for turn in turns if turn.image is not None]
    return (str(sizes[-1].width), str(sizes[-1].height)) if sizes else ("unknown", "unknown")
