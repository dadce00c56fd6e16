"""A connection to an X display, and the windows on it (Extended Window Manager Hints)."""

import platform
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from ...env import EnvLost, EnvUnavailable
from ...geometry import Box
from ..address import DisplayAddress
from .xlib import XDisplay, open_display

T = TypeVar("T")
_LONGEST_TITLE = 4096
_TRIES = 4
_AFRESH_S = 0.2


def connect(address: DisplayAddress) -> XDisplay:
    """Open a connection of its own.

    Raises:
        EnvUnavailable: there is no such display, or it does not let us in.
    """
    _check_there(address.name or "")
    connection = _opened(address)
    if not connection.has_extension("XTEST"):
        connection.close()
        raise EnvUnavailable(f"the display {address.name} has no XTEST extension, which moves its mouse")
    connection.set_error_handler(_overlook)
    return connection


def _opened(address: DisplayAddress) -> XDisplay:
    """A connection; tried a few times, since some servers begin anew when a visitor has left, and drop the next."""
    from Xlib import error

    for left in reversed(range(_TRIES)):
        try:
            with address.in_environment():
                return open_display(address.name)
        except (error.DisplayError, error.XauthError, error.ConnectionClosedError, OSError) as trouble:
            if not left:
                text = " ".join(str(trouble).split())
                raise EnvUnavailable(f"the display {address.name} cannot be opened: {text}") from trouble
        time.sleep(_AFRESH_S)
    raise AssertionError("unreachable: the last try returns or raises")


def _check_there(name: str) -> None:
    """Try a local display's socket first: python-xlib leaves its own open when nobody answers."""
    local = re.fullmatch(r":(\d+)(\.\d+)?", name)
    if local is None:
        return
    path = f"/tmp/.X11-unix/X{local[1]}"  # noqa: S108 -- where X servers listen
    for place in (path, "\0" + path):
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(place)
            return
    raise EnvUnavailable(f"the display {name} cannot be opened: no X server answers there")


def _overlook(_error: object, _request: object) -> None:
    """Errors that arrive late concern windows that went away meanwhile."""


def in_x(work: Callable[[], T]) -> T:
    """Do `work`; a connection that breaks means that the display is gone."""
    from Xlib import error

    try:
        return work()
    except (error.ConnectionClosedError, OSError) as trouble:
        raise EnvLost("the display is gone") from trouble


@dataclass(frozen=True, slots=True)
class Window:
    """A program's window: its id, title, and class (`WM_CLASS`, both parts, lower case)."""

    id: int
    title: str = ""
    classes: tuple[str, ...] = ()


class Windows:
    """The programs' windows on a display."""

    def __init__(self, connection: XDisplay) -> None:
        self._display = connection
        self._root = connection.screen().root
        self.managed = self._number(self._root, "_NET_SUPPORTING_WM_CHECK") is not None

    def await_manager(self) -> bool:
        """Look again whether a window manager has taken over."""
        self.managed = self._number(self._root, "_NET_SUPPORTING_WM_CHECK") is not None
        return self.managed

    def shown(self) -> tuple[Window, ...]:
        """All mapped windows of programs."""
        return tuple(self._described(number) for number in in_x(self._numbers))

    def numbers(self) -> set[int]:
        """The ids of all mapped windows of programs."""
        return set(in_x(self._numbers))

    def active(self) -> Window | None:
        """The window that has the focus; None where it cannot be told."""
        number = in_x(lambda: self._number(self._root, "_NET_ACTIVE_WINDOW"))
        if number:
            return self._described(number)
        shown = () if self.managed else self.shown()
        return shown[-1] if shown else None

    def active_process(self) -> int | None:
        """The process of the window that has the focus, if it is one of this machine (`_NET_WM_PID`)."""
        from Xlib import error

        number = in_x(lambda: self._number(self._root, "_NET_ACTIVE_WINDOW"))
        if not number or not is_readable(""):
            return None
        window = self._display.create_resource_object("window", number)
        try:
            host = in_x(lambda: self._property(window, "WM_CLIENT_MACHINE"))
            return in_x(lambda: self._number(window, "_NET_WM_PID")) if is_readable(_text(host or b"")) else None
        except error.XError:
            return None

    def activate(self, window: Window) -> None:
        """Ask the window manager to bring `window` to the front."""
        self._ask("_NET_ACTIVE_WINDOW", window, (2,))

    def place(self, window: Window) -> Box | None:
        """Where `window` is on the display; None if it has gone."""
        from Xlib import error

        target = self._display.create_resource_object("window", window.id)
        try:
            size, corner = target.get_geometry(), target.translate_coords(self._root, 0, 0)
        except error.XError:
            return None
        left, top = -int(corner.x), -int(corner.y)
        return Box(left, top, left + int(size.width), top + int(size.height))

    def belongs_to_another(self, window: Window) -> bool:
        """Whether `window` is a dialog of another window (`WM_TRANSIENT_FOR`)."""
        from Xlib import error

        target = self._display.create_resource_object("window", window.id)
        try:
            return bool(in_x(lambda: self._number(target, "WM_TRANSIENT_FOR")))
        except error.XError:
            return False

    def is_full_screen(self, window: Window) -> bool:
        """Whether `window` covers the whole screen without a frame or bars of its own."""
        from Xlib import error

        target = self._display.create_resource_object("window", window.id)
        try:
            states = in_x(lambda: self._property(target, "_NET_WM_STATE"))
        except error.XError:
            return False
        return self._display.intern_atom("_NET_WM_STATE_FULLSCREEN") in list(states or [])

    def close(self, window: Window) -> None:
        """Ask the window manager to close `window`, as its closing button does."""
        self._ask("_NET_CLOSE_WINDOW", window, (0, 2))

    def _ask(self, request: str, window: Window, data: tuple[int, ...]) -> None:
        """Send the window manager a request, with the words of `data` (EWMH, root window messages)."""
        from Xlib import X
        from Xlib.protocol import event

        target = self._display.create_resource_object("window", window.id)
        words = [*data, *([0] * (5 - len(data)))]
        message = event.ClientMessage(window=target, client_type=self._display.intern_atom(request), data=(32, words))
        mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
        in_x(lambda: self._root.send_event(message, event_mask=mask))
        in_x(self._display.sync)

    def _numbers(self) -> list[int]:
        from Xlib import X, error

        if self.managed:
            return list(self._property(self._root, "_NET_CLIENT_LIST") or [])
        found: list[int] = []
        for child in self._root.query_tree().children:
            with suppress(error.XError):
                attributes = child.get_attributes()
                if attributes.map_state == X.IsViewable and not attributes.override_redirect:
                    found.append(child.id)
        return found

    def _described(self, number: int) -> Window:
        from Xlib import error

        window = self._display.create_resource_object("window", number)
        try:
            name = self._property(window, "_NET_WM_NAME") or self._property(window, "WM_NAME") or b""
            classes = self._property(window, "WM_CLASS") or b""
        except error.XError:
            return Window(number)  # it went away between the list and the question
        parts = tuple(part.lower() for part in _text(classes).split("\0") if part)
        return Window(number, _text(name), parts)

    def _number(self, window: Any, name: str) -> int | None:
        value = self._property(window, name)
        return int(value[0]) if value is not None and len(value) else None

    def _property(self, window: Any, name: str) -> Any:
        from Xlib import X

        atom = self._display.intern_atom(name)
        found = window.get_property(atom, X.AnyPropertyType, 0, _LONGEST_TITLE)
        return None if found is None else found.value


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def is_x11() -> bool:
    """Whether this platform's screens are X displays."""
    return platform.system() not in ("Darwin", "Windows")


def is_readable(host: str) -> bool:
    """Whether the processes of windows that say they are from `host` can be looked at here."""
    return platform.system() == "Linux" and host in ("", "localhost", socket.gethostname())
