"""Targets that belong to the value of a parameter, performed with another value."""

import pytest
from PIL import Image, ImageDraw

from screenwright import Click, ScreenPoint, Type
from screenwright.agent.reader.vision.screen import Screen
from screenwright.agent.replay.anchors import locate
from screenwright.agent.replay.changed_values import with_new_values
from screenwright.agent.replay.located import Ambiguous, Found, Located, Missing
from screenwright.agent.replay.pattern import Anchor
from screenwright.agent.replay.recipe import Recipe, RecipeStep
from screenwright.agent.replay.target import RecordedTarget
from screenwright.envs.geometry import Box
from screenwright.envs.screenshot import Screenshot

pytestmark = pytest.mark.reader  # OpenCV comes with the extra; nothing is read

CHANGED = (("Ada", "Grace"),)


class Table:
    """A screen with a name and an Edit button in each row, at their top edges; it is its own reader."""

    def __init__(self, *rows: tuple[str, int], buttons: bool = True) -> None:
        image = Image.new("RGB", (640, 400), "white")
        draw = ImageDraw.Draw(image)
        for name, y in rows:
            draw.text((40, y + 6), name, fill="black")
            if buttons:
                draw.rectangle((300, y, 370, y + 26), outline="black", fill="#dde")
                draw.line((310, y + 6, 360, y + 20), fill="navy", width=3)
                draw.ellipse((320, y + 5, 334, y + 19), outline="black")
        self.screenshot, self.rows = Screenshot(image), rows

    def texts(self, box: Box) -> tuple[tuple[str, Box], ...]:
        places = [(name, Box(40, y + 4, 40 + 7 * len(name), y + 20)) for name, y in self.rows]
        return tuple((name, place) for name, place in places if box.top <= place.top and place.bottom <= box.bottom)


class Reader:
    """Reads tables."""

    def __init__(self, *tables: Table) -> None:
        self.tables = {table.screenshot: table for table in tables}

    def target(self, screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
        return RecordedTarget()

    def line(self, screenshot: Screenshot, box: Box) -> str:
        return ""

    def lines(self, screenshot: Screenshot, box: Box) -> tuple[tuple[str, Box], ...]:
        return self.tables[screenshot].texts(box)

    def screen(self, screenshot: Screenshot) -> Screen:
        return Screen(screenshot.size.width, screenshot.size.height, (), ())


RECORDED = Table(("Ada", 60), ("Alan", 120), ("Grace", 180))
EDIT_ADA = Anchor(RECORDED.screenshot, ScreenPoint(335, 73), changed=CHANGED)


def found(anchor: Anchor, table: Table) -> Located:
    return locate(anchor, table.screenshot, 1.0, Reader(RECORDED, table))


@pytest.mark.parametrize("rows", [RECORDED.rows, (("Grace", 40), ("Ada", 100)), (("Grace", 250), ("Alan", 100))])
def test_button_of_the_new_name_is_found_though_that_of_the_recorded_one_is_there(
    rows: tuple[tuple[str, int], ...],
) -> None:
    located = found(EDIT_ADA, Table(*rows))
    assert isinstance(located, Found), located
    assert located.point == ScreenPoint(335, dict(rows)["Grace"] + 13)


@pytest.mark.parametrize("name", ["Gracie", "Grace H.", "Ada"])
def test_row_of_another_name_is_not_taken(name: str) -> None:
    located = found(EDIT_ADA, Table((name, 60), ("Alan", 120)))
    assert isinstance(located, Missing)
    assert located.reason == 'the target is not next to "Grace"'


def test_two_rows_of_the_name_are_ambiguous() -> None:
    assert isinstance(found(EDIT_ADA, Table(("Grace", 60), ("Grace", 120))), Ambiguous)


def test_row_that_was_alone_has_to_have_the_new_name() -> None:
    alone = Table(("Ada", 60))
    anchor = Anchor(alone.screenshot, ScreenPoint(335, 73), changed=CHANGED)
    reader = Reader(alone, grace := Table(("Grace", 90)), alan := Table(("Alan", 90)))
    assert isinstance(locate(anchor, grace.screenshot, 1.0, reader), Found)
    assert isinstance(locate(anchor, alan.screenshot, 1.0, reader), Missing)
    assert isinstance(locate(anchor, alone.screenshot, 1.0, reader), Missing)


def test_target_whose_own_text_is_the_value_is_found_by_the_new_one() -> None:
    names = Table(("Ada", 60), ("Alan", 120), buttons=False)
    anchor = Anchor(names.screenshot, ScreenPoint(50, 72), changed=CHANGED)
    reader = Reader(
        names, now := Table(("Grace", 200), ("Ada", 60), buttons=False), twice := Table(("Grace", 60), ("Grace", 9))
    )
    located = locate(anchor, now.screenshot, 1.0, reader)
    assert isinstance(located, Found)
    assert located.point == ScreenPoint(57.5, 212)
    assert isinstance(locate(anchor, twice.screenshot, 1.0, reader), Ambiguous)
    assert isinstance(locate(anchor, names.screenshot, 1.0, reader), Missing)


def test_values_are_replaced_as_words() -> None:
    assert with_new_values("Edit Ada (ada) of Adam", CHANGED) == "Edit Grace (Grace) of Adam"
    assert with_new_values("2 of 12", (("2", r"\1"),)) == r"\1 of 12"


def test_recipe_knows_which_values_have_changed() -> None:
    steps = (
        RecipeStep("type the name", Type("${name}"), RECORDED.screenshot),
        RecipeStep("Edit Ada", Click(ScreenPoint(335, 73)), RECORDED.screenshot),
    )
    recipe = Recipe("edit", steps, {"name": "Ada", "kind": "x"})
    filled = recipe.filled({"name": "Grace", "kind": "y"})
    assert filled.steps[1].anchors[0].changed == CHANGED  # a single letter is everywhere
    assert filled.steps[1].words == "Edit Grace"
    assert recipe.filled({"name": "Ada"}).steps[1].anchors[0].changed == ()
