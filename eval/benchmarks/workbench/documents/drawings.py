"""Vector drawings in SVG: the shapes with an id, their geometry, colours and text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .document import target, unreadable

_SVG = "http://www.w3.org/2000/svg"
_GEOMETRY = ("x", "y", "width", "height", "cx", "cy", "r", "rx", "ry")
_TOLERANCE_PX = 0.6


@dataclass(frozen=True, slots=True)
class DrawnShape:
    """A shape: its id, kind (`rect`, `circle`, `ellipse`, `text`), geometry in pixels, fill colour, and text."""

    id: str
    kind: str
    box: Mapping[str, float]
    fill: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of shapes, in the order in which they are drawn."""

    path: str
    shapes: Sequence[DrawnShape]
    width: int = 400
    height: int = 300

    def at(self, number: int, shape: DrawnShape) -> "Drawing":
        """A copy with another shape; they count from 0."""
        shapes = list(self.shapes)
        shapes[number] = shape
        return replace(self, shapes=shapes)

    def having(self, shapes: Sequence[DrawnShape]) -> "Drawing":
        """A copy with other shapes."""
        return replace(self, shapes=shapes)

    def write(self, home: Path) -> None:
        """See `Document`."""
        parts = "".join(
            f'<{one.kind} id="{one.id}" {_attributes(one.box)} style="fill:{one.fill};font-size:24px">'
            f"{one.text}</{one.kind}>\n"
            for one in self.shapes
        )
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        target(home, self.path).write_text(f'<svg xmlns="{_SVG}" {size}>\n{parts}</svg>\n', encoding="utf-8")

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found = read_shapes(home / self.path)
        except Exception as error:  # noqa: BLE001 -- a damaged file raises many kinds
            return [unreadable(self.path, error)]
        wanted = [one.id for one in self.shapes]
        if [one.id for one in found] != wanted:
            return [f"{self.path} has the shapes {', '.join(one.id for one in found)} instead of {', '.join(wanted)}"]
        return [
            f"{self.path}: {problem}"
            for one, other in zip(self.shapes, found, strict=True)
            for problem in _shape_problems(one, other)
        ]


def read_shapes(file: Path) -> list[DrawnShape]:
    """The shapes of a drawing that have a fill; a translation of a shape is added to its place."""
    from defusedxml.ElementTree import parse

    root: Any = parse(file).getroot()
    shapes: list[DrawnShape] = []
    for element in root.iter():
        kind = str(element.tag).removeprefix(f"{{{_SVG}}}")
        if kind not in ("rect", "circle", "ellipse", "text", "path"):
            continue
        style = dict(part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part)
        fill = (style.get("fill") or element.get("fill") or "").strip().lower()
        box = {name: float(element.get(name)) for name in _GEOMETRY if element.get(name) is not None}
        moved = re.match(r"translate\(([-\d.e]+)[ ,]*([-\d.e]*)\)", element.get("transform") or "")
        if moved:
            for names, by in ((("x", "cx"), moved[1]), (("y", "cy"), moved[2] or "0")):
                box |= {name: box[name] + float(by) for name in names if name in box}
        elif element.get("transform"):
            box["transformed"] = 1.0
        shapes.append(DrawnShape(element.get("id", ""), kind, box, fill, "".join(element.itertext()).strip()))
    return shapes


def _attributes(box: Mapping[str, float]) -> str:
    return " ".join(f'{name}="{value:g}"' for name, value in box.items())


def _shape_problems(one: DrawnShape, other: DrawnShape) -> list[str]:
    if (one.kind, one.fill, one.text) != (other.kind, other.fill, other.text):
        return [f"{one.id} is {_shown(other)} instead of {_shown(one)}"]
    wrong = [
        name
        for name in {*one.box} | ({*other.box} & {"transformed"})
        if abs(one.box.get(name, 0.0) - other.box.get(name, -1e9)) > _TOLERANCE_PX
    ]
    return [f"{one.id} has {name} {other.box.get(name)} instead of {one.box.get(name)}" for name in sorted(wrong)]


def _shown(shape: DrawnShape) -> str:
    return " ".join(filter(None, (f"a {shape.kind}", shape.fill, repr(shape.text) if shape.text else "")))
