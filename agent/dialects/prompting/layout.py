"""The message layout that most families share.

system      if the family has one
user        the prompt with the task
user        [image and notes of an earlier turn]     omitted if there is neither
assistant   the reply of that turn
user        [image and notes of the newest turn]
"""

from collections.abc import Callable, Iterator, Sequence

from ...core.messages import Message, Part, TextPart, Turn


def unchanged(reply: str) -> str:
    """An earlier reply, unchanged."""
    return reply


def conversation(
    turns: Sequence[Turn], *, prompt: str, system: str = "", past: Callable[[str], str] = unchanged
) -> tuple[Message, ...]:
    """The messages for `turns`; `past` rewrites earlier replies into the form that the model was trained on."""
    return (*_opening(system, prompt), *(message for turn in turns for message in _turn(turn, past)))


def _opening(system: str, prompt: str) -> Iterator[Message]:
    if system:
        yield Message.of("system", system)
    yield Message.of("user", prompt)


def _turn(turn: Turn, past: Callable[[str], str]) -> Iterator[Message]:
    if parts := turn_parts(turn):
        yield Message("user", parts)
    if turn.reply is not None:
        yield Message.of("assistant", past(turn.reply))


def turn_parts(turn: Turn) -> tuple[Part, ...]:
    """The user message of a turn: its image, then its notes as one text."""
    image: tuple[Part, ...] = () if turn.image is None else (turn.image,)
    return (*image, TextPart("\n".join(turn.notes))) if turn.notes else image
