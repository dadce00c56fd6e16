"""Which screenshots the model is shown again: a pure function of how many steps there have been, and what they changed.

All replies are always shown; only images are left out. The last look is always among those kept.

    chunked:5:2    grow to 5 images, drop to 2                  cheap, and the default
    window:5       always the newest 5                          as UI-TARS was measured
    keyframes:5    one of each segment of the run, and the last for long runs
    changes:5      the steps that changed most, and the last    for long runs
    all            every one, as far as the context goes
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class History(Protocol):
    """A rule that chooses screenshots."""

    def images(self, steps: int, changes: Sequence[float] = ()) -> Sequence[int]:
        """Which of so many steps are shown with their screenshots: ascending indices, the last look among them.

        `changes` holds, for each look, the share of pixels by which it differs from the look before.
        """
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

    def images(self, steps: int, changes: Sequence[float] = ()) -> range:
        """See `History`."""
        if steps <= self.high:
            return range(steps)
        period = self.high - self.low + 1
        first = ((steps - self.high - 1) // period + 1) * period
        return range(first, steps)

    def __str__(self) -> str:
        return f"chunked, high {self.high}, low {self.low}"


@dataclass(frozen=True, slots=True)
class WindowHistory:
    """Always the newest `size` images: what UI-TARS was trained and measured with, at 5."""

    size: int = 5

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"a window keeps at least 1 image, not {self.size}")

    def images(self, steps: int, changes: Sequence[float] = ()) -> range:
        """See `History`."""
        return range(max(0, steps - self.size), steps)

    def __str__(self) -> str:
        return f"window of {self.size}"


@dataclass(frozen=True, slots=True)
class KeepAllHistory:
    """Every image, until the model's context is full; then the oldest are left out."""

    def images(self, steps: int, changes: Sequence[float] = ()) -> range:
        """See `History`."""
        return range(steps)

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, slots=True)
class KeyframeHistory:
    """At most `size` images: one of each segment of the run, as temporal segment networks sample a film, and the last.

    Segments are as long as a power of two and begin at its multiples, so that which images are kept changes only when
    the length doubles; the images before the last then stay in the server's prefix cache from step to step.
    Source of the sampling: Wang and others, Temporal Segment Networks, arXiv 1608.00859; its segments are equal too.
    """

    size: int = 5

    def __post_init__(self) -> None:
        if self.size < 2:
            raise ValueError(f"keyframes are at least 2 images, not {self.size}")

    def images(self, steps: int, changes: Sequence[float] = ()) -> tuple[int, ...]:
        """See `History`."""
        last, length = steps - 1, 1
        while (last + length - 1) // length > self.size - 1:
            length *= 2
        return (*range(0, last, length), last)

    def __str__(self) -> str:
        return f"keyframes, {self.size}"


@dataclass(frozen=True, slots=True)
class ChangeHistory:
    """At most `size` images: the first look, those that differ most from the look before, and the last."""

    size: int = 5

    def __post_init__(self) -> None:
        if self.size < 2:
            raise ValueError(f"keyframes are at least 2 images, not {self.size}")

    def images(self, steps: int, changes: Sequence[float] = ()) -> tuple[int, ...]:
        """See `History`. Of steps that differ as much, the newer is kept."""
        last = steps - 1
        shares = (1.0, *(*changes, *(0.0,) * steps)[1:last])[:last]
        kept = sorted(range(last), key=lambda index: (shares[index], index))[-(self.size - 1) :]
        return (*sorted(kept), last)

    def __str__(self) -> str:
        return f"largest changes, {self.size}"


HISTORY_PATTERN = r"^(chunked:\d+:\d+|(window|keyframes|changes):\d+|all)$"
"""How histories are named in settings."""

HISTORY_HELP = (
    "screenshots kept in the prompt: chunked:HIGH:LOW, window:N as UI-TARS was measured with 5, keyframes:N or "
    "changes:N for long runs, or all"
)


def history_named(text: str) -> History:
    """The rule that `chunked:5:2`, `window:5`, `keyframes:5`, `changes:5` or `all` names.

    Raises:
        ValueError: there is no such rule, or no screenshot would be left.
    """
    if not re.match(HISTORY_PATTERN, text):
        raise ValueError(f"there is no history {text!r}: it is of the form chunked:5:2, window:5, keyframes:5 or all")
    rule, *numbers = text.split(":")
    values = [int(number) for number in numbers]
    match rule:
        case "window":
            return WindowHistory(*values)
        case "keyframes":
            return KeyframeHistory(*values)
        case "changes":
            return ChangeHistory(*values)
        case "all":
            return KeepAllHistory()
        case _:
            return ChunkedHistory(*values)
