"""Text documents in Office Open XML, by python-docx: paragraphs with their style, alignment and marked words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .document import first_difference, target, unreadable

_DEFAULT = "Normal"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. `style` is `Heading 1`, `Title` and so on; `bold`, `italic` are the parts of the text that are."""

    text: str
    style: str = _DEFAULT
    align: str = "left"
    bold: str = ""
    italic: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A text document: its paragraphs, and a table as rows of text, if it has one."""

    path: str
    paragraphs: Sequence[Paragraph]
    table: Sequence[Sequence[str]] = ()

    def at(self, number: int, **changes: str) -> "Letter":
        """A copy with another paragraph; they count from 0."""
        paragraphs = list(self.paragraphs)
        paragraphs[number] = replace(paragraphs[number], **changes)
        return replace(self, paragraphs=paragraphs)

    def write(self, home: Path) -> None:
        """See `Document`."""
        import docx
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        document = docx.Document()
        for one in self.paragraphs:
            paragraph = document.add_paragraph(style=None if one.style == _DEFAULT else one.style)
            if one.align != "left":
                paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, one.align.upper())
            for text, bold, italic in _runs(one):
                run = paragraph.add_run(text)
                run.bold, run.italic = bold or None, italic or None
        if self.table:
            table = document.add_table(len(self.table), len(self.table[0]))
            for y, row in enumerate(self.table):
                for x, text in enumerate(row):
                    table.cell(y, x).text = text
        document.save(str(target(home, self.path)))

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found = read_letter(home / self.path, self.path)
        except Exception as error:  # noqa: BLE001 -- a damaged file raises many kinds
            return [unreadable(self.path, error)]
        differences = first_difference(list(self.paragraphs), list(found.paragraphs), "paragraph")
        if not differences and [list(row) for row in self.table] != [list(row) for row in found.table]:
            differences = [f"the table is {found.table} instead of {self.table}"]
        return [f"{self.path}: {one}" for one in differences]


def read_letter(file: Path, path: str) -> Letter:
    """The paragraphs of a document, without empty ones at its end, of its headers and footers, and all rows of tables.

    A picture is a paragraph in brackets.
    """
    import docx

    if not file.exists():
        raise FileNotFoundError(file)
    document = docx.Document(str(file))
    paragraphs = [_paragraph(one) for one in document.paragraphs]
    while paragraphs and not paragraphs[-1].text:
        paragraphs.pop()
    margins = [part for section in document.sections for part in (section.header, section.footer)]
    paragraphs += [Paragraph("[picture]")] * len(document.inline_shapes)
    paragraphs += [_paragraph(one) for part in margins for one in part.paragraphs if one.text]
    table = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    return Letter(path, paragraphs, table)


def _paragraph(found: Any) -> Paragraph:
    align = "left" if found.alignment is None else found.alignment.name.lower()
    style = found.style.name if found._p.style else _DEFAULT  # finding the default style again takes 3 ms
    style = _DEFAULT if style in ("Text Body", "Body Text", "Default Paragraph Style") else style
    marked = {
        name: "".join(run.text for run in found.runs if getattr(run, name)).strip() for name in ("bold", "italic")
    }
    return Paragraph(found.text.rstrip(), style, "left" if align == "start" else align, **marked)


def _runs(one: Paragraph) -> list[tuple[str, bool, bool]]:
    for marked, bold in ((one.bold, True), (one.italic, False)):
        if marked:
            before, _, after = one.text.partition(marked)
            return [(before, False, False), (marked, bold, not bold), (after, False, False)]
    return [(one.text, False, False)]
