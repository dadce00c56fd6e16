"""What a resumed episode starts from."""

from dataclasses import dataclass

from ..core.context import Look
from ..core.model import Usage


@dataclass(frozen=True, slots=True)
class Past:
    """What a resumed episode already has behind it: only whole steps."""

    looks: tuple[Look, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    misread: int = 0
    done: tuple[str, ...] = ()
