"""A person's hand and eye for the gallery: finds on a screenshot what a step names, and does it through an `Env`."""

import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageColor

from ....agent.reader.vision.perception import read_image
from ....agent.reader.vision.screen import Area
from ....envs.actions import Action, Button, Click, Direction, Drag, Hotkey, Move, Scroll, Type
from ....envs.env import Env
from ....envs.geometry import ScreenPoint
from .traps import Step

_LOOKS_AGAIN = 4
_AGAIN_S = 0.5


class NotSeen(AssertionError):
    """What a step names is not on the screenshot."""


def find_colour(image: Image.Image, colour: str) -> Area:
    """The box around the pixels of `colour`."""
    wanted = np.array(ImageColor.getrgb(colour), np.int16)
    rows, columns = np.nonzero((np.abs(np.asarray(image.convert("RGB"), np.int16) - wanted) <= 3).all(axis=2))
    if not len(rows):
        raise NotSeen(f"nothing is {colour}")
    return Area(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))


def find_text(image: Image.Image, text: str) -> Area:
    """The box around `text`: that of a piece of text that is it, else of the words of it, else of what holds it."""
    pieces = read_image(image).pieces
    wanted = text.casefold()
    for piece in pieces:
        if piece.text.casefold() == wanted:
            return piece.area
    for piece in pieces:
        for word in piece.words:
            if word.text.casefold() == wanted:
                return word.area
    for piece in pieces:
        if wanted.replace(" ", "") in piece.text.casefold().replace(" ", ""):
            return piece.area
    raise NotSeen(f"{text!r} is not among {[piece.text for piece in pieces]}")


def find(image: Image.Image, what: str, part: tuple[float, float]) -> ScreenPoint:
    """Where `what` is, a colour or a text."""
    area = find_colour(image, what) if what.startswith("#") else find_text(image, what)
    return ScreenPoint(area.left + area.width * part[0], area.top + area.height * part[1])


def action_of(step: Step, image: Image.Image, fill: Callable[[str], str]) -> Action | None:
    """What `step` is on the screenshot `image`; None for a step that only looks. `fill` completes what is typed.

    Raises:
        NotSeen: what it names is not there.
    """
    match step.do:
        case "click":
            return Click(find(image, step.at, step.part))
        case "right click":
            return Click(find(image, step.at, step.part), Button.RIGHT)
        case "ctrl click":
            return Click(find(image, step.at, step.part), modifiers=("ctrl",))
        case "move":
            return Move(find(image, step.at, step.part))
        case "drag":
            return Drag((find(image, step.at, step.part), find(image, step.to, (0.5, 0.5))))
        case "scroll":
            return Scroll(Direction.DOWN, 10, find(image, step.at, step.part))
        case "type":
            return Type(fill(step.text))
        case "key":
            return Hotkey(tuple(step.text.split("+")))
        case "see":
            find_text(image, step.text)
            return None


def do(step: Step, env: Env, fill: Callable[[str], str]) -> None:
    """Look, and do `step`; what is not there is looked for again for a moment, as a person does."""
    action = _found(step, env, fill)
    if action is not None:
        env.execute(action)


def _found(step: Step, env: Env, fill: Callable[[str], str]) -> Action | None:
    for _ in range(_LOOKS_AGAIN):
        try:
            return action_of(step, env.observe().screenshot.image, fill)
        except NotSeen:
            time.sleep(_AGAIN_S)
    return action_of(step, env.observe().screenshot.image, fill)
