"""Opening connections with python-xlib, several of them to servers that differ."""

import threading
from typing import Any, TypeAlias

XDisplay: TypeAlias = Any
"""An `Xlib.display.Display`; python-xlib ships no types."""

_opening = threading.Lock()


def open_display(name: str | None = None) -> XDisplay:
    """A connection to the display `name`, or to the one that DISPLAY names, whatever other servers are connected.

    python-xlib 0.33 keeps what the events and errors of a server's extensions are numbered as in one table for all
    connections; a server that numbers them otherwise could not be opened then. Here each has a table of its own.

    Raises:
        Xlib.error.DisplayError, Xlib.error.XauthError, Xlib.error.ConnectionClosedError, OSError: it cannot be opened.
    """
    from Xlib import display, error
    from Xlib.protocol import display as protocol
    from Xlib.protocol import event

    connection: Any = protocol.Display
    with _opening:
        shared = connection.event_classes, connection.error_classes
        own = event.event_class.copy(), error.xerror_class.copy()
        connection.event_classes, connection.error_classes = own
        try:
            opened: Any = display.Display(name)
        finally:
            connection.event_classes, connection.error_classes = shared
        opened.display.event_classes, opened.display.error_classes = own
        return opened
