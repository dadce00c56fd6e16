"""Turns the input of a person into actions: presses into clicks, long presses and drags, keys into texts and shortcuts.

Pure: input has its own times, and `flush` is called with the current one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import hypot

from ...envs.actions import Action, Button, Click, Direction, Drag, Hotkey, LongPress, Scroll, Type
from ...envs.demonstration import KeyInput, PersonInput, PointerInput, TextInput, WheelInput
from ...envs.geometry import ScreenPoint
from .passwords import PASSWORD

STILL_PX = 6.0
"""A button that is released no further from where it was pressed is a click."""

AGAIN_S = 0.5
"""A press this soon after a click at the same point makes it a double click."""

LONG_S = 0.8
PAUSE_S = 1.5
"""A text, and scrolling, end after a pause of this length."""

MOST_CLICKS = 3
MAX_TEXT = 10_000

BEND_PX = 3.0
MAX_PATH = 20
"""Points of a drag: those where it bends by more than `BEND_PX`, and not more than these."""

_MODIFIERS = {
    "ctrl": "ctrl", "rightctrl": "ctrl", "alt": "alt", "super": "super", "rightsuper": "super",
    "shift": "shift", "rightshift": "shift", "rightalt": "",
}  # fmt: skip
"""Keys that are held with others; the right Alt key types characters on many layouts."""

_LOCKS = ("capslock", "numlock", "scrolllock", "modechange")


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """An action of the person, which began at `started_s`; `hidden` if it is a text that was typed unseen."""

    action: Action
    started_s: float
    hidden: bool = False


@dataclass(slots=True)
class _Text:
    text: str
    started_s: float
    last_s: float
    hidden: bool


@dataclass(slots=True)
class _Scrolling:
    direction: Direction
    notches: float
    at: ScreenPoint
    started_s: float
    last_s: float


@dataclass(slots=True)
class Grouping:
    """Collects the input of one action after another. What was typed unseen is `PASSWORD`."""

    _down: dict[Button, list[PointerInput]] = field(default_factory=dict[Button, list[PointerInput]])
    _click: tuple[Click[ScreenPoint], float, float] | None = None
    """A click that may become a double click, when it began, and when it ended."""
    _text: _Text | None = None
    _scrolling: _Scrolling | None = None
    _held: list[str] = field(default_factory=list[str])
    _lone: tuple[str, float] | None = None
    """A modifier that was pressed alone so far, and when."""

    @property
    def is_idle(self) -> bool:
        """Whether no action is in progress."""
        return not (self._down or self._click or self._text or self._scrolling)

    @property
    def is_pressed(self) -> bool:
        """Whether a button is held."""
        return bool(self._down)

    def feed(self, event: PersonInput) -> Iterator[Demonstrated]:
        """The actions that `event` completes."""
        match event:
            case PointerInput(kind="move"):
                for points in self._down.values():
                    points.append(event)
            case PointerInput(kind="press"):
                yield from self._end(but_click=event)
                self._lone = None
                self._down[event.button] = [event]
            case PointerInput():
                yield from self._released(event)
            case WheelInput():
                yield from self._turned(event)
            case KeyInput():
                yield from self._key(event)
            case TextInput(text, time_s, hidden):
                yield from self._typed(text, time_s, hidden=hidden)

    def flush(self, now_s: float) -> Iterator[Demonstrated]:
        """The actions that are complete since nothing followed them until `now_s`."""
        if self._click is not None and now_s - self._click[2] > AGAIN_S and not self._down:
            yield from self._end_click()
        if self._text is not None and now_s - self._text.last_s > PAUSE_S:
            yield from self._end_text()
        if self._scrolling is not None and now_s - self._scrolling.last_s > PAUSE_S:
            yield from self._end_scrolling()

    def finish(self) -> Iterator[Demonstrated]:
        """The action in progress, at the end of the demonstration; a button that is still held was not released."""
        yield from self._end()

    # -- the pointer

    def _released(self, event: PointerInput) -> Iterator[Demonstrated]:
        points = self._down.pop(event.button, None)
        if points is None:
            return
        first = points[0]
        path = _thinned((*(each.at for each in points), event.at))
        modifiers = tuple(dict.fromkeys(self._held))
        if max(_distance(first.at, at) for at in path) > STILL_PX:
            yield from self._end_click()
            yield Demonstrated(Drag(path, event.button, modifiers), first.time_s)
        elif event.time_s - first.time_s >= LONG_S and event.button is Button.LEFT and not modifiers:
            yield from self._end_click()
            yield Demonstrated(LongPress(first.at, round(event.time_s - first.time_s, 1)), first.time_s)
        elif self._click is not None:  # `_end` has kept it, since this press repeats it
            click, started_s, _ = self._click
            self._click = replace(click, count=click.count + 1), started_s, event.time_s
        else:
            self._click = Click(first.at, event.button, 1, modifiers), first.time_s, event.time_s
        if self._click is not None and self._click[0].count == MOST_CLICKS:
            yield from self._end_click()

    def _repeats(self, press: PointerInput) -> bool:
        if self._click is None:
            return False
        click, _, ended_s = self._click
        is_again = is_near(click.at, press.at) and press.time_s - ended_s <= AGAIN_S
        return is_again and click.button is press.button and click.modifiers == tuple(dict.fromkeys(self._held))

    def _turned(self, event: WheelInput) -> Iterator[Demonstrated]:
        self._lone = None
        scrolling = self._scrolling
        if scrolling is not None and (
            scrolling.direction is not event.direction
            or not is_near(scrolling.at, event.at)
            or event.time_s - scrolling.last_s > PAUSE_S
        ):
            yield from self._end_scrolling()
        yield from self._end(but_scrolling=True)
        if self._scrolling is None:
            self._scrolling = _Scrolling(event.direction, 0.0, event.at, event.time_s, event.time_s)
        self._scrolling.notches += event.notches
        self._scrolling.last_s = event.time_s

    # -- the keyboard

    def _key(self, event: KeyInput) -> Iterator[Demonstrated]:
        if event.key in _MODIFIERS:
            yield from self._modifier(_MODIFIERS[event.key], event)
            return
        if not event.pressed or event.key in _LOCKS:
            return
        self._lone = None
        held = [*dict.fromkeys(self._held)]
        if event.hidden or (event.text and event.text.isprintable() and not {*held} - {"shift"}):
            yield from self._typed(event.text, event.time_s, hidden=event.hidden)
        elif (
            self._text is not None and not held and event.key == "backspace" and (self._text.text or self._text.hidden)
        ):
            self._text.text, self._text.last_s = self._text.text[:-1], event.time_s
        elif self._text is not None and not held and event.key == "enter":
            yield from self._end_text(submit=True)
        else:
            yield from self._end()
            yield Demonstrated(Hotkey((*held, event.key)), event.time_s)

    def _modifier(self, name: str, event: KeyInput) -> Iterator[Demonstrated]:
        if not name:
            return
        if event.pressed:
            self._lone = None if self._held and name not in self._held else (name, event.time_s)
            if name not in self._held:
                self._held.append(name)
            return
        if name in self._held:
            self._held.remove(name)
        lone, self._lone = self._lone, None
        if lone is not None and lone[0] == name and name != "shift":
            yield from self._end()
            yield Demonstrated(Hotkey((name,)), lone[1])

    def _typed(self, text: str, time_s: float, *, hidden: bool) -> Iterator[Demonstrated]:
        yield from self._end(but_text=True)
        current = self._text
        if current is not None and (
            current.hidden is not hidden
            or time_s - current.last_s > PAUSE_S
            or len(current.text) + len(text) > MAX_TEXT
        ):
            yield from self._end_text()
        if self._text is None:
            self._text = _Text("", time_s, time_s, hidden)
        self._text.text += "" if hidden else text
        self._text.last_s = time_s

    # -- ends

    def _end(
        self, *, but_click: PointerInput | None = None, but_text: bool = False, but_scrolling: bool = False
    ) -> Iterator[Demonstrated]:
        """End what is in progress, except for what the input continues."""
        if but_click is None or not self._repeats(but_click):
            yield from self._end_click()
        if not but_text:
            yield from self._end_text()
        if not but_scrolling:
            yield from self._end_scrolling()

    def _end_click(self) -> Iterator[Demonstrated]:
        click, self._click = self._click, None
        if click is not None:
            yield Demonstrated(click[0], click[1])

    def _end_text(self, *, submit: bool = False) -> Iterator[Demonstrated]:
        text, self._text = self._text, None
        if text is None or not (text.text or text.hidden):
            if submit and text is not None:
                yield Demonstrated(Hotkey(("enter",)), text.last_s)
            return
        yield Demonstrated(Type(PASSWORD if text.hidden else text.text, submit), text.started_s, text.hidden)

    def _end_scrolling(self) -> Iterator[Demonstrated]:
        scrolling, self._scrolling = self._scrolling, None
        if scrolling is not None:
            notches = max(1, round(scrolling.notches))
            yield Demonstrated(Scroll(scrolling.direction, notches, scrolling.at), scrolling.started_s)


def is_near(one: ScreenPoint, other: ScreenPoint) -> bool:
    """Whether the pointer has hardly moved between the two points."""
    return _distance(one, other) <= STILL_PX


def _distance(one: ScreenPoint, other: ScreenPoint) -> float:
    return hypot(one.x - other.x, one.y - other.y)


def _thinned(path: tuple[ScreenPoint, ...]) -> tuple[ScreenPoint, ...]:
    """The ends of `path`, and the points between them where it bends; at most `MAX_PATH`."""
    points = _bends(path)
    if len(points) <= MAX_PATH:
        return points
    step = (len(points) - 1) / (MAX_PATH - 1)
    return tuple(points[round(index * step)] for index in range(MAX_PATH))


def _bends(path: tuple[ScreenPoint, ...]) -> tuple[ScreenPoint, ...]:
    """`path` without the points that are within `BEND_PX` of the line between those that stay (Douglas and Peucker)."""
    kept, spans = {0, len(path) - 1}, [(0, len(path) - 1)]
    while spans:
        first, last = spans.pop()
        distances = [_from_line(path[index], path[first], path[last]) for index in range(first + 1, last)]
        if distances and (most := max(distances)) > BEND_PX:
            middle = first + 1 + distances.index(most)
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return tuple(path[index] for index in sorted(kept))


def _from_line(at: ScreenPoint, start: ScreenPoint, end: ScreenPoint) -> float:
    length = _distance(start, end)
    if not length:
        return _distance(at, start)
    along = ((at.x - start.x) * (end.x - start.x) + (at.y - start.y) * (end.y - start.y)) / length
    if not 0 <= along <= length:
        return min(_distance(at, start), _distance(at, end))
    return abs((end.x - start.x) * (at.y - start.y) - (end.y - start.y) * (at.x - start.x)) / length
