"""`screenwright read`: what the embedded reader sees on a picture, its texts and its controls."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from .pictures import open_picture, write_picture

if TYPE_CHECKING:
    from ..agent.reader.vision.screen import Area, Screen, ScreenControl

HELP = (
    "Print what stands on IMAGE: a line a text and a line a control, with its kind, its box as left,top,right,bottom "
    "in pixels, and its state. Nothing leaves the machine."
)
_STATES = ("checked", "focused", "disabled", "selected")
_TEXT, _CONTROL = "#1a8a3a", "#e0245e"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("picture", type=Path, metavar="IMAGE", help="a screenshot")
    parser.add_argument("--json", action="store_true", help="print JSON: words with their confidence, lines, controls")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write the picture there with all boxes drawn")


def read(picture: Path, *, as_json: bool, draw: Path | None) -> int:
    """Print what is read on `picture`; the exit code.

    Raises:
        ValueError: the picture cannot be read or written.
        ImportError: the reader is not installed.
    """
    from ..agent.reader import read_screen

    image = open_picture(picture)
    screen = read_screen(image)
    if as_json:
        print(json.dumps(_as_json(screen), ensure_ascii=False))
    else:
        print("\n".join(_lines(screen)))
    if draw is not None:
        write_picture(_drawn(image, screen), draw)
    return 0


def _lines(screen: "Screen") -> Iterator[str]:
    for segment in screen.segments:
        yield f"{'text':12} {_box(segment.area):22} {segment.text}"
    for control in screen.controls:
        state = " ".join(f"{name}={getattr(control, name)}".lower() for name in _said(control))
        yield f"{control.kind:12} {_box(control.area):22} {control.text} {state}".rstrip()


def _said(control: "ScreenControl") -> list[str]:
    """The states that can be told: where they hold, and for check boxes also where they do not."""
    return [name for name in _STATES if (held := getattr(control, name)) or (held is False and name == "checked")]


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
