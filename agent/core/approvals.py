"""What an approval can be about, and how long it holds."""

from enum import StrEnum
from typing import Literal, TypeAlias

QuestionKind: TypeAlias = Literal["question", "rule", "safety_check"]
"""What asks: the model, a rule about an action, or a safety check of a model's API."""

AnsweredBy: TypeAlias = Literal["user", "guard", "timeout", "no_one"]
"""Who answered whether an action is allowed; `timeout` and `no_one` deny it."""


class Scope(StrEnum):
    """How long an approval holds: for one action, for the run on this host or window, or for the run everywhere."""

    ONCE = "once"
    HOST = "host"
    RUN = "run"
