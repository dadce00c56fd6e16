"""Writes moves in the call syntax of the UI-TARS family: the inverse of parsing, for scripted models and tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from ....envs import actions
from ....envs.actions import Button
from ...core.coordinates import ModelPoint
from ...core.decision import AskUser, Finish, GiveUp, ModelMove

CLICKS = {
    (Button.LEFT, 1): "click",
    (Button.LEFT, 2): "left_double",
    (Button.LEFT, 3): "left_triple",
    (Button.RIGHT, 1): "right_single",
    (Button.MIDDLE, 1): "middle_click",
}


@dataclass(frozen=True, slots=True)
class PointForm:
    """How a family writes points: the argument names, and the notation of `x` and `y`."""

    start: str = "start_box"
    end: str = "end_box"
    drag_start: str = "start_box"
    template: str = "({x},{y})"

    def write(self, point: ModelPoint) -> str:
        """The point in quotes."""
        return "'" + self.template.format(x=number(point.x), y=number(point.y)) + "'"


BOXES = PointForm()
POINTS = PointForm("point", "end_point", "start_point", "<point>{x} {y}</point>")


def number(value: float) -> str:
    """A number without trailing zeros and without exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def quoted(text: str) -> str:
    r"""`text` between single quotes, with `\`, `'` and line breaks escaped."""
    for plain, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return f"'{text}'"


def combination(keys: tuple[str, ...]) -> str:
    """Keys separated by spaces; a `+` that is not the last key is spelled out, because it would join keys."""
    return " ".join([*("plus" if key == "+" else key for key in keys[:-1]), *keys[-1:]])


def content(action: actions.Type) -> str:
    """The text of `action`, with a trailing line break if it is submitted."""
    return action.text + "\n" if action.submit else action.text


def unsupported(move: ModelMove, family: str) -> ValueError:
    """The error for a move that the family cannot express."""
    return ValueError(f"{family} cannot express {move}")


def write_reply(thought: str | None, moves: Sequence[ModelMove], form: PointForm) -> str:
    """A reply: the thought, then the moves, separated by blank lines.

    Raises:
        ValueError: the family cannot express one of the moves.
    """
    calls = "\n\n".join(write_move(move, form) for move in moves)
    return f"Thought: {thought}\nAction: {calls}" if thought else f"Action: {calls}"


def write_move(move: ModelMove, form: PointForm) -> str:
    """One move as a call.

    Raises:
        ValueError: the family cannot express it.
    """
    match move:
        case Finish(text):
            return _with_content("finished", text)
        case AskUser(text):
            return _with_content("call_user", text)
        case GiveUp(text):
            return _with_content("infeasible", text)
        case actions.Click(at, button, count, ()) if (button, count) in CLICKS:
            return f"{CLICKS[button, count]}({form.start}={form.write(at)})"
        case actions.Move(to):
            return f"hover({form.start}={form.write(to)})"
        case actions.Drag((start, end), Button.LEFT, ()):
            return f"drag({form.drag_start}={form.write(start)}, {form.end}={form.write(end)})"
        case actions.Scroll():
            return _scroll(move, form)
        case actions.LongPress(at, seconds):
            return f"long_press({form.start}={form.write(at)}, time='{number(seconds)}')"
        case actions.ButtonDown(Button.LEFT, at):
            return f"mouse_down({_at(at, form)})"
        case actions.ButtonUp(Button.LEFT, at):
            return f"mouse_up({_at(at, form)})"
        case actions.Click() | actions.Drag() | actions.ButtonDown() | actions.ButtonUp():
            raise unsupported(move, "UI-TARS")
        case _:
            return _write_other(move)


def _write_other(move: actions.ActionIn[ModelPoint]) -> str:
    match move:
        case actions.Type():
            return f"type(content={quoted(content(move))})"
        case actions.Hotkey(keys):
            return f"hotkey(key={quoted(combination(keys))})"
        case actions.KeyDown(key):
            return f"press(key={quoted(key)})"
        case actions.KeyUp(key):
            return f"release(key={quoted(key)})"
        case actions.Wait(seconds):
            return "wait()" if seconds == 5 else f"wait(time='{number(seconds)}')"
        case actions.Navigate(url):
            return f"navigate(content={quoted(url)})"
        case actions.Back():
            return "navigate_back()"
        case actions.OpenApp(app):
            return f"open_app(app_name={quoted(app)})"
        case actions.Home():
            return "press_home()"
        case _:
            raise unsupported(move, "UI-TARS")


def _with_content(name: str, text: str) -> str:
    return f"{name}(content={quoted(text)})" if text else f"{name}()"


def _at(at: ModelPoint | None, form: PointForm) -> str:
    return "" if at is None else f"{form.start}={form.write(at)}"


def _scroll(move: actions.Scroll[ModelPoint], form: PointForm) -> str:
    where = _at(move.at, form)
    amount = "" if move.amount == 5 else f", amount={move.amount}"
    return f"scroll({where}{', ' if where else ''}direction='{move.direction}'{amount})"
