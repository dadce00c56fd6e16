"""What a resumed episode starts from."""

from dataclasses import dataclass

from ..core.context import HistoryStep
from ..core.model import Usage


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """What a resumed episode already has behind it: only whole steps."""

    history: tuple[HistoryStep, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    parse_failures: int = 0
    done: tuple[str, ...] = ()
