"""What the pixels of Chromium's window tell: whether a page is loading, and whether the address bar has the focus."""

import time

from ...desktop.session import DesktopSession
from ...geometry import Box, ScreenPoint
from ...settle import RawFrame

_STRIP = (0, 40)
_TOOLBAR = (44, 84)
"""First row of the tab strip and of the toolbar, and the row after their last; in CSS pixels from the window's top."""

_SPIN_S = 0.15
_POLL_S = 0.03
_BYTES_PER_PIXEL = 4


class WindowParts:
    """Watches the upper parts of a window whose every CSS pixel is `scale` pixels of the screen."""

    def __init__(self, desktop: DesktopSession, scale: float) -> None:
        self._desktop = desktop
        self._scale = scale
        self._place = Box(0, 0, 1, 1)

    def is_drawn(self) -> bool:
        """Whether there is anything in the tab strip yet; a window comes up empty."""
        strip = self._strip()
        return strip != strip[:_BYTES_PER_PIXEL] * (len(strip) // _BYTES_PER_PIXEL)

    def await_loaded(self, limit_s: float) -> bool:
        """Wait while the tab strip moves, as it does as long as a page loads; whether it did."""
        started = still_since = time.monotonic()
        last, moved = self._strip(), False
        while (now := time.monotonic()) - still_since < _SPIN_S and now - started < limit_s:
            time.sleep(_POLL_S)
            strip = self._strip()
            if strip != last:
                last, moved, still_since = strip, True, time.monotonic()
        return moved

    def toolbar(self) -> bytes:
        """The pixels of the toolbar, which holds the address bar."""
        return self._rows(_TOOLBAR)

    def address_bar(self) -> ScreenPoint:
        """A point within the address bar, which lies in the middle of the toolbar, however wide the window is."""
        window = self._window()
        return ScreenPoint((window.left + window.right) / 2, window.top + self._px(sum(_TOOLBAR) // 2))

    def toolbar_changes(self, since: bytes, within_s: float) -> bool:
        """Whether the toolbar comes to look other than it did `since`."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.toolbar() != since:
                return True
            time.sleep(_POLL_S)
        return False

    def _strip(self) -> bytes:
        return self._rows(_STRIP)

    def _rows(self, part: tuple[int, int]) -> bytes:
        frame, window = self._desktop.frame(), self._window()
        return cut(
            frame, Box(window.left, window.top + self._px(part[0]), window.right, window.top + self._px(part[1]))
        )

    def _px(self, rows: int) -> int:
        return round(rows * self._scale)

    def _window(self) -> Box:
        """Where the browser's window is, or was when it last had the focus."""
        windows = self._desktop.on_screen
        active = windows.active() if windows else None
        if windows and active and not windows.belongs_to_another(active):
            self._place = windows.place(active) or self._place
        return self._place


def cut(frame: RawFrame, box: Box) -> bytes:
    """The pixels of `frame` within `box`, row by row."""
    stride = frame.width * _BYTES_PER_PIXEL
    left, right = max(0, box.left) * _BYTES_PER_PIXEL, min(frame.width, box.right) * _BYTES_PER_PIXEL
    rows = range(max(0, box.top), min(frame.height, box.bottom))
    return b"".join(frame.pixels[row * stride + left : row * stride + right] for row in rows)
