"""Comparison of screenshots: regions, kinds of change, carets and animations."""

from collections.abc import Sequence

import pytest
from PIL import Image, ImageDraw

from screenwright import Change, ChangeKind, ScreenPoint, Screenshot
from screenwright.agent.monitor.screen_diff import difference_of, same_screen
from screenwright.envs.geometry import Box

Rectangle = tuple[int, int, int, int]


def screen(*boxes: Rectangle, colour: str = "black", size: tuple[int, int] = (320, 240)) -> Screenshot:
    image = Image.new("RGB", size, "white")
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, fill=colour)
    return Screenshot(image)


def compare(before: Screenshot, after: Screenshot, points: Sequence[ScreenPoint] = ()) -> Change:
    return difference_of(before, after).classify(points)


def test_equal_screenshots_have_no_change() -> None:
    change = compare(screen((10, 10, 20, 20)), screen((10, 10, 20, 20)))
    assert (change.share, change.kind, change.regions) == (0, ChangeKind.NOTHING, ())


def test_single_changed_pixel_is_located() -> None:
    change = compare(screen(), screen((100, 50, 100, 50)))
    assert change.share == 1 / (320 * 240)
    assert change.regions == (Box(96, 48, 112, 64),)


def test_separate_changes_are_separate_regions_largest_first() -> None:
    change = compare(screen(), screen((4, 4, 12, 12), (160, 100, 230, 150)))
    assert change.regions == (Box(160, 96, 240, 160), Box(0, 0, 16, 16))


@pytest.mark.parametrize("size", [(320, 240), (333, 301), (7, 150)])
def test_cells_of_changes_are_those_that_contain_changed_pixels(size: tuple[int, int]) -> None:
    boxes = [(3, 2, 5, 4), (20, 125, 45, 131), (310, 130, 400, 290)]
    inside = [(left, top, min(right, size[0] - 1), min(bottom, size[1] - 1)) for left, top, right, bottom in boxes]
    changed = screen(*[box for box in inside if box[0] <= box[2]], size=size)
    columns = -(-size[0] // 16)
    pixels = [
        (at % size[0], at // size[0]) for at, value in enumerate(changed.image.convert("L").tobytes()) if not value
    ]
    difference = difference_of(screen(size=size), changed)
    assert difference.cells == {y // 16 * columns + x // 16 for x, y in pixels}
    assert difference.share == len(pixels) / (size[0] * size[1])


def test_noise_below_the_tolerance_is_ignored() -> None:
    assert compare(screen(), screen((0, 0, 319, 239), colour="#f6f6f6")).share == 0


def test_screenshot_of_another_size_is_a_whole_new_screen() -> None:
    change = compare(screen(), screen(size=(100, 80)))
    assert (change.share, change.regions, change.kind) == (1.0, (Box(0, 0, 100, 80),), ChangeKind.WHOLE)


def test_regions_are_clipped_to_the_screen() -> None:
    change = compare(screen(size=(100, 50)), screen((90, 40, 99, 49), size=(100, 50)))
    assert change.regions == (Box(80, 32, 100, 50),)


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ((40, 40, 60, 50), ChangeKind.NEAR),
        ((200, 180, 220, 190), ChangeKind.ELSEWHERE),
        ((0, 0, 319, 120), ChangeKind.WHOLE),
    ],
)
def test_change_is_near_the_point_elsewhere_or_the_whole_screen(box: Rectangle, kind: ChangeKind) -> None:
    assert compare(screen(), screen(box), [ScreenPoint(30, 30)]).kind is kind


def test_text_spread_over_a_white_page_is_a_whole_new_screen() -> None:
    lines = [(8, top, 310, top + 3) for top in range(4, 236, 24)]
    assert compare(screen(), screen(*lines)).kind is ChangeKind.WHOLE


@pytest.mark.parametrize(("left", "width", "height"), [(50, 1, 14), (159, 2, 18), (300, 3, 40)])
def test_caret_is_masked_and_listed(left: int, width: int, height: int) -> None:
    change = compare(screen(), screen((left, 60, left + width - 1, 60 + height - 1)), [ScreenPoint(left, 60)])
    assert (change.kind, change.regions) == (ChangeKind.NOTHING, ())
    assert len(change.masked) == 1
    assert change.share > 0


@pytest.mark.parametrize("box", [(50, 60, 53, 78), (50, 60, 51, 66), (50, 60, 51, 120)])
def test_bar_of_another_size_is_no_caret(box: Rectangle) -> None:
    assert compare(screen(), screen(box), [ScreenPoint(50, 60)]).kind is ChangeKind.NEAR


def test_animated_cells_are_masked_and_other_changes_are_not() -> None:
    animated = difference_of(screen(), screen((200, 100, 220, 120))).cells
    both = difference_of(screen(), screen((200, 100, 220, 120), (20, 20, 40, 40)))
    change = both.classify([ScreenPoint(20, 20)], animated)
    assert change.kind is ChangeKind.NEAR
    assert change.regions == (Box(16, 16, 48, 48),)
    assert change.masked == (Box(192, 96, 224, 128),)
    assert same_screen(screen(), screen((200, 100, 220, 120)), animated)
    assert not same_screen(screen(), screen((200, 100, 220, 120)))
