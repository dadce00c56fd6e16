"""Performs the steps of a trap: locates each target on the screenshot, by colour or by OCR, and acts on it."""

import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageColor

from ....agent.reader.vision.perception import read_image
from ....agent.reader.vision.screen import Area
from ....envs.actions import Action, Button, Click, Direction, Drag, Hotkey, Move, Scroll, Type
from ....envs.env import Env
from ....envs.geometry import ScreenPoint
from .traps import TrapStep

_RETRIES = 20
_RETRY_S = 0.5


class TargetNotFound(AssertionError):
    """The target of a step is not on the screenshot."""


def find_colour(image: Image.Image, colour: str) -> Area:
    """The bounding box of all pixels of `colour`."""
    wanted = np.array(ImageColor.getrgb(colour), np.int16)
    rows, columns = np.nonzero((np.abs(np.asarray(image.convert("RGB"), np.int16) - wanted) <= 3).all(axis=2))
    if not len(rows):
        raise TargetNotFound(f"no pixel has the colour {colour}")
    return Area(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))


def find_text(image: Image.Image, text: str) -> Area:
    """The box of `text`: a whole line that equals it, else a word that equals it, else a line that contains it."""
    segments = read_image(image).segments
    wanted = text.casefold()
    for segment in segments:
        if segment.text.casefold() == wanted:
            return segment.area
    for segment in segments:
        for word in segment.words:
            if word.text.casefold() == wanted:
                return word.area
    for segment in segments:
        if wanted.replace(" ", "") in segment.text.casefold().replace(" ", ""):
            return segment.area
    raise TargetNotFound(f"{text!r} is not among {[segment.text for segment in segments]}")


def locate(image: Image.Image, target: str, part: tuple[float, float]) -> ScreenPoint:
    """The point at the fraction `part` of the box of `target`, a colour or a text."""
    area = find_colour(image, target) if target.startswith("#") else find_text(image, target)
    return ScreenPoint(area.left + area.width * part[0], area.top + area.height * part[1])


def action_for(step: TrapStep, image: Image.Image, fill: Callable[[str], str]) -> Action | None:
    """The action of `step` on the screenshot `image`; None for a step that only checks. `fill` completes typed text.

    Raises:
        TargetNotFound: the target is not on the screenshot.
    """
    match step.kind:
        case "click":
            return Click(locate(image, step.at, step.part))
        case "right click":
            return Click(locate(image, step.at, step.part), Button.RIGHT)
        case "ctrl click":
            return Click(locate(image, step.at, step.part), modifiers=("ctrl",))
        case "move":
            return Move(locate(image, step.at, step.part))
        case "drag":
            return Drag((locate(image, step.at, step.part), locate(image, step.to, (0.5, 0.5))))
        case "scroll":
            return Scroll(Direction.DOWN, 10, locate(image, step.at, step.part))
        case "type":
            return Type(fill(step.text))
        case "key":
            return Hotkey(tuple(step.text.split("+")))
        case "check":
            find_text(image, step.text)
            return None


def perform(step: TrapStep, env: Env, fill: Callable[[str], str]) -> None:
    """Perform `step`; retries for ten seconds if the target is not on the screen yet."""
    action = _wait_for_action(step, env, fill)
    if action is not None:
        env.execute(action)


def _wait_for_action(step: TrapStep, env: Env, fill: Callable[[str], str]) -> Action | None:
    for _ in range(_RETRIES):
        try:
            return action_for(step, env.observe().screenshot.image, fill)
        except TargetNotFound:
            time.sleep(_RETRY_S)
    return action_for(step, env.observe().screenshot.image, fill)
