"""The table of the dialects guide says what the code does."""

import re
from pathlib import Path

import pytest

from screenwright.agent.core.coordinates import Absolute, Grid, Space
from screenwright.agent.dialects.registry import dialect_named, dialect_names, prompts_of

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "dialects.md"
ROWS = {
    cells[0]: cells
    for line in GUIDE.read_text(encoding="utf-8").splitlines()
    if len(cells := [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("| "))]) == 7
}


@pytest.mark.parametrize("name", dialect_names())
def test_guide_has_a_row_for_each_dialect(name: str) -> None:
    dialect = dialect_named(name)
    _, coordinates, official, _, _, screenshots, _ = ROWS[name]
    assert coordinates.startswith(described(dialect.space))
    repositories = {prompt.repository for prompts in prompts_of(dialect).values() for prompt in prompts}
    assert set(official.split(", ")) == (repositories or {"none declared"})
    kind, *sizes = str(dialect.history).split(":")
    assert screenshots == (" to ".join(reversed(sizes)) if kind in ("chunked", "window") else kind)


def described(space: Space) -> str:
    match space:
        case Grid(steps):
            return f"0 to {steps:g}"
        case Absolute(fractions=True):
            return "pixels, or shares"
        case _:
            return "pixels"
