"""A person's hand and eye for the gallery: finds on a screenshot what a step names, and does it through an `Env`."""

from collections.abc import Callable

import numpy as np
from gallery import Step
from PIL import Image, ImageColor

from screenwright import Button, Click, Direction, Drag, Env, Hotkey, Move, ScreenPoint, Scroll, Type
from screenwright.agent.models.reader.perception import read_image
from screenwright.agent.models.reader.screen import Area


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


def do(step: Step, env: Env, fill: Callable[[str], str]) -> None:
    """Look, and do `step`."""
    image = env.observe().screenshot.image
    match step.do:
        case "click":
            env.execute(Click(find(image, step.at, step.part)))
        case "right click":
            env.execute(Click(find(image, step.at, step.part), Button.RIGHT))
        case "ctrl click":
            env.execute(Click(find(image, step.at, step.part), modifiers=("ctrl",)))
        case "move":
            env.execute(Move(find(image, step.at, step.part)))
        case "drag":
            start, end = find(image, step.at, step.part), find(image, step.to, (0.5, 0.5))
            env.execute(Drag((start, end)))
        case "scroll":
            env.execute(Scroll(Direction.DOWN, 10, find(image, step.at, step.part)))
        case "type":
            env.execute(Type(fill(step.text)))
        case "key":
            env.execute(Hotkey(tuple(step.text.split("+"))))
        case "see":
            find_text(image, step.text)
