"""Waits until a screen has settled, judging by its pixels alone.

The screen is captured every 40 ms. It has settled when it has not changed for `quiet_s`, or when nothing has changed
within `first_change_s`. A small change where there was a small change before (a caret, a clock) does not count. Motion
without a pause in one small area (a spinner) ends the wait after 1.5 s, and motion that does not spread (a video) after
half of `limit_s`; these areas are then ignored in later waits, until they are still. `limit_s` bounds everything else.

A static screen of a busy program is about to change. Where the platform reports that (`busy`), and while something
small changes quickly in one area (the spinner in the tab of a loading page), the wait is extended by up to `busy_s`. A
spinner that outlasts this does not extend a later wait.

A program may update a part of its window later, such as the toolbar of LibreOffice, 0.3 s after the rest. Where that
was seen, during a wait or since the last one, and after a program was opened, the next waits take 1.5 times `quiet_s`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PIL import Image, ImageChops

from .geometry import Box
from .interrupt import sleep
from .motion import CELL_PX, MovingAreas, cells_of, groups_of

POLL_S = 0.04
BLINK_PX = 250
_SMALL_MOTION_S = 1.5
_SMALL_SHARE = 0.02
_AREAS_REMEMBERED = 8
_SPINS, _SPINS_WITHIN_S = 3, 0.3
_BYTES_PER_PIXEL = 4
_MOTION_CHANGES = 4
_PAUSE_S = 0.3
_PATIENT_WAITS = 6
_PATIENT_QUIET_S = 0.45
"""Less than the 0.5 s in which large carets blink."""

_LATE_S = 0.25
"""Less than `quiet_s`, which ends a wait."""

_MOVING = "quiet outside moving areas"
_ANY = [0] + [255] * 255


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One capture: `pixels` holds four bytes per pixel, row by row, in the screen's channel order."""

    width: int
    height: int
    pixels: bytes | bytearray

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

    `busy_s` is how long after the last change to wait for a busy program or a spinner, `least_s` how long to wait for
    quiet in any case.
    """

    first_change_s: float = 0.5
    quiet_s: float = 0.3
    limit_s: float = 5.0
    busy_s: float = 2.0
    least_s: float = 0.0

    @property
    def for_opening(self) -> "SettleTimeouts":
        """Longer ones, for an app that was started."""
        return SettleTimeouts(2 * self.first_change_s, 2 * self.quiet_s, 2 * self.limit_s, self.busy_s)

    @property
    def patient(self) -> "SettleTimeouts":
        """Longer ones, for a program that updates parts of its window late."""
        return replace(self, quiet_s=max(self.quiet_s, min(1.5 * self.quiet_s, _PATIENT_QUIET_S)))

    @property
    def for_hover(self) -> "SettleTimeouts":
        """Longer ones, for a pointer that was moved: Qt and Swing show a tooltip after 0.75 s."""
        return replace(self, first_change_s=2 * self.first_change_s, least_s=2 * self.first_change_s)


@dataclass(frozen=True, slots=True)
class SettleResult:
    """How long settling took, and what ended it: `quiet`, `no change`, `quiet outside moving areas`, or `limit`.

    `, still busy` is appended if the program was still busy.
    """

    seconds: float
    by: str


def changed(before: RawFrame, after: RawFrame) -> FrameChange | None:
    """The difference between two frames; None if there is none."""
    found = _difference(before, after)
    return None if found is None else _change(*found)


def _change(mask: Image.Image, top: int) -> FrameChange | None:
    box = mask.getbbox()
    return box and FrameChange(Box(box[0], top + box[1], box[2], top + box[3]), mask.histogram()[255])


def _difference(before: RawFrame, after: RawFrame) -> tuple[Image.Image, int] | None:
    """A mask of rows, white where two frames differ, and the number of its first row; None if they are the same."""
    if before.pixels == after.pixels:
        return None
    if (before.width, before.height) != (after.width, after.height):
        return Image.new("L", (after.width, after.height), 255), 0
    top, bottom = _changed_rows(before.pixels, after.pixels, after.width * _BYTES_PER_PIXEL)
    red, green, blue = ImageChops.difference(_rows(before, top, bottom), _rows(after, top, bottom)).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(_ANY), top


def _changed_rows(before: bytes | bytearray, after: bytes | bytearray, stride: int) -> tuple[int, int]:
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
    """Waits until a screen has settled; remembers blinking and moving areas from one wait to the next.

    `capture` returns the current frame; `busy` whether the program is busy, called once per frame. Tests replace
    `sleep` and `clock`.
    """

    capture: Callable[[], RawFrame]
    sleep: Callable[[float], None] = sleep
    clock: Callable[[], float] = time.monotonic
    busy: Callable[[], bool] = lambda: False
    _blinking: list[Box] = field(default_factory=list[Box])
    _moving: MovingAreas = field(default_factory=MovingAreas)
    _last: tuple[float, RawFrame] | None = None
    _patient_waits: int = 0

    def expect_late_changes(self) -> None:
        """Take longer for the next waits, since how the program updates its window is not known yet."""
        self._patient_waits = _PATIENT_WAITS

    def wait(self, before: RawFrame, timeouts: SettleTimeouts = SettleTimeouts()) -> SettleResult:
        """Return once the screen has settled; `before` is the frame before the action."""
        if self._last is not None and self.clock() - self._last[0] >= _PAUSE_S:
            found = self._mask(self._last[1], before)
            self._moving.forget_still(now=True)
            change = None if found is None else _change(*found)
            if change is not None and change.pixels > BLINK_PX:
                self.expect_late_changes()
        is_patient, self._patient_waits = self._patient_waits > 0, max(0, self._patient_waits - 1)
        try:
            return self._wait(before, timeouts.patient if is_patient else timeouts)
        finally:
            self._moving.forget_still()

    def _wait(self, before: RawFrame, timeouts: SettleTimeouts) -> SettleResult:
        started = self.clock()
        wait = _Wait(before.width * before.height)
        last = before
        while True:
            frame = self.capture()
            now = self.clock() - started
            self._compare(last, frame, now, wait)
            last, self._last = frame, (self.clock(), frame)
            busy = self.busy() or wait.is_spinning(now)
            reason = wait.end_reason(now, timeouts)
            if reason and (not busy or wait.is_busy_time_over(now, timeouts)):
                self._moving.learn([wait.spins[-1][1]] if wait.is_spinning(now) else [])
                self._moving.learn(wait.moving(now) if reason in (_MOVING, "limit") else [])
                return SettleResult(now, f"{reason}, still busy" if busy and "limit" not in reason else reason)
            self.sleep(POLL_S)

    def _compare(self, last: RawFrame, frame: RawFrame, now: float, wait: "_Wait") -> None:
        """Note in `wait` what has changed, outside the areas that keep moving."""
        found = self._mask(last, frame)
        change = None if found is None else _change(*found)
        if found is None or change is None:
            wait.is_unchanged(now)
        elif self._blinks(change):
            wait.spins.append((now, change.box))
            wait.is_unchanged(now)
        else:
            if wait.changes and now - wait.changes[-1][0] > _LATE_S:
                self.expect_late_changes()
            wait.is_changed(now, change.box, cells_of(*found, frame.height))

    def _mask(self, last: RawFrame, frame: RawFrame) -> tuple[Image.Image, int] | None:
        """As `_difference`, without the areas that keep moving."""
        if (last.width, last.height) != (frame.width, frame.height):
            self._moving.clear()
        found = _difference(last, frame)
        if found is not None:
            self._moving.erase(*found)
        return found

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
    """The changes during one wait, with times; `motion_since` is since when it has moved without a pause."""

    screen_px: int
    changes: list[tuple[float, Box, Image.Image]] = field(default_factory=list[tuple[float, Box, Image.Image]])
    spins: list[tuple[float, Box]] = field(default_factory=list[tuple[float, Box]])
    motion_since: float | None = None

    def is_changed(self, now: float, box: Box, cells: Image.Image) -> None:
        """Note a change."""
        self.changes.append((now, box, cells))
        if self.motion_since is None:
            self.motion_since = now

    def is_unchanged(self, now: float) -> None:
        """Note a capture without a change. A slow connection has few captures, so time alone is not a pause."""
        if self.changes and now - self.changes[-1][0] >= _PAUSE_S:
            self.motion_since = None

    def is_spinning(self, now: float) -> bool:
        """Whether something small has just changed several times, faster than a caret blinks."""
        return len(self.spins) >= _SPINS and now - self.spins[-_SPINS][0] <= _SPINS_WITHIN_S

    def is_busy_time_over(self, now: float, timeouts: SettleTimeouts) -> bool:
        """Whether a busy program has had `busy_s` since its last change, or waits are not extended."""
        last = self.changes[-1][0] if self.changes else 0.0
        is_over = now - last >= timeouts.busy_s or now >= timeouts.limit_s
        return is_over or self.end_reason(now, timeouts) == _MOVING

    def end_reason(self, now: float, timeouts: SettleTimeouts) -> str:
        """Why the wait is over; empty if it continues."""
        if not self.changes:
            return "no change" if now >= timeouts.first_change_s else ""
        if now - self.changes[-1][0] >= timeouts.quiet_s and now >= timeouts.least_s:
            return "quiet"
        if now >= _SMALL_MOTION_S and self._moves_in(now, _SMALL_MOTION_S / 2, _SMALL_SHARE):
            return _MOVING
        if now >= timeouts.limit_s / 2 and self._moves_in(now, timeouts.limit_s / 4, 1.0):
            return _MOVING
        return "limit" if now >= timeouts.limit_s else ""

    def moving(self, now: float) -> list[Box]:
        """The areas that have moved without a pause until now."""
        since = now if self.motion_since is None else max(self.motion_since, now - _SMALL_MOTION_S)
        recent = [cells for when, _, cells in self.changes if when >= since]
        return groups_of(recent) if len(recent) >= _MOTION_CHANGES else []

    def _moves_in(self, now: float, seconds: float, share: float) -> bool:
        """Whether something has moved without a pause for `seconds`, in an area of at most `share` of the screen.

        It must not spread: a page that loads reaches new places, a video does not.
        """
        if self.motion_since is None or self.motion_since > now - seconds:
            return False
        recent = [box for when, box, _ in self.changes if when >= now - seconds]
        first, second = (recent[: len(recent) // 2], recent[len(recent) // 2 :])
        if len(recent) < _MOTION_CHANGES:
            return False
        whole, earlier = _union(recent), _union(first)
        if (whole.right - whole.left) * (whole.bottom - whole.top) > share * self.screen_px:
            return False
        return share < 1.0 or _is_within(_union(second), earlier)


def _union(boxes: list[Box]) -> Box:
    return Box(
        min(box.left for box in boxes), min(box.top for box in boxes),
        max(box.right for box in boxes), max(box.bottom for box in boxes),
    )  # fmt: skip


def _is_within(box: Box, other: Box) -> bool:
    """Whether `box` lies in `other`, within the size of a cell."""
    return (
        box.left >= other.left - CELL_PX
        and box.top >= other.top - CELL_PX
        and box.right <= other.right + CELL_PX
        and box.bottom <= other.bottom + CELL_PX
    )


def _overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
