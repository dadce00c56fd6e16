"""The message layout that most families share.

system      if the family has one
user        the prompt with the task
user        [image and notes of an earlier turn]     omitted if there is neither
assistant   the reply of that turn
user        [image and notes of the newest turn]
"""

from collections.abc import Callable, Sequence

from ...core.messages import Message, Part, TextPart, Turn


def unchanged(reply: str) -> str:
    """An earlier reply, unchanged."""
    return reply


def conversation(
    turns: Sequence[Turn], *, prompt: str, system: str = "", past: Callable[[str], str] = unchanged
) -> tuple[Message, ...]:
    """The messages for `turns`; `past` rewrites earlier replies into the form that the model was trained on."""
    messages = [Message.of("system", system)] if system else []
    messages.append(Message.of("user", prompt))
    for turn in turns:
        parts: list[Part] = [] if turn.image is None else [turn.image]
        if turn.notes:
            parts.append(TextPart("\n".join(turn.notes)))
        if parts:
            messages.append(Message("user", tuple(parts)))
        if turn.reply is not None:
            messages.append(Message.of("assistant", past(turn.reply)))
    return tuple(messages)
