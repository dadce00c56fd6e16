"""Finds what a modal dialog leaves within reach: a page behind it is drawn darker, and cannot be used."""

from dataclasses import replace

from .screen import Area, Colour, ControlKind, Screen

_DIMMED = 0.72
"""Below this share of the brightest background, a background is dimmed; dialogs darken a page by a third or more."""

_MIN_DIMMED = 0.25  # a darker background with a lighter text is a design, such as a dark sidebar
_MARGIN_PX = 24  # between the texts of a dialog and its frame, if the frame is not found
_LARGEST = 0.8  # of the screen


def front_of(screen: Screen) -> Screen:
    """The screen without what is behind a dialog that dims it; `screen` itself if there is none.

    The dialog is the smallest frame around all bright texts and texts on a bright background, if most other texts are
    dark ones on a grey background.
    """
    brightest = max((_brightness(segment.words[0].background) for segment in screen.segments), default=0.0)
    bright, dimmed, grey = [], [], 0
    for segment in screen.segments:
        text, background = (_brightness(colour) for colour in (segment.words[0].colour, segment.words[0].background))
        if max(text, background) >= _DIMMED * brightest:
            bright.append(segment)
            continue
        dimmed.append(segment)
        grey += background >= _MIN_DIMMED * brightest and text < background
    if not dimmed or grey < len(dimmed) / 2:
        return screen
    dialog = _frame_around(screen, Area.union(segment.area for segment in bright))
    is_large = dialog.width > _LARGEST * screen.width and dialog.height > _LARGEST * screen.height
    if is_large or any(_is_inside(segment.area, dialog) for segment in dimmed):
        return screen
    return replace(
        screen,
        segments=tuple(segment for segment in screen.segments if _is_inside(segment.area, dialog)),
        controls=tuple(control for control in screen.controls if _is_inside(control.area, dialog)),
    )


def _frame_around(screen: Screen, texts: Area) -> Area:
    around = [pane.area for pane in screen.of_kind(ControlKind.PANE) if pane.area.contains(texts)]
    smallest = min(around, key=lambda area: area.width * area.height, default=None)
    if smallest is not None and smallest.width <= _LARGEST * screen.width:
        return smallest
    return Area(texts.left - _MARGIN_PX, texts.top - _MARGIN_PX, texts.right + _MARGIN_PX, texts.bottom + _MARGIN_PX)


def _is_inside(area: Area, dialog: Area) -> bool:
    x, y = area.centre
    return dialog.left <= x <= dialog.right and dialog.top <= y <= dialog.bottom


def _brightness(colour: Colour) -> float:
    red, green, blue = colour
    return 0.3 * red + 0.59 * green + 0.11 * blue
