"""Message layouts: the forms of a conversation that model families were trained on.

conversation             the prompt, then every turn: user [image, notes], assistant [reply]
windowed_conversation    the newest turns; user [image, prompt with the older replies as lines], assistant [reply], ...
single_message           one user message: the prompt with all replies as lines, and the last images

Notes are ours: facts about the screen, messages of the user, refused actions. They follow their image, and stand before
the line of a turn that is only a line. Without notes, the messages are those of the family's own agent.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from screenwright._text import without_turns

from ...core.messages import ImagePart, Message, Part, TextPart, Turn

Past: TypeAlias = Callable[[str], str]
"""Rewrites an earlier reply, or shortens it to a line."""

NO_STEPS = "None"
"""What stands in place of the lines if there are none."""


def unchanged(reply: str) -> str:
    """An earlier reply, unchanged."""
    return reply


def system_message(system: str) -> list[Message]:
    """The system message, unless it is empty."""
    return [Message.of("system", system)] if system else []


def observation(turn: Turn, *texts: str, image_first: bool = True) -> tuple[Part, ...]:
    """What the model is shown at a turn: the image, `texts`, and the notes.

    Without `image_first`, the image follows `texts`. Empty texts are left out.
    """
    image: list[Part] = [] if turn.image is None else [turn.image]
    written: list[Part] = [TextPart(text) for text in texts if text]
    notes: list[Part] = [TextPart("\n".join(turn.notes))] if turn.notes else []
    return (*image, *written, *notes) if image_first else (*written, *image, *notes)


def wrapped(parts: Sequence[Part], before: str, after: str) -> tuple[Part, ...]:
    """`parts` between two texts, such as `<tool_response>` tags; nothing stays nothing."""
    return (TextPart(before), *parts, TextPart(after)) if parts else ()


def step_lines(
    turns: Sequence[Turn],
    describe: Past,
    *,
    line: str = "Step {number}: {text}",
    empty: str = NO_STEPS,
    first: int = 1,
) -> str:
    """One line for each reply of `turns`, by its number and what `describe` makes of it; `empty` without any."""
    lines: list[str] = []
    for number, turn in enumerate(turns, first):
        lines.extend(turn.notes)
        if turn.reply is not None and (text := describe(turn.reply)):
            lines.append(line.format(number=number, text=without_turns(text)))
    return "\n".join(lines) or empty


def conversation(
    turns: Sequence[Turn], *, prompt: str, system: str = "", past: Past = unchanged
) -> tuple[Message, ...]:
    """The prompt as a message of its own, then all turns; `past` rewrites earlier replies as in training."""
    messages = [*system_message(system), Message.of("user", prompt)]
    return (*messages, *alternating([(observation(turn), turn) for turn in turns], past))


def windowed_conversation(
    turns: Sequence[Turn],
    *,
    window: int,
    prompt: Callable[[Sequence[Turn]], str],
    system: str = "",
    past: Past = unchanged,
    image_first: bool = True,
    observe: Callable[[Turn], tuple[Part, ...]] = observation,
) -> tuple[Message, ...]:
    """The last `window` replies as a conversation.

    `prompt` is the text beside the first image of the window. It is given the turns before the window, and usually
    lists them with `step_lines`. `observe` makes the later user messages.
    """
    start = max(0, len(turns) - 1 - window)
    first, *later = turns[start:]
    shown = observation(first, prompt(turns[:start]), image_first=image_first)
    rounds = [(shown, first), *((observe(turn), turn) for turn in later)]
    return (*system_message(system), *alternating(rounds, past))


def single_message(
    turns: Sequence[Turn],
    *,
    prompt: str,
    system: str = "",
    image_first: bool = False,
    past_label: str = "",
    label: str = "",
) -> tuple[Message, ...]:
    """One user message with the prompt and every image that is left, each after its label.

    `past_label` may contain `{number}`, the number of the step. The prompt lists the steps so far, with `step_lines`;
    only the notes of the newest turn are added here.
    """
    images: list[Part] = []
    for number, turn in enumerate(turns, 1):
        if turn.image is not None:
            text = label if number == len(turns) else past_label.format(number=number)
            images += [*([TextPart(text)] if text else []), turn.image]
    notes = observation(replace(turns[-1], image=None))
    parts = (*images, TextPart(prompt), *notes) if image_first else (TextPart(prompt), *images, *notes)
    return (*system_message(system), Message("user", parts))


def alternating(rounds: Sequence[tuple[Sequence[Part], Turn]], past: Past) -> list[Message]:
    """A user message for each non-empty observation, and an assistant message for each reply."""
    messages: list[Message] = []
    for parts, turn in rounds:
        if parts:
            messages.append(Message("user", tuple(parts)))
        if turn.reply is not None:
            messages.append(Message("assistant", (TextPart(past(turn.reply)),)))
    return messages


def image_size(turns: Sequence[Turn]) -> tuple[str, str]:
    """Width and height of the newest image, for prompts that state them; all images have the same size."""
    images: list[ImagePart] = [turn.image for turn in turns if turn.image is not None]
    return (str(images[-1].size.width), str(images[-1].size.height)) if images else ("unknown", "unknown")
