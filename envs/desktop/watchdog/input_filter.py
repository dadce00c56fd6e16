"""Checks and announces every input that an X connection sends.

The filter sits on the connection itself, so no code path can bypass it. After a stop, releases still pass.
"""

from typing import Any

from ..x11.xlib import XDisplay
from . import NoWatchdog
from .shared_state import Kind

_FAKE_INPUT = 2
_RELEASES = (Kind.KEY_UP, Kind.BUTTON_UP)


def filter_input(connection: XDisplay, watchdog: NoWatchdog) -> None:
    """Make `connection` call `watchdog.check` and `watchdog.announce` before each XTEST input.

    An error of `check` is raised where the input would have been sent; it is not sent then.
    """
    from Xlib.ext import xtest

    opcode = connection.display.get_extension_major(xtest.extname)
    send = connection.display.send_request

    def checked_send(request: Any, wait_for_response: bool) -> None:
        head = request._binary[:6]  # the request as it is sent: opcode, minor opcode, length, type, detail
        if head[0] == opcode and head[1] == _FAKE_INPUT:
            kind = Kind(head[4])
            if kind not in _RELEASES:
                watchdog.check()
            watchdog.announce(kind, head[5] if kind is not Kind.MOTION else 0)
        send(request, wait_for_response)

    connection.display.send_request = checked_send
