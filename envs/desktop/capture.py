"""Captures a desktop: raw frames for settling, converted to RGB only for a screenshot."""

import platform
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


class Capture:
    """Captures one monitor; numbers start at 1, in the platform's order.

    `size` is in pixels of the screenshot, `device` converts those to units of the pointer, `monitors` describes all
    monitors.
    """

    def __init__(self, address: DisplayAddress, monitor: int) -> None:
        import mss

        with address.in_environment():
            self._mss = _opened()
            monitors = self._mss.monitors
        if not 1 <= monitor < len(monitors):
            self._mss.close()
            listed = "; ".join(f"{number} is {_described(area)}" for number, area in enumerate(monitors[1:], 1))
            raise EnvUnavailable(f"there is no monitor {monitor}: this display has {len(monitors) - 1}, {listed}")
        self.monitors = tuple(_described(area) for area in monitors[1:])
        self._monitor = monitors[monitor]
        # mss asserts that the server replies; a server that has just died does not
        self._lost = (mss.ScreenShotError, AssertionError)
        frame = self.frame()
        self.size = Size(frame.width, frame.height)
        self.device = transform_of(self._monitor, self.size)

    def frame(self) -> RawFrame:
        """Capture the monitor.

        Raises:
            EnvLost: the display is gone.
        """
        try:
            shot = self._mss.grab(self._monitor)
        except self._lost as error:
            raise EnvLost(f"the display is gone: {error}") from error
        return RawFrame(shot.width, shot.height, bytes(shot.raw))

    def close(self) -> None:
        """Close the connection; ignores a broken one."""
        with suppress(*self._lost):
            self._mss.close()


def _opened() -> "mss.MSS | CoreXCapture":
    """A capture of the display that DISPLAY names now: mss, or the core X protocol where mss fails."""
    import mss

    try:
        return mss.MSS()
    except mss.ScreenShotError as error:
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
