"""What an X selection holds, in every form that its owner offers: asked of the owner, and handed to whoever asks.

Large contents go in pieces (`INCR`, ICCCM section 2.7.2), in both directions.
"""

import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .xlib import XDisplay

TEXT_TYPES = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain", "TEXT", "STRING")
LARGEST_BYTES = 32 * 2**20
MOST_FORMS = 24
PIECE_BYTES = 100_000
"""A larger content goes in pieces of this size; a request to an X server holds 262,140 bytes."""

_ASK_S, _ASK_ALL_S = 0.5, 1.5
_FIRST_ASKED = ("UTF8_STRING", "image/png", "text/uri-list", "text/html")
_NO_CONTENT = {
    "TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION", "INSERT_PROPERTY", "LENGTH",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a content: its type (an atom), and its bytes."""

    kind: int
    data: bytes


Content: TypeAlias = dict[str, Form]
"""A content by the names of its forms (`UTF8_STRING`, `image/png`); empty where there is none."""


def text_content(text: str, atom: Callable[[str], int]) -> Content:
    """`text` in all the forms of text that programs ask for."""
    data = text.encode("utf-8")
    return {name: Form(atom("UTF8_STRING" if name == "TEXT" else name), data) for name in TEXT_TYPES}


@dataclass(slots=True)
class Asking:
    """Asks the present owner of a selection. `handle` is given the events that are about something else."""

    display: XDisplay
    window: Any
    handle: Callable[[Any], None]

    def content(self, selection: int) -> Content:
        """Everything that the owner gives within the bounds, the most common forms first."""
        from Xlib import X

        if self.display.get_selection_owner(selection) == X.NONE:
            return {}
        end = time.monotonic() + _ASK_ALL_S
        names = [name for name in self._forms(selection) if name not in _NO_CONTENT]
        names.sort(key=lambda name: _FIRST_ASKED.index(name) if name in _FIRST_ASKED else len(_FIRST_ASKED))
        found: Content = {}
        left = LARGEST_BYTES
        for name in names[:MOST_FORMS]:
            form = self._form(selection, name, min(end, time.monotonic() + _ASK_S), left)
            if form is not None:
                found[name] = form
                left -= len(form.data)
        return found

    def _forms(self, selection: int) -> list[str]:
        """The names of the forms on offer; that of text where the owner does not say."""
        place = self._converted(selection, "TARGETS", time.monotonic() + _ASK_S)
        value = None if place is None else self._taken(place)
        if value is None or value.format != 32:
            return ["UTF8_STRING"]
        return [str(self.display.get_atom_name(atom)) for atom in value.value]

    def _form(self, selection: int, name: str, end: float, most: int) -> Form | None:
        place = self._converted(selection, name, end)
        value = None if place is None else self._taken(place)
        if place is None or value is None:
            return None
        if value.property_type == self.display.intern_atom("INCR"):
            return self._in_pieces(place, end, most)
        return Form(value.property_type, bytes(value.value)) if value.format == 8 else None

    def _in_pieces(self, place: int, end: float, most: int) -> Form | None:
        """The pieces that the owner puts at `place`, one after the other; an empty one is the last."""
        from Xlib import X

        kind, pieces, size = 0, list[bytes](), 0
        while size <= most:
            if self._event(end, lambda event: event.type == X.PropertyNotify and event.atom == place) is None:
                return None
            value = self._taken(place)
            if value is None or value.format != 8:
                continue
            if not value.value:
                return Form(kind, b"".join(pieces))
            kind = value.property_type
            pieces.append(bytes(value.value))
            size += len(pieces[-1])
        return None

    def _converted(self, selection: int, name: str, end: float) -> int | None:
        """Have the owner put a form on our window; where it lies, None if it has none."""
        from Xlib import X

        target = self.display.intern_atom(name)
        self.window.convert_selection(selection, target, target, X.CurrentTime)
        self.display.flush()
        event = self._event(end, lambda event: event.type == X.SelectionNotify and event.target == target)
        return None if event is None or event.property == X.NONE else int(event.property)

    def _taken(self, place: int) -> Any:
        from Xlib import X

        found = self.window.get_full_property(place, X.AnyPropertyType)
        self.window.delete_property(place)
        self.display.flush()
        return found

    def _event(self, end: float, wanted: Callable[[Any], bool]) -> Any:
        """The next event that is `wanted`; None if it does not come before `end`."""
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
class Giving:
    """Hands forms to the windows that ask, large ones in pieces; `continues` is to be told of deleted properties."""

    display: XDisplay
    _under_way: dict[tuple[int, int], tuple[Form, int]] = field(default_factory=dict[tuple[int, int], tuple[Form, int]])

    def give(self, requestor: Any, place: int, form: Form) -> None:
        """Put `form` at the property `place` of `requestor`, or begin to."""
        from Xlib import X

        if len(form.data) <= PIECE_BYTES * 2:
            requestor.change_property(place, form.kind, 8, form.data)
            return
        requestor.change_attributes(event_mask=X.PropertyChangeMask)
        self._under_way[requestor.id, place] = (form, 0)
        requestor.change_property(place, self.display.intern_atom("INCR"), 32, [len(form.data)])

    def continues(self, event: Any) -> bool:
        """Send the next piece, if `event` says that somebody took the last one; whether that was so."""
        from Xlib import X

        key = (event.window.id, event.atom)
        if event.state != X.PropertyDelete or key not in self._under_way:
            return False
        form, start = self._under_way[key]
        piece = form.data[start : start + PIECE_BYTES]
        event.window.change_property(event.atom, form.kind, 8, piece)
        if piece:
            self._under_way[key] = (form, start + len(piece))
        else:
            del self._under_way[key]
            event.window.change_attributes(event_mask=X.NoEventMask)
        self.display.flush()
        return True
