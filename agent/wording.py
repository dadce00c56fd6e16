"""Actions and endings in words, for progress lines, questions to the user and the viewer."""

from ..envs.actions import (
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
from ..envs.geometry import ScreenPoint
from .decision import AskUser, Ending, Finish

_COUNTS = {1: "click", 2: "double click", 3: "triple click"}


def describe(action: Action) -> str:
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


def _at(point: ScreenPoint) -> str:
    return f"{round(point.x)}, {round(point.y)}"
