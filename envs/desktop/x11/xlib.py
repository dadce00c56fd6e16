"""Opens python-xlib connections to several servers at once."""

import threading
from typing import Any, TypeAlias

XDisplay: TypeAlias = Any
"""An `Xlib.display.Display`; python-xlib ships no types."""

_opening = threading.Lock()


def open_display(name: str | None = None) -> XDisplay:
    """Connect to the display `name`, or to the one that DISPLAY names.

    python-xlib 0.33 stores the event and error numbers of extensions in one table for all connections, so a second
    server with other numbers cannot be opened. Here each connection gets its own table.

    Raises:
        Xlib.error.DisplayError, Xlib.error.XauthError, Xlib.error.ConnectionClosedError, OSError: it cannot connect.
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
