"""Which screenshots of the history are sent to the model, as a function of the number of steps and what they changed.

All replies are always sent; only images are dropped. The newest image is always sent.

    chunked:5:2    grow to 5 images, drop to 2                  cheap: the prefix cache hits
    window:5       always the newest 5                          as in training; the default of most families
    keyframes:5    one per segment of the run, and the last for long runs
    changes:5      the steps that changed most, and the last    for long runs
    all            all that fit into the context window
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol


class History(Protocol):
    """A rule that selects screenshots; as text, its name in settings, such as `window:5`."""

    def images(self, steps: int, changes: Sequence[float] = ()) -> Sequence[int]:
        """The indices of the steps whose screenshots are sent, ascending and including the last.

        `changes` is the share of pixels in which each screenshot differs from the one before.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChunkedHistory:
    """Let the images grow to `high`, then drop to the newest `low`, and grow again.

    The start of the prompt stays the same for several steps, so the server's prefix cache hits: per step,
    `high / (high - low + 1)` images are prefilled, compared with `high` for a sliding window of that size.
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
        return f"chunked:{self.high}:{self.low}"


@dataclass(frozen=True, slots=True)
class KeepAllHistory:
    """Every image; when the context window is full, the oldest are dropped."""

    def images(self, steps: int, changes: Sequence[float] = ()) -> range:
        """See `History`."""
        return range(steps)

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, slots=True)
class _SizedHistory:
    """At most `size` images."""

    rule: ClassVar[str]
    min_size: ClassVar[int] = 2

    size: int = 5

    def __post_init__(self) -> None:
        if self.size < self.min_size:
            raise ValueError(f"a history of {self.rule} keeps at least {self.min_size} images, not {self.size}")

    def __str__(self) -> str:
        return f"{self.rule}:{self.size}"


@dataclass(frozen=True, slots=True)
class WindowHistory(_SizedHistory):
    """Always the newest `size` images; UI-TARS was trained and evaluated with 5."""

    rule: ClassVar = "window"
    min_size: ClassVar = 1

    def images(self, steps: int, changes: Sequence[float] = ()) -> range:
        """See `History`."""
        return range(max(0, steps - self.size), steps)


@dataclass(frozen=True, slots=True)
class KeyframeHistory(_SizedHistory):
    """At most `size` images: one per segment of the run, and the last.

    The length of a segment is a power of two, so the selection changes only when the length doubles, and all images but
    the last stay in the server's prefix cache. Source: Wang et al., Temporal Segment Networks, arXiv 1608.00859, which
    also uses segments of equal length.
    """

    rule: ClassVar = "keyframes"

    def images(self, steps: int, changes: Sequence[float] = ()) -> tuple[int, ...]:
        """See `History`."""
        last, length = steps - 1, 1
        while (last + length - 1) // length > self.size - 1:
            length *= 2
        return (*range(0, last, length), last)


@dataclass(frozen=True, slots=True)
class ChangeHistory(_SizedHistory):
    """At most `size` images: the first, those that differ most from the one before, and the last."""

    rule: ClassVar = "changes"

    def images(self, steps: int, changes: Sequence[float] = ()) -> tuple[int, ...]:
        """See `History`. Of equal changes, the newer is kept."""
        last = steps - 1
        shares = (1.0, *(*changes, *(0.0,) * steps)[1:last])[:last]
        largest = sorted(range(last), key=lambda index: (shares[index], index))[-(self.size - 1) :]
        return (*sorted(largest), last)


HISTORY_PATTERN = r"^(chunked:\d+:\d+|(window|keyframes|changes):\d+|all)$"
"""The names of histories in settings."""

HISTORY_HELP = (
    "screenshots kept in the prompt: chunked:HIGH:LOW, window:N (UI-TARS was evaluated with 5), keyframes:N or "
    "changes:N for long runs, or all"
)

_RULES: dict[str, type[ChunkedHistory | WindowHistory | KeyframeHistory | ChangeHistory]] = {
    "chunked": ChunkedHistory,
    "window": WindowHistory,
    "keyframes": KeyframeHistory,
    "changes": ChangeHistory,
}


def history_named(text: str) -> History:
    """The history named `chunked:5:2`, `window:5`, `keyframes:5`, `changes:5` or `all`.

    Raises:
        ValueError: there is no such history, or it would keep no image.
    """
    if not re.match(HISTORY_PATTERN, text):
        raise ValueError(f"there is no history {text!r}: use chunked:5:2, window:5, keyframes:5, changes:5 or all")
    rule, *numbers = text.split(":")
    return _RULES[rule](*map(int, numbers)) if numbers else KeepAllHistory()
