"""Laying out turns as messages, in the layout that most families share.

system      where the family has one
user        the prompt with the task
user        [image and notes of a past turn]     left out where the history dropped the image and nothing is noted
assistant   the whole reply of that turn
user        [image and notes of the turn to be answered]
"""

from collections.abc import Callable, Iterator, Sequence

from ...core.messages import Message, Part, TextPart, Turn


def as_written(reply: str) -> str:
    """A past reply, unchanged."""
    return reply


def conversation(
    turns: Sequence[Turn], *, prompt: str, system: str = "", past: Callable[[str], str] = as_written
) -> tuple[Message, ...]:
    """The messages for `turns`; `past` rewrites past replies into the form that the model was trained to see."""
    return (*_opening(system, prompt), *(message for turn in turns for message in _turn(turn, past)))


def _opening(system: str, prompt: str) -> Iterator[Message]:
    if system:
        yield Message.of("system", system)
    yield Message.of("user", prompt)


def _turn(turn: Turn, past: Callable[[str], str]) -> Iterator[Message]:
    if parts := look(turn):
        yield Message("user", parts)
    if turn.reply is not None:
        yield Message.of("assistant", past(turn.reply))


def look(turn: Turn) -> tuple[Part, ...]:
    """What a turn shows the model: its image, then its notes as one text."""
    image: tuple[Part, ...] = () if turn.image is None else (turn.image,)
    return (*image, TextPart("\n".join(turn.notes))) if turn.notes else image
