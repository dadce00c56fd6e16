"""Transfers the content of an X selection in all its formats, from its owner and to requestors.

Large content is sent in chunks (`INCR`, ICCCM section 2.7.2), in both directions.
"""

import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...clipboard import MAX_READ_CHARACTERS, ClipboardContent
from .xlib import XDisplay

TEXT_TYPES = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain", "TEXT", "STRING")
LARGEST_BYTES = 32 * 2**20
MAX_FORMATS = 24
CHUNK_BYTES = 100_000
"""Larger content is sent in chunks of this size; a request to an X server holds 262,140 bytes."""

_FORMAT_LIMIT_S, _LIMIT_S = 0.5, 1.5
_PREFERRED = ("UTF8_STRING", "image/png", "text/uri-list", "text/html")
_NOT_CONTENT = {
    "TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION", "INSERT_PROPERTY", "LENGTH",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SelectionFormat:
    """Content in one format: its type (an atom), and its bytes."""

    kind: int
    data: bytes


Content: TypeAlias = dict[str, SelectionFormat]
"""Content by format name (`UTF8_STRING`, `image/png`); empty if there is none."""


def text_content(text: str, atom: Callable[[str], int]) -> Content:
    """`text` in all text formats that programs request."""
    data = text.encode("utf-8")
    return {name: SelectionFormat(atom("UTF8_STRING" if name == "TEXT" else name), data) for name in TEXT_TYPES}


def as_text(content: Content, formats: tuple[str, ...] = ()) -> ClipboardContent:
    """The text of `content`, and the names of its formats, or of `formats`."""
    name = next((name for name in TEXT_TYPES if name in content), None)
    if name is None:
        return ClipboardContent(None, formats or tuple(content))
    text = content[name].data.decode("latin-1" if name == "STRING" else "utf-8", "replace")
    return ClipboardContent(text[:MAX_READ_CHARACTERS], formats or tuple(content))


@dataclass(slots=True)
class SelectionReader:
    """Requests content from the owner of a selection. Other events that arrive go to `handle`."""

    display: XDisplay
    window: Any
    handle: Callable[[Any], None]

    def text(self, selection: int) -> ClipboardContent:
        """The content as text, and the names of its formats."""
        names = self._names(selection)
        end = time.monotonic() + _LIMIT_S
        for name in TEXT_TYPES:
            form = self._format(selection, name, end, LARGEST_BYTES) if name in names else None
            if form is not None:
                return as_text({name: form}, names)
        return ClipboardContent(None, names)

    def content(self, selection: int) -> Content:
        """The content in all formats that the owner sends within the limits, the most common formats first."""
        end = time.monotonic() + _LIMIT_S
        names = sorted(
            self._names(selection),
            key=lambda name: _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED),
        )
        found: Content = {}
        left = LARGEST_BYTES
        for name in names[:MAX_FORMATS]:
            form = self._format(selection, name, min(end, time.monotonic() + _FORMAT_LIMIT_S), left)
            if form is not None:
                found[name] = form
                left -= len(form.data)
        return found

    def _names(self, selection: int) -> tuple[str, ...]:
        """The names of the formats of the content; empty if the selection has no owner."""
        from Xlib import X

        if self.display.get_selection_owner(selection) == X.NONE:
            return ()
        return tuple(name for name in self._formats(selection) if name not in _NOT_CONTENT)

    def _formats(self, selection: int) -> list[str]:
        """The names of the available formats; only text if the owner does not list them."""
        property_atom = self._convert(selection, "TARGETS", time.monotonic() + _FORMAT_LIMIT_S)
        value = None if property_atom is None else self._take_property(property_atom)
        if value is None or value.format != 32:
            return ["UTF8_STRING"]
        return [str(self.display.get_atom_name(atom)) for atom in value.value]

    def _format(self, selection: int, name: str, end: float, most: int) -> SelectionFormat | None:
        property_atom = self._convert(selection, name, end)
        value = None if property_atom is None else self._take_property(property_atom)
        if property_atom is None or value is None:
            return None
        if value.property_type == self.display.intern_atom("INCR"):
            return self._in_chunks(property_atom, end, most)
        return SelectionFormat(value.property_type, bytes(value.value)) if value.format == 8 else None

    def _in_chunks(self, property_atom: int, end: float, most: int) -> SelectionFormat | None:
        """Read the chunks that the owner writes to the property; an empty chunk ends the content."""
        from Xlib import X

        kind, chunks, size = 0, list[bytes](), 0
        while size <= most:
            if self._event(end, lambda event: event.type == X.PropertyNotify and event.atom == property_atom) is None:
                return None
            value = self._take_property(property_atom)
            if value is None or value.format != 8:
                continue
            if not value.value:
                return SelectionFormat(kind, b"".join(chunks))
            kind = value.property_type
            chunks.append(bytes(value.value))
            size += len(chunks[-1])
        return None

    def _convert(self, selection: int, name: str, end: float) -> int | None:
        """Ask the owner to write a format to our window; returns the property, None if it refuses."""
        from Xlib import X

        target = self.display.intern_atom(name)
        self.window.convert_selection(selection, target, target, X.CurrentTime)
        self.display.sync()
        event = self._event(end, lambda event: event.type == X.SelectionNotify and event.target == target)
        return None if event is None or event.property == X.NONE else int(event.property)

    def _take_property(self, property_atom: int) -> Any:
        from Xlib import X

        found = self.window.get_full_property(property_atom, X.AnyPropertyType)
        self.window.delete_property(property_atom)
        self.display.sync()
        return found

    def _event(self, end: float, wanted: Callable[[Any], bool]) -> Any:
        """The next event for which `wanted` is true; None if none arrives before `end`."""
        while (left := end - time.monotonic()) > 0:
            if not self.display.pending_events():
                select.select([self.display.fileno()], [], [], left)
                continue
            event = self.display.next_event()
            if wanted(event):
                return event
            self.handle(event)
        return None


@dataclass(slots=True)
class SelectionWriter:
    """Sends content to windows that request it, large content in chunks."""

    display: XDisplay
    _transfers: dict[tuple[int, int], tuple[SelectionFormat, int]] = field(
        default_factory=dict[tuple[int, int], tuple[SelectionFormat, int]]
    )

    def send(self, requestor: Any, property_atom: int, form: SelectionFormat) -> None:
        """Write `form` to the property `property_atom` of `requestor`, or start sending it in chunks."""
        from Xlib import X

        if len(form.data) <= CHUNK_BYTES * 2:
            requestor.change_property(property_atom, form.kind, 8, form.data)
            return
        requestor.change_attributes(event_mask=X.PropertyChangeMask)
        self._transfers[requestor.id, property_atom] = (form, 0)
        requestor.change_property(property_atom, self.display.intern_atom("INCR"), 32, [len(form.data)])

    def on_property_deleted(self, event: Any) -> None:
        """Send the next chunk if `event` reports that the requestor has read the last one."""
        from Xlib import X

        key = (event.window.id, event.atom)
        if event.state != X.PropertyDelete or key not in self._transfers:
            return
        form, start = self._transfers[key]
        chunk = form.data[start : start + CHUNK_BYTES]
        event.window.change_property(event.atom, form.kind, 8, chunk)
        if chunk:
            self._transfers[key] = (form, start + len(chunk))
        else:
            del self._transfers[key]
            event.window.change_attributes(event_mask=X.NoEventMask)
        self.display.sync()
