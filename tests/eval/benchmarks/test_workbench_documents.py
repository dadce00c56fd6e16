"""Damage to documents that their text and cells alone would not show."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from odf.draw import Frame
from odf.opendocument import load
from odf.table import Table, TableCell
from PIL import Image
from pptx import Presentation
from pptx.util import Pt

from screenwright.eval.benchmarks.workbench.documents.databases import Database
from screenwright.eval.benchmarks.workbench.documents.letters import Letter, Paragraph
from screenwright.eval.benchmarks.workbench.documents.mails import Mail, MailFolder
from screenwright.eval.benchmarks.workbench.documents.sheets import Cell, Sheet
from screenwright.eval.benchmarks.workbench.documents.slides import Slide, Slides

LETTER = Letter("a.docx", [Paragraph("One"), Paragraph("Two")], [["a", "b"]])
SLIDES = Slides("a.pptx", [Slide("One", ("first", "second"))])
SHEET = Sheet("a.ods", {"Orders": [("Item", 1)]})


def picture() -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    file.seek(0)
    return file


def add_header(letter: Any) -> None:
    letter.sections[0].header.paragraphs[0].text = "Draft"


def add_footer(letter: Any) -> None:
    letter.sections[0].footer.paragraphs[0].text = "1"


def add_picture(letter: Any) -> None:
    letter.add_picture(picture())


def add_table(letter: Any) -> None:
    letter.add_table(1, 2)


@pytest.mark.parametrize("damage", [add_header, add_footer, add_picture, add_table])
def test_what_is_added_to_a_letter_is_found(damage: Callable[[Any], None], tmp_path: Path) -> None:
    LETTER.write(tmp_path)
    assert LETTER.problems(tmp_path) == []
    changed = docx.Document(str(tmp_path / LETTER.path))
    damage(changed)
    changed.save(str(tmp_path / LETTER.path))
    assert len(LETTER.problems(tmp_path)) == 1


def test_a_picture_on_a_slide_is_found(tmp_path: Path) -> None:
    SLIDES.write(tmp_path)
    assert SLIDES.problems(tmp_path) == []
    changed = Presentation(str(tmp_path / SLIDES.path))
    changed.slides[0].shapes.add_picture(picture(), Pt(0), Pt(0))
    changed.save(str(tmp_path / SLIDES.path))
    assert len(SLIDES.problems(tmp_path)) == 1


def test_a_chart_in_a_sheet_is_found(tmp_path: Path) -> None:
    SHEET.write(tmp_path)
    assert SHEET.problems(tmp_path) == []
    changed: Any = load(str(tmp_path / SHEET.path))
    changed.spreadsheet.getElementsByType(Table)[0].getElementsByType(TableCell)[0].addElement(Frame(name="Chart"))
    changed.save(str(tmp_path / SHEET.path))
    assert SHEET.problems(tmp_path) == ["a.ods has 1 more pictures or charts"]


@pytest.mark.parametrize(
    ("formula", "is_formula"),
    [
        ("of:=SUM([.A1:.A2])", True),
        ("of:=SUM(prices)", True),
        ("of:=3", False),
        ("of:=SUM(1;2)", False),
        ('of:=VALUE("1 and [.A2]")', False),
        ("of:=2+TRUE()+TRUE", False),
        ("of:=1.5E2-147", False),
    ],
)
def test_a_formula_of_typed_numbers_is_none(formula: str, is_formula: bool, tmp_path: Path) -> None:
    sheet = Sheet("a.ods", {"Orders": [(1,), (2,), (Cell(3, is_formula=True),)]})
    sheet.write(tmp_path)
    changed: Any = load(str(tmp_path / sheet.path))
    changed.spreadsheet.getElementsByType(TableCell)[2].setAttribute("formula", formula)
    changed.save(str(tmp_path / sheet.path))
    assert (sheet.problems(tmp_path) == []) is is_formula


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "ALTER TABLE item ADD COLUMN price INTEGER",
            "a.db: item has the columns id integer, name text, price integer",
        ),
        ("CREATE VIEW names AS SELECT name FROM item", "a.db has the view names"),
        ("CREATE TRIGGER t AFTER DELETE ON item BEGIN SELECT 1; END", "a.db has the trigger t"),
    ],
)
def test_the_judge_of_a_database_knows_types_views_and_triggers(statement: str, problem: str, tmp_path: Path) -> None:
    rows = {"item": [(1, "soap")]}
    database = Database("a.db", {"item": ("id INTEGER PRIMARY KEY", "name TEXT")}, rows)
    database.write(tmp_path)
    assert database.problems(tmp_path) == []
    with closing(sqlite3.connect(tmp_path / database.path)) as connection, connection:
        connection.execute(statement)
    assert database.problems(tmp_path) == [problem]


def test_another_recipient_of_a_draft_is_found(tmp_path: Path) -> None:
    folder = MailFolder("draft", [Mail("Keys", "me@home.example", "Here.", "ada@home.example")])
    folder.write(tmp_path)
    assert folder.problems(tmp_path) == []
    file = tmp_path / "draft/1"
    file.write_bytes(b"Cc: ben@home.example\n" + file.read_bytes())
    assert "ben@home.example" in "".join(folder.problems(tmp_path))
