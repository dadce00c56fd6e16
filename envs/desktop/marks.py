"""Measures capture and pointer with a mark: a small window with a cursor of known colours."""

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from math import hypot
from statistics import mean
from typing import TypeVar

from PIL import Image, ImageChops

from ..env import EnvError
from ..geometry import Box, DevicePoint, DeviceTransform, ScreenPoint
from .address import DisplayAddress
from .capture import Capture, screenshot_of
from .x11.connection import Windows, connect
from .x11.driver import XTestDriver
from .x11.xlib import XDisplay

T = TypeVar("T")
Colour = tuple[int, int, int]

SAMPLE_POINTS = ((0.25, 0.25), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0.75, 0.75))
"""Where to measure, as fractions of width and height; not near corners, which may trigger actions."""

_MARK_PX, _CURSOR_PX, _NEAR_PX = 48, 9, 100
_MARK: Colour = (203, 31, 167)
_CURSOR: Colour = (31, 203, 67)
_TOLERANCE = 12  # of 255 per channel, since 16-bit screens round colours
_SEARCH_S = 1.0
_MIN_CAPTURES = 3
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Bench:
    """The tools for a measurement: a connection, a driver, and captures without and with the pointer."""

    connection: XDisplay
    driver: XTestDriver
    capture: Capture
    capture_with_pointer: Capture

    def image(self, *, with_pointer: bool = False) -> Image.Image:
        """The screen as the environment captures it."""
        return screenshot_of((self.capture_with_pointer if with_pointer else self.capture).frame()).image


@dataclass(frozen=True, slots=True)
class Sample:
    """A measurement: the pointer was sent `to` a point of the screenshot, at `device`, and was found `at` another."""

    to: ScreenPoint
    device: DevicePoint
    at: ScreenPoint

    @property
    def error_px(self) -> float:
        """The distance between the two."""
        return hypot(self.at.x - self.to.x, self.at.y - self.to.y)


def fitted(samples: tuple[Sample, ...]) -> DeviceTransform:
    """The least-squares transform from where the pointer was found to where it was sent."""
    x, y = mean(sample.device.x for sample in samples), mean(sample.device.y for sample in samples)
    at_x, at_y = mean(sample.at.x for sample in samples), mean(sample.at.y for sample in samples)
    across = sum((s.device.x - x) * (s.at.x - at_x) + (s.device.y - y) * (s.at.y - at_y) for s in samples)
    spread = sum((s.device.x - x) ** 2 + (s.device.y - y) ** 2 for s in samples)
    scale = across / spread if spread else 0.0
    return DeviceTransform(scale, x - at_x / scale, y - at_y / scale) if scale > 0 else DeviceTransform(0.0)


@contextmanager
def open_bench(address: DisplayAddress, number: int = 1) -> Generator[Bench]:
    """Open the tools for measuring a monitor; at the end, moves the pointer back and closes all connections."""
    with ExitStack() as undo:
        connection = connect(address)
        undo.callback(_quietly, connection.close)
        driver = XTestDriver(connection, address, Windows(connection), has_user=False)
        undo.callback(driver.close)
        capture = Capture(address, number)
        undo.callback(capture.close)
        pointing = Capture(address, number, with_pointer=True)
        undo.callback(pointing.close)
        here = connection.screen().root.query_pointer()
        undo.callback(_quietly, lambda: driver.move(here.root_x, here.root_y))
        yield Bench(connection, driver, capture, pointing)


@contextmanager
def _mark(connection: XDisplay, at: DevicePoint) -> Generator[None]:
    """Show a small window centred at `at`, above all others, with a square cursor."""
    from Xlib import X

    screen = connection.screen()
    dot = screen.root.create_pixmap(_CURSOR_PX, _CURSOR_PX, 1)
    ink = dot.create_gc(foreground=1, background=0)
    dot.fill_rectangle(ink, 0, 0, _CURSOR_PX, _CURSOR_PX)
    paint = tuple(value * 257 for value in _CURSOR)
    cursor = dot.create_cursor(dot, paint, paint, _CURSOR_PX // 2, _CURSOR_PX // 2)
    colour = screen.default_colormap.alloc_color(*(value * 257 for value in _MARK)).pixel
    left, top = int(at.x) - _MARK_PX // 2, int(at.y) - _MARK_PX // 2
    window = screen.root.create_window(
        left, top, _MARK_PX, _MARK_PX, 0, X.CopyFromParent,
        background_pixel=colour, override_redirect=True, cursor=cursor,
    )  # fmt: skip
    try:
        window.map()
        window.configure(stack_mode=X.Above)
        connection.sync()
        yield
    finally:
        window.destroy()
        for part in (cursor, ink, dot):
            part.free()
        connection.sync()


def shows_marks(bench: Bench) -> bool:
    """Whether the capture shows a mark in the middle of the screen."""
    before, at = bench.image(), point_at(bench, 0.5, 0.5)
    with _mark(bench.connection, bench.capture.device.apply(at)):
        return _find(lambda: _find_change(at, before, bench.image(), _MARK)) is not None


def sample(bench: Bench, at: ScreenPoint) -> Sample | None:
    """Show a mark, move the pointer to it, and find where it arrives; None if mark or pointer is not found."""
    before = bench.image()
    with _mark(bench.connection, bench.capture.device.apply(at)):
        box = _find(lambda: _find_change(at, before, bench.image(), _MARK))
        if box is None:
            return None
        to = ScreenPoint((box.left + box.right) // 2, (box.top + box.bottom) // 2)
        device = bench.capture.device.apply(to)
        bench.driver.move(device.x, device.y)
        dot = _find(lambda: _find_change(to, before, bench.image(with_pointer=True), _CURSOR))
    if dot is None:
        return None
    return Sample(to, device, ScreenPoint((dot.left + dot.right - 1) / 2, (dot.top + dot.bottom - 1) / 2))


def point_at(bench: Bench, across: float, down: float) -> ScreenPoint:
    """The point at these fractions of width and height."""
    size = bench.capture.size
    return ScreenPoint(int(size.width * across), int(size.height * down))


def _find_change(at: ScreenPoint, before: Image.Image, after: Image.Image, colour: Colour) -> Box | None:
    """As `changed`; searches around `at` first, which is fast."""
    left, top = max(0, int(at.x) - _NEAR_PX), max(0, int(at.y) - _NEAR_PX)
    part = (left, top, min(before.width, left + 2 * _NEAR_PX), min(before.height, top + 2 * _NEAR_PX))
    box = changed(before.crop(part), after.crop(part), colour) if before.size == after.size else None
    if box is None:
        return changed(before, after, colour)
    return Box(box.left + left, box.top + top, box.right + left, box.bottom + top)


def changed(before: Image.Image, after: Image.Image, colour: Colour) -> Box | None:
    """The bounding box of the pixels that have changed to `colour`."""
    if before.size != after.size:
        return None
    new = ImageChops.subtract(_mask(after, colour), _mask(before, colour))
    box = new.getbbox()
    return Box(*box) if box else None


def is_black(image: Image.Image) -> bool:
    """Whether all pixels are black."""
    return image.getbbox() is None


def _mask(image: Image.Image, colour: Colour) -> Image.Image:
    """A mask: white where a pixel has that colour."""
    found: Image.Image | None = None
    for band, value in zip(image.split(), colour, strict=True):
        near = band.point([255 * (abs(level - value) <= _TOLERANCE) for level in range(256)])
        found = near if found is None else ImageChops.darker(found, near)
    assert found is not None
    return found


def _find(search: Callable[[], T | None]) -> T | None:
    """The result of `search` once it is the same twice in a row; None if that does not happen in time."""
    end = time.monotonic() + _SEARCH_S
    before: T | None = None
    captures = 0
    while captures < _MIN_CAPTURES or time.monotonic() < end:
        found = search()
        if found is not None and found == before:
            return found
        before = found
        captures += 1
        time.sleep(_POLL_S)
    return None


def _quietly(work: Callable[[], object]) -> None:
    with suppress(EnvError, Exception):  # closing a dead connection can raise anything
        work()
