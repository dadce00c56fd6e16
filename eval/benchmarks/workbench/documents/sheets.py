"""Spreadsheets in OpenDocument format, by odfpy: values, formulas and bold text of all cells."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from .document import target, unreadable

_CONTENT_ERRORS = (OSError, KeyError, ValueError, AttributeError)
_LARGEST_REPEAT = 1000
"""Empty cells and rows repeat to the end of a sheet; more than this is not content."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its value, whether a formula computes it from other cells, and whether its text is bold."""

    value: str | float
    is_formula: bool = False
    bold: bool = False


Row: TypeAlias = Sequence[str | float | Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file with tables of rows by their names. Cells that are empty at the end of a row or table do not matter."""

    path: str
    tables: Mapping[str, Sequence[Row]]

    def at(self, row: int, column: int, value: str | float | Cell, table: str = "") -> "Sheet":
        """A copy with another cell; row and column count from 0."""
        name = table or next(iter(self.tables))
        rows = [list(one) for one in self.tables[name]]
        rows += [[] for _ in range(row + 1 - len(rows))]
        rows[row] += [""] * (column + 1 - len(rows[row]))
        rows[row][column] = value
        return self.having(rows, name)

    def having(self, rows: Sequence[Row], table: str = "") -> "Sheet":
        """A copy with other rows."""
        return replace(self, tables={**self.tables, table or next(iter(self.tables)): rows})

    def write(self, home: Path) -> None:
        """See `Document`."""
        from odf.opendocument import OpenDocumentSpreadsheet
        from odf.style import Style, TextProperties
        from odf.table import Table, TableCell, TableRow
        from odf.text import P

        document: Any = OpenDocumentSpreadsheet()
        bold = Style(name="Strong", family="table-cell")
        bold.addElement(TextProperties(fontweight="bold"))
        document.automaticstyles.addElement(bold)
        for name, rows in self.tables.items():
            table = Table(name=name)
            document.spreadsheet.addElement(table)
            for row in rows:
                line = TableRow()
                table.addElement(line)
                for one in map(_cell, row):
                    number = {"valuetype": "float", "value": str(one.value)} if not isinstance(one.value, str) else {}
                    formula = {"formula": "of:=SUM([.A1])"} if one.is_formula else {}
                    style = {"stylename": bold} if one.bold else {}
                    text = {"valuetype": "string"} if not number and one.value else {}
                    cell = TableCell(**number, **formula, **style, **text)
                    if one.value != "":
                        cell.addElement(P(text=str(one.value)))
                    line.addElement(cell)
        document.save(str(target(home, self.path)))

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found, drawn = read_tables(home / self.path)
        except _CONTENT_ERRORS as error:
            return [unreadable(self.path, error)]
        if drawn:
            return [f"{self.path} has {drawn} more pictures or charts"]
        if [*found] != [*self.tables]:
            return [f"{self.path} has the sheets {', '.join(found)} instead of {', '.join(self.tables)}"]
        return [
            f"{self.path}: {problem}"
            for name, rows in self.tables.items()
            for problem in _table_problems(name, _trimmed([[_cell(one) for one in row] for row in rows]), found[name])
        ]


def read_tables(file: Path) -> tuple[dict[str, list[list[Cell]]], int]:
    """The tables of an OpenDocument spreadsheet, without empty cells at their ends, and how many charts it has."""
    from odf.draw import Frame
    from odf.opendocument import load
    from odf.style import Style, TextProperties
    from odf.table import Table, TableRow

    document: Any = load(str(file))
    bold = {
        style.getAttribute("name")
        for style in document.getElementsByType(Style)
        if any(text.getAttribute("fontweight") == "bold" for text in style.getElementsByType(TextProperties))
    }
    tables = {
        table.getAttribute("name"): _trimmed(
            [row for line in table.getElementsByType(TableRow) for row in _repeated(line, _cells(line, bold), "rows")]
        )
        for table in document.spreadsheet.getElementsByType(Table)
    }
    return tables, len(document.spreadsheet.getElementsByType(Frame))


def _cells(line: Any, bold: set[str]) -> list[Cell]:
    from odf.table import CoveredTableCell, TableCell
    from odf.text import P

    row: list[Cell] = []
    for cell in line.childNodes:
        if cell.qname not in (TableCell().qname, CoveredTableCell().qname):
            continue
        text = "\n".join(str(part) for part in cell.getElementsByType(P))
        number = cell.getAttribute("value")
        value = float(number) if number and cell.getAttribute("valuetype") != "string" else text
        one = Cell(
            value, _computes(cell.getAttribute("formula") or ""), cell.getAttribute("stylename") in bold and value != ""
        )
        row += _repeated(cell, one, "columns")
    return row


def _computes(formula: str) -> bool:
    """Whether a formula uses a cell or a named range: `=12`, `="x"` or `=SUM(12)` only looks like one that does."""
    names = re.sub(r'"[^"]*"|\b(TRUE|FALSE)\b', "", formula.partition("=")[2])
    return re.search(r"\[|\b[A-Za-z_]\w*\b(?!\s*\()", names) is not None


def _repeated(element: Any, value: Any, what: str) -> list[Any]:
    count = int(element.getAttribute(f"number{what}repeated") or 1)
    return [value] * (count if count < _LARGEST_REPEAT else 1)


def _cell(value: str | float | Cell) -> Cell:
    cell = value if isinstance(value, Cell) else Cell(value)
    return cell if isinstance(cell.value, str) else replace(cell, value=float(cell.value))


def _trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    result = [list(row) for row in rows]
    for row in result:
        while row and row[-1].value == "":
            row.pop()
    while result and not result[-1]:
        result.pop()
    return result


def _table_problems(name: str, wanted: list[list[Cell]], found: list[list[Cell]]) -> list[str]:
    empty = Cell("")
    height = max(len(wanted), len(found))
    problems: list[str] = []
    for y in range(height):
        left, right = (rows[y] if y < len(rows) else [] for rows in (wanted, found))
        for x in range(max(len(left), len(right))):
            one, other = (row[x] if x < len(row) else empty for row in (left, right))
            if not _is_same(one, other):
                problems.append(f"{name}.{address(x, y)} is {_shown(other)} instead of {_shown(one)}")
    return problems[:3]


def _is_same(one: Cell, other: Cell) -> bool:
    if (one.is_formula, one.bold) != (other.is_formula, other.bold):
        return False
    if isinstance(one.value, str) or isinstance(other.value, str):
        return str(one.value) == str(other.value)
    return abs(one.value - other.value) <= 1e-6 * max(1.0, abs(one.value))


def _shown(cell: Cell) -> str:
    value = f"{cell.value:g}" if not isinstance(cell.value, str) else repr(cell.value)
    return f"{value}{' (formula)' * cell.is_formula}{' (bold)' * cell.bold}"


def address(column: int, row: int) -> str:
    """The name of a cell, such as `B4`; both count from 0 and there are 26 columns."""
    return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[column]}{row + 1}"
