"""The next move of one step: what has to be seen for it, where to click for it, and when it is over."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from ...envs.actions import ActionIn, Button, Click, Direction, Drag, Hotkey, Navigate, Scroll, Type, Wait
from ..core.coordinates import ModelPoint
from ..core.decision import AskUser, Ending
from .finding import find, find_box, find_tick, of_thing, text_at
from .likeness import plain
from .steps import (
    Await,
    Choose,
    DragOnto,
    GoTo,
    Label,
    LookIn,
    NotUnderstood,
    Pause,
    Pick,
    Press,
    Rotate,
    SkipUnless,
    Step,
    Strike,
    Tell,
    Thing,
    Tick,
    Write,
)
from .vision.screen import Area, ControlKind, Screen

MOST_SCROLLS = 12
MOST_TRIES = 5
_NOTCHES = 5
_TYPED_PART = 3
_CLOSED = frozenset("+十⊞▶▸►>")
_SENDERS = frozenset(("submit", "ok", "login", "log in", "sign in", "continue", "send", "go", "done"))
"""What the button is called that sends a form off; each is said for another."""

_WAYS_OUT = frozenset(("cancel", "close", "dismiss", "not now", "no thanks", "no, thanks", "later", "skip"))


Act: TypeAlias = ActionIn[ModelPoint]


@dataclass(frozen=True, slots=True)
class ReaderProgress:
    """How far we are: the step and the part of it that are next, and how often it was tried; all from 1."""

    step: int = 1
    part: int = 1
    tries: int = 1
    noted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderPlan:
    """What to do, and the thought that goes with it."""

    thought: str
    move: Act | Ending


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen now, whether it is as it was before the last action, and whether addresses can be gone to."""

    screen: Screen
    unchanged: bool = False
    navigates: bool = True


@dataclass(frozen=True, slots=True)
class Looking:
    """A move that only helps to see what the step needs: the step is tried again after it."""

    move: Act


@dataclass(frozen=True, slots=True)
class Again:
    """A move after which the step begins anew."""

    move: Act


@dataclass(frozen=True, slots=True)
class Last:
    """A move after which the step is over."""

    move: Act


Move: TypeAlias = Act | Looking | Again | Last
Found: TypeAlias = Move | ReaderPlan | str | None
"""A move; or a whole plan; or something to note, or nothing, and the step is over."""


def next_move(step: Step, progress: ReaderProgress, sight: Sight, hidden: Thing | None) -> Found:
    """The next move of `step`, whose thing may be `hidden` in such a place; None once it is over."""
    screen = sight.screen
    match step:
        case Press():
            return _press(step, progress, sight, hidden)
        case Write():
            return _write(step, progress, sight)
        case Choose():
            return _choose(step, progress, sight)
        case Pick(label):
            return _pick(label, step, progress, sight)
        case Tick(label, on):
            return _tick(step, label, progress, sight, on=on)
        case Strike(keys):
            return Hotkey(keys) if progress.part == 1 else None
        case Rotate():
            return _turn(step, progress, sight)
        case DragOnto():
            return _drag(step, progress, sight)
        case GoTo(address):
            if not sight.navigates:
                return ReaderPlan(
                    f"I cannot {step} here.", AskUser(f"I have no way to {step}: open the page, then ask again.")
                )
            return Navigate(address) if progress.part == 1 else None
        case Await(label):
            if find(screen, label) is not None:
                return None
            return Looking(Wait()) if progress.tries <= MOST_TRIES else missing(step, str(label))
        case Pause(seconds):
            return Wait(seconds) if progress.part == 1 else None
        case Tell(label):
            told = text_at(screen, label)
            return told if told is not None else _look_for(step, progress, sight, str(label))
        case LookIn() | SkipUnless():
            return None
        case NotUnderstood():
            return missing(step, step.sentence)


def _press(step: Press, progress: ReaderProgress, sight: Sight, hidden: Thing | None) -> Found:
    if progress.part > 1:
        return None
    area = _place(sight.screen, step.label)
    if area is None and hidden is not None:
        return _look_in(hidden, step, progress, sight)
    if area is None:
        return _look_for(step, progress, sight, str(step.label))
    return Click(middle(area), Button.RIGHT if step.right else Button.LEFT, step.count)


def _place(screen: Screen, label: Label) -> Area | None:
    """Where to click for what `label` names."""
    if label.thing in (Thing.FIELD, Thing.LIST):
        box = find_box(screen, label)
        return box.area if box is not None else find(screen, label)
    if label.thing is Thing.TICK:
        tick = find_tick(screen, label)
        return tick.area if tick is not None else find(screen, label)
    return find(screen, label) or _sender(screen, label)


def _sender(screen: Screen, label: Label) -> Area | None:
    """The one button that sends a form off, by whatever of its usual names it was asked for."""
    if plain(label.text) not in _SENDERS or _way_out(screen) is not None:
        return None
    named = [control.area for control in screen.of_kind(ControlKind.BUTTON) if plain(control.text) in _SENDERS]
    return named[0] if len(named) == 1 else None


def _look_in(place: Thing, step: Step, progress: ReaderProgress, sight: Sight) -> Found:
    """Open one after the other what may hide a thing: tabs, closed sections, folders."""
    if place is Thing.ICON:
        return _open_folder(step, progress, sight)
    openers = [control.area for control in of_thing(sight.screen, place)]
    if place is Thing.TAB and not openers:
        openers = [piece.area for piece in sight.screen.pieces if plain(piece.text).startswith("tab ")]
    if progress.tries > len(openers):
        return missing(step, f"it behind any {place}")
    return Looking(Click(middle(openers[progress.tries - 1])))


def _open_folder(step: Step, progress: ReaderProgress, sight: Sight) -> Found:
    """Open the first folder that is closed, which marks it otherwise; the next one, if that came to nothing."""
    closed = [piece.area for piece in sight.screen.pieces if piece.text in _CLOSED] or _signs_before(sight.screen)
    index = progress.tries - 1 if sight.unchanged else 0
    if index >= len(closed) or progress.tries > MOST_SCROLLS:
        return missing(step, "it in any folder")
    return Looking(Click(middle(closed[index])))


def _signs_before(screen: Screen) -> list[Area]:
    """Where a tree has the signs that open its folders: left of the small pictures that names stand beside."""
    pictures = [control.area for control in screen.of_kind(ControlKind.ICON, ControlKind.CHECKBOX)]
    return [
        Area(picture.left - 1.1 * picture.width, picture.top, picture.left - 0.6 * picture.width, picture.bottom)
        for picture in pictures
        if any(
            piece.area.beside(picture) > 0.6 and 0 <= piece.area.left - picture.right < picture.width
            for piece in screen.pieces
        )
    ]


def _write(step: Write, progress: ReaderProgress, sight: Sight) -> Found:
    """Click the field, select what stands in it so that it is replaced, type; without a field, just type."""
    part = progress.part + (2 if step.field is None else 0)
    if part == 1 and step.field is not None:
        box = find_box(sight.screen, step.field)
        if box is None:
            return _look_for(step, progress, sight, f"a field for {step.field}")
        return Click(middle(box.area))
    if step.field is not None and find_box(sight.screen, step.field) is None and part <= _TYPED_PART:
        way_out = _way_out(sight.screen)
        if way_out is not None:  # a question came up in front of it
            return Again(Click(middle(way_out)))
    if part == 2:
        return Hotkey(("ctrl", "a"))
    return Type(step.text) if part == _TYPED_PART else None


def _choose(step: Choose, progress: ReaderProgress, sight: Sight) -> Found:
    """Open the list, unless what is wanted is in sight already, and click on the entry."""
    if progress.part > 2:
        return None
    box = find_box(sight.screen, step.source)
    entry = find(_without(sight.screen, box.area) if box is not None and box.text else sight.screen, step.entry)
    if box is not None and box.kind is ControlKind.DROP_DOWN and plain(box.text) == plain(step.entry.text):
        return None if progress.part == 1 else Last(Click(middle(entry)) if entry else Hotkey(("enter",)))
    if progress.part == 1 and box is not None and (box.kind is ControlKind.DROP_DOWN or entry is None):
        return Click(middle(box.area))
    if entry is not None:
        return Last(Click(middle(entry)))
    if progress.part == 1:
        return _look_for(step, progress, sight, f"a list for {step.source}")
    return _find_entry(step, progress, sight)


def _without(screen: Screen, area: Area) -> Screen:
    """The screen without what is written in `area`."""
    return replace(screen, pieces=tuple(piece for piece in screen.pieces if not area.holds(piece.area, slack=8)))


def _find_entry(step: Choose, progress: ReaderProgress, sight: Sight) -> Found:
    """In an open list that does not show what is wanted: type it, which leads there, then turn its pages."""
    if progress.tries == 1:
        return Looking(Wait())
    if progress.tries == 2:
        return Looking(Type(step.entry.text))
    if progress.tries > MOST_SCROLLS or (sight.unchanged and progress.tries > 3):
        return missing(step, str(step.entry))
    lists = [
        pane
        for pane in sight.screen.of_kind(ControlKind.PANE, ControlKind.TEXT_AREA)
        if pane.area.height < sight.screen.height
    ]
    smallest = min(lists, key=lambda pane: pane.area.width * pane.area.height, default=None)
    return Looking(Scroll(Direction.DOWN, 2, middle(smallest.area) if smallest else None))


def _pick(label: Label, step: Step, progress: ReaderProgress, sight: Sight) -> Found:
    """Select something: tick the box beside it if it has one, else click on it."""
    tick = find_tick(sight.screen, label)
    if tick is not None:
        return _tick(step, label, progress, sight, on=True)
    if progress.part > 1:
        return None
    area = _place(sight.screen, label)
    return Click(middle(area)) if area else _look_for(step, progress, sight, str(label))


def _tick(step: Step, label: Label, progress: ReaderProgress, sight: Sight, *, on: bool) -> Found:
    """Click on a box that is not as wanted, then on its label, and say so if neither helped."""
    tick = find_tick(sight.screen, label)
    if tick is not None and tick.checked == on:
        return None
    if tick is None:
        return None if progress.part > 1 else _look_for(step, progress, sight, f"a check box for {label}")
    if progress.part == 1:
        return Click(middle(tick.area))
    name = find(sight.screen, Label(label.text, label.ordinal)) if label.text else None
    if progress.part == 2 and name is not None and sight.unchanged:
        return Click(middle(name))
    if progress.part > 1 and sight.unchanged:
        return ReaderPlan(
            f"I cannot {step}: it stays as it is.", AskUser(f"I clicked on {label}, and it stayed as it was.")
        )
    return None


def _turn(step: Rotate, progress: ReaderProgress, sight: Sight) -> Found:
    at = ModelPoint(sight.screen.width // 2, sight.screen.height // 2)
    if step.until is None:
        return Scroll(step.direction, _NOTCHES, at) if progress.part == 1 else None
    if find(sight.screen, step.until) is not None:
        return None
    if progress.tries > MOST_SCROLLS or (sight.unchanged and progress.tries > 1):
        return missing(step, str(step.until))
    return Looking(Scroll(step.direction, _NOTCHES, at))


def _drag(step: DragOnto, progress: ReaderProgress, sight: Sight) -> Found:
    if progress.part > 1:
        return None
    thing, target = _place(sight.screen, step.thing), _place(sight.screen, step.target)
    if thing is None or target is None:
        return _look_for(step, progress, sight, str(step.thing if thing is None else step.target))
    return Drag((middle(thing), middle(target)))


def _look_for(step: Step, progress: ReaderProgress, sight: Sight, what: str) -> Found:
    """Wait a moment for a thing that is not there, then look further down to the end of the page, then say so."""
    if progress.tries == 1:
        return Looking(Wait())
    if (way_out := _way_out(sight.screen)) is not None:
        return Looking(Click(middle(way_out)))
    at_the_end = sight.unchanged and progress.tries > 2
    if progress.tries <= MOST_SCROLLS // 2 and not at_the_end:
        return Looking(Scroll(Direction.DOWN, _NOTCHES, None))
    return missing(step, what)


def _way_out(screen: Screen) -> Area | None:
    """The button that leaves things as they are, of a question that came up in front of what is looked for."""
    buttons = screen.of_kind(ControlKind.BUTTON)
    for pane in screen.of_kind(ControlKind.PANE):
        inside = [button for button in buttons if pane.area.holds(button.area)]
        if len(inside) == 2 and pane.area.width < 0.9 * screen.width:
            for button in inside:
                if plain(button.text) in _WAYS_OUT:
                    return button.area
    return None


def missing(step: Step, what: str) -> ReaderPlan:
    """Ask the user, since `what` is not to be seen."""
    return ReaderPlan(f"I cannot {step}: I do not see {what}.", AskUser(f"I do not see {what} on the screen."))


def middle(area: Area) -> ModelPoint:
    """The point in the middle of `area`, in whole pixels."""
    across, down = area.centre
    return ModelPoint(round(across), round(down))
