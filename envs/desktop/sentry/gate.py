"""The gate between gestures and the device: what the person at the screen has stopped does not pass, letting go does.

On X it is put on the connection itself, so that nothing which is faked there gets around it, nor goes unannounced.
"""

from typing import Any

from ..x11.xlib import XDisplay
from . import Unwatched
from .board import Kind

_FAKE_INPUT = 2
_LETTING_GO = (Kind.KEY_UP, Kind.BUTTON_UP)


def put_gate_on(connection: XDisplay, watched: Unwatched) -> None:
    """Let every fake input of `connection` pass `watched`, which hears of it before the server does.

    Errors of `watched.check` are raised where the input was to be faked; nothing of it is sent then.
    """
    from Xlib.ext import xtest

    opcode = connection.display.get_extension_major(xtest.extname)
    send = connection.display.send_request

    def gated(request: Any, wait_for_response: bool) -> None:
        what = request._binary[:6]  # the request as it is sent: opcode, minor opcode, length, type, detail
        if what[0] == opcode and what[1] == _FAKE_INPUT:
            kind = Kind(what[4])
            if kind not in _LETTING_GO:
                watched.check()
            watched.announce(kind, what[5] if kind is not Kind.MOTION else 0)
        send(request, wait_for_response)

    connection.display.send_request = gated
