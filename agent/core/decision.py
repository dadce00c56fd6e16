"""A parsed reply: a thought and what to do, or the reason why it could not be parsed."""

from dataclasses import dataclass
from typing import TypeAlias

from ...envs.actions import ActionIn
from ...envs.bounds import MAX_ACTIONS, check_length
from .coordinates import ModelPoint


@dataclass(frozen=True, slots=True)
class Finish:
    """The model reports that the task is done; `answer` is its message to the user."""

    answer: str = ""


@dataclass(frozen=True, slots=True)
class AskUser:
    """The model needs the user, for example to answer a question, log in or decide."""

    question: str = ""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The model reports that the task cannot be done."""

    reason: str = ""


Ending: TypeAlias = Finish | AskUser | GiveUp
"""Moves that are not actions on the screen; each ends the episode."""

ModelMove: TypeAlias = ActionIn[ModelPoint] | Ending
"""One action or ending in a reply, with points still in the model's coordinate space."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A parsed reply. `moves` is never empty, keeps the order of the reply, and is bounded by `MAX_ACTIONS`.

    `note` is what the model wants to remember; it stays in the prompt when its step is summarized or dropped.
    """

    moves: tuple[ModelMove, ...]
    thought: str | None = None
    reflection: str | None = None
    reasoning: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        check_length(self.moves, "the actions of one reply", 0, MAX_ACTIONS)


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """Why a reply could not be parsed; `position` is an index into its text.

    Kinds: `no_action`, `truncated`, `bad_syntax`, `bad_json`, `unknown_action`, `missing_point`, `bad_point`,
    `missing_argument`, `bad_argument`.
    """

    kind: str
    position: int
    message: str
