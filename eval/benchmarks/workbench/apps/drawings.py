"""Tasks in a drawing program, Inkscape."""

from dataclasses import replace

from ..documents.drawings import Drawing, DrawnShape
from ..oracle import Step, click, key
from ..template import App, Case, Collection, Job, miss
from ..words import COLOURS, TOPICS, TOWNS

APP = App("drawings", "inkscape", ("inkscape",))
TASKS = Collection(APP)
_LEFT, _TOP, _SCALE = 290, 111, 1.72
"""Where the page is on the screen."""


def _drawing(case: Case) -> tuple[Drawing, list[str]]:
    """A red rectangle, a circle, a square and a text, with the names of the colours of the first three."""
    names = case.some([name for name in COLOURS if name != "black"], 3)
    first, second, third = (COLOURS[name] for name in names)
    x, y = case.number(20, 60), case.number(20, 50)
    shapes = [
        DrawnShape("rect1", "rect", {"x": x, "y": y, "width": 90, "height": 50}, first),
        DrawnShape("circle1", "circle", {"cx": 300 + case.number(0, 30), "cy": 80, "r": 40}, second),
        DrawnShape("rect2", "rect", {"x": 60, "y": 170 + case.number(0, 20), "width": 60, "height": 60}, third),
        DrawnShape("text1", "text", {"x": 200, "y": 250}, COLOURS["black"], case.pick(TOWNS)),
    ]
    return Drawing(f"Pictures/{case.pick(TOPICS)}.svg", shapes), names


def _open(drawing: Drawing) -> tuple[tuple[str, ...], ...]:
    return (("inkscape", f"~/{drawing.path}"),)


def _select(shape: DrawnShape) -> tuple[Step, ...]:
    """A click in the middle of a shape; the page is always drawn at the same place and scale."""
    x, y, box = shape.box.get("cx"), shape.box.get("cy"), shape.box
    if x is None or y is None:
        x, y = box["x"] + box.get("width", 30) / 2, box["y"] + box.get("height", -16) / 2
    return click(_LEFT + _SCALE * x, _TOP + _SCALE * y)


@TASKS.task(
    "Delete the {colour} {kind} from the open drawing and save it.",
    "Remove the {kind} that is {colour} from {file}, then save.",
    "The drawing should be without the {colour} {kind}. Delete it and save the file.",
    "Take the {colour} {kind} out of {file} and save it as it is, in SVG.",
)
def delete_shape(case: Case) -> Job:
    """A shape less."""
    drawing, names = _drawing(case)
    place = case.number(0, 2)
    kept = [one for at, one in enumerate(drawing.shapes) if at != place]
    other = [one for at, one in enumerate(drawing.shapes) if at != (place + 1) % 3]
    return Job(
        {"file": drawing.path, "colour": names[place], "kind": ("rectangle", "circle", "square")[place]},
        (drawing,),
        _open(drawing),
        (*_select(drawing.shapes[place]), *key("delete"), *key("ctrl+s")),
        (drawing.having(kept),),
        (miss("another shape", drawing.having(other)), miss("two shapes", drawing.having(kept[1:]))),
    )


@TASKS.task(
    "Put the {colour} {kind} in front of all other shapes of the drawing, at the top of the stack, and save it.",
    "Raise the {colour} {kind} in {file} to the top, then save.",
    "The {kind} that is {colour} should be drawn last, above everything else. Save the drawing.",
    "Bring the {colour} {kind} to the front (raise to top) and save {file}.",
)
def raise_to_top(case: Case) -> Job:
    """The order of shapes."""
    drawing, names = _drawing(case)
    place = case.number(0, 2)
    shapes = list(drawing.shapes)
    top = [*shapes[:place], *shapes[place + 1 :], shapes[place]]
    wrong = [*shapes[1:], shapes[0]] if place else [shapes[0], *shapes[2:], shapes[1]]
    step = [*shapes[:place], shapes[place + 1], shapes[place], *shapes[place + 2 :]]
    return Job(
        {"file": drawing.path, "colour": names[place], "kind": ("rectangle", "circle", "square")[place]},
        (drawing,),
        _open(drawing),
        (*_select(drawing.shapes[place]), *key("home"), *key("ctrl+s")),
        (drawing.having(top),),
        (
            miss("to the bottom", drawing.having([shapes[place], *shapes[:place], *shapes[place + 1 :]][::-1])),
            *((miss("one step", drawing.having(step)),) if step != top else ()),
            miss(
                "another shape",
                drawing.having(wrong),
            ),
        ),
    )


@TASKS.task(
    "Delete the text that reads '{text}' from the open drawing, and save the drawing.",
    "Delete the text '{text}' from {file} and save it.",
    "The word {text} should not be in the open drawing. Remove it and save.",
    "Remove the text object '{text}' from the drawing, then save {file}.",
)
def delete_text(case: Case) -> Job:
    """A text less."""
    drawing, _ = _drawing(case)
    shapes = list(drawing.shapes)
    return Job(
        {"file": drawing.path, "text": shapes[3].text},
        (drawing,),
        _open(drawing),
        (*_select(shapes[3]), *key("delete"), *key("ctrl+s")),
        (drawing.having(shapes[:3]),),
        (
            miss("a shape", drawing.having(shapes[1:])),
            miss("an empty text", drawing.at(3, replace(shapes[3], text=""))),
        ),
    )
