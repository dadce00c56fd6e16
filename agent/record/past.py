"""The state that a resumed episode starts from."""

from dataclasses import dataclass

from ..core.context import HistoryStep
from ..core.model import Usage


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The state after the complete steps of an interrupted run; `actions_done` describes each executed action."""

    history: tuple[HistoryStep, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    parse_failures: int = 0
    actions_done: tuple[str, ...] = ()
