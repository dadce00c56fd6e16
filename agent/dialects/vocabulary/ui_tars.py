"""The vocabulary of the UI-TARS family: from the name and arguments of a call to moves.

Other families extend `UI_TARS` or redefine names (`press` holds a key down in UI-TARS and presses it elsewhere).
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ....envs import actions
from ....envs.actions import Button, Direction
from ....envs.bounds import MAX_ACTIONS, OutOfBounds, check_length
from ...core.decision import AskUser, Finish, GiveUp, ModelMove
from ..parser.call import Call, ParseError
from .arguments import END, KEYS, START, Arguments

Moves: TypeAlias = tuple[ModelMove, ...]
MoveBuilder: TypeAlias = Callable[[Arguments], Moves]
Vocabulary: TypeAlias = Mapping[str, MoveBuilder]

SUBMITS = "\n"
"""Typed text that ends with this is submitted with Enter instead of typing it."""

BACK_KEY = "back"


def moves_of(calls: tuple[Call, ...], vocabulary: Vocabulary) -> Moves:
    """The moves of `calls`, in order.

    Raises:
        ParseError: an unknown action, an invalid argument, or too many moves.
    """
    moves: list[ModelMove] = []
    for call in calls:
        build = vocabulary.get(call.name.lower())
        if build is None:
            raise ParseError("unknown_action", call.position, f"there is no action {call.name:.40}")
        try:
            moves.extend(build(Arguments(call)))
            check_length(moves, "the actions of one reply", 0, MAX_ACTIONS)
        except OutOfBounds as error:
            raise ParseError("bad_argument", call.position, f"{call.name:.40}: {error}") from None
    return tuple(moves)


def click(button: Button | None = None, count: int = 1) -> MoveBuilder:
    """A click; arguments may name the button, if it is None, and another count."""

    def build(args: Arguments) -> Moves:
        clicks = args.integer(("clicks",), count)
        return (actions.Click(args.point(), button or button_of(args), clicks),)

    return build


def button_of(args: Arguments) -> Button:
    """The mouse button of a click, the left one by default.

    Raises:
        ParseError: there is no such button.
    """
    name = args.text("left", names=("button",), index=None).lower()
    try:
        return Button("left" if name == "primary" else name)
    except ValueError:
        raise ParseError("bad_argument", args.call.position, f"there is no mouse button {name!r:.40}") from None


def typed(text: str) -> actions.Type:
    """A `Type` action; a trailing line break submits."""
    return actions.Type(text.removesuffix(SUBMITS), submit=True) if text.endswith(SUBMITS) else actions.Type(text)


def typed_literally(text: str) -> actions.Type:
    r"""As `typed`; a trailing `\n`, written as a backslash and a letter, submits as well."""
    return actions.Type(text[:-2], submit=True) if text.endswith(r"\n") else typed(text)


def type_text(as_action: Callable[[str], actions.Type] = typed) -> MoveBuilder:
    """`type(content, start_box)`: with a point, click there first."""

    def build(args: Arguments) -> Moves:
        action = as_action(args.text())
        point = args.point_if_any() if args.has("start_box", "point", "box", "coordinate", "x") else None
        return (action,) if point is None else (actions.Click(point), action)

    return build


def drag(args: Arguments) -> Moves:
    """A drag from one point to another."""
    return (actions.Drag((args.point(), args.end_point())),)


def select(args: Arguments) -> Moves:
    """`select(start_box)` opens or picks from a list; with an end it selects by dragging."""
    end = args.end_point_if_any()
    return (actions.Click(args.point()),) if end is None else (actions.Drag((args.point(), end)),)


def scroll(args: Arguments) -> Moves:
    """`scroll(point, direction, amount)`; on phones `scroll(start_box, end_box)` is a swipe.

    `amount` is in wheel notches, as in the official executors.
    """
    if args.has(*END):
        return drag(args)
    amount = args.integer(("amount",), 5)
    if amount == 0:
        raise ParseError("bad_argument", args.call.position, "the scroll amount must not be 0")
    return (actions.Scroll(direction_of(args), abs(amount), args.point_if_any() if args.has(*START) else None),)


def direction_of(args: Arguments) -> Direction:
    """The `direction` of a scroll.

    Raises:
        ParseError: it is missing or invalid.
    """
    name = args.text(names=("direction",), index=None)
    try:
        return Direction(name.strip(" \n'\"()[],.").lower())
    except ValueError:
        raise ParseError("bad_argument", args.call.position, f"there is no scroll direction {name!r:.40}") from None


def hotkey(args: Arguments) -> Moves:
    """Keys pressed together; `back` is a separate action on phones."""
    return (actions.Back(),) if args.is_text(KEYS, BACK_KEY) else (actions.Hotkey(args.key_names()),)


def key_down(args: Arguments) -> Moves:
    """Hold each key down until it is released."""
    return tuple(actions.KeyDown(key) for key in args.key_names())


def key_up(args: Arguments) -> Moves:
    """Release each key."""
    return tuple(actions.KeyUp(key) for key in args.key_names())


def button_down(args: Arguments) -> Moves:
    """Hold a mouse button, at a point if there is one."""
    return (actions.ButtonDown(button_of(args), args.point_if_any()),)


def button_up(args: Arguments) -> Moves:
    """Release a mouse button, at a point if there is one."""
    return (actions.ButtonUp(button_of(args), args.point_if_any()),)


def wait(args: Arguments) -> Moves:
    """Wait, five seconds by default."""
    return (actions.Wait(args.number(("time", "seconds", "duration"), 5.0, 0)),)


def long_press(args: Arguments) -> Moves:
    """A long press at a point."""
    return (actions.LongPress(args.point(), args.number(("time", "seconds", "duration"), 1.5)),)


def navigate(args: Arguments) -> Moves:
    """Open a URL."""
    return (actions.Navigate(args.text(names=("content", "url", "text"))),)


def open_app(args: Arguments) -> Moves:
    """Open an application, or the page `url` if there is one."""
    if url := args.text("", names=("url",), index=None):
        return (actions.Navigate(url),)
    return (actions.OpenApp(args.text(names=("app_name", "app", "content", "text", "name"))),)


def always(move: ModelMove) -> MoveBuilder:
    """The same move for any arguments."""
    return lambda args: (move,)


ACTIONS: Vocabulary = {
    **dict.fromkeys(("click", "tap"), click()),
    **dict.fromkeys(("left_click", "left_single"), click(Button.LEFT)),
    **dict.fromkeys(("left_double", "double_click", "doubleclick"), click(count=2)),
    **dict.fromkeys(("left_triple", "triple_click", "tripleclick"), click(count=3)),
    **dict.fromkeys(("right_single", "right_click", "rightclick"), click(Button.RIGHT)),
    **dict.fromkeys(("middle_click", "middle_single", "middleclick"), click(Button.MIDDLE)),
    **dict.fromkeys(("hover", "mouse_move", "move_to", "moveto"), lambda args: (actions.Move(args.point()),)),
    **dict.fromkeys(("drag", "left_click_drag", "swipe"), drag),
    "select": select,
    "scroll": scroll,
    **dict.fromkeys(("type", "input_text"), type_text()),
    "hotkey": hotkey,
    **dict.fromkeys(("press", "keydown", "key_down"), key_down),
    **dict.fromkeys(("release", "keyup", "key_up"), key_up),
    **dict.fromkeys(("mouse_down", "mousedown"), button_down),
    **dict.fromkeys(("mouse_up", "mouseup"), button_up),
    "long_press": long_press,
    "wait": wait,
    "navigate": navigate,
    **dict.fromkeys(("navigate_back", "press_back", "back"), always(actions.Back())),
    "press_home": always(actions.Home()),
    "press_enter": always(actions.Hotkey(("enter",))),
    **dict.fromkeys(("press_recent", "press_recents", "press_recent_apps"), always(actions.Hotkey(("recents",)))),
    "open_app": open_app,
    **dict.fromkeys(("call_user", "user_resp"), lambda args: (AskUser(args.text("")),)),
    **dict.fromkeys(("infeasible", "error_env"), lambda args: (GiveUp(args.text("")),)),
}
"""Everything but a finish, which each family expresses in its own form."""

UI_TARS: Vocabulary = {**ACTIONS, "finished": lambda args: (Finish(args.text("")),)}
SEED: Vocabulary = {**UI_TARS, **dict.fromkeys(("type", "input_text"), type_text(typed_literally))}
"""The vocabulary of Doubao and Seed models, whose official clients submit after a literal `\\n`."""
