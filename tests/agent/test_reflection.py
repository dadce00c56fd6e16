from PIL import Image, ImageDraw

from screenwright import Click, ScreenPoint, Screenshot, Wait
from screenwright.agent.reflection import Deed, compare, idle_repeats
from screenwright.envs.geometry import Box


def screen(*boxes: tuple[int, int, int, int], colour: str = "black", size: tuple[int, int] = (320, 240)) -> Screenshot:
    image = Image.new("RGB", size, "white")
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, fill=colour)
    return Screenshot(image)


def test_the_same_screen_has_no_change() -> None:
    assert compare(screen((10, 10, 20, 20)), screen((10, 10, 20, 20))).share == 0


def test_a_single_pixel_is_a_change_and_is_located() -> None:
    change = compare(screen(), screen((100, 50, 100, 50)))
    assert change.share == 1 / (320 * 240)
    assert change.regions == (Box(96, 48, 112, 64),)


def test_separate_changes_are_separate_regions_largest_first() -> None:
    change = compare(screen(), screen((4, 4, 12, 12), (160, 100, 250, 180)))
    assert change.regions == (Box(160, 96, 256, 192), Box(0, 0, 16, 16))


def test_noise_below_the_tolerance_is_no_change() -> None:
    assert compare(screen(), screen((0, 0, 319, 239), colour="#f6f6f6")).share == 0


def test_a_screen_of_another_size_is_a_whole_new_screen() -> None:
    change = compare(screen(), screen(size=(100, 80)))
    assert (change.share, change.regions) == (1.0, (Box(0, 0, 100, 80),))


def test_regions_end_at_the_edge_of_the_screen() -> None:
    change = compare(screen(size=(100, 50)), screen((90, 40, 99, 49), size=(100, 50)))
    assert change.regions == (Box(80, 32, 100, 50),)


def test_repeats_count_only_while_nothing_changes() -> None:
    click, wait = (Click(ScreenPoint(1, 2)),), (Wait(),)
    still, changed = [Deed(click, screen_changed=False)], [Deed(click, screen_changed=True)]
    assert idle_repeats([]) == 0
    assert idle_repeats(changed + still * 3) == 4
    assert idle_repeats(still * 3 + changed) == 1
    assert idle_repeats([*still * 3, Deed(wait, screen_changed=False)]) == 1
