"""Reading screenshots: cached parts cost nothing, and a cached result equals a new one."""

from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from screenwright.agent.reader.vision import ocr, perception
from screenwright.agent.reader.vision.detection import Region, regions_of
from screenwright.agent.reader.vision.ocr import CachedOcr, read_line
from screenwright.agent.reader.vision.perception import read_image
from screenwright.agent.reader.vision.pixel_cache import PixelCache
from screenwright.agent.reader.vision.screen import DOT, Area, ControlKind, Screen

pytestmark = pytest.mark.reader

ROWS = ("Invoice number", "Delivery address", "Street and city", "Country", "Telephone")


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> CachedOcr:
    """An OCR instance with empty caches."""
    fresh = CachedOcr()
    monkeypatch.setattr(ocr, "shared_ocr", lambda: fresh)
    monkeypatch.setattr(perception, "known_screens", PixelCache(1))
    return fresh


def network_runs(reader: CachedOcr) -> int:
    return reader.detector.network_runs if reader.detector is not None else 0


def form(filled: int | None = None, *, dark: bool = False, scale: float = 1.0) -> Image.Image:
    """Five fields below one another, 100 pixels apart, with "Oslo 1870" in the `filled` one."""
    ground, ink = ("#202124", "#e8e8e8") if dark else ("white", "#202020")
    image = Image.new("RGB", (round(800 * scale), round(560 * scale)), ground)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(17 * scale)
    for row, name in enumerate(ROWS):
        top = (40 + 100 * row) * scale
        pen.text((40 * scale, top + 4 * scale), name, fill=ink, font=font)
        pen.rectangle((260 * scale, top, 560 * scale, top + 32 * scale), outline="#8a8a8a", width=max(round(scale), 1))
        if row == filled:
            pen.text((268 * scale, top + 4 * scale), "Oslo 1870", fill=ink, font=font)
    return image


def texts(screen: Screen) -> list[str]:
    return [segment.text for segment in screen.segments]


def test_screen_that_did_not_change_is_read_once(reader: CachedOcr) -> None:
    assert read_image(form()) is read_image(form())
    assert read_image(form(filled=1)) is not read_image(form())


def test_known_image_needs_no_network_run(reader: CachedOcr) -> None:
    first = read_image(form())
    perception.known_screens.clear()
    before = reader.lines_recognized, network_runs(reader)
    assert min(before) >= len(ROWS) - 1
    assert read_image(form()) == first
    assert (reader.lines_recognized, network_runs(reader)) == before


def test_only_the_changed_region_is_processed(reader: CachedOcr) -> None:
    read_image(form())
    before = reader.lines_recognized, network_runs(reader)
    changed = read_image(form(filled=2))
    assert "Oslo 1870" in " ".join(texts(changed))
    assert reader.lines_recognized - before[0] <= 3
    assert network_runs(reader) - before[1] == 1


def test_changed_image_is_read_as_with_empty_caches(monkeypatch: pytest.MonkeyPatch, reader: CachedOcr) -> None:
    seen = [read_image(form(filled)) for filled in (None, 0, 3)]
    for filled, screen in zip((None, 0, 3), seen, strict=True):
        fresh = CachedOcr()
        monkeypatch.setattr(ocr, "shared_ocr", lambda fresh=fresh: fresh)
        assert read_image(form(filled)) == screen


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("dark", [False, True])
def test_form_is_read_in_light_and_dark_at_both_scales(dark: bool, scale: float) -> None:
    screen = read_image(form(1, dark=dark, scale=scale))
    assert texts(screen) == [*ROWS[:2], "Oslo 1870", *ROWS[2:]]
    fields = screen.of_kind(ControlKind.FIELD)
    assert [round(field.area.centre[1] / scale / 100) for field in fields] == [1, 2, 3, 4, 5]
    assert [field.text for field in fields] == ["", "Oslo 1870", "", "", ""]


def test_dots_of_a_password_are_counted() -> None:
    image = form()
    pen = ImageDraw.Draw(image)
    for dot in range(6):
        pen.ellipse((268 + 10 * dot, 52, 274 + 10 * dot, 58), fill="#202020")
    fields = read_image(image).of_kind(ControlKind.FIELD)
    assert [field.text for field in fields] == [DOT * 6, "", "", "", ""]


def pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(image, np.uint8)


def test_empty_areas_are_skipped() -> None:
    assert list(regions_of(pixels(Image.new("RGB", (640, 480), "navy")))) == []
    regions = list(regions_of(pixels(form())))
    assert sum((region.right - region.left) * (region.bottom - region.top) for region in regions) < 0.6 * 800 * 560


def test_regions_cover_everything_drawn_and_do_not_overlap() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        image = Image.new("RGB", (900, 700), "white")
        pen = ImageDraw.Draw(image)
        for _ in range(int(rng.integers(1, 12))):
            left, top = int(rng.integers(0, 850)), int(rng.integers(0, 680))
            pen.rectangle((left, top, left + int(rng.integers(4, 300)), top + int(rng.integers(4, 60))), fill="black")
        drawn = pixels(image)
        regions = list(regions_of(drawn))
        above, before = drawn[1:, 1:] != drawn[:-1, 1:], drawn[1:, 1:] != drawn[1:, :-1]
        for row, column in np.argwhere(above.any(axis=2) & before.any(axis=2)):  # not a straight edge
            assert any(region.left <= column < region.right and region.top <= row < region.bottom for region in regions)
        assert not any(_overlap(one, other) for one, other in combinations(regions, 2))


def _overlap(one: Region, other: Region) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 0 and down > 0


@pytest.mark.parametrize("area", [Area(10, 10, 40, 10), Area(-9, 4, -2, 12), Area(70, 4, 90, 12), Area(5, 40, 30, 60)])
def test_area_without_pixels_has_no_text(area: Area) -> None:
    assert read_line(np.full((30, 60, 3), 255, np.uint8), area) is None
