"""Tasks on a whiteboard, Excalidraw, whose drawing is a file of JSON."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ......envs.actions import Drag
from ......envs.geometry import ScreenPoint
from .....core.task import TaskError
from ...oracle import Step, click, key, write
from ...template import Case, Job, miss
from ...words import TOWNS
from ..collection import WebCollection
from ..documents import BoardShape, Whiteboard
from ..finding import press
from ..program import SITES, WebProgram

_PAGE = "whiteboard"


def _build(apps: Path) -> None:
    """Bundle the page, once."""
    if (apps / _PAGE / "main.js").exists():
        return
    command = [sys.executable, str(SITES / "whiteboard_site.py"), "--build"]
    try:
        subprocess.run(command, check=True, env={**os.environ, "NPM": str(apps / "npm"), "PAGE": str(apps / _PAGE)})
    except subprocess.CalledProcessError as error:
        raise TaskError(f"the page of Excalidraw cannot be built: {error}") from error


PROGRAM = WebProgram(
    "whiteboard",
    ("/usr/bin/env", "python3", "SITES/whiteboard_site.py"),
    npm=("@excalidraw/excalidraw", "react@18", "react-dom@18", "esbuild"),
    environment={"PAGE": f"BIN/../../{_PAGE}", "STATE": "HOME/Boards/board.json", "NPM": "NPM"},
    build=_build,
)
TASKS = WebCollection(PROGRAM)
_OPEN = (("/",),)
_COLOURS = {"red": "#ffc9c9", "green": "#b2f2bb", "blue": "#a5d8ff", "yellow": "#ffec99"}
_KINDS = ("rectangle", "ellipse", "diamond")


def _board(case: Case) -> Whiteboard:
    """One shape of each kind, side by side, in different colours."""
    kinds, colours = case.some(_KINDS, 3), case.some([*_COLOURS.values()], 3)
    shapes = [
        BoardShape(kind, 300.0 + 240 * place, 250.0 + case.number(0, 100), 140.0, 100.0, colour)
        for place, (kind, colour) in enumerate(zip(kinds, colours, strict=True))
    ]
    return Whiteboard("Boards/board.json", tuple(shapes))


def _with(board: Whiteboard, place: int, **values: object) -> Whiteboard:
    shapes = list(board.shapes)
    shapes[place] = replace(shapes[place], **values)  # type: ignore[arg-type]  # names of its fields
    return replace(board, shapes=tuple(shapes))


def _end(board: Whiteboard) -> float:
    """Where its lowest shape ends."""
    return max((shape.y or 0.0) + (shape.height or 0.0) for shape in board.shapes)


def _select(shape: BoardShape) -> tuple[Step, ...]:
    """A click on the middle of a filled shape."""
    assert None not in (shape.x, shape.y, shape.width, shape.height)
    return click((shape.x or 0) + (shape.width or 0) / 2, (shape.y or 0) + (shape.height or 0) / 2)


def _colour_name(shape: BoardShape) -> str:
    return next(name for name, colour in _COLOURS.items() if colour == shape.background)


@TASKS.task(
    "Delete the {kind}.",
    "Remove the {kind} from the whiteboard; the other shapes stay.",
    "The drawing should be without the {kind}.",
    "Take the {kind} away.",
)
def delete_shape(case: Case) -> Job:
    """A shape by its kind."""
    board = _board(case)
    place, other = case.some(range(3), 2)
    shapes = board.shapes
    return Job(
        {"kind": shapes[place].kind},
        (board,),
        _OPEN,
        (*_select(shapes[place]), *key("delete")),
        (replace(board, shapes=shapes[:place] + shapes[place + 1 :]),),
        (
            miss("another shape", replace(board, shapes=shapes[:other] + shapes[other + 1 :])),
            miss("all shapes", replace(board, shapes=())),
        ),
    )


@TASKS.task(
    "Give the {kind} a {colour} background.",
    "Fill the {kind} with light {colour} instead of its colour.",
    "Change the background of the {kind} to {colour}, with the colour from the short list.",
    "The {kind} should be {colour}: change its background.",
)
def colour_shape(case: Case) -> Job:
    """The background of a shape."""
    board = _board(case)
    place, other = case.some(range(3), 2)
    used = {shape.background for shape in board.shapes}
    name = next(name for name, colour in _COLOURS.items() if colour not in used)
    colour = _COLOURS[name]
    return Job(
        {"kind": board.shapes[place].kind, "colour": name},
        (board,),
        _OPEN,
        (*_select(board.shapes[place]), *press(f"[data-testid='color-top-pick-{colour}']")),
        (_with(board, place, background=colour),),
        (
            miss("another shape", _with(board, other, background=colour)),
            miss("another colour", _with(board, place, background="transparent")),
        ),
    )


@TASKS.task(
    "Duplicate the {colour} shape.",
    "There should be a second {colour} shape: duplicate the one that is there.",
    "Make a copy of the {colour} shape next to it.",
    "Copy the shape with the {colour} background once.",
)
def duplicate_shape(case: Case) -> Job:
    """A copy of a shape."""
    board = _board(case)
    place, other = case.some(range(3), 2)
    shape = board.shapes[place]
    copy = replace(shape, x=None, y=None)
    wrong = replace(board.shapes[other], x=None, y=None)
    return Job(
        {"colour": _colour_name(shape)},
        (board,),
        _OPEN,
        (*_select(shape), *key("ctrl+d")),
        (replace(board, shapes=(*board.shapes, copy)),),
        (
            miss("another shape", replace(board, shapes=(*board.shapes, wrong))),
            miss("two copies", replace(board, shapes=(*board.shapes, copy, copy))),
        ),
    )


@TASKS.task(
    "Write the text '{text}' below the shapes.",
    "Put a text on the whiteboard, under the shapes: {text}",
    "Below the shapes there should be the words '{text}'.",
    "Add the text {text} to the drawing, below everything else.",
)
def write_text(case: Case) -> Job:
    """A text of its own."""
    board = _board(case)
    text = f"Plan for {case.pick(TOWNS)} {case.number(2, 40)}"
    new = BoardShape("text", text=text, below=_end(board))
    return Job(
        {"text": text},
        (board,),
        _OPEN,
        (*press("[data-testid=toolbar-text]"), *click(420, 560), *write(text), *key("escape")),
        (replace(board, shapes=(*board.shapes, new)),),
        (
            miss("half of it", replace(board, shapes=(*board.shapes, replace(new, text=text.rpartition(" ")[0])))),
            miss("above the shapes", replace(board, shapes=(*board.shapes, replace(new, below=None, y=120.0)))),
            miss("an empty rectangle", replace(board, shapes=(*board.shapes, BoardShape("rectangle")))),
        ),
    )


@TASKS.task(
    "Draw a new {kind} in the free space below the shapes, about as large as they are.",
    "Add one more {kind} to the drawing, below the shapes that are there.",
    "There should be another {kind} under the shapes. Draw it.",
    "Draw a second {kind} below the other shapes; leave them as they are.",
)
def draw_shape(case: Case) -> Job:
    """A new shape, wherever there is room."""
    board = _board(case)
    kind, other = case.some(_KINDS, 2)
    new = BoardShape(kind, below=_end(board))
    drag = press(f"[data-testid=toolbar-{kind}]")
    return Job(
        {"kind": kind},
        (board,),
        _OPEN,
        (*drag, *_drag((420, 500), (580, 610))),
        (replace(board, shapes=(*board.shapes, new)),),
        (
            miss("another kind", replace(board, shapes=(*board.shapes, replace(new, kind=other)))),
            miss("above the shapes", replace(board, shapes=(*board.shapes, replace(new, below=None, y=120.0)))),
            miss("two", replace(board, shapes=(*board.shapes, new, new))),
        ),
    )


@TASKS.task(
    "Move the {colour} shape down by about {n} pixels; it should stay in its column.",
    "The {colour} shape should be about {n} pixels lower. Drag it straight down.",
    "Drag the shape with the {colour} background straight down, by roughly {n} pixels.",
    "Put the {colour} shape about {n} pixels further down, and leave the others where they are.",
)
def move_shape(case: Case) -> Job:
    """The place of a shape, to about 25 pixels."""
    board = replace(_board(case), within=25.0)
    place, other = case.some(range(3), 2)
    shape, down = board.shapes[place], case.number(9, 14) * 10
    x, y = (shape.x or 0) + 70, (shape.y or 0) + 50
    return Job(
        {"colour": _colour_name(shape), "n": down},
        (board,),
        _OPEN,
        _drag((x, y), (x, y + down)),
        (_with(board, place, y=(shape.y or 0) + down),),
        (
            miss("another shape", _with(board, other, y=(board.shapes[other].y or 0) + down)),
            miss("to the right", _with(board, place, x=(shape.x or 0) + down)),
            miss("too far", _with(board, place, y=(shape.y or 0) + 2 * down)),
        ),
    )


def _drag(start: tuple[float, float], end: tuple[float, float]) -> tuple[Step, ...]:
    return (Drag((ScreenPoint(*start), ScreenPoint(*end))),)
