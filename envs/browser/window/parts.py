"""Detects from the pixels of Chromium's window whether a page is loading and whether the address bar has the focus."""

import time

from ...desktop.session import DesktopSession
from ...geometry import Box, ScreenPoint
from ...interrupt import sleep
from ...settle import RawFrame

_TAB_STRIP = (0, 40)
_TOOLBAR = (44, 84)
"""First row and end row of tab strip and toolbar, in CSS pixels from the top of the window."""

_STILL_S = 0.15
"""The loading spinner changes more often than this."""
_POLL_S = 0.03
_BYTES_PER_PIXEL = 4


class WindowParts:
    """Watches the tab strip and the toolbar of a window with `scale` screen pixels per CSS pixel."""

    def __init__(self, desktop: DesktopSession, scale: float) -> None:
        self._desktop = desktop
        self._scale = scale
        self._box = Box(0, 0, 1, 1)

    def is_drawn(self) -> bool:
        """Whether the tab strip is drawn; a new window is blank at first."""
        tab_strip = self._tab_strip()
        return tab_strip != tab_strip[:_BYTES_PER_PIXEL] * (len(tab_strip) // _BYTES_PER_PIXEL)

    def await_loaded(self, limit_s: float) -> bool:
        """Wait while the loading spinner in the tab strip moves; returns whether it did."""
        started = still_since = time.monotonic()
        last, moved = self._tab_strip(), False
        while (now := time.monotonic()) - still_since < _STILL_S and now - started < limit_s:
            sleep(_POLL_S)
            tab_strip = self._tab_strip()
            if tab_strip != last:
                last, moved, still_since = tab_strip, True, time.monotonic()
        return moved

    def toolbar(self) -> bytes:
        """The pixels of the toolbar, which contains the address bar."""
        return self._rows(_TOOLBAR)

    def address_bar(self) -> ScreenPoint:
        """A point in the address bar, which is in the middle of the toolbar at every window width."""
        window = self._window()
        return ScreenPoint((window.left + window.right) / 2, window.top + self._px(sum(_TOOLBAR) // 2))

    def toolbar_changes(self, before: bytes, within_s: float) -> bool:
        """Wait until the pixels of the toolbar differ from `before`; returns whether they do."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.toolbar() != before:
                return True
            sleep(_POLL_S)
        return False

    def _tab_strip(self) -> bytes:
        return self._rows(_TAB_STRIP)

    def _rows(self, part: tuple[int, int]) -> bytes:
        frame, window = self._desktop.frame(), self._window()
        return cut(
            frame, Box(window.left, window.top + self._px(part[0]), window.right, window.top + self._px(part[1]))
        )

    def _px(self, rows: int) -> int:
        return round(rows * self._scale)

    def _window(self) -> Box:
        """The box of the browser window, when it last had the focus."""
        windows = self._desktop.on_screen
        active = windows.active() if windows else None
        if windows and active and not windows.is_dialog_of_another(active):
            self._box = windows.box(active) or self._box
        return self._box


def cut(frame: RawFrame, box: Box) -> bytes:
    """The pixels of `frame` in `box`, row by row."""
    stride = frame.width * _BYTES_PER_PIXEL
    left, right = max(0, box.left) * _BYTES_PER_PIXEL, min(frame.width, box.right) * _BYTES_PER_PIXEL
    rows = range(max(0, box.top), min(frame.height, box.bottom))
    return b"".join(frame.pixels[row * stride + left : row * stride + right] for row in rows)
