"""Captures a desktop: raw frames for settling, converted to RGB only for a screenshot."""

import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from PIL import Image

from ..env import EnvLost, EnvUnavailable
from ..geometry import DeviceTransform, Size
from ..screenshot import Screenshot
from ..settle import RawFrame
from .address import DisplayAddress
from .x11.capture import CoreXCapture

if TYPE_CHECKING:
    import mss


_GONE = "the display is gone: "
_TRIES, _RETRY_S = 3, 0.1


class Capture:
    """Captures one monitor; numbers start at 1, in the platform's order.

    `size` is in pixels of the screenshot, `device` converts those to units of the pointer, `monitors` describes all
    monitors. A screen can be resized or rotated at any time; `refresh` updates them.
    """

    def __init__(self, address: DisplayAddress, monitor: int, *, with_pointer: bool = False) -> None:
        self._address, self._number, self._with_pointer = address, monitor, with_pointer
        self._source: mss.MSS | CoreXCapture | None = None
        self._open()

    @property
    def shows_pointer(self) -> bool:
        """Whether the captures contain the pointer, which `with_pointer` requests."""
        return self._with_pointer and not isinstance(self._source, CoreXCapture)

    def refresh(self) -> RawFrame:
        """Read the monitors again, and capture the monitor.

        Raises:
            EnvLost: the display or the monitor is gone.
        """
        for left in reversed(range(_TRIES)):
            try:
                if self._source is not None and left == _TRIES - 1:  # later, with another connection
                    return self._read_monitors(self._source)
                self.close()
                return self._open()
            except (EnvUnavailable, EnvLost) as error:
                if not left:
                    raise EnvLost(_GONE + str(error).removeprefix(_GONE)) from error
            time.sleep(_RETRY_S)  # it may be changing its size just now
        raise AssertionError("unreachable: the last try returns or raises")

    def frame(self) -> RawFrame:
        """Capture the monitor.

        Raises:
            EnvLost: the display is gone.
        """
        try:
            return self._grab()
        except EnvLost:
            return self.refresh()  # the screen may have become smaller than the area

    def close(self) -> None:
        """Close the connection; ignores a broken one."""
        source, self._source = self._source, None  # closed once: mss frees a broken connection again at the second time
        if source is not None:
            with suppress(*_lost()):
                source.close()

    def _open(self) -> RawFrame:
        with self._address.in_environment():
            self._source = source = _opened(with_pointer=self._with_pointer)
        try:
            return self._read_monitors(source)
        except BaseException:
            self.close()
            raise

    def _read_monitors(self, source: "mss.MSS | CoreXCapture") -> RawFrame:
        if not isinstance(source, CoreXCapture):
            source._monitors = None  # pyright: ignore[reportPrivateUsage] -- it reads them once
        try:
            whole, *monitors = source.monitors
        except _lost() as error:
            raise EnvUnavailable(f"the screen cannot be captured: {error}") from error
        monitors = monitors or [whole]  # an X server without RANDR has one monitor, and lists none
        self.monitors = tuple(_described(area) for area in monitors)
        if self._number > len(monitors):
            listed = "; ".join(f"{number} is {area}" for number, area in enumerate(self.monitors, 1))
            raise EnvUnavailable(f"there is no monitor {self._number}: this display has {len(monitors)}, {listed}")
        self._area = monitors[self._number - 1]
        frame = self._grab()
        self.size = Size(frame.width, frame.height)
        self.device = transform_of(self._area, self.size)
        return frame

    def _grab(self) -> RawFrame:
        if self._source is None:
            raise EnvLost(f"{_GONE}its connection is closed")
        try:
            shot = self._source.grab(self._area)
        except _lost() as error:
            raise EnvLost(f"{_GONE}{error}") from error
        return RawFrame(shot.width, shot.height, shot.raw)


def _lost() -> tuple[type[Exception], ...]:
    """The errors of a display that is gone. mss asserts that the server replies, and follows null pointers."""
    import mss

    return (mss.ScreenShotError, AssertionError, ValueError)


def _opened(*, with_pointer: bool) -> "mss.MSS | CoreXCapture":
    """A capture of the display that DISPLAY names now: mss, or the core X protocol where mss fails."""
    import mss  # also declares DPI awareness on Windows, so that all positions are in physical pixels

    try:
        return mss.MSS(with_cursor=True) if with_pointer else mss.MSS()
    except _lost() as error:
        if platform.system() == "Linux" and "visual" in str(error):  # mss cannot parse Xvnc's list of visuals
            return CoreXCapture()
        raise EnvUnavailable(f"the screen cannot be captured: {error}") from error


def transform_of(monitor: Mapping[str, object], captured: Size) -> DeviceTransform:
    """The conversion from pixels of a monitor's capture to units of the pointer.

    The platform reports positions in those units: negative left of and above the first monitor. The scale is measured,
    since platforms report it differently: a Retina monitor captures 2 pixels per unit, and the next one may capture 1.
    """
    left, top, width = (int(str(monitor[name])) for name in ("left", "top", "width"))
    return DeviceTransform(captured.width / width, left, top)


def _described(monitor: Mapping[str, object]) -> str:
    return f"{monitor['width']}x{monitor['height']} at {monitor['left']},{monitor['top']}"


def screenshot_of(frame: RawFrame) -> Screenshot:
    """The frame as a screenshot; this conversion is the main cost of a capture."""
    size = (frame.width, frame.height)
    return Screenshot(Image.frombuffer("RGB", size, frame.pixels, "raw", "BGRX", 0, 1))
