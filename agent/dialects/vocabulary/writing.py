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
    """How a family writes points: the argument names, the notation of `x` and `y`, and the name of a mouse move."""

    start: str = "start_box"
    end: str = "end_box"
    drag_start: str = "start_box"
    template: str = "({x},{y})"
    move: str = "hover"

    def write(self, point: ModelPoint) -> str:
        """The point in the notation of the family."""
        return self.template.format(x=number(point.x), y=number(point.y))


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
    calls = "\n\n".join(_write_call(*call_of(move, form, "UI-TARS")) for move in moves)
    return f"Thought: {thought}\nAction: {calls}" if thought else f"Action: {calls}"


def _write_call(name: str, arguments: dict[str, str]) -> str:
    return f"{name}({', '.join(f'{key}={quoted(value)}' for key, value in arguments.items())})"


def call_of(move: ModelMove, form: PointForm, family: str) -> tuple[str, dict[str, str]]:
    """The name and the arguments of one move.

    Raises:
        ValueError: the family cannot express it.
    """
    match move:
        case actions.Click(at, button, count, ()) if (button, count) in CLICKS:
            return CLICKS[button, count], {form.start: form.write(at)}
        case actions.Move(to):
            return form.move, {form.start: form.write(to)}
        case actions.Drag((start, end), Button.LEFT, ()):
            return "drag", {form.drag_start: form.write(start), form.end: form.write(end)}
        case actions.Scroll(direction, amount, at):
            extra = {} if amount == 5 else {"amount": str(amount)}
            return "scroll", _at(at, form) | {"direction": str(direction)} | extra
        case actions.LongPress(at, seconds):
            return "long_press", {form.start: form.write(at), "time": number(seconds)}
        case actions.ButtonDown(Button.LEFT, at):
            return "mouse_down", _at(at, form)
        case actions.ButtonUp(Button.LEFT, at):
            return "mouse_up", _at(at, form)
        case actions.Type():
            return "type", {"content": content(move)}
        case actions.Hotkey(keys):
            # A "+" that is not the last key is spelled out, because it would join keys.
            return "hotkey", {"key": " ".join([*("plus" if key == "+" else key for key in keys[:-1]), *keys[-1:]])}
        case actions.KeyDown(key):
            return "press", {"key": key}
        case actions.KeyUp(key):
            return "release", {"key": key}
        case actions.Wait(seconds):
            return "wait", {} if seconds == 5 else {"time": number(seconds)}
        case actions.Navigate(url):
            return "navigate", {"content": url}
        case actions.Back():
            return "navigate_back", {}
        case actions.OpenApp(app):
            return "open_app", {"app_name": app}
        case actions.Home():
            return "press_home", {}
        case Finish(text):
            return "finished", _content(text)
        case AskUser(text):
            return "call_user", _content(text)
        case GiveUp(text):
            return "infeasible", _content(text)
        case _:
            raise unsupported(move, family)


def _content(text: str) -> dict[str, str]:
    return {"content": text} if text else {}


def _at(at: ModelPoint | None, form: PointForm) -> dict[str, str]:
    return {} if at is None else {form.start: form.write(at)}
