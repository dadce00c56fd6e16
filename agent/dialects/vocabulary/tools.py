"""The vocabulary of the functions `computer_use` and `mobile_use`: of Qwen, and of the families trained from it."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote_plus, urlsplit

from ....envs import actions
from ....envs.actions import Button, Direction
from ...core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..parser.call import ParseError
from .arguments import START, Arguments
from .ui_tars import (
    ACTIONS,
    MoveBuilder,
    Moves,
    Vocabulary,
    always,
    button_down,
    button_up,
    direction_of,
    drag,
    hotkey,
    open_app,
    typed,
)

PIXELS_PER_NOTCH = 100
MAX_NOTCHES = 50
SEARCH = "https://www.bing.com/search?q={words}&FORM=QBLH"
"""The search of Fara's own agent."""

MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "rightctrl", "rightshift", "rightalt", "rightsuper"})
NOTHING = actions.Wait(0.0)
"""For actions that only look at the screen, or write something down."""


def whole_notches(amount: float) -> int:
    """Wheel notches, at least one."""
    return max(1, round(abs(amount)))


def notches_of_pixels(amount: float) -> int:
    """Convert `amount`, which the functions call pixels, to wheel notches.

    Models write small numbers that are notches, or hundreds that are pixels: above 50, the amount is in pixels, with
    100 per notch.
    """
    return whole_notches(amount if abs(amount) <= MAX_NOTCHES else amount / PIXELS_PER_NOTCH)


def drag_to(args: Arguments) -> Moves:
    """`left_click_drag` has only an end; it starts at the pointer."""
    if args.has("start_coordinate", "coordinate2", "end_coordinate"):
        return drag(args)
    end = args.point()
    return (actions.ButtonDown(), actions.Move(end), actions.ButtonUp(Button.LEFT, end))


def merge_drags(reply: Reply) -> Reply:
    """Merge every move followed by a drag from the pointer into one drag between two points."""
    moves = list(reply.moves)
    for at in reversed(range(len(moves) - 3)):
        match moves[at : at + 4]:
            case [
                actions.Move(start),
                actions.ButtonDown(Button.LEFT, None),
                actions.Move(end),
                actions.ButtonUp(Button.LEFT, released),
            ] if released == end:
                moves[at : at + 4] = [actions.Drag((start, end))]
            case _:
                pass
    return replace(reply, moves=tuple(moves))


def wheel(positive: Direction, negative: Direction, notches: Callable[[float], int]) -> MoveBuilder:
    """A scroll by a signed amount, which `notches` converts to notches of the wheel, or in a named direction."""

    def build(args: Arguments) -> Moves:
        named = direction_of(args) if args.has("direction") else None
        amount = args.number(("pixels", "clicks", "amount"), 5 if named else 0, 0)
        if amount == 0:
            raise ParseError("bad_argument", args.call.position, f"{args.call.name} needs an amount other than 0")
        at = args.point_if_any() if args.has(*START, "x") else None
        return (actions.Scroll(named or (positive if amount > 0 else negative), notches(amount), at),)

    return build


def terminate(args: Arguments) -> Moves:
    """Finish or give up, by the status."""
    message = args.text("", names=("answer", "text", "info"), index=None)
    status = args.text(names=("status",)).strip().lower()
    if status in ("success", "succeeded", "completed", "done"):
        return (Finish(message),)
    if status in ("failure", "fail", "failed", "infeasible"):
        return (GiveUp(message),)
    raise ParseError("bad_argument", args.call.position, f"status must be success or failure, not {status!r:.40}")


_BUTTONS: dict[str, ModelMove] = {
    "back": actions.Back(),
    "home": actions.Home(),
    "enter": actions.Hotkey(("enter",)),
    "menu": actions.Hotkey(("menu",)),
    "recent": actions.Hotkey(("recents",)),
    "recents": actions.Hotkey(("recents",)),
}


def system_button(args: Arguments) -> Moves:
    """A phone button."""
    name = args.text(names=("button",)).strip().lower()
    if name not in _BUTTONS:
        raise ParseError("bad_argument", args.call.position, f"there is no phone button {name!r:.40}")
    return (_BUTTONS[name],)


def typing(*, submits: bool = False) -> MoveBuilder:
    """Literal text; a trailing line break submits it.

    Arguments may click the field first, replace its text, and submit or not, which `submits` is the default of.
    """

    def build(args: Arguments) -> Moves:
        action = typed(args.text())
        point = args.point_if_any() if args.has(*START) else None
        replaced = _flag(args, ("clear", "delete_existing_text"), default=False)
        enter = action.submit or _flag(args, ("press_enter", "enter"), default=submits)
        return (
            *((actions.Click(point),) if point else ()),
            *((actions.Hotkey(("ctrl", "a")), actions.Hotkey(("backspace",))) if replaced else ()),
            replace(action, submit=enter),
        )

    return build


plain_type = typing()
"""`type(text)`, submitted by a trailing line break or an argument."""


def _flag(args: Arguments, names: tuple[str, ...], *, default: bool) -> bool:
    """A truth value, which models also write as a number or a text."""
    return args.text(str(default), names=names, index=None).strip().lower() in ("true", "1", "1.0", "yes")


def held(build: MoveBuilder) -> MoveBuilder:
    """An action of the mouse during which `keys`, or `text`, hold modifiers down; other texts are ignored."""

    def build_held(args: Arguments) -> Moves:
        moves = build(args)
        try:
            keys = args.key_names(("keys", "text")) if args.has("keys", "text") else ()
        except ParseError:
            return moves
        if not keys or not MODIFIERS.issuperset(keys):
            return moves
        match moves:
            case (actions.Click() as click,):
                return (replace(click, modifiers=keys),)
            case _:
                return (*map(actions.KeyDown, keys), *moves, *map(actions.KeyUp, reversed(keys)))

    return build_held


def visit(args: Arguments) -> Moves:
    """Open an address; words with a space between them are searched for, as in Fara's own agent."""
    url = args.text(names=("url",)).strip()
    if urlsplit(url).scheme in ("http", "https", "file", "about"):
        return (actions.Navigate(url),)
    return (actions.Navigate(_search(url) if " " in url else f"https://{url}"),)


def _search(words: str) -> str:
    return SEARCH.format(words=quote_plus(words))


def end_with_answer(args: Arguments) -> Moves:
    """`terminate` with an answer instead of a status."""
    return terminate(args) if args.has("status") else (Finish(args.text(names=("answer", "text"))),)


def unreadable_page(args: Arguments) -> Moves:
    """Pages are not read as text."""
    raise ParseError("unknown_action", args.call.position, "a page cannot be read as text: scroll and look at it")


def _ask(args: Arguments) -> Moves:
    return (AskUser(args.text("", names=("question", "text", "content"))),)


_MOUSE = (
    "left_click", "right_click", "middle_click", "double_click", "triple_click", "click", "mouse_move", "drag",
)  # fmt: skip

TOOLS: Vocabulary = {
    **ACTIONS,
    **{name: held(ACTIONS[name]) for name in _MOUSE},
    **dict.fromkeys(("key", "hotkey", "press", "press_key"), hotkey),
    "type": plain_type,
    "left_click_drag": held(drag_to),
    "left_mouse_down": button_down,
    "left_mouse_up": button_up,
    "scroll": held(wheel(Direction.UP, Direction.DOWN, notches_of_pixels)),
    "hscroll": held(wheel(Direction.RIGHT, Direction.LEFT, notches_of_pixels)),
    "screenshot": always(NOTHING),
    "terminate": terminate,
    "answer": lambda args: (Finish(args.text()),),
    **dict.fromkeys(("interact", "call_user", "ask_user_question"), _ask),
    "system_button": system_button,
    **dict.fromkeys(("open", "open_app"), open_app),
}
"""Every action of Qwen-VL, Qwen3.5 to 3.8, EvoCUA and GUI-Owl, whichever the prompt offers."""

WEB_TOOLS: Vocabulary = {
    **TOOLS,
    "terminate": end_with_answer,
    "visit_url": visit,
    "web_search": lambda args: (actions.Navigate(_search(args.text(names=("query",)))),),
    "history_back": always(actions.Back()),
    "pause_and_memorize_fact": always(NOTHING),
    "read_page_answer_question": unreadable_page,
}
"""The actions of Fara1.5."""

PAGE_NOTCHES = 8
"""A page of a window 900 pixels high, as Fara-7B scrolls whatever the amount."""

FARA_7B_TOOLS: Vocabulary = {
    **WEB_TOOLS,
    "type": typing(submits=True),
    "scroll": wheel(Direction.UP, Direction.DOWN, lambda _: PAGE_NOTCHES),
    "terminate": terminate,
}
