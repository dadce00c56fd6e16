"""Actions and endings in words, for progress lines, questions to the user and the viewer."""

from collections.abc import Sequence

from ...envs.actions import (
    Action,
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
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
from ...envs.geometry import ScreenPoint
from .change import Change, ChangeKind
from .decision import AskUser, Ending, Finish

_COUNTS = {1: "click", 2: "double click", 3: "triple click"}


def indent_continuation(text: str) -> str:
    """`text` with the lines after its first set in, so that the next note is told from it."""
    return text.replace("\n", "\n  ")


def describe_action(action: Action) -> str:
    """One action as a person would say it: `double click at 400, 212`."""
    match action:
        case Click(at, button, count, modifiers):
            held = "".join(f"{key}+" for key in modifiers)
            side = "" if button is Button.LEFT else f"{button} "
            return f"{held}{side}{_COUNTS.get(count, f'{count} clicks')} at {_at(at)}"
        case Move(to):
            return f"move to {_at(to)}"
        case Drag(path):
            return f"drag from {_at(path[0])} to {_at(path[-1])}"
        case Scroll(direction, amount, at):
            return f"scroll {direction} by {amount}" + (f" at {_at(at)}" if at else "")
        case Type(text, submit):
            return f"type {text!r}" + (" and press enter" if submit else "")
        case Hotkey(keys):
            return f"press {'+'.join(keys)}"
        case KeyDown(key):
            return f"hold {key}"
        case KeyUp(key):
            return f"release {key}"
        case ButtonDown(button, at):
            return f"hold the {button} button" + (f" at {_at(at)}" if at else "")
        case ButtonUp(button, at):
            return f"release the {button} button" + (f" at {_at(at)}" if at else "")
        case LongPress(at, seconds):
            return f"long press of {seconds:g} s at {_at(at)}"
        case Wait(seconds):
            return f"wait {seconds:g} s"
        case Navigate(url):
            return f"go to {url}"
        case Back():
            return "go back"
        case OpenApp(app):
            return f"open {app}"
        case Home():
            return "go to the home screen"


def describe_ending(ending: Ending) -> str:
    """How the model ends an episode, in words."""
    match ending:
        case Finish(answer):
            return f"finished: {answer}" if answer else "finished"
        case AskUser(question):
            return f"asks the user: {question}" if question else "asks for the user"
        case _:
            return f"gives up: {ending.reason}" if ending.reason else "gives up"


def describe_change(change: Change) -> str:
    """What changed, as a line: `nothing`, or where and how much."""
    where = {
        ChangeKind.NOTHING: "nothing",
        ChangeKind.NEAR: "near the point",
        ChangeKind.ELSEWHERE: "away from the point",
        ChangeKind.WHOLE: "a whole new screen",
        None: "",
    }[change.kind]
    if change.share == 0:
        return where or "nothing"
    share = "less than 0.1 % of the screen" if change.share < 0.001 else f"{change.share * 100:.1f} % of the screen"
    places = f", in {len(change.regions)} places" if len(change.regions) > 1 else ""
    masked = f"; {len(change.masked)} left out that moved by themselves" if change.masked else ""
    return f"{where}: {share}{places}{masked}" if where else f"{share}{places}"


def no_effect_message(actions: Sequence[Action]) -> str:
    """What the model is told when its last deed changed nothing; empty for deeds that are not meant to."""
    match actions[-1] if actions else None:
        case None | Wait() | Move() | KeyDown() | KeyUp() | ButtonDown():
            return ""
        case Type():
            return "The text that you typed did not appear: nothing on the screen has changed."
        case Scroll(direction=direction):
            return f"Scrolling {direction} moved nothing: there may be no more in that direction."
        case _:
            return "Your last action changed nothing on the screen."


def _at(point: ScreenPoint) -> str:
    return f"{round(point.x)}, {round(point.y)}"
