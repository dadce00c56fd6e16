"""Draws the fake GUI."""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from ..geometry import Size
from ..screenshot import Screenshot
from .gui import FIELD, ITEMS, LIST, MENU, ROW, VISIBLE_ITEMS, FakeState

_INK, _PAPER, _FACE, _LINE, _BLUE = "#1c1c1c", "#fbfaf8", "#e7e4de", "#8a857c", "#2f6fb0"


@lru_cache(maxsize=64)
def render_screenshot(state: FakeState, size: Size) -> Screenshot:
    """The screenshot of `state`; recent ones are cached with their encoding."""
    screenshot = Screenshot(draw(state, size))
    _ = screenshot.sha256
    return screenshot


@lru_cache(maxsize=1)
def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(14)


def draw(state: FakeState, size: Size) -> Image.Image:
    """Draw the GUI as an RGB image of `size`, without the pointer."""
    image = Image.new("RGB", (size.width, size.height), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.fontmode = "L"
    pen.rectangle((0, 0, size.width, 30), fill=_FACE)
    pen.text((14, 7), "File", fill=_INK, font=_font())
    _draw_form(pen, state)
    _draw_list(pen, state)
    if state.menu_open:
        _draw_menu(pen)
    if state.dialog_open:
        _draw_dialog(pen)
    return image


def _draw_form(pen: ImageDraw.ImageDraw, state: FakeState) -> None:
    pen.rounded_rectangle((24, 44, 124, 72), 5, fill=_FACE, outline=_LINE)
    pen.text((54, 50), "Greet", fill=_INK, font=_font())
    pen.text((140, 50), f"Greeted {state.presses} times", fill=_INK, font=_font())
    pen.text((24, 89), "Name", fill=_INK, font=_font())
    outline = _BLUE if state.focused else _LINE
    pen.rectangle((FIELD.left, FIELD.top, FIELD.right, FIELD.bottom), fill="white", outline=outline)
    _draw_text(pen, state)
    pen.rectangle((24, 124, 40, 140), fill="white", outline=_LINE)
    if state.checked:
        pen.line((27, 132, 31, 137, 38, 127), fill=_BLUE, width=2)
    pen.text((48, 124), "Express", fill=_INK, font=_font())
    for name, left in (("Small", 24), ("Large", 124)):
        pen.ellipse((left, 150, left + 16, 166), fill="white", outline=_LINE)
        if state.size == name:
            pen.ellipse((left + 4, 154, left + 12, 162), fill=_BLUE)
        pen.text((left + 24, 150), name, fill=_INK, font=_font())


def _draw_text(pen: ImageDraw.ImageDraw, state: FakeState) -> None:
    """Draw the text, selection and caret of the text field, cut off at its edge."""
    start, end = sorted((state.caret, state.anchor))
    left = FIELD.left + 6
    edge = FIELD.right - 4
    before, until = (min(left + pen.textlength(state.text[:index], font=_font()), edge) for index in (start, end))
    if start != end:
        pen.rectangle((before, FIELD.top + 4, until, FIELD.bottom - 4), fill="#bcd6f0")
    shown = state.text
    while shown and left + pen.textlength(shown, font=_font()) > edge:
        shown = shown[:-1]
    pen.text((left, FIELD.top + 5), shown, fill=_INK, font=_font())
    if state.focused:
        caret = min(left + pen.textlength(state.text[: state.caret], font=_font()), edge)
        pen.line((caret, FIELD.top + 4, caret, FIELD.bottom - 4), fill=_INK)


def _draw_list(pen: ImageDraw.ImageDraw, state: FakeState) -> None:
    pen.rectangle((LIST.left, LIST.top, LIST.right, LIST.bottom), fill="white", outline=_LINE)
    for row, item in enumerate(ITEMS[state.scrolled : state.scrolled + VISIBLE_ITEMS]):
        top = LIST.top + row * ROW
        if item == state.chosen:
            pen.rectangle((LIST.left + 1, top + 1, LIST.right - 1, top + ROW - 1), fill="#bcd6f0")
        pen.text((LIST.left + 8, top + 3), item, fill=_INK, font=_font())
    track = LIST.bottom - LIST.top
    thumb = LIST.top + track * state.scrolled / len(ITEMS)
    pen.rectangle((LIST.right - 8, thumb, LIST.right - 2, thumb + track * VISIBLE_ITEMS / len(ITEMS)), fill=_LINE)


def _draw_menu(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle((8, 26, 128, 26 + 24 * len(MENU)), fill="white", outline=_LINE)
    for row, name in enumerate(MENU):
        pen.text((18, 30 + row * 24), name, fill=_INK, font=_font())


def _draw_dialog(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle((50, 110, 250, 220), fill=_PAPER, outline=_INK, width=2)
    pen.text((66, 126), "A small screen for tests.", fill=_INK, font=_font())
    pen.rounded_rectangle((110, 180, 190, 208), 5, fill=_FACE, outline=_LINE)
    pen.text((139, 186), "OK", fill=_INK, font=_font())
