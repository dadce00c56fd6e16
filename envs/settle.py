"""When has a screen come to rest? A rule on pixels alone, for screens that cannot be asked.

The screen is looked at every 40 ms. It has come to rest once it has not changed for `quiet_s`; where nothing changes
at all, once `first_change_s` have passed. What goes on for ever does not count: a small change in a place that made a
small change before (a caret, a clock), and anything that after a while moves in one small part of the screen only.
All else is bounded by `limit_s`.

A still screen whose program is at work is about to change: where that can be told (`busy`), and while something small
turns quickly in one place (the wheel in the tab of a page that loads), rest is not believed for up to `busy_s`. What
turned on for longer than that is not waited for again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image, ImageChops

from .geometry import Box

POLL_S = 0.04
BLINK_PX = 250
STEADY_AFTER_S = 1.5
STEADY_SHARE = 0.02
_PLACES_REMEMBERED = 8
_TURNS, _TURNS_WITHIN_S = 3, 0.3
_BYTES_PER_PIXEL = 4
_ANY = [0] + [255] * 255


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One raw look: `pixels` holds four bytes a pixel, row by row, in whatever order of colours the screen has."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class FrameChange:
    """Where two frames differ, and in how many pixels."""

    box: Box
    pixels: int


@dataclass(frozen=True, slots=True)
class SettleTimeouts:
    """How long to wait (seconds): for the first change, for quiet after the last one, and at most.

    `busy_s` is how long after the last change a program that is at work, or something that turns, is waited for.
    """

    first_change_s: float = 0.5
    quiet_s: float = 0.3
    limit_s: float = 5.0
    busy_s: float = 2.0


@dataclass(frozen=True, slots=True)
class SettleResult:
    """How long settling took, and what ended it: `quiet`, `no change`, `rest but for one place`, or `limit`.

    `, still busy` follows where the program went on working.
    """

    seconds: float
    by: str


def changed(before: RawFrame, after: RawFrame) -> FrameChange | None:
    """Where `after` differs from `before`; None if nowhere."""
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
    """The first row that differs, and the one after the last; comparing rows is fast, comparing pixels is not."""
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
    """Waits for rest. Keeps in mind where the screen blinks, from one wait to the next.

    `look` captures the screen; `busy` says whether the program is at work, and is asked at every look; `sleep` and
    `clock` are the time, to be replaced in tests.
    """

    look: Callable[[], RawFrame]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    busy: Callable[[], bool] = lambda: False
    _places: list[Box] = field(default_factory=list[Box])
    _endless: list[Box] = field(default_factory=list[Box])

    def wait(self, before: RawFrame, timeouts: SettleTimeouts = SettleTimeouts()) -> SettleResult:
        """Return once the screen has come to rest; `before` is how it looked before it was acted on."""
        started = self.clock()
        watch = _Watch(before.width * before.height)
        last = before
        while True:
            frame = self.look()
            now = self.clock() - started
            change = changed(last, frame)
            last = frame
            if change is not None:
                if not self._blinks(change):
                    watch.saw(change, now)
                elif not any(_touch(change.box, place) for place in self._endless):
                    watch.turns.append((now, change.box))
            working = self.busy() or watch.turning(now)
            reason = watch.verdict(now, timeouts)
            if reason and (not working or watch.waited_for(now, timeouts)):
                if watch.turning(now):
                    self._endless = [*self._endless[1 - _PLACES_REMEMBERED :], watch.turns[-1][1]]
                return SettleResult(now, f"{reason}, still busy" if working and "limit" not in reason else reason)
            self.sleep(POLL_S)

    def _blinks(self, change: FrameChange) -> bool:
        """Whether `change` is small and where there was a small one before; remembers the place of a small one."""
        if change.pixels > BLINK_PX:
            return False
        if any(_touch(change.box, place) for place in self._places):
            return True
        self._places = [*self._places[1 - _PLACES_REMEMBERED :], change.box]
        return False


@dataclass(slots=True)
class _Watch:
    """What was seen during one wait."""

    screen_px: int
    changes: list[tuple[float, Box]] = field(default_factory=list[tuple[float, Box]])
    turns: list[tuple[float, Box]] = field(default_factory=list[tuple[float, Box]])

    def saw(self, change: FrameChange, now: float) -> None:
        self.changes.append((now, change.box))

    def turning(self, now: float) -> bool:
        """Whether something small has changed several times just now, quicker than any caret blinks."""
        return len(self.turns) >= _TURNS and now - self.turns[-_TURNS][0] <= _TURNS_WITHIN_S

    def waited_for(self, now: float, timeouts: SettleTimeouts) -> bool:
        """Whether a program at work has had its time since it last changed something, or all time is up."""
        last = self.changes[-1][0] if self.changes else 0.0
        return (
            now - last >= timeouts.busy_s or now >= timeouts.limit_s or self.verdict(now, timeouts).startswith("rest")
        )

    def verdict(self, now: float, timeouts: SettleTimeouts) -> str:
        """Why the wait is over; empty if it is not."""
        if not self.changes:
            return "no change" if now >= timeouts.first_change_s else ""
        if now - self.changes[-1][0] >= timeouts.quiet_s:
            return "quiet"
        if now >= STEADY_AFTER_S and self._in_one_place(now - STEADY_AFTER_S / 2):
            return "rest but for one place"
        return "limit" if now >= timeouts.limit_s else ""

    def _in_one_place(self, since: float) -> bool:
        boxes = [box for when, box in self.changes if when >= since]
        if not boxes:
            return False
        width = max(box.right for box in boxes) - min(box.left for box in boxes)
        height = max(box.bottom for box in boxes) - min(box.top for box in boxes)
        return width * height <= STEADY_SHARE * self.screen_px


def _touch(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
