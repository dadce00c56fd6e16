"""What calls mean: from a name and arguments to moves, in the words of the UI-TARS family.

Other families add their own words to `UI_TARS`, or give a word another meaning (`press` holds a key down in UI-TARS
and taps it elsewhere).
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ....envs.actions import (
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from ...core.decision import AskUser, Finish, GiveUp, ModelMove
from ..parser.call import Call, ParseError
from .arguments import Arguments

Moves: TypeAlias = tuple[ModelMove, ...]
Meaning: TypeAlias = Callable[[Arguments], Moves]
Vocabulary: TypeAlias = Mapping[str, Meaning]

SUBMITS = "\n"
"""Typed text that ends so is submitted with Enter; that one line break is not typed."""

BACK_KEY = "back"

LONGEST_WAIT_S = 600.0

MOST_CALLS = 50
"""A reply with more has run wild and is not carried out."""


def moves_of(calls: tuple[Call, ...], vocabulary: Vocabulary) -> Moves:
    """What `calls` ask for, in order.

    Raises:
        Trouble: `unknown_action`, what is wrong with an argument, or more calls than a reply can mean.
    """
    if len(calls) > MOST_CALLS:
        raise ParseError("bad_syntax", calls[MOST_CALLS].position, f"{len(calls)} actions in one reply are too many")
    moves: list[ModelMove] = []
    for call in calls:
        meaning = vocabulary.get(call.name.lower())
        if meaning is None:
            raise ParseError("unknown_action", call.position, f"there is no action called {call.name:.40}")
        moves.extend(meaning(Arguments(call)))
    return tuple(moves)


def click(button: Button = Button.LEFT, count: int = 1) -> Meaning:
    """A click of one kind."""
    return lambda given: (Click(given.point(), button, count),)


def typed(text: str) -> Type:
    """Text as the models mean it: a line break at its end submits."""
    return Type(text.removesuffix(SUBMITS), submit=True) if text.endswith(SUBMITS) else Type(text)


def type_text(given: Arguments) -> Moves:
    """`type(content, start_box)`: with a point, click there first."""
    action = typed(given.words())
    point = given.point_if_any() if given.has("start_box", "point", "box", "x") else None
    return (action,) if point is None else (Click(point), action)


def drag(given: Arguments) -> Moves:
    """From one point to another."""
    return (Drag((given.point(), given.end_point())),)


def select(given: Arguments) -> Moves:
    """`select(start_box)` opens or picks from a list; with an end it selects by dragging."""
    end = given.end_point_if_any()
    return (Click(given.point()),) if end is None else (Drag((given.point(), end)),)


def scroll(given: Arguments) -> Moves:
    """`scroll(point, direction, amount)`; on phones `scroll(start_box, end_box)` is a swipe.

    UI-TARS has no unit for `amount`: its executors turn the wheel by that many notches, so the number is kept.
    """
    end = given.end_point_if_any() if given.has("end_box", "end_point") else None
    if end is not None:
        return (Drag((given.point(), end)),)
    amount = given.whole(("amount",), 5)
    if amount == 0:
        raise ParseError("bad_argument", given.call.position, "a scroll of 0 does nothing")
    return (Scroll(direction_of(given), abs(amount), given.point_if_any() if given.has(*_SCROLL_AT) else None),)


_SCROLL_AT = ("point", "start_box", "start_point", "box", "coordinate")


def direction_of(given: Arguments) -> Direction:
    """The `direction` of a scroll.

    Raises:
        Trouble: it is missing, or no direction.
    """
    word = given.words(names=("direction",), index=None)
    try:
        return Direction(word.strip().lower())
    except ValueError:
        raise ParseError("bad_argument", given.call.position, f"{word!r:.40} is no direction to scroll in") from None


def hotkey(given: Arguments) -> Moves:
    """Keys together; a phone's `back` is an action of its own."""
    if given.words("", names=("key", "hotkey"), index=None).strip().lower() == BACK_KEY:
        return (Back(),)
    return (Hotkey(given.key_names()),)


def key_down(given: Arguments) -> Moves:
    """Hold each of the keys named, until it is released."""
    return tuple(KeyDown(key) for key in given.key_names())


def key_up(given: Arguments) -> Moves:
    """Let go of each of the keys named."""
    return tuple(KeyUp(key) for key in given.key_names())


def wait(given: Arguments) -> Moves:
    """Do nothing, five seconds unless told."""
    seconds = given.number(("time", "seconds", "duration"), 5.0, 0)
    if not 0 <= seconds <= LONGEST_WAIT_S:
        raise ParseError("bad_argument", given.call.position, f"a time to wait is 0 to {LONGEST_WAIT_S:g} seconds")
    return (Wait(seconds),)


def long_press(given: Arguments) -> Moves:
    """Hold at a point."""
    return (LongPress(given.point(), given.number(("time", "seconds", "duration"), 1.5)),)


def navigate(given: Arguments) -> Moves:
    """Go to an address."""
    return (Navigate(given.words(names=("content", "url", "text"))),)


def open_app(given: Arguments) -> Moves:
    """Start a program."""
    return (OpenApp(given.words(names=("app_name", "app", "content", "text", "name"))),)


def one(move: ModelMove) -> Meaning:
    """The same move whatever the arguments."""
    return lambda _given: (move,)


UI_TARS: Vocabulary = {
    **dict.fromkeys(("click", "left_click", "left_single", "tap"), click()),
    **dict.fromkeys(("left_double", "double_click", "doubleclick"), click(count=2)),
    **dict.fromkeys(("left_triple", "triple_click", "tripleclick"), click(count=3)),
    **dict.fromkeys(("right_single", "right_click", "rightclick"), click(Button.RIGHT)),
    **dict.fromkeys(("middle_click", "middle_single", "middleclick"), click(Button.MIDDLE)),
    **dict.fromkeys(("hover", "mouse_move", "move_to", "moveto"), lambda given: (Move(given.point()),)),
    **dict.fromkeys(("drag", "left_click_drag", "swipe"), drag),
    "select": select,
    "scroll": scroll,
    **dict.fromkeys(("type", "input_text"), type_text),
    "hotkey": hotkey,
    **dict.fromkeys(("press", "keydown", "key_down"), key_down),
    **dict.fromkeys(("release", "keyup", "key_up"), key_up),
    "mouse_down": lambda given: (ButtonDown(Button.LEFT, given.point_if_any()),),
    "mouse_up": lambda given: (ButtonUp(Button.LEFT, given.point_if_any()),),
    "long_press": long_press,
    "wait": wait,
    "navigate": navigate,
    **dict.fromkeys(("navigate_back", "press_back", "back"), one(Back())),
    "press_home": one(Home()),
    "press_enter": one(Hotkey(("enter",))),
    **dict.fromkeys(("press_recent", "press_recents", "press_recent_apps"), one(Hotkey(("recents",)))),
    "open_app": open_app,
    **dict.fromkeys(("finished", "finish"), lambda given: (Finish(given.words("")),)),
    **dict.fromkeys(("call_user", "user_resp"), lambda given: (AskUser(given.words("")),)),
    **dict.fromkeys(("infeasible", "error_env"), lambda given: (GiveUp(given.words("")),)),
}
