"""`screenwright ground`: finds what a text describes in an image."""

import argparse
import json
import os
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from ..agent.core.model import ModelLost
from ..agent.dialects.prompting.prompt_kind import Prompt
from ..agent.loop.config import GroundConfig
from ..envs.geometry import ScreenPoint
from .arguments import add_settings, given_flags
from .files import open_image, save_image
from .settings import load_settings

NOT_FOUND = 4
LOST = 11

DESCRIPTION = "Print where in IMAGE the element is that TEXT describes, as x y in pixels."
EPILOG = f"exit codes: 0 found, 2 bad input, {NOT_FOUND} not found, {LOST} the model does not answer"
USAGE = "IMAGE TEXT [flags]"


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("image", type=Path, metavar="IMAGE", help="a screenshot")
    parser.add_argument("text", metavar="TEXT", help="description of the element, such as 'the Save button'")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write a copy of the image with the point marked")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_settings(parser, GroundConfig, everything=everything)


def main(args: argparse.Namespace) -> int:
    """Print the point; returns the exit code.

    Raises:
        SettingsError, ValueError: one line for the user.
    """
    config = load_settings(GroundConfig, given_flags(args, GroundConfig), os.environ, args.config)
    image = open_image(args.image)
    model = config.agent.model.build()
    config.agent.check_model(model)
    try:
        agent = config.agent.build(model)
        point = agent.ground(image, args.text, Prompt(config.agent.prompt or Prompt.GROUNDING))
    except ModelLost as lost:
        print(f"screenwright: {lost}", file=sys.stderr)
        return LOST
    if args.json:
        print(json.dumps({"point": None if point is None else [point.x, point.y]}))
    elif point is not None:
        print(f"{point.x:g} {point.y:g}")
    if point is None:
        print(f"screenwright: the model does not find {args.text!r}", file=sys.stderr)
        return NOT_FOUND
    if args.draw is not None:
        _draw(image, point, args.draw)
    return 0


def _draw(image: Image.Image, point: ScreenPoint, path: Path) -> None:
    pen = ImageDraw.Draw(image)
    radius = max(image.size) / 90
    for size, color in ((radius + 2, "white"), (radius, "#e0245e")):
        pen.ellipse((point.x - size, point.y - size, point.x + size, point.y + size), outline=color, width=3)
    pen.ellipse((point.x - 2, point.y - 2, point.x + 2, point.y + 2), fill="#e0245e")
    save_image(image, path)
