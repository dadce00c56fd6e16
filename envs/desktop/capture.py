"""Seeing a desktop: one kept mss object, raw frames for settling, RGB once for the screenshot."""

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
from .x11.capture import PlainCapture

if TYPE_CHECKING:
    import mss


class Capture:
    """The picture of one monitor, which are counted from 1, as the platform lists them.

    `size` is in pixels of the screenshot, `device` leads to units of the pointer, `monitors` says what there is.
    """

    def __init__(self, address: DisplayAddress, monitor: int) -> None:
        import mss

        with address.in_environment():
            self._mss = _opened()
            monitors = self._mss.monitors
        if not 1 <= monitor < len(monitors):
            self._mss.close()
            listed = "; ".join(f"{number} is {_placed(place)}" for number, place in enumerate(monitors[1:], 1))
            raise EnvUnavailable(f"there is no monitor {monitor}: this display has {len(monitors) - 1}, {listed}")
        self.monitors = tuple(_placed(place) for place in monitors[1:])
        self._monitor = monitors[monitor]
        # mss asserts that the server replies, which one that died just now does not
        self._lost = (mss.ScreenShotError, AssertionError)
        frame = self.frame()
        self.size = Size(frame.width, frame.height)
        self.device = transform_of(self._monitor, self.size)

    def frame(self) -> RawFrame:
        """One raw look.

        Raises:
            EnvLost: the display is gone.
        """
        try:
            shot = self._mss.grab(self._monitor)
        except self._lost as error:
            raise EnvLost(f"the display is gone: {error}") from error
        return RawFrame(shot.width, shot.height, bytes(shot.raw))

    def close(self) -> None:
        """Give the connection back; one that broke is closed enough."""
        with suppress(*self._lost):
            self._mss.close()


def _opened() -> "mss.MSS | PlainCapture":
    """What captures the display that DISPLAY names now: mss, or where that cannot and X is there, the core protocol."""
    import mss

    try:
        return mss.MSS()
    except mss.ScreenShotError as error:
        if platform.system() == "Linux" and "visual" in str(error):  # it misreads the list of Xvnc's visuals
            return PlainCapture()
        raise EnvUnavailable(f"the screen cannot be captured: {error}") from error


def transform_of(monitor: Mapping[str, object], captured: Size) -> DeviceTransform:
    """How pixels of a monitor's capture become units of the pointer, from what the platform says of its place.

    Places are in those units, in which the monitors of a desktop lie side by side: negative left of the first and above
    it. The scale is measured, since nothing tells it alike everywhere: a Retina monitor captures 2 pixels a unit, and
    the one beside it may capture 1.
    """
    left, top, width = (int(str(monitor[name])) for name in ("left", "top", "width"))
    return DeviceTransform(captured.width / width, left, top)


def _placed(monitor: Mapping[str, object]) -> str:
    return f"{monitor['width']}x{monitor['height']} at {monitor['left']},{monitor['top']}"


def screenshot_of(frame: RawFrame) -> Screenshot:
    """The frame as a screenshot; this conversion is what a capture costs."""
    size = (frame.width, frame.height)
    return Screenshot(Image.frombuffer("RGB", size, frame.pixels, "raw", "BGRX", 0, 1))
