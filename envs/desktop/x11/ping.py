"""Detects whether a program has read its input: a window answers `_NET_WM_PING` after all earlier events."""

import select
import time
from contextlib import suppress
from typing import Any

from ...env import EnvLost
from ...interrupt import SLICE_S, check_interrupted
from ..address import DisplayAddress
from .connection import Window, call_x, connect


class Ping:
    """Pings windows, on its own connection, since the answers arrive as events (EWMH, `_NET_WM_PING`)."""

    def __init__(self, address: DisplayAddress) -> None:
        self._display = connect(address)
        self._root = self._display.screen().root
        self._ping = self._display.intern_atom("_NET_WM_PING")
        self._protocols = self._display.intern_atom("WM_PROTOCOLS")
        self._stamp = 0
        self._silent: set[int] = set()

    def give_up_on(self, window: Window) -> None:
        """Stop pinging `window`: it has read its input without answering (Qt 5 claims support but does not answer)."""
        self._silent.add(window.id)

    def answered(self, window: Window | None, within_s: float) -> bool | None:
        """Whether `window` answers in time; None if it does not support pings.

        Raises:
            EnvLost: the display is gone.
        """
        from Xlib import error

        if window is None or window.id in self._silent:
            return None
        try:
            return call_x(lambda: self._ping_window(window.id, within_s))
        except error.XError:
            return None  # it has closed

    def close(self) -> None:
        """Close the connection."""
        with suppress(EnvLost):
            call_x(self._display.close)

    def _ping_window(self, number: int, within_s: float) -> bool | None:
        from Xlib import X
        from Xlib.protocol import event

        window = self._display.create_resource_object("window", number)
        known = window.get_full_property(self._protocols, X.AnyPropertyType)
        if known is None or self._ping not in list(known.value):
            return None
        self._stamp += 1
        data = [self._ping, self._stamp, number, 0, 0]
        self._root.change_attributes(event_mask=X.SubstructureNotifyMask)
        try:
            message = event.ClientMessage(window=window, client_type=self._protocols, data=(32, data))
            window.send_event(message)
            self._display.sync()
            return self._await_answer(data[:3], time.monotonic() + within_s)
        finally:
            self._root.change_attributes(event_mask=X.NoEventMask)
            self._display.sync()
            while self._display.pending_events():
                self._display.next_event()

    def _await_answer(self, data: list[int], end: float) -> bool:
        while (left := end - time.monotonic()) > 0:
            if not self._display.pending_events():
                check_interrupted()
                select.select([self._display.fileno()], [], [], min(SLICE_S, left))
                continue
            if _client_data(self._display.next_event())[:3] == data:
                return True
        return False


def _client_data(event: Any) -> list[int]:
    """The five numbers of a client message; empty for another event."""
    from Xlib import X

    if event.type & 0x7F != X.ClientMessage or event.data[0] != 32:
        return []
    return [int(word) for word in event.data[1]]
