"""What a program of the trial reports: where its controls are, what was clicked, and the values of its fields."""

import json
import sys
from pathlib import Path

spec = json.loads(Path(sys.argv[1]).read_text())
"""`title`, `rows` of cells, and the changes `dark`, `scale`, `insert`, `move`, `remove`, `hide`, `twice`."""

_FILE = Path(sys.argv[2])
_state = {"clicks": [], "values": {}, "rects": {}}


def report() -> None:
    """Write the state."""
    partial = _FILE.with_suffix(".part")
    partial.write_text(json.dumps(_state))
    partial.replace(_FILE)


def clicked(name: str) -> None:
    """A control was pressed."""
    _state["clicks"].append(name)
    report()


def changed(name: str, value: object) -> None:
    """A field or a box has another value."""
    _state["values"][name] = value
    report()


def placed(name: str, x: float, y: float) -> None:
    """The middle of a control, in pixels of the screen."""
    _state["rects"][name] = [x, y]


def shown_rows() -> list[list[dict[str, str]]]:
    """The rows with the changes; a cell may be hidden."""
    rows = []
    for row in spec["rows"]:
        cells = []
        for cell in row:
            if cell.get("id", "") == spec.get("remove", "-"):
                continue
            cells.append({**cell, "hidden": cell.get("id", "") == spec.get("hide", "-")})
            if cell.get("id", "") == spec.get("twice", "-"):
                cells.append({**cell, "id": "copy"})
        rows.append(cells)
    if spec.get("insert"):
        notice = [{"kind": "label", "text": "Planned work on Sunday from 2 am."}]
        copy = [
            {**cell, "id": "new", "text": "Inserted" if cell["kind"] == "label" else cell["text"]} for cell in rows[1]
        ]
        rows = [notice, copy, *rows]
    return rows
