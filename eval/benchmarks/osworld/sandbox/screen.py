"""The screen of the machine: pictures, the pointer, windows, and what of the accessibility tree is cheap to know."""

import json
import os
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import JSONResponse, PlainTextResponse, Response

from .....envs.desktop.address import DisplayAddress
from .....envs.desktop.capture import Capture, screenshot_of
from .....envs.desktop.x11.connection import Window, Windows, connect
from .commands import Fields, expanded

DEBUG_PORTS = (1337, 9222)
"""Where OSWorld's tasks start the debugging interface of Chrome."""

_CHROME = "Google Chrome"
_OPENING_S = 60.0
_PAUSE_S = 0.2


class MachineScreen:
    """The display that DISPLAY names. Its connections are used by one request at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        address = DisplayAddress(os.environ.get("DISPLAY"), os.environ.get("XAUTHORITY"))
        self._display = connect(address)
        self._windows = Windows(self._display)
        self._capture = Capture(address, 1, with_pointer=True)

    def screenshot(self, _: Fields) -> Response:
        """The screen with the pointer, as PNG."""
        with self._lock:
            frame = self._capture.frame()
        png = BytesIO()
        screenshot_of(frame).image.save(png, "PNG", compress_level=1)
        return Response(png.getvalue(), media_type="image/png")

    def screen_size(self, _: Fields) -> Response:
        """Width and height."""
        return JSONResponse({"width": self._capture.size.width, "height": self._capture.size.height})

    def cursor_position(self, _: Fields) -> Response:
        """Where the pointer is."""
        with self._lock:
            at = self._display.screen().root.query_pointer()
        return JSONResponse([int(at.root_x), int(at.root_y)])

    def window_size(self, fields: Fields) -> Response:
        """The size of the window with a class."""
        name = str(fields["app_class_name"]).lower()
        with self._lock:
            found = next((one for one in self._windows.shown() if name in one.classes), None)
            box = self._windows.box(found) if found else None
        if box is None:
            return JSONResponse(None)
        return JSONResponse({"width": int(box.right - box.left), "height": int(box.bottom - box.top)})

    def has_window(self, name: str) -> bool:
        """Whether there is a window with `name` in its title."""
        return bool(self._named(name))

    def activate(self, fields: Fields) -> Response:
        """Bring a window to the front."""
        for window in self._asked(fields)[:1]:
            with self._lock:
                self._windows.activate(window)
        return PlainTextResponse("Window activated successfully")

    def close(self, fields: Fields) -> Response:
        """Close a window, as its button does."""
        for window in self._asked(fields)[:1]:
            with self._lock:
                self._windows.close(window)
        return PlainTextResponse("Window closed successfully.")

    def open_file(self, fields: Fields) -> Response:
        """Open a file with the program for its kind, or start a program; wait for its window."""
        path = expanded(fields["path"])
        if not path.exists() and shutil.which(str(fields["path"])) is None:
            return PlainTextResponse(f"Application/file not found: {path}", 404)
        subprocess.Popen(["xdg-open", str(path)] if path.exists() else [str(fields["path"])])
        end = time.monotonic() + _OPENING_S
        while time.monotonic() < end:
            for window in (self._named(path.name) or self._named(path.stem))[:1]:
                with self._lock:
                    self._windows.activate(window)
                return PlainTextResponse("File opened and window activated successfully")
            time.sleep(_PAUSE_S)
        return PlainTextResponse(f"Failed to find window for {path.name}", 500)

    def accessibility(self, _: Fields) -> Response:
        """The programs with the titles of their windows, and the address that Chrome shows; nothing below that."""
        tree = Element("desktop-frame", {"name": "main"})
        with self._lock:
            shown = self._windows.shown()
        for window in shown:
            is_chrome = _is_chrome(window)
            name = _CHROME if is_chrome else "".join(window.classes[-1:])
            program = SubElement(tree, "application", {"name": name})
            frame = SubElement(program, "frame", {"name": window.title})
            if is_chrome:
                entry = SubElement(frame, "entry", {"name": "Address and search bar"})
                entry.text = next(_addresses(), "")
        return JSONResponse({"AT": tostring(tree, encoding="unicode")})

    def _named(self, name: str) -> list[Window]:
        with self._lock:
            return [one for one in self._windows.shown() if name in one.title]

    def _asked(self, fields: Fields) -> list[Window]:
        """The windows that a request names: by title or class, exactly or by a part in any case."""
        name, strict = str(fields["window_name"]), bool(fields.get("strict"))
        with self._lock:
            shown = self._windows.shown()
        texts = {one: ".".join(one.classes) if fields.get("by_class") else _title(one) for one in shown}
        if strict:
            return [one for one, text in texts.items() if text == name]
        return [one for one, text in texts.items() if name.lower() in text.lower()]


def _is_chrome(window: Window) -> bool:
    return any("chrom" in name for name in window.classes)


def _title(window: Window) -> str:
    """The title; that of Chromium as if it were Google Chrome."""
    return f"{window.title} - {_CHROME}" if _is_chrome(window) and _CHROME not in window.title else window.title


def _addresses() -> Iterator[str]:
    """The addresses of Chrome's tabs, the active one first, as its address bar shows them."""
    for port in DEBUG_PORTS:
        with suppress(OSError, ValueError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as answer:
                tabs = json.load(answer)
            yield from (shown_address(tab["url"]) for tab in tabs if tab.get("type") == "page")


def shown_address(url: str) -> str:
    """An address without what Chrome leaves out: `http://`, `https://`, `www.`, and the slash of an empty path."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return url
    rest = url.partition("://")[2].removeprefix("www.")
    return rest.rstrip("/") if parts.path == "/" and not parts.query else rest
