"""Targets among equal ones, which are found by their labels. Screens are given as the reader returns them."""

import pytest
from PIL import Image, ImageDraw

from screenwright import ScreenPoint
from screenwright.agent.reader.vision.screen import Area, ControlKind, Screen, ScreenControl, TextSegment, Word
from screenwright.agent.replay.anchors import locate
from screenwright.agent.replay.labels import equals_of, located_by_label
from screenwright.agent.replay.located import Ambiguous, Found, Located, Missing
from screenwright.agent.replay.pattern import Anchor
from screenwright.agent.replay.target import OcrReader, RecordedTarget, target_in
from screenwright.envs.geometry import Box
from screenwright.envs.screenshot import Screenshot

Item = ScreenControl | TextSegment


def text(content: str, x: float, y: float, height: float = 16) -> TextSegment:
    return TextSegment((Word(content, Area(x, y, x + height * len(content) / 2, y + height)),))


def field(x: float, y: float, width: float = 260, height: float = 20) -> ScreenControl:
    return ScreenControl(ControlKind.FIELD, Area(x, y, x + width, y + height))


def button(content: str, x: float, y: float) -> list[Item]:
    return [ScreenControl(ControlKind.BUTTON, Area(x, y, x + 70, y + 26)), text(content, x + 8, y + 5)]


def screen(*items: Item) -> Screen:
    segments = tuple(one for one in items if isinstance(one, TextSegment))
    return Screen(1280, 720, segments, tuple(one for one in items if isinstance(one, ScreenControl)))


def find(recorded: Screen, at: tuple[float, float], now: Screen) -> Located | None:
    point = ScreenPoint(*at)
    target = target_in(recorded, point, 1.0)
    before = equals_of(target, recorded, 1.0)
    area = before.at(point)
    assert area is not None
    return located_by_label("the target", area, point, before, equals_of(target, now, 1.0), (1.0, 1.0))


def rows(*labels: str, top: float = 100, pitch: float = 35, zoom: float = 1.0) -> list[Item]:
    """A field for each label, which is left of it."""
    places = [(label, top + index * pitch * zoom) for index, label in enumerate(labels)]
    return [
        one
        for label, y in places
        for one in (text(label, 90, y, 16 * zoom), field(90 + 180 * zoom, y, 260 * zoom, 20 * zoom))
    ]


def at_row(number: int, top: float = 100, zoom: float = 1.0) -> tuple[float, float]:
    return 90 + 300 * zoom, top + 35 * zoom * number + 10 * zoom


TITLE = text("Form", 300, 50)
FORM = screen(TITLE, *rows("Name", "E-mail", "City"))


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize(
    ("now", "top", "zoom", "inserted"),
    [
        (screen(text("Form", 380, 50, 20), *rows("Name", "E-mail", "City", zoom=1.25)), 100, 1.25, 0),
        (screen(TITLE, *rows("Other", "Name", "E-mail", "City")), 100, 1.0, 1),
        (screen(*rows("Name", "E-mail", "City", top=400)), 400, 1.0, 0),
    ],
)
def test_field_is_found_by_the_label_left_of_it(
    now: Screen, top: float, zoom: float, inserted: int, number: int
) -> None:
    located = find(FORM, at_row(number), now)
    assert isinstance(located, Found), located
    assert (located.point.x, located.point.y) == pytest.approx(at_row(number + inserted, top, zoom))
    assert located.zoom == pytest.approx(zoom)


def test_field_in_the_place_of_the_first_one_is_not_taken_for_it() -> None:
    assert isinstance(find(FORM, at_row(0), screen(TITLE, *rows("E-mail", "City"))), Missing)
    assert isinstance(find(FORM, at_row(0), screen(TITLE, text("Name", 90, 100), *rows("E-mail", top=135))), Missing)


def test_label_of_another_number_is_another_label() -> None:
    recorded, now = (screen(*rows(*labels)) for labels in (("Address 1", "Address 2"), ("Address 3", "Address 2")))
    assert isinstance(find(recorded, at_row(0), now), Missing)


def test_fields_with_equal_labels_are_ambiguous() -> None:
    assert isinstance(find(FORM, at_row(0), screen(TITLE, *rows("Name", "E-mail", "Name"))), Ambiguous)


def test_second_field_next_to_the_labelled_one_is_ambiguous() -> None:
    """As when the field is there twice; its own label is none, or that of the first."""
    stacked = screen(text("Town", 90, 80), field(90, 100), text("Street", 90, 140), field(90, 160))
    twice = screen(text("Town", 90, 80), field(90, 100), field(356, 100), text("Street", 90, 140), field(90, 160))
    assert isinstance(find(stacked, (200, 110), stacked), Found)
    assert isinstance(find(stacked, (200, 110), twice), Ambiguous)
    assert isinstance(find(FORM, at_row(0), screen(TITLE, *rows("Name", "E-mail"), field(540, 100))), Ambiguous)


def table(*names: str, extra: tuple[Item, ...] = ()) -> Screen:
    items: list[Item] = [*extra]
    for index, name in enumerate(names):
        y = 100 + 40 * index
        items += [text(name, 40, y + 5), *button("Edit", 200, y), *button("Delete", 290, y)]
    return screen(*items)


TABLE = table("Ada", "Grace", "Alan")


def test_button_is_found_by_the_name_in_its_row() -> None:
    """Between them is another button, which each row has."""
    located = find(TABLE, (325, 153), table("Ada", "Inserted", "Grace", "Alan"))
    assert isinstance(located, Found)
    assert (located.point.x, located.point.y) == (325, 193)
    assert isinstance(find(TABLE, (325, 153), table("Ada", "Alan")), Missing)


def test_second_button_in_the_row_is_ambiguous() -> None:
    twice = table("Ada", "Grace", "Alan", extra=tuple(button("Delete", 370, 140)))
    assert isinstance(find(TABLE, (325, 153), twice), Ambiguous)


def test_labels_at_two_sides_that_name_two_targets_are_ambiguous() -> None:
    def choices(*names: str) -> Screen:
        boxes = [
            ScreenControl(ControlKind.RADIO, Area(100 + 90 * i, 100, 114 + 90 * i, 114)) for i in range(len(names))
        ]
        return screen(text("Size", 50, 99), *boxes, *(text(name, 118 + 90 * i, 99) for i, name in enumerate(names)))

    recorded = choices("Small", "Medium", "Large")
    assert isinstance(find(recorded, (197, 107), recorded), Found)
    assert isinstance(find(recorded, (197, 107), choices("Small", "Large", "Medium")), Ambiguous)


def test_text_of_a_button_is_a_label_only_without_another_one() -> None:
    def searches(labels: list[str], names: list[str]) -> Screen:
        return screen(*rows(*labels), *(one for i, name in enumerate(names) for one in button(name, 540, 97 + 35 * i)))

    recorded = searches(["Search for", "With"], ["Find", "Replace"])
    located = find(recorded, at_row(0), searches(["Other", "Search for", "With"], ["Find", "Find", "Replace"]))
    assert isinstance(located, Found), located
    assert located.point.y == at_row(1)[1]


def test_text_that_all_of_them_have_decides_nothing() -> None:
    bare = screen(TITLE, field(90, 100), field(90, 140))
    assert find(bare, (200, 110), bare) is None


def test_only_field_without_a_label_near_it_decides_nothing() -> None:
    assert find(screen(text("Form", 300, 600), field(90, 100)), (200, 110), FORM) is None


def test_icons_have_no_equals_by_their_kind() -> None:
    icon = ScreenControl(ControlKind.ICON, Area(90, 100, 110, 120))
    assert equals_of(RecordedTarget("icon"), screen(icon), 1.0).areas == ()


class Given:
    """Reads what it was given for each screenshot."""

    def __init__(self) -> None:
        self.screens: dict[Screenshot, Screen] = {}

    def shown(self, screen: Screen, icons: tuple[int, ...] = (), zoom: float = 1.0) -> Screenshot:
        """A screenshot without anything drawn but icons at these heights, so that nothing else is found by its look."""
        image = Image.new("RGB", (520, 340), (255, 255, 255 - len(self.screens)))
        draw = ImageDraw.Draw(image)
        for y in icons:
            draw.rectangle((200 * zoom, y * zoom, 270 * zoom, (y + 26) * zoom), outline="black", width=2)
            draw.line((210 * zoom, (y + 6) * zoom, 260 * zoom, (y + 20) * zoom), fill="navy", width=round(3 * zoom))
            draw.ellipse((220 * zoom, (y + 5) * zoom, 234 * zoom, (y + 19) * zoom), outline="black", width=2)
        shown = Screenshot(image)
        self.screens[shown] = screen
        return shown

    def screen(self, screenshot: Screenshot) -> Screen:
        return self.screens[screenshot]

    def target(self, screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
        return target_in(self.screens[screenshot], point, scale)

    def line(self, screenshot: Screenshot, box: Box) -> str:
        return ""

    def lines(self, screenshot: Screenshot, box: Box) -> tuple[tuple[str, Box], ...]:
        return ()


@pytest.mark.reader  # OpenCV comes with the extra; nothing is read
def test_control_that_is_drawn_otherwise_is_found_by_its_text_but_not_a_text_of_its_name() -> None:
    reader = Given()
    anchor = Anchor(reader.shown(screen(*button("Save", 100, 100))), ScreenPoint(135, 113))
    moved = locate(anchor, reader.shown(screen(*button("Save", 300, 200))), 1.0, reader)
    assert isinstance(moved, Found)
    assert (moved.point.x, moved.point.y) == (335, 213)
    assert isinstance(locate(anchor, reader.shown(screen(text("Save", 300, 200))), 1.0, reader), Missing)
    twice = reader.shown(screen(*button("Save", 300, 200), *button("Save", 400, 200)))
    assert not isinstance(locate(anchor, twice, 1.0, reader), Found)


@pytest.mark.reader
def test_icon_in_another_size_is_found_by_the_name_in_its_row() -> None:
    def names(*found: str, zoom: float = 1.0) -> Screen:
        return screen(*(text(name, 40 * zoom, (105 + 60 * i) * zoom, 16 * zoom) for i, name in enumerate(found)))

    reader = Given()
    anchor = Anchor(reader.shown(names("Ada", "Grace", "Alan"), (100, 160, 220)), ScreenPoint(235, 173))
    now = reader.shown(names("Grace", "Ada", "Alan", zoom=1.25), (100, 160, 220), 1.25)
    located = locate(anchor, now, 1.0, reader)
    assert isinstance(located, Found), located
    assert abs(located.point.x - 235 * 1.25) < 6
    assert abs(located.point.y - 113 * 1.25) < 6
    gone = reader.shown(names("Ada", "Other", "Alan", zoom=1.25), (100, 160, 220), 1.25)
    assert not isinstance(locate(anchor, gone, 1.0, reader), Found)


def test_a_single_letter_is_a_label_only_where_others_have_one_too() -> None:
    recorded = screen(text("Order", 40, 90), field(40, 120), text("k", 200, 150))  # OCR reads the pointer as a letter
    assert isinstance(find(recorded, (160, 130), screen(text("Order", 40, 90), field(40, 120))), Found)
    sizes = screen(*rows("W", "H"))
    assert isinstance(find(sizes, at_row(0), screen(*rows("W", "H", top=300))), Found)
    assert isinstance(find(sizes, at_row(0), screen(*rows("X", "H"))), Missing)


def test_an_icon_that_ocr_read_as_a_character_in_one_row_does_not_hide_its_label() -> None:
    three = rows("mirrors", "kettles", "soap")
    recorded = screen(*three, text("0", 240, 135))  # between the label and the field
    found = find(recorded, at_row(1), screen(*rows("mirrors", "kettles", "soap", top=300)))
    assert isinstance(found, Found)
    assert (found.point.x, found.point.y) == at_row(1, top=300)
    assert isinstance(find(recorded, at_row(1), screen(*rows("mirrors", "candles", "soap"))), Missing)
    assert isinstance(find(screen(*rows("1", "2", "3")), at_row(1), screen(*rows("1", "4", "3"))), Missing)


@pytest.mark.reader
def test_a_wide_field_is_a_target_and_what_contains_others_is_none() -> None:
    image = Image.new("RGB", (1280, 720), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((80, 100, 900, 140), outline="black")
    pen.rectangle((80, 300, 900, 340), outline="black")
    pen.rectangle((820, 306, 880, 334), outline="black")
    reader, point = OcrReader(), ScreenPoint(600, 120)
    wide = reader.target(Screenshot(image), point, 1.0)
    assert wide.is_editable
    assert wide.box is not None
    assert (wide.box.left, wide.box.right) == pytest.approx((80, 901), abs=3)
    assert reader.target(Screenshot(image), ScreenPoint(500, 320), 1.0).box is None


@pytest.mark.parametrize(
    ("kind", "size"),
    [(ControlKind.DROP_DOWN, (36, 28)), (ControlKind.FIELD, (36, 28)), (ControlKind.CHECKBOX, (33, 28))],
)
def test_keys_of_a_keypad_that_are_taken_for_fields_are_not_found_by_what_is_near(
    kind: ControlKind, size: tuple[int, int]
) -> None:
    key = ScreenControl(kind, Area(141, 218, 141 + size[0], 218 + size[1]))
    recorded = screen(key, text("5 was pressed", 90, 263))
    assert equals_of(target_in(recorded, ScreenPoint(158, 231), 1.0), recorded, 1.0).areas == ()


def card(name: str, price: str, x: float) -> list[Item]:
    return [text(name, x, 60), text(price, x, 85)]


BOOKS = screen(*(one for x, name, price in ((40, "Emma", "9 euros"), (300, "Persuasion", "8 euros"))
                 for one in (*card(name, price, x), *button("Add", x, 110))))  # fmt: skip


@pytest.mark.parametrize("other", ["Add", "Remove"])
def test_touching_buttons_that_are_read_as_one_are_not_clicked_between_them(other: str) -> None:
    merged = ScreenControl(ControlKind.BUTTON, Area(300, 110, 370, 162))
    texts = [text("Add", 308, 115), text(other, 308, 141)]
    now = screen(
        *card("Emma", "9 euros", 40), *button("Add", 40, 110), *card("Persuasion", "8 euros", 300), merged, *texts
    )
    located = find(BOOKS, (335, 123), now)
    if other == "Add":
        assert isinstance(located, Ambiguous)
    else:
        assert isinstance(located, Found)
        assert located.point.y < 131


def test_touching_fields_that_are_read_as_one_are_ambiguous() -> None:
    name, city = text("Name", 90, 100), text("City", 90, 170)
    now = screen(
        TITLE, name, field(270, 100), text("E-mail", 90, 135), field(270, 135), city, field(270, 160, height=42)
    )
    assert isinstance(find(FORM, at_row(2), now), Ambiguous)
