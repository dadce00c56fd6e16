"""Which screenshots the model is shown again: a pure function of how many looks there have been.

All replies are always shown; only images are left out, oldest first. The last look is always among those kept.
"""

from dataclasses import dataclass
from typing import Protocol


class History(Protocol):
    """A rule that chooses screenshots."""

    def images(self, looks: int) -> range:
        """The indices of the looks, of `looks` so far, whose screenshots are shown; the last one is `looks - 1`."""
        ...


@dataclass(frozen=True, slots=True)
class ChunkedHistory:
    """Let the images grow to `high`, then drop to the newest `low`, and grow again.

    The front of the prompt then stays the same over several steps, so the server's prefix cache hits:
    `high / (high - low + 1)` images are prefilled a step, against `high` for a sliding window of that size.
    """

    high: int = 5
    low: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.low <= self.high:
            raise ValueError(f"a history keeps 1 <= low <= high images, not low {self.low} and high {self.high}")

    def images(self, looks: int) -> range:
        """See `History`."""
        if looks <= self.high:
            return range(looks)
        period = self.high - self.low + 1
        first = ((looks - self.high - 1) // period + 1) * period
        return range(first, looks)

    def __str__(self) -> str:
        return f"chunked, high {self.high}, low {self.low}"


@dataclass(frozen=True, slots=True)
class WindowHistory:
    """Always the newest `size` images: what UI-TARS was trained and measured with, at 5."""

    size: int = 5

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"a window keeps at least 1 image, not {self.size}")

    def images(self, looks: int) -> range:
        """See `History`."""
        return range(max(0, looks - self.size), looks)

    def __str__(self) -> str:
        return f"window of {self.size}"
