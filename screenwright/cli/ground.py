"""`screenwright ground`: where on a picture is the thing that a text describes?"""

import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from ..agent.core.model import ModelLost
from ..agent.loop.agent import Agent
from ..agent.loop.open_model import open_model
from ..envs.geometry import ScreenPoint
from .pictures import open_picture, write_picture

NOT_FOUND = 4
LOST = 11


def ground(picture: Path, text: str, agent: Agent, *, draw: Path | None, as_json: bool) -> int:
    """Print the point as `x y` in pixels of the picture, or as JSON; draw it into a copy if asked; the exit code.

    Raises:
        ValueError: the picture cannot be read or written.
    """
    image = open_picture(picture)
    try:
        point = agent.ground(image, text)
    except ModelLost as lost:
        print(f"screenwright: {lost}", file=sys.stderr)
        return LOST
    if as_json:
        print(json.dumps({"point": None if point is None else [point.x, point.y]}))
    elif point is not None:
        print(f"{point.x:g} {point.y:g}")
    if point is None:
        print(f"screenwright: the model names no place for {text!r}", file=sys.stderr)
        return NOT_FOUND
    if draw is not None:
        _draw(image, point, draw)
    return 0


def grounding_agent(model: str, name: str | None, dialect: str | None) -> Agent:
    """The agent that the flags describe.

    Raises:
        ValueError: there is no such model or dialect.
    """
    return Agent(open_model(model, name), dialect=dialect)


def _draw(image: Image.Image, point: ScreenPoint, path: Path) -> None:
    pen = ImageDraw.Draw(image)
    radius = max(image.size) / 90
    for size, colour in ((radius + 2, "white"), (radius, "#e0245e")):
        pen.ellipse((point.x - size, point.y - size, point.x + size, point.y + size), outline=colour, width=3)
    pen.ellipse((point.x - 2, point.y - 2, point.x + 2, point.y + 2), fill="#e0245e")
    write_picture(image, path)
