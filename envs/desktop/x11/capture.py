"""Captures an X display through the core protocol, for servers that mss cannot capture, such as Xvnc.

It takes 12 ms for 1920x1080; mss takes 1 ms.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...env import EnvUnavailable
from .xlib import open_display

_DEPTHS = (24, 32)
_MASKS = (0xFF0000, 0xFF00, 0xFF)
_BITS = 32
_LITTLE_END_FIRST = 0


@dataclass(frozen=True, slots=True)
class CoreXShot:
    """Pixels of four bytes each, blue first."""

    width: int
    height: int
    raw: bytes


class CoreXCapture:
    """The subset of the interface of `mss.MSS` that we need, for the display in DISPLAY, which counts as one monitor.

    Raises:
        EnvUnavailable: there is no such display, or its pixels are not 32 bits.
    """

    def __init__(self) -> None:
        from Xlib import error

        try:
            self._display = open_display()
        except (error.DisplayError, error.XauthError, error.ConnectionClosedError, OSError) as lost:
            raise EnvUnavailable(f"the screen cannot be captured: {' '.join(str(lost).split())}") from lost
        screen = self._display.screen()
        self._root = screen.root
        self._lost = (error.ConnectionClosedError, OSError, error.XError)
        if not self._has_rgb_pixels(screen):
            self.close()
            raise EnvUnavailable(f"the screen cannot be captured: its pixels are not RGB, depth {screen.root_depth}")

    @property
    def monitors(self) -> list[dict[str, int]]:
        """The whole screen, and the only monitor.

        Raises:
            ScreenShotError: the display is gone.
        """
        from mss import ScreenShotError

        try:
            size = self._root.get_geometry()
        except self._lost as lost:
            raise ScreenShotError(" ".join(str(lost).split())) from lost
        whole = {"left": 0, "top": 0, "width": size.width, "height": size.height}
        return [whole, whole]

    def grab(self, monitor: dict[str, int]) -> CoreXShot:
        """The pixels of a monitor.

        Raises:
            ScreenShotError: the display is gone, or `monitor` is not within the screen.
        """
        from mss import ScreenShotError
        from Xlib import X

        area = (monitor["left"], monitor["top"], monitor["width"], monitor["height"])
        try:
            image = self._root.get_image(*area, X.ZPixmap, 0xFFFFFFFF)
        except self._lost as lost:
            raise ScreenShotError(" ".join(str(lost).split())) from lost
        return CoreXShot(monitor["width"], monitor["height"], bytes(image.data))

    def close(self) -> None:
        """Close the connection; ignores a broken one."""
        with suppress(*self._lost):
            self._display.close()

    def _has_rgb_pixels(self, screen: Any) -> bool:
        info = self._display.display.info
        bits = [known.bits_per_pixel for known in info.pixmap_formats if known.depth == screen.root_depth]
        visuals = [visual for depth in screen.allowed_depths for visual in depth.visuals]
        # With GLX a server may list a depth several times and a visual twice.
        masks = {(v.red_mask, v.green_mask, v.blue_mask) for v in visuals if v.visual_id == screen.root_visual}
        return (
            info.image_byte_order == _LITTLE_END_FIRST
            and screen.root_depth in _DEPTHS
            and bits == [_BITS]
            and masks <= {_MASKS}
        )
