"""What a model's reply means: a thought, and what to do; or the reason why it cannot be read."""

from dataclasses import dataclass
from typing import TypeAlias

from ...envs.actions import ActionIn
from .coordinates import ModelPoint


@dataclass(frozen=True, slots=True)
class Finish:
    """The model says that the task is done; `answer` is what it has to say to the user."""

    answer: str = ""


@dataclass(frozen=True, slots=True)
class AskUser:
    """The model wants the user: to answer a question, to log in, to decide."""

    question: str = ""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The model says that the task cannot be done."""

    reason: str = ""


Ending: TypeAlias = Finish | AskUser | GiveUp
"""What is not an action on the screen: each ends the episode."""

ModelMove: TypeAlias = ActionIn[ModelPoint] | Ending
"""One thing that a reply asks for, points still in the model's space."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that could be read. `moves` is never empty and is in the order written."""

    moves: tuple[ModelMove, ...]
    thought: str | None = None
    reflection: str | None = None
    reasoning: str | None = None


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """A reply that could not be read, and why; `position` is an index into its text.

    Kinds: `no_action`, `truncated`, `bad_syntax`, `bad_json`, `unknown_action`, `missing_point`, `bad_point`,
    `missing_argument`, `bad_argument`.
    """

    kind: str
    position: int
    message: str
