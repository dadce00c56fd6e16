"""The clipboard of a Wayland compositor, by `wlr-data-control` or its successor `ext-data-control`.

Both have the same requests and events. Compositors report the clipboard's changes to such a client without the focus.
Events are handled whenever the connection is used, so a text of ours is served while the screen is watched.
"""

import os
import select
import threading
import time
from contextlib import suppress
from functools import partial

from ...clipboard import MAX_READ_CHARACTERS, ClipboardContent
from ...env import EnvUnavailable
from .screen import WaylandScreen
from .wire import WireArguments

_MANAGERS = ("ext_data_control_manager_v1", "zwlr_data_control_manager_v1")
_CREATE_SOURCE, _GET_DEVICE = 0, 1
_SET_SELECTION = 0
_DATA_OFFER, _SELECTION = 0, 1
_OFFER, _RECEIVE, _DESTROY = 0, 0, 1
_SEND, _CANCELLED = 0, 1
_TEXT = ("text/plain;charset=utf-8", "UTF8_STRING", "text/plain", "STRING", "TEXT")
_LIMIT_S = 1.5
_CHUNK = 1 << 16


class WaylandClipboard:
    """See `Clipboard`.

    Raises:
        EnvUnavailable: the compositor supports no protocol for it.
    """

    def __init__(self, screen: WaylandScreen) -> None:
        wire = screen.wire
        name = next((name for name in _MANAGERS if name in wire.globals), None)
        if name is None:
            raise EnvUnavailable(f"this Wayland compositor gives no access to its clipboard: it lacks {_MANAGERS[0]}")
        self._wire = wire
        self._formats: dict[int, list[str]] = {}
        self._offer = 0
        self._own: tuple[int, str] | None = None
        self._changed = False
        self._manager = wire.bind(name, 1)
        self._device = wire.new(self._on_device)
        wire.request(self._manager, _GET_DEVICE, self._device, screen.seat)
        wire.roundtrip()

    def read(self) -> ClipboardContent:
        """See `Clipboard`."""
        self._wire.roundtrip()
        if self._own is not None:
            return ClipboardContent(self._own[1][:MAX_READ_CHARACTERS], _TEXT)
        formats = tuple(self._formats.get(self._offer, ()))
        wanted = next((name for name in _TEXT if name in formats), None)
        return ClipboardContent(None if wanted is None else self._receive(wanted), formats)

    def write(self, text: str) -> None:
        """See `Clipboard`."""
        source = self._wire.new()
        self._wire.listen(source, partial(self._on_source, source))
        self._wire.request(self._manager, _CREATE_SOURCE, source)
        for name in _TEXT:
            self._wire.request(source, _OFFER, name)
        self._own = source, text
        self._wire.request(self._device, _SET_SELECTION, source)
        self._wire.roundtrip()

    def watch(self) -> None:
        """See `Clipboard`."""
        self._changed = False

    def has_changed(self) -> bool:
        """See `Clipboard`."""
        self._wire.roundtrip()
        changed, self._changed = self._changed, False
        return changed

    def _receive(self, name: str) -> str:
        """The text that the owner of the clipboard sends in the format `name`, as far as it arrives in time."""
        reading, writing = os.pipe()
        data, end = b"", time.monotonic() + _LIMIT_S
        try:
            self._wire.request(self._offer, _RECEIVE, name, file=writing)
            os.close(writing)
            while len(data) < 4 * MAX_READ_CHARACTERS and (left := end - time.monotonic()) > 0:
                if not select.select([reading], [], [], left)[0] or not (chunk := os.read(reading, _CHUNK)):
                    break
                data += chunk
        finally:
            os.close(reading)
        return data.decode("utf-8", "replace")[:MAX_READ_CHARACTERS]

    def _on_device(self, opcode: int, arguments: WireArguments) -> None:
        if opcode == _DATA_OFFER:
            offer = arguments.number()
            names = self._formats[offer] = []
            self._wire.listen(offer, lambda _opcode, given: names.append(given.text()))
        elif opcode == _SELECTION:
            before, self._offer = self._offer, arguments.number()
            if before and before != self._offer:
                self._wire.request(before, _DESTROY)
                self._formats.pop(before, None)
            self._changed = self._changed or self._own is None

    def _on_source(self, source: int, opcode: int, arguments: WireArguments) -> None:
        """Serve our text to a program that pastes, until another program copies something."""
        if opcode == _SEND:
            arguments.text()
            file = arguments.file()
            if file is not None and self._own is not None:
                threading.Thread(target=_send, args=(file, self._own[1].encode()), daemon=True).start()
        elif opcode == _CANCELLED:
            self._wire.request(source, _DESTROY)
            if self._own is not None and self._own[0] == source:
                self._own, self._changed = None, True


def _send(file: int, data: bytes) -> None:
    with suppress(OSError), os.fdopen(file, "wb") as pipe:  # the program may stop reading
        pipe.write(data)
