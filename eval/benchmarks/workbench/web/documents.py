"""The data of web applications as documents: a wiki's notes, the flows of Node-RED, a drawing, a notebook."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from screenwright._files import read_text_file

from ..documents.document import MAX_BYTES, first_difference, target, unreadable


@dataclass(frozen=True, slots=True)
class Tiddler:
    """A note of a wiki."""

    title: str
    text: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wiki:
    """TiddlyWiki's folder, with one file for each note. What its own pages remember (`$:/...`) makes no difference."""

    path: str
    notes: tuple[Tiddler, ...]
    shown: tuple[str, ...] = ()

    def having(self, *notes: Tiddler) -> "Wiki":
        """A copy with `notes` instead of those with the same titles, or added."""
        new = {note.title: note for note in notes}
        kept = [new.pop(note.title, note) for note in self.notes]
        return replace(self, notes=(*kept, *new.values()))

    def without(self, title: str) -> "Wiki":
        """A copy without a note."""
        return replace(self, notes=tuple(note for note in self.notes if note.title != title))

    def write(self, home: Path) -> None:
        """See `Document`."""
        info = {"plugins": ["tiddlywiki/tiddlyweb", "tiddlywiki/filesystem"], "themes": list(_THEMES)}
        target(home, f"{self.path}/tiddlywiki.info").write_text(json.dumps(info), encoding="utf-8")
        folder = home / self.path / "tiddlers"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        shown = " ".join(f"[[{title}]]" for title in self.shown)
        system = {"$:/DefaultTiddlers": shown, "$:/SiteTitle": "Handbook", "$:/SiteSubtitle": ""}
        for title, text in system.items():
            name = title.replace(":", "_").replace("/", "_")
            (folder / f"{name}.tid").write_text(f"title: {title}\n\n{text}", encoding="utf-8")
        for note in self.notes:
            tags = " ".join(f"[[{tag}]]" if " " in tag else tag for tag in note.tags)
            head = f"title: {note.title}\n" + (f"tags: {tags}\n" if tags else "")
            (folder / f"{note.title}.tid").write_text(f"{head}\n{note.text}", encoding="utf-8")

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found = {note.title: note for note in _notes(home / self.path / "tiddlers")}
        except (OSError, ValueError) as error:
            return [unreadable(self.path, error)]
        wanted = {note.title: note for note in self.notes}
        problems = [f"the note {title!r} is missing" for title in sorted(wanted.keys() - found.keys())]
        problems += [f"the note {title!r} is new" for title in sorted(found.keys() - wanted.keys())]
        for title in sorted(wanted.keys() & found.keys()):
            one, other = wanted[title], found[title]
            if sorted(one.tags) != sorted(other.tags):
                problems.append(f"the note {title!r} has the tags {other.tags} instead of {one.tags}")
            if one.text.strip() != other.text.strip():
                lines = one.text.strip().split("\n"), other.text.strip().split("\n")
                problems += [f"the note {title!r}: {what}" for what in first_difference(*lines, "line")]
        return problems


_THEMES = ("tiddlywiki/vanilla", "tiddlywiki/snowwhite")


def _notes(folder: Path) -> Iterable[Tiddler]:
    for file in folder.glob("*.tid"):
        head, _, text = read_text_file(file, MAX_BYTES).partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
        title = fields.get("title", "")
        if not title.startswith("$:/"):
            yield Tiddler(title, text, tuple(_tags(fields.get("tags", ""))))


def _tags(text: str) -> list[str]:
    """The tags in a field: words, or several words in double brackets."""
    tags: list[str] = []
    while text := text.strip():
        tag, _, text = text[2:].partition("]]") if text.startswith("[[") else text.partition(" ")
        tags.append(tag)
    return tags


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A node of a flow. `settings` are the fields that are compared; places on the canvas are not."""

    id: str
    kind: str
    name: str
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    wires: tuple[str, ...] = ()
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """The file with Node-RED's flows: one tab with nodes. A node that the task adds has the id of a star."""

    path: str
    tab: str
    nodes: tuple[FlowNode, ...]
    disabled: bool = False

    def having(self, *nodes: FlowNode) -> "Flow":
        """A copy with `nodes` instead of those with the same ids, or added."""
        new = {node.id: node for node in nodes}
        kept = [new.pop(node.id, node) for node in self.nodes]
        return replace(self, nodes=(*kept, *new.values()))

    def without(self, *ids: str) -> "Flow":
        """A copy without nodes, and without the wires to them."""
        kept = [node for node in self.nodes if node.id not in ids]
        return replace(
            self, nodes=tuple(replace(node, wires=tuple(one for one in node.wires if one not in ids)) for node in kept)
        )

    def write(self, home: Path) -> None:
        """See `Document`."""
        nodes: list[dict[str, object]] = [{"id": "t1", "type": "tab", "label": self.tab, "disabled": self.disabled}]
        for number, node in enumerate(self.nodes):
            at = {"x": 180 + 240 * (number % 3), "y": 80 + 80 * (number // 3), "z": "t1"}
            off = {"d": True} if node.disabled else {}
            wires = [[*node.wires]] if node.kind not in _ENDS else []
            one: dict[str, object] = {"id": node.id.replace("*", "new"), "type": node.kind, "name": node.name}
            nodes.append({**_DEFAULTS.get(node.kind, {}), **one, **node.settings, **off, **at, "wires": wires})
        target(home, self.path).write_text(json.dumps(nodes), encoding="utf-8")

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found = json.loads(read_text_file(home / self.path, MAX_BYTES))
            nodes = [one for one in found if "z" in one]
            tabs = [(one["label"], bool(one.get("disabled"))) for one in found if one["type"] == "tab"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return [unreadable(self.path, error)]
        problems = first_difference([(self.tab, self.disabled)], tabs, "flow")
        left = {one["id"]: one for one in nodes}
        for node in self.nodes:
            one = left.pop(node.id, None) or _added(node, left, {known.id for known in self.nodes})
            if one is None:
                problems.append(f"the node {node.name or node.kind!r} is missing")
            else:
                problems += _node_problems(node, one)
        return problems + [f"there is another node, {one.get('name') or one['type']!r}" for one in left.values()]


_ENDS = ("debug", "comment")
_COMPARED = ("repeat", "payloadType", "topic", "outputs", "active", "tosidebar", "complete")
"""Settings that no dialog changes by itself."""
_DEFAULTS: dict[str, dict[str, object]] = {
    "inject": {"props": [{"p": "payload"}], "repeat": "", "topic": "", "payloadType": "str", "payload": ""},
    "function": {"outputs": 1, "func": "return msg;"},
    "debug": {"active": True, "tosidebar": True, "complete": "payload", "targetType": "msg"},
    "change": {"rules": [{"t": "set", "p": "payload", "pt": "msg", "to": "", "tot": "str"}]},
    "comment": {"info": ""},
}


def _added(node: FlowNode, left: dict[str, dict[str, Any]], known: set[str]) -> dict[str, Any] | None:
    """Of the nodes that are left, one that the task has added with that type and name."""
    if not node.id.startswith("*"):
        return None
    for key, one in left.items():
        if key not in known and (one["type"], one.get("name", "")) == (node.kind, node.name):
            return left.pop(key)
    return None


def _node_problems(node: FlowNode, found: Mapping[str, Any]) -> list[str]:
    wires = [target for output in found.get("wires", []) for target in output]
    kept = {name: one for name, one in _DEFAULTS.get(node.kind, {}).items() if name in _COMPARED}
    wanted = {"type": node.kind, "name": node.name, "d": node.disabled, "wires": sorted(node.wires)}
    wanted |= {**kept, **node.settings}
    have = {**found, "name": found.get("name", ""), "d": bool(found.get("d")), "wires": sorted(wires)}
    return [
        f"the node {node.name or node.kind!r} has {name} {have.get(name)!r} instead of {value!r}"[:300]
        for name, value in wanted.items()
        if have.get(name) != value
    ]


@dataclass(frozen=True, slots=True)
class BoardShape:
    """A shape of a drawing: its kind, colour, text, and box; a coordinate that is None is not compared.

    With `below`, it is anywhere below that height.
    """

    kind: str
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    background: str = "transparent"
    text: str = ""
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Whiteboard:
    """The drawing of Excalidraw, in its own format. Boxes are compared to `within` units.

    Shapes are compared in their order, from back to front; one without a place is new and may be anywhere among them.
    """

    path: str
    shapes: tuple[BoardShape, ...]
    within: float = 8.0

    def write(self, home: Path) -> None:
        """See `Document`."""
        elements = [_element(number, shape) for number, shape in enumerate(self.shapes)]
        target(home, self.path).write_text(json.dumps({"elements": elements}), encoding="utf-8")

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            elements = json.loads(read_text_file(home / self.path, MAX_BYTES))["elements"]
            found = [_shape(one) for one in elements if not one.get("isDeleted")]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return [unreadable(self.path, error)]
        if len(found) != len(self.shapes):
            kinds = ", ".join(shape.kind for shape in found) or "nothing"
            return [f"the drawing has {kinds} instead of {', '.join(shape.kind for shape in self.shapes) or 'nothing'}"]
        missing, extra = self._unmatched(found)
        return [f"there is {shape} instead of {one}"[:300] for one, shape in zip(missing, extra, strict=True)]

    def _unmatched(self, found: list[BoardShape]) -> tuple[list[BoardShape], list[BoardShape]]:
        """The shapes without a found one that is like them, and the found ones that are left."""
        missing: list[BoardShape] = []
        left = list(found)
        start = 0
        for shape in sorted(self.shapes, key=lambda one: one.x is None):
            new = shape.x is None
            at = next((at for at, one in enumerate(left) if (new or at >= start) and self._is_like(shape, one)), None)
            if at is None:
                missing.append(shape)
            else:
                del left[at]
                start = at
        return missing, left

    def _is_like(self, wanted: BoardShape, found: BoardShape) -> bool:
        same = (wanted.kind, wanted.background, wanted.text) == (found.kind, found.background, found.text)
        boxes: Sequence[tuple[float | None, float | None]] = [
            (getattr(wanted, name), getattr(found, name)) for name in ("x", "y", "width", "height")
        ]
        is_below = wanted.below is None or (found.y or 0.0) >= wanted.below
        return (
            same
            and is_below
            and all(one is None or (other is not None and abs(one - other) <= self.within) for one, other in boxes)
        )


def _element(number: int, shape: BoardShape) -> dict[str, object]:
    """A shape as Excalidraw's `restore` reads it."""
    box = {
        "x": shape.x or 0.0,
        "y": shape.y or shape.below or 0.0,
        "width": shape.width or 100.0,
        "height": shape.height or 60.0,
    }
    text = {"text": shape.text, "originalText": shape.text, "fontSize": 20, "fontFamily": 5, "textAlign": "left"}
    return {
        "id": f"shape{number}", "type": shape.kind, **box, "backgroundColor": shape.background,
        "strokeColor": "#1e1e1e",
        "fillStyle": "solid", "strokeWidth": 2, "roughness": 0, "opacity": 100, "angle": 0, "seed": number + 1,
        "version": 1, "versionNonce": 1, "isDeleted": False, "groupIds": [], "boundElements": [], "locked": False,
        **(text if shape.kind == "text" else {}),
    }  # fmt: skip


def _shape(element: Mapping[str, Any]) -> BoardShape:
    x, y, width, height = (float(element[name]) for name in ("x", "y", "width", "height"))
    background, text = str(element.get("backgroundColor", "transparent")), str(element.get("text", ""))
    return BoardShape(str(element["type"]), x, y, width, height, background, text)
