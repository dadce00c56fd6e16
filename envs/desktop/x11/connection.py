"""Connections to X displays, and the windows on them (Extended Window Manager Hints)."""

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
_MENUS = ("MENU", "DROPDOWN_MENU", "POPUP_MENU")
_SECONDARY = ("SPLASH", "DOCK", "DESKTOP", "NOTIFICATION", "TOOLTIP", "MENU")
_MOST_INSIDE = 20
_DECORATIONS = 2  # the flag of _MOTIF_WM_HINTS that says that its third number is set
_TRIES = 4
_RETRY_S = 0.2


def connect(address: DisplayAddress) -> XDisplay:
    """Open a connection.

    Raises:
        EnvUnavailable: there is no such display, or it denies access.
    """
    _check_socket(address.name or "")
    connection = _open(address)
    if not connection.has_extension("XTEST"):
        connection.close()
        raise EnvUnavailable(
            f"the display {address.name} has no XTEST extension, through which input is sent: "
            "start its server with it, or use a virtual display (--virtual)"
        )
    connection.set_error_handler(_ignore)
    return connection


def _open(address: DisplayAddress) -> XDisplay:
    """Open a connection; retries, since some servers reset when their last client disconnects and drop the next one."""
    from Xlib import error

    for left in reversed(range(_TRIES)):
        try:
            with address.in_environment():
                opened = open_display(address.name)
        except (error.DisplayError, error.XauthError, error.ConnectionClosedError, OSError) as lost:
            if not left:
                text = " ".join(str(lost).split())
                raise EnvUnavailable(f"the display {address.name} cannot be opened: {text}") from lost
            time.sleep(_RETRY_S)
            continue
        if opened.get_default_screen() >= opened.screen_count():
            opened.close()
            raise EnvUnavailable(f"the display {address.name} has no such screen: it has {opened.screen_count()}")
        return opened
    raise AssertionError("unreachable: the last attempt returns or raises")


def _check_socket(name: str) -> None:
    """Check a local display's socket first: python-xlib leaks its own if no server answers."""
    local = re.fullmatch(r":(\d+)(\.\d+)?", name)
    if local is None:
        return
    path = f"/tmp/.X11-unix/X{local[1]}"  # noqa: S108 -- where X servers listen
    for address in (path, "\0" + path):
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(address)
            return
    raise EnvUnavailable(f"the display {name} cannot be opened: no X server answers there")


def _ignore(_error: object, _request: object) -> None:
    """Ignore asynchronous errors; they concern windows that have closed."""


def call_x(work: Callable[[], T]) -> T:
    """Call `work`; raises `EnvLost` if the connection breaks."""
    from Xlib import error

    try:
        return work()
    except (error.ConnectionClosedError, OSError) as lost:
        raise EnvLost("the display is gone") from lost


@dataclass(frozen=True, slots=True)
class Window:
    """A program's window: its id, title, and class (`WM_CLASS`, both parts, lower case).

    `is_main` is false for splash screens, docks and the like, which appear before or beside a program's window.
    """

    id: int
    title: str = ""
    classes: tuple[str, ...] = ()
    is_main: bool = True


class Windows:
    """The windows of programs on a display, with or without a window manager, which may start or end at any time."""

    def __init__(self, connection: XDisplay) -> None:
        self._display = connection
        self._root = connection.screen().root

    def is_managed(self) -> bool:
        """Whether a window manager is running that lists windows; one that has ended leaves only its first property."""
        check = "_NET_SUPPORTING_WM_CHECK"
        owner = self._number(self._root.id, check)
        return owner is not None and self._number(owner, check) == owner

    def shown(self) -> tuple[Window, ...]:
        """All mapped windows of programs."""
        return tuple(self._describe(number) for number in call_x(self._numbers))

    def ids(self) -> set[int]:
        """The ids of all mapped windows of programs."""
        return set(call_x(self._numbers))

    def active(self) -> Window | None:
        """The window that has the focus; None if unknown."""
        number = self._number(self._root.id, "_NET_ACTIVE_WINDOW") if self.is_managed() else call_x(self._focused)
        return self._describe(number) if number else None

    def has_focus(self, window: Window) -> bool:
        """Whether `window` or a dialog of it has the focus."""
        active = self.active()
        return active is not None and window.id in (active.id, self._number(active.id, "WM_TRANSIENT_FOR"))

    def focus(self) -> int | None:
        """The id of the window that gets the keys, often a part of the active window; None if there is none."""
        found = call_x(self._display.get_input_focus).focus
        return found.id if hasattr(found, "id") and found.id != self._root.id else None

    def may_be_of_one_program(self, one: int, other: int) -> bool:
        """Whether two windows belong to one connection or one process, as far as that is known."""
        mask = ~int(self._display.display.info.resource_id_mask)
        if one & mask == other & mask:
            return True
        processes = self.process_of(one), self.process_of(other)
        return None in processes or processes[0] == processes[1]

    def active_processes(self) -> tuple[int, ...]:
        """The process of the focused window, or those of all windows if none has the focus; on this machine only."""
        active = self.active()
        shown = (active,) if active else self.shown()
        return tuple({pid for window in shown if (pid := self.process_of(window.id)) is not None})

    def process_of(self, window: int) -> int | None:
        """The process that the server knows for a window's client; else the one that the window reports."""
        from Xlib import error
        from Xlib.ext import res

        if self._display.has_extension("X-Resource"):
            wanted = [{"client": window, "mask": res.LocalClientPIDMask}]
            with suppress(error.XError):
                found = call_x(lambda: self._display.res_query_client_ids(wanted)).ids
                if pid := next((int(each.value[0]) for each in found if len(each.value)), 0):
                    return pid
        if not is_local(_text(self._property(window, "WM_CLIENT_MACHINE") or b"")):
            return None
        return self._number(window, "_NET_WM_PID")

    def activate(self, window: Window) -> None:
        """Bring `window` to the front and give it the focus."""
        if self.is_managed():
            self._ask("_NET_ACTIVE_WINDOW", window, (2,))
        else:
            call_x(lambda: self._raise(window.id))

    def box(self, window: Window) -> Box | None:
        """The position of `window` on the display; None if it has closed."""
        from Xlib import error

        target = self._display.create_resource_object("window", window.id)
        try:
            size, corner = target.get_geometry(), target.translate_coords(self._root, 0, 0)
        except error.XError:
            return None
        left, top = -int(corner.x), -int(corner.y)
        return Box(left, top, left + int(size.width), top + int(size.height))

    def is_dialog_of_another(self, window: Window) -> bool:
        """Whether `window` is a dialog of another window (`WM_TRANSIENT_FOR`)."""
        return bool(self._number(window.id, "WM_TRANSIENT_FOR"))

    def is_full_screen(self, window: Window) -> bool:
        """Whether `window` is in full-screen mode."""
        states = self._property(window.id, "_NET_WM_STATE")
        return self._display.get_atom("_NET_WM_STATE_FULLSCREEN") in list(states or [])

    def is_menu_under_pointer(self) -> bool:
        """Whether the pointer is over an open menu."""
        child = call_x(self._root.query_pointer).child
        kinds = self._property(child.id, "_NET_WM_WINDOW_TYPE") if child else None
        return bool({self._display.get_atom(f"_NET_WM_WINDOW_TYPE_{kind}") for kind in _MENUS} & {*(kinds or ())})

    def close(self, window: Window) -> None:
        """Ask the window manager to close `window`, as its close button does."""
        self._ask("_NET_CLOSE_WINDOW", window, (0, 2))

    def _ask(self, request: str, window: Window, data: tuple[int, ...]) -> None:
        """Send a request with up to five numbers to the window manager (EWMH, root window messages)."""
        from Xlib import X
        from Xlib.protocol import event

        target = self._display.create_resource_object("window", window.id)
        words = [*data, *([0] * (5 - len(data)))]
        message = event.ClientMessage(window=target, client_type=self._display.get_atom(request), data=(32, words))
        mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
        call_x(lambda: self._root.send_event(message, event_mask=mask))
        call_x(self._display.sync)

    def _numbers(self) -> list[int]:
        from Xlib import X, error

        if self.is_managed():
            return list(self._property(self._root.id, "_NET_CLIENT_LIST") or [])
        found: list[int] = []
        for child in self._root.query_tree().children:
            with suppress(error.XError):
                attributes = child.get_attributes()
                if attributes.map_state == X.IsViewable and not attributes.override_redirect:
                    found.append(self._client_in(child))
        return found

    def _client_in(self, frame: Any) -> int:
        """The program's window in the frame of a window manager that lists none, such as twm; else `frame` itself."""
        inside = [frame]
        for window in inside:  # grows while iterating
            if self._property(window.id, "WM_CLASS"):
                return int(window.id)
            if len(inside) < _MOST_INSIDE:
                inside += window.query_tree().children
        return int(frame.id)

    def _focused(self) -> int:
        """The window with the focus of the X server; without one, the window below the pointer; 0 if there is none."""
        from Xlib import X, error

        shown = set(self._numbers())
        focus = self._display.get_input_focus().focus
        with suppress(error.XError):  # a window has closed meanwhile
            if focus == X.PointerRoot:
                below = self._root.query_pointer().child
                number = self._client_in(below) if below else 0
                return number if number in shown else 0
            while focus and focus.id not in shown:
                focus = focus.query_tree().parent
            return int(focus.id) if focus else 0
        return 0

    def _raise(self, number: int) -> None:
        from Xlib import X, error

        window = self._display.create_resource_object("window", number)
        with suppress(error.XError):
            window.map()
            window.configure(stack_mode=X.Above)
            window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.sync()

    def _is_main(self, number: int) -> bool:
        """Whether a window is neither a splash screen or the like, nor an undecorated one that belongs to another.

        Many programs draw their own title bars, so a window without decoration can be a main one.
        """
        kinds = [self._display.get_atom(f"_NET_WM_WINDOW_TYPE_{kind}") for kind in _SECONDARY]
        if any(kind in kinds for kind in list(self._property(number, "_NET_WM_WINDOW_TYPE") or [])[:1]):
            return False
        hints = list(self._property(number, "_MOTIF_WM_HINTS") or [])
        if len(hints) < 3 or not hints[0] & _DECORATIONS or hints[2]:
            return True
        states = list(self._property(number, "_NET_WM_STATE") or [])
        hidden = self._display.get_atom("_NET_WM_STATE_SKIP_TASKBAR") in states
        return not hidden and not self._number(number, "WM_TRANSIENT_FOR")

    def _describe(self, number: int) -> Window:
        name = self._property(number, "_NET_WM_NAME") or self._property(number, "WM_NAME") or b""
        classes = _text(self._property(number, "WM_CLASS") or b"").split("\0")
        return Window(number, _text(name), tuple(part.lower() for part in classes if part), self._is_main(number))

    def _number(self, window: int, name: str) -> int | None:
        value = self._property(window, name)
        return int(value[0]) if value is not None and len(value) else None

    def _property(self, window: int, name: str) -> Any:
        """The value of a property; None if it is not set, or the window has closed."""
        from Xlib import X, error

        target, atom = self._display.create_resource_object("window", window), self._display.get_atom(name)
        try:
            found = call_x(lambda: target.get_property(atom, X.AnyPropertyType, 0, _LONGEST_TITLE))
        except error.XError:
            return None
        return None if found is None else found.value


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def is_x11() -> bool:
    """Whether this platform's screens are X displays."""
    return platform.system() not in ("Darwin", "Windows")


def is_local(host: str) -> bool:
    """Whether the processes of windows from `host` can be inspected here."""
    return platform.system() == "Linux" and host in ("", "localhost", socket.gethostname())
