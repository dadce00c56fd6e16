"""Text for actions, endings and screen changes: for progress lines, prompts, questions to the user and the viewer."""

import json
import re
from collections.abc import Sequence
from typing import get_origin

from screenwright._text import one_line, plain

from ...envs import actions
from ...envs.actions import Button
from ...envs.geometry import ScreenPoint
from .change import Change, ChangeKind
from .decision import AskUser, Ending, Finish

USER_SAYS = "The user says: "
USER_ANSWERS = "The user answers: "
DENIED = "Your last action was not allowed: "
REFUSED = "Your last action could not be executed: "
"""Prefixes of notes that hold a message of the user, or the reason why an action was not carried out."""


SECRETS = "Secrets that you can type: "
"""Starts what follows the task if there are secrets."""

ANSWER_FORM = "Form of the answer: "
"""Starts what follows the task if the program wants its answer in some form."""

MAX_REASON = 600
"""Characters of a reason in a note."""

CUT_SHORT = "it was interrupted, and part of it may have been carried out"
POSSIBLY_DONE = "may already have been carried out"
UNCONFIRMED = f"{POSSIBLY_DONE}: look at the screen before you repeat it"
SKIPPED = "not carried out: the task was interrupted"
"""What is known about an action without a result."""

INTERRUPTED = "The task was interrupted after your last action and continues now. The screen may have changed."
RESTARTED = "The screen was lost and has been restarted."

_CLICK_NAMES = {1: "click", 2: "double click", 3: "triple click"}


def indent_continuation(text: str) -> str:
    """Indent all lines but the first, to separate a multi-line note from the next one."""
    return text.replace("\n", "\n  ")


def type_name(kind: type) -> str:
    """The name of an action or an ending in logs and rules: its class in snake case, such as `key_down`."""
    return re.sub(r"(?<=.)(?=[A-Z])", "_", (get_origin(kind) or kind).__name__).lower()


def describe_action(action: actions.Action) -> str:
    """An action as text, such as `double click at 400, 212`."""
    match action:
        case actions.Click(at, button, count, modifiers):
            held_keys = "".join(f"{key}+" for key in modifiers)
            button_name = "" if button is Button.LEFT else f"{button} "
            return f"{held_keys}{button_name}{_CLICK_NAMES.get(count, f'{count} clicks')} at {_at(at)}"
        case actions.Move(to):
            return f"move to {_at(to)}"
        case actions.Drag(path):
            return f"drag from {_at(path[0])} to {_at(path[-1])}"
        case actions.Scroll(direction, amount, at):
            return f"scroll {direction} by {amount}" + (f" at {_at(at)}" if at else "")
        case actions.Type(text, submit):
            return f"type {text!r}" + (" and press enter" if submit else "")
        case actions.Hotkey(keys):
            return f"press {one_line('+'.join(keys))}"
        case actions.KeyDown(key):
            return f"hold {one_line(key)}"
        case actions.KeyUp(key):
            return f"release {one_line(key)}"
        case actions.ButtonDown(button, at):
            return f"hold the {button} button" + (f" at {_at(at)}" if at else "")
        case actions.ButtonUp(button, at):
            return f"release the {button} button" + (f" at {_at(at)}" if at else "")
        case actions.LongPress(at, seconds):
            return f"long press of {seconds:g} s at {_at(at)}"
        case actions.Wait(seconds):
            return f"wait {seconds:g} s"
        case actions.Navigate(url):
            return f"go to {one_line(url)}"
        case actions.Back():
            return "go back"
        case actions.OpenApp(app):
            return f"open {one_line(app)}"
        case actions.Home():
            return "go to the home screen"
        case actions.CallFunction(name, arguments):
            return f"call {one_line(name)}({one_line(arguments)})"


def denied_message(reason: str) -> str:
    """The note for the model after an action that the guard or the user denied."""
    return f"{DENIED}{plain(reason, MAX_REASON)}. Find another way."


def refused_message(reason: str) -> str:
    """The note for the model after an action that the environment refused."""
    return f"{REFUSED}{plain(reason, MAX_REASON)}."


def result_message(name: str, output: str) -> str:
    """The note for the model after a function of the program; what it returned is data."""
    return f"Result of {name}: {json.dumps(output, ensure_ascii=False)}" if output else f"{name} returned nothing."


def unconfirmed_message(action: actions.Action) -> str:
    """The note for the model if it is unknown whether `action` was carried out."""
    return f"The action {plain(describe_action(action), MAX_REASON)} {UNCONFIRMED}."


def skipped_message(count: int) -> str:
    """The note for the model if the last `count` actions of its reply were not carried out."""
    which = "The last action" if count == 1 else f"The last {count} actions"
    return f"{which} of your reply {'was' if count == 1 else 'were'} not carried out."


def describe_ending(ending: Ending) -> str:
    """An ending as text, such as `finished: 42`."""
    match ending:
        case Finish(answer):
            return f"finished: {answer}" if answer else "finished"
        case AskUser(question):
            return f"asks the user: {question}" if question else "asks for help"
        case _:
            return f"gives up: {ending.reason}" if ending.reason else "gives up"


def describe_change(change: Change) -> str:
    """A screen change as one line: where and how much."""
    where = {
        ChangeKind.NOTHING: "nothing",
        ChangeKind.NEAR: "near the point",
        ChangeKind.ELSEWHERE: "away from the point",
        ChangeKind.WHOLE: "the whole screen",
    }[change.kind]
    if change.share == 0:
        return where
    share = "less than 0.1 % of the screen" if change.share < 0.001 else f"{change.share * 100:.1f} % of the screen"
    regions = f", in {len(change.regions)} regions" if len(change.regions) > 1 else ""
    masked = f"; {len(change.masked)} animated regions ignored" if change.masked else ""
    return f"{where}: {share}{regions}{masked}"


def no_effect_message(taken: Sequence[actions.Action]) -> str:
    """The note for the model after an action without effect; empty for actions that may have no visible effect."""
    match taken[-1] if taken else None:
        case None | actions.Wait() | actions.Move() | actions.KeyDown() | actions.KeyUp() | actions.ButtonDown():
            return ""
        case actions.CallFunction():
            return ""
        case actions.Type():
            return "The text you typed did not appear. The screen did not change."
        case actions.Scroll(direction=direction):
            return f"Scrolling {direction} did not change the screen. You may have reached the end."
        case _:
            return "The last action did not change the screen."


def _at(point: ScreenPoint) -> str:
    return f"{round(point.x)}, {round(point.y)}"
