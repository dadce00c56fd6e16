"""Masks of secrets in screenshots: a box with the handle of the secret in place of the pixels that show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFont

from .geometry import Box, Size
from .screenshot import Screenshot

_FILL, _EDGE, _INK = "#e4e4e4", "#9a9a9a", "#101010"
_MAX_FONT_PX, _MIN_FONT_PX = 22, 8
_TILE_PX = 8
_JOIN_TILES = 3
_CARET_SHARE = 1.2
"""Width of a caret behind a text, relative to the height of its line."""

_MIN_PATTERN_PX = 20
_SEARCHED_ROWS, _SAME_ROWS = 3, 0.75
_MAX_TYPED = 50
_SLACK_PX = 3
_LINE_PX = 20
_DOTS_PX = 10
_GROWTH = 2
"""A text may be shown as dots, which are lower than this; letters in their place are higher, and may be wider."""
_TO_BLACK_AND_WHITE = [0] + [255] * 255


@dataclass(frozen=True, slots=True)
class Mask:
    """A box to hide, in pixels of the screenshot, and what to write there instead."""

    box: Box
    label: str


def paint(screenshot: Screenshot, masks: Iterable[Mask]) -> Screenshot:
    """`screenshot` with the boxes of `masks` hidden; itself if none is on it."""
    size = screenshot.size
    boxes = [(_inside(mask.box, size), mask.label) for mask in masks]
    boxes = [(box, label) for box, label in boxes if box.right > box.left and box.bottom > box.top]
    if not boxes:
        return screenshot
    image = screenshot.image.copy()
    for box, label in dict.fromkeys(boxes):
        _paint(image, box, label)
    return Screenshot(image)


def _paint(image: Image.Image, box: Box, label: str) -> None:
    width, height = box.right - box.left, box.bottom - box.top
    patch = Image.new("RGB", (width, height), _FILL)
    draw = ImageDraw.Draw(patch)
    draw.rectangle((0, 0, width - 1, height - 1), outline=_EDGE)
    for size in range(min(_MAX_FONT_PX, int(height * 0.75)), _MIN_FONT_PX - 1, -1):
        left, top, right, bottom = draw.textbbox((0, 0), label, font=_font(size))
        if right - left <= width - 4:
            draw.text((4, (height - bottom - top) / 2), label, fill=_INK, font=_font(size))
            break
    image.paste(patch, (box.left, box.top))


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _inside(box: Box, size: Size) -> Box:
    return Box(max(0, box.left), max(0, box.top), min(size.width, box.right), min(size.height, box.bottom))


@dataclass(frozen=True, slots=True)
class _Typed:
    """A part of the screen that changed while a secret was typed.

    `around` is also what the text may grow to when dots become letters, and `before` what was there.
    """

    box: Box
    around: Box
    before: Image.Image
    label: str
    window: int | None


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The pixels of a text that was typed, without the caret behind it; with the caret it is `width` wide."""

    pixels: Image.Image
    width: int
    label: str


@dataclass(slots=True)
class TypedMasks:
    """Masks what changed on a screen while secrets were typed, for screens that are known by their pixels alone.

    A mask covers the pixels in and next to its box that differ from the screen before typing. It stays until its window
    closes or nothing differs. Pixels of one colour are not hidden. The same pixels elsewhere, such as after scrolling,
    are always masked.
    """

    _typed: list[_Typed] = field(default_factory=list[_Typed])
    _patterns: list[_Pattern] = field(default_factory=list[_Pattern])
    _pending: tuple[Screenshot, str, int | None] | None = None
    _late: tuple[str, int | None] | None = None
    """What was typed last, with its window, if a part of it may have been drawn after it was looked at."""

    def begin(self, before: Screenshot, label: str, window: int | None = None) -> None:
        """A secret is typed now, into `window` if that is known; until `end`, every change may show it."""
        self._pending = (before, label, window)

    def end(self) -> None:
        """What changes from now on has another cause, except what the next screenshot shows of the text itself."""
        if self._pending is not None:
            self._late, self._pending = self._pending[1:], None

    @property
    def is_pending(self) -> bool:
        """Whether a change may still show a secret that was typed."""
        return self._pending is not None

    def apply(self, screenshot: Screenshot, windows: frozenset[int] | None = None) -> Screenshot:
        """`screenshot` with all masks; `windows` are the open windows, if they are known."""
        if self._pending is not None:
            self._extend(screenshot, *self._pending)
        if not self._typed and not self._patterns:
            return screenshot
        image = screenshot.image
        kept: list[_Typed] = []
        masks: list[Mask] = []
        late, self._late = self._late if self._pending is None else None, None
        for one in self._typed:
            if windows is not None and one.window is not None and one.window not in windows:
                continue
            changed = _changes(one.before, image.crop(_corners(one.around)))
            kept += [one] if changed else []
            boxes = [_moved(box, one.around) for box in changed]
            for box in boxes if late == (one.label, one.window) else ():
                self._learn(image, box, one.label)
            masks += [Mask(box, one.label) for box in boxes if _has_content(image.crop(_corners(box)))]
        self._typed = kept
        raw = image.tobytes()
        masks += [Mask(box, one.label) for one in self._patterns for box in _found(raw, image.size, one)]
        return paint(screenshot, masks)

    def _extend(self, screenshot: Screenshot, before: Screenshot, label: str, window: int | None) -> None:
        old, new = before.image, screenshot.image
        if old.size != new.size:
            boxes = [Box(0, 0, *new.size)]
            old = Image.new("RGB", new.size)
        else:
            boxes = _changes(old, new)
        for box in boxes:
            wide = box.right - box.left
            beside, above = _GROWTH * wide, _SLACK_PX if box.bottom - box.top >= _DOTS_PX else _LINE_PX
            around = Box(box.left - beside, box.top - above, box.right + beside, box.bottom + above)
            around = _inside(around, screenshot.size)
            typed = _Typed(box, around, old.crop(_corners(around)), label, window)
            self._typed = [one for one in self._typed if (one.box, one.window) != (box, window)]
            self._typed = [*self._typed, typed][-_MAX_TYPED:]
            self._learn(new, box, label)

    def _learn(self, image: Image.Image, box: Box, label: str) -> None:
        """Find what is in `box` elsewhere, too."""
        if (pixels := _pixels_of(image, box)) is not None:
            known = [one for one in self._patterns if one.pixels.tobytes() != pixels.tobytes()]
            self._patterns = [*known, _Pattern(pixels, box.right - box.left, label)][-_MAX_TYPED:]


def _has_content(image: Image.Image) -> bool:
    """Whether an image has more than one colour."""
    return image.getcolors(1) is None


def _changed(old: Image.Image, new: Image.Image) -> Image.Image:
    """White where two images of the same size differ, black elsewhere."""
    red, green, blue = ImageChops.difference(old, new).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(_TO_BLACK_AND_WHITE)


def _moved(box: Box, by: Box) -> Box:
    return Box(by.left + box.left, by.top + box.top, by.left + box.right, by.top + box.bottom)


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom


def _changes(old: Image.Image, new: Image.Image) -> list[Box]:
    """The connected parts in which two images of the same size differ at all."""
    changed = _changed(old, new)
    if changed.getbbox() is None:
        return []
    width, height = -(-new.width // _TILE_PX), -(-new.height // _TILE_PX)
    padded = Image.new("L", (width * _TILE_PX, height * _TILE_PX))
    padded.paste(changed)
    left = {index for index, value in enumerate(padded.reduce(_TILE_PX).tobytes()) if value}
    boxes: list[Box] = []
    while left:
        group, frontier = set[int](), [left.pop()]
        while frontier:
            tile = frontier.pop()
            group.add(tile)
            x, y = tile % width, tile // width
            near = [
                row * width + column
                for row in range(max(0, y - 1), min(height, y + 2))
                for column in range(max(0, x - _JOIN_TILES), min(width, x + _JOIN_TILES + 1))
            ]
            found = [one for one in near if one in left]
            left.difference_update(found)
            frontier += found
        columns, rows = [tile % width for tile in group], [tile // width for tile in group]
        area = (
            min(columns) * _TILE_PX,
            min(rows) * _TILE_PX,
            min((max(columns) + 1) * _TILE_PX, new.width),
            min((max(rows) + 1) * _TILE_PX, new.height),
        )
        inner = changed.crop(area).getbbox()
        if inner is not None:
            boxes.append(_moved(Box(*inner), Box(*area)))
    return boxes


def _pixels_of(image: Image.Image, box: Box) -> Image.Image | None:
    """The pixels of a text without the caret behind it, by which it is found again; None if they are too few."""
    left, top, right, bottom = _corners(box)
    right -= round((bottom - top) * _CARET_SHARE)
    if right - left < _MIN_PATTERN_PX:
        return None
    pattern = image.crop((left, top, right, bottom))
    return pattern if _has_content(pattern) else None


def _found(raw: bytes, size: tuple[int, int], pattern: _Pattern) -> Sequence[Box]:
    """Where a pattern is on a screen: rows of it that vary most are searched, the others are compared.

    Some rows may differ: the same text has other pixels where letters touch, depending on how it was drawn.
    """
    stride, (width, height) = size[0] * 3, pattern.pixels.size
    data, row_bytes = pattern.pixels.tobytes(), width * 3
    rows = [data[at : at + row_bytes] for at in range(0, len(data), row_bytes)]
    variation = [sum(a != b for a, b in zip(row, row[3:], strict=False)) for row in rows]
    varied = sorted(filter(variation.__getitem__, range(height)), key=variation.__getitem__, reverse=True)
    boxes: dict[Box, None] = {}
    for searched in varied[:_SEARCHED_ROWS]:
        at = raw.find(rows[searched])
        while at >= 0:
            y, x_bytes = divmod(at, stride)
            y -= searched
            if x_bytes % 3 == 0 and x_bytes + row_bytes <= stride and 0 <= y <= size[1] - height:
                starts = {row: (y + row) * stride + x_bytes for row in varied}
                same = sum(raw[start : start + row_bytes] == rows[row] for row, start in starts.items())
                if same >= _SAME_ROWS * len(varied):
                    x = x_bytes // 3
                    boxes[Box(x, y, min(x + pattern.width, size[0]), y + height)] = None
            at = raw.find(rows[searched], at + 1)
    return list(boxes)
