"""Waits until a screen has settled, judging by its pixels alone.

The screen is captured every 40 ms. It has settled when it has not changed for `quiet_s`, or when nothing has changed
within `first_change_s`. Endless animations do not count: a small change where there was a small change before (a caret,
a clock), and anything that after some time changes only one small area. `limit_s` bounds everything else.

A static screen of a busy program is about to change. Where the platform reports that (`busy`), and while something
small changes quickly in one area (the spinner in the tab of a loading page), the wait is extended by up to `busy_s`. A
spinner that outlasts this does not extend a later wait.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image, ImageChops

from .geometry import Box
from .interrupt import sleep

POLL_S = 0.04
BLINK_PX = 250
ONE_AREA_AFTER_S = 1.5
ONE_AREA_SHARE = 0.02
_AREAS_REMEMBERED = 8
_SPINS, _SPINS_WITHIN_S = 3, 0.3
_BYTES_PER_PIXEL = 4
_ONE_AREA = "quiet outside one area"
_ANY = [0] + [255] * 255


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One capture: `pixels` holds four bytes per pixel, row by row, in the screen's channel order."""

    width: int
    height: int
    pixels: bytes

    @classmethod
    def of(cls, image: Image.Image) -> "RawFrame":
        """The frame of an RGB image."""
        return cls(image.width, image.height, image.tobytes("raw", "BGRX"))


@dataclass(frozen=True, slots=True)
class FrameChange:
    """The area in which two frames differ, and the number of pixels that do."""

    box: Box
    pixels: int


@dataclass(frozen=True, slots=True)
class SettleTimeouts:
    """Timeouts in seconds: for the first change, for quiet after the last change, and in total.

    `busy_s` is how long after the last change to wait for a busy program or a spinner.
    """

    first_change_s: float = 0.5
    quiet_s: float = 0.3
    limit_s: float = 5.0
    busy_s: float = 2.0

    @property
    def for_opening(self) -> "SettleTimeouts":
        """Longer ones, for an app that was started."""
        return SettleTimeouts(2 * self.first_change_s, 2 * self.quiet_s, 2 * self.limit_s, self.busy_s)


@dataclass(frozen=True, slots=True)
class SettleResult:
    """How long settling took, and what ended it: `quiet`, `no change`, `quiet outside one area`, or `limit`.

    `, still busy` is appended if the program was still busy.
    """

    seconds: float
    by: str


def changed(before: RawFrame, after: RawFrame) -> FrameChange | None:
    """The difference between two frames; None if there is none."""
    if before.pixels == after.pixels:
        return None
    if (before.width, before.height) != (after.width, after.height):
        return FrameChange(Box(0, 0, after.width, after.height), after.width * after.height)
    stride = after.width * _BYTES_PER_PIXEL
    top, bottom = _changed_rows(before.pixels, after.pixels, stride)
    red, green, blue = ImageChops.difference(_rows(before, top, bottom), _rows(after, top, bottom)).split()
    found = ImageChops.lighter(ImageChops.lighter(red, green), blue).point(_ANY)
    box = found.getbbox()
    if box is None:
        return None
    return FrameChange(Box(box[0], top + box[1], box[2], top + box[3]), found.histogram()[255])


def _changed_rows(before: bytes, after: bytes, stride: int) -> tuple[int, int]:
    """The first row that differs, and the one after the last; comparing rows is much faster than comparing pixels."""
    starts = range(0, len(after), stride)
    top = next(start for start in starts if before[start : start + stride] != after[start : start + stride])
    last = next(start for start in reversed(starts) if before[start : start + stride] != after[start : start + stride])
    return top // stride, last // stride + 1


def _rows(frame: RawFrame, top: int, bottom: int) -> Image.Image:
    stride = frame.width * _BYTES_PER_PIXEL
    part = frame.pixels[top * stride : bottom * stride]
    return Image.frombuffer("RGB", (frame.width, bottom - top), part, "raw", "BGRX", 0, 1)


@dataclass(slots=True)
class Settler:
    """Waits until a screen has settled; remembers blinking areas from one wait to the next.

    `capture` returns the current frame; `busy` whether the program is busy, called once per frame. Tests replace
    `sleep` and `clock`.
    """

    capture: Callable[[], RawFrame]
    sleep: Callable[[float], None] = sleep
    clock: Callable[[], float] = time.monotonic
    busy: Callable[[], bool] = lambda: False
    _blinking: list[Box] = field(default_factory=list[Box])
    _endless: list[Box] = field(default_factory=list[Box])

    def wait(self, before: RawFrame, timeouts: SettleTimeouts = SettleTimeouts()) -> SettleResult:
        """Return once the screen has settled; `before` is the frame before the action."""
        started = self.clock()
        wait = _Wait(before.width * before.height)
        last = before
        while True:
            frame = self.capture()
            now = self.clock() - started
            change = changed(last, frame)
            last = frame
            if change is not None:
                if not self._blinks(change):
                    wait.changes.append((now, change.box))
                elif not any(_overlap(change.box, area) for area in self._endless):
                    wait.spins.append((now, change.box))
            busy = self.busy() or wait.is_spinning(now)
            reason = wait.end_reason(now, timeouts)
            if reason and (not busy or wait.is_busy_time_over(now, timeouts)):
                if wait.is_spinning(now):
                    self._endless = [*self._endless[1 - _AREAS_REMEMBERED :], wait.spins[-1][1]]
                return SettleResult(now, f"{reason}, still busy" if busy and "limit" not in reason else reason)
            self.sleep(POLL_S)

    def _blinks(self, change: FrameChange) -> bool:
        """Whether `change` is small and overlaps an earlier small change; remembers the area of a small change."""
        if change.pixels > BLINK_PX:
            return False
        if any(_overlap(change.box, area) for area in self._blinking):
            return True
        self._blinking = [*self._blinking[1 - _AREAS_REMEMBERED :], change.box]
        return False


@dataclass(slots=True)
class _Wait:
    """The changes during one wait, with their times."""

    screen_px: int
    changes: list[tuple[float, Box]] = field(default_factory=list[tuple[float, Box]])
    spins: list[tuple[float, Box]] = field(default_factory=list[tuple[float, Box]])

    def is_spinning(self, now: float) -> bool:
        """Whether something small has just changed several times, faster than a caret blinks."""
        return len(self.spins) >= _SPINS and now - self.spins[-_SPINS][0] <= _SPINS_WITHIN_S

    def is_busy_time_over(self, now: float, timeouts: SettleTimeouts) -> bool:
        """Whether a busy program has had `busy_s` since its last change, or waits are not extended."""
        last = self.changes[-1][0] if self.changes else 0.0
        is_over = now - last >= timeouts.busy_s or now >= timeouts.limit_s
        return is_over or self.end_reason(now, timeouts) == _ONE_AREA

    def end_reason(self, now: float, timeouts: SettleTimeouts) -> str:
        """Why the wait is over; empty if it continues."""
        if not self.changes:
            return "no change" if now >= timeouts.first_change_s else ""
        if now - self.changes[-1][0] >= timeouts.quiet_s:
            return "quiet"
        if now >= ONE_AREA_AFTER_S and self._in_one_area(now - ONE_AREA_AFTER_S / 2):
            return _ONE_AREA
        return "limit" if now >= timeouts.limit_s else ""

    def _in_one_area(self, since: float) -> bool:
        boxes = [box for when, box in self.changes if when >= since]
        if not boxes:
            return False
        width = max(box.right for box in boxes) - min(box.left for box in boxes)
        height = max(box.bottom for box in boxes) - min(box.top for box in boxes)
        return width * height <= ONE_AREA_SHARE * self.screen_px


def _overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
