"""Commands about one screenshot: `ground` finds an element in it, `read` lists its texts and controls."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from screenwright._files import read_file
from screenwright._text import one_line

from ...agent.core.model import ModelLost
from ...agent.dialects.prompting.prompt_kind import Prompt
from ...agent.loop.agent import Agent
from ...agent.loop.config.run import GroundConfig
from ...agent.loop.target_text import target_at
from ...agent.record.viewer import LineReader, TargetReader
from ...envs.geometry import Box, ScreenPoint
from ...envs.screenshot import MAX_IMAGE_BYTES, Screenshot
from ..arguments import Command, given_flags
from ..settings import SettingsError, load_settings
from ..terminal import Terminal

if TYPE_CHECKING:
    from ...agent.reader.vision.screen import Area, Screen, ScreenControl

NOT_FOUND = 4
LOST = 11

_MAX_READING_S = 30.0
_STATES = ("checked", "focused", "disabled", "selected")
_TEXT_COLOR, _MARK_COLOR = "#1a8a3a", "#e0245e"


def _open_image(path: Path) -> Image.Image:
    try:
        return Screenshot.decoded(read_file(path, MAX_IMAGE_BYTES)).image
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} {error}") from error


def _check_drawable(path: Path | None) -> None:
    """Refuse a file that cannot be written, before a model is asked."""
    if path is None:
        return
    if path.suffix.lower() not in Image.registered_extensions():
        raise SettingsError(f"--draw is {path}, but should be a .png or .jpg file")
    if not path.parent.is_dir() or path.is_dir():
        raise SettingsError(f"--draw is {path}, but should be a file in an existing folder")


def _save_image(image: Image.Image, path: Path) -> None:
    try:
        image.save(path)
    except OSError as error:
        raise ValueError(f"the image cannot be written to {path}: {error.strerror or error}") from error


# -- ground


def _add_ground_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", type=Path, metavar="IMAGE", help="a screenshot")
    parser.add_argument("text", metavar="TEXT", help="description of the element, such as 'the Save button'")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write a copy of the image with the point marked")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _ground(args: argparse.Namespace) -> int:
    config = load_settings(GroundConfig, given_flags(args, GroundConfig), os.environ, args.config)
    if not args.text.strip():
        raise SettingsError("TEXT is empty: describe the element, such as 'the Save button'")
    _check_drawable(args.draw)
    image = _open_image(args.image)
    model = config.agent.model.build()
    dialects = config.agent.check_model(model, Terminal().line)
    try:
        with closing(Agent(policy=config.agent.build_policy(model, dialects))) as agent:
            point = agent.ground(image, args.text, Prompt(config.agent.prompt or Prompt.GROUNDING))
    except ModelLost as lost:
        print(f"screenwright: {lost}", file=sys.stderr)
        return LOST
    if point is not None and args.draw is not None:
        _mark(image, point)
        _save_image(image, args.draw)
    if args.json:
        print(json.dumps({"point": None if point is None else [point.x, point.y]}))
    elif point is not None:
        print(f"{point.x:g} {point.y:g}")
    if point is None:
        print(f"screenwright: the model does not find {one_line(args.text)!r}", file=sys.stderr)
        return NOT_FOUND
    return 0


def _mark(image: Image.Image, point: ScreenPoint) -> None:
    pen = ImageDraw.Draw(image)
    radius = max(image.size) / 90
    for size, color in ((radius + 2, "white"), (radius, _MARK_COLOR)):
        pen.ellipse((point.x - size, point.y - size, point.x + size, point.y + size), outline=color, width=3)
    pen.ellipse((point.x - 2, point.y - 2, point.x + 2, point.y + 2), fill=_MARK_COLOR)


# -- read


def _add_read_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", type=Path, metavar="IMAGE", help="a screenshot")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write a copy of the image with all boxes drawn")
    parser.add_argument("--json", action="store_true", help="print JSON: lines, words with their confidence, controls")


def _read(args: argparse.Namespace) -> int:
    from ...agent.reader import read_screen  # needs the reader extra

    _check_drawable(args.draw)
    image = _open_image(args.image)
    screen = read_screen(image)
    if args.draw is not None:
        _draw_boxes(image, screen)
        _save_image(image, args.draw)
    if args.json:
        print(json.dumps(_as_json(screen), ensure_ascii=False))
    else:
        print("\n".join(_lines(screen)))
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
    return ",".join(map(str, _corners(area)))


def _draw_boxes(image: Image.Image, screen: "Screen") -> None:
    pen = ImageDraw.Draw(image)
    for segment in screen.segments:
        pen.rectangle(_corners(segment.area), outline=_TEXT_COLOR)
    for control in screen.controls:
        pen.rectangle(_corners(control.area), outline=_MARK_COLOR, width=2)
        pen.text((control.area.left + 2, control.area.top - 11), str(control.kind), fill=_MARK_COLOR)


# -- words for what was clicked


def target_reader() -> TargetReader:
    """Reads what is at a point of a screenshot; for half a minute in all, and only if the reader is installed."""
    end = time.monotonic() + _MAX_READING_S

    def read_target(screenshot: Screenshot, point: ScreenPoint) -> str:
        text, kind = (time.monotonic() < end and target_at(screenshot, point)) or ("", "")
        return f'"{text}" {kind}'.rstrip() if text else ""

    return read_target


def line_reader() -> LineReader | None:
    """Reads the lines of a screenshot; None without the reader."""
    try:
        from ...agent.reader import read_screen  # needs the reader extra
    except ImportError:
        return None

    def read_lines(screenshot: Screenshot) -> Iterator[tuple[str, Box]]:
        for segment in read_screen(screenshot.image).segments:
            yield segment.text, Box(*_corners(segment.area))

    return read_lines


COMMANDS = {
    "ground": Command(
        _ground,
        "Print where in IMAGE the element is that TEXT describes, as x y in pixels.",
        _add_ground_arguments,
        GroundConfig,
        usage="IMAGE TEXT [flags]",
        epilog=f"exit codes: 0 found, 2 bad input, {NOT_FOUND} not found, {LOST} the model does not answer",
    ),
    "read": Command(
        _read,
        "Print the texts and controls of IMAGE, one a line: its kind, its box as left,top,right,bottom in pixels, its "
        "text and its state. Runs on this machine, without a model server.",
        _add_read_arguments,
    ),
}
