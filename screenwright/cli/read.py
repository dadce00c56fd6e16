"""`screenwright read`: the texts and controls that the embedded reader finds in an image."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from .files import open_image, save_image

if TYPE_CHECKING:
    from ..agent.reader.vision.screen import Area, Screen, ScreenControl

DESCRIPTION = (
    "Print the texts and controls of IMAGE, one a line: its kind, its box as left,top,right,bottom in pixels, its text "
    "and its state. Runs on this machine, without a model server."
)
_STATES = ("checked", "focused", "disabled", "selected")
_TEXT, _CONTROL = "#1a8a3a", "#e0245e"


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("image", type=Path, metavar="IMAGE", help="a screenshot")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write a copy of the image with all boxes drawn")
    parser.add_argument("--json", action="store_true", help="print JSON: lines, words with their confidence, controls")


def main(args: argparse.Namespace) -> int:
    """Print what is found; returns the exit code.

    Raises:
        ValueError: the image cannot be read or written.
        ImportError: the reader is not installed.
    """
    from ..agent.reader import read_screen  # needs the reader extra

    image = open_image(args.image)
    screen = read_screen(image)
    if args.json:
        print(json.dumps(_as_json(screen), ensure_ascii=False))
    else:
        print("\n".join(_lines(screen)))
    if args.draw is not None:
        save_image(_drawn(image, screen), args.draw)
    return 0


def _lines(screen: "Screen") -> Iterator[str]:
    for segment in screen.segments:
        yield f"{'text':12} {_box(segment.area):22} {segment.text}"
    for control in screen.controls:
        state = " ".join(f"{name}={getattr(control, name)}".lower() for name in _states(control))
        yield f"{control.kind:12} {_box(control.area):22} {control.text} {state}".rstrip()


def _states(control: "ScreenControl") -> list[str]:
    """The states to print: those that are true, and `checked` also if it is false."""
    return [name for name in _STATES if (state := getattr(control, name)) or (state is False and name == "checked")]


def _as_json(screen: "Screen") -> dict[str, object]:
    return {
        "width": screen.width,
        "height": screen.height,
        "lines": [
            {
                "text": segment.text,
                "box": _corners(segment.area),
                "confidence": round(segment.score, 3),
                "words": [
                    {"text": word.text, "box": _corners(word.area), "confidence": round(word.score, 3)}
                    for word in segment.words
                ],
            }
            for segment in screen.segments
        ],
        "controls": [
            {"kind": str(control.kind), "box": _corners(control.area), "text": control.text}
            | {name: getattr(control, name) for name in _STATES}
            for control in screen.controls
        ],
    }


def _corners(area: "Area") -> list[int]:
    return [round(edge) for edge in (area.left, area.top, area.right, area.bottom)]


def _box(area: "Area") -> str:
    return ",".join(str(edge) for edge in _corners(area))


def _drawn(image: Image.Image, screen: "Screen") -> Image.Image:
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    for segment in screen.segments:
        pen.rectangle(_corners(segment.area), outline=_TEXT)
    for control in screen.controls:
        pen.rectangle(_corners(control.area), outline=_CONTROL, width=2)
        pen.text((control.area.left + 2, control.area.top - 11), str(control.kind), fill=_CONTROL)
    return drawn
