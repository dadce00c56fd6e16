"""Settling, on generated frames and with a fake clock."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from screenwright.envs.geometry import Box
from screenwright.envs.motion import cells_of, groups_of
from screenwright.envs.settle import FrameChange, RawFrame, Settler, SettleResult, SettleTimeouts, changed

WIDTH, HEIGHT = 200, 100
BLANK = RawFrame(WIDTH, HEIGHT, bytes(4 * WIDTH * HEIGHT))


def painted(*boxes: Box, shade: int = 255) -> RawFrame:
    pixels = bytearray(BLANK.pixels)
    for box in boxes:
        for y in range(box.top, box.bottom):
            for x in range(box.left, box.right):
                pixels[4 * (y * WIDTH + x) : 4 * (y * WIDTH + x) + 3] = bytes([shade] * 3)
    return RawFrame(WIDTH, HEIGHT, bytes(pixels))


SMALL, FILM, NEXT_TO_FILM = Box(100, 64, 120, 80), Box(16, 16, 112, 80), Box(150, 30, 190, 90)
DIALOG, OTHER, CARET = Box(20, 20, 120, 60), Box(20, 60, 120, 90), Box(150, 10, 152, 26)


def film(now: float, *others: Box) -> RawFrame:
    """A film that plays, and `others` on top of it."""
    pixels = bytearray(painted(FILM, shade=int(now * 1000) % 200 + 50).pixels)
    for over in (painted(box).pixels for box in others):
        pixels = bytearray(top or below for top, below in zip(over, pixels, strict=True))
    return RawFrame(WIDTH, HEIGHT, bytes(pixels))


class Screen:
    """A screen that shows `at(time)`; `sleep` advances the time."""

    at: Callable[[float], RawFrame]

    def __init__(self, at: Callable[[float], RawFrame]) -> None:
        self.now = 0.0
        self.at = at
        self.settler = Settler(lambda: self.at(self.now), self.sleep, lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def settled(self, timeouts: SettleTimeouts = SettleTimeouts()) -> SettleResult:
        return self.settler.wait(BLANK, timeouts)


def test_a_static_screen_settles_after_the_wait_for_a_first_change() -> None:
    settled = Screen(lambda _: BLANK).settled()
    assert settled.by == "no change"
    assert 0.5 <= settled.seconds < 0.6


def test_a_change_during_the_action_starts_the_quiet_time() -> None:
    settled = Screen(lambda _: painted(DIALOG)).settled()
    assert settled.by == "quiet"
    assert 0.3 <= settled.seconds < 0.4


def test_quiet_is_counted_from_the_last_change() -> None:
    screen = Screen(lambda now: painted(DIALOG, OTHER) if now > 0.4 else painted(DIALOG) if now > 0.2 else BLANK)
    settled = screen.settled()
    assert settled.by == "quiet"
    assert 0.7 <= settled.seconds < 0.8


def test_a_blinking_caret_does_not_count_as_a_change() -> None:
    def blinks(now: float) -> RawFrame:
        return painted(CARET) if int(now / 0.2) % 2 else BLANK

    screen = Screen(blinks)
    assert screen.settled().seconds < 0.7  # the first blink might have been a real change
    assert screen.settled().by == "no change"


def test_a_small_change_in_a_new_area_counts() -> None:
    settled = Screen(lambda now: painted(CARET) if now > 0.3 else BLANK).settled()
    assert settled.by == "quiet"
    assert settled.seconds > 0.6


def test_a_spinner_does_not_extend_the_wait_to_the_limit() -> None:
    # 20 x 16 = 320 pixels: more than a caret, less than a fiftieth of the screen
    spinner = Box(100, 50, 120, 66)
    settled = Screen(lambda now: painted(spinner, shade=int(now * 1000) % 200 + 50)).settled()
    assert settled.by == "quiet outside moving areas"
    assert settled.seconds < 2.0


def test_a_screen_that_never_settles_is_waited_for_until_the_limit() -> None:
    def loads(now: float) -> RawFrame:
        return painted(Box(0, 10, int(now * 75), 40), Box(0, 60, int(now * 75), 90))

    settled = Screen(loads).settled(SettleTimeouts(limit_s=2.5))
    assert settled.by == "limit"
    assert 2.5 <= settled.seconds < 2.6


def test_another_size_changes_every_pixel() -> None:
    wide = RawFrame(WIDTH * 2, HEIGHT, bytes(8 * WIDTH * HEIGHT))
    assert changed(BLANK, wide) == FrameChange(Box(0, 0, WIDTH * 2, HEIGHT), 2 * WIDTH * HEIGHT)


@given(
    left=st.integers(0, WIDTH - 1),
    top=st.integers(0, HEIGHT - 1),
    width=st.integers(1, 30),
    height=st.integers(1, 30),
    channel=st.integers(0, 2),
    shade=st.integers(1, 255),
)
def test_the_box_of_a_change_is_exact(left: int, top: int, width: int, height: int, channel: int, shade: int) -> None:
    box = Box(left, top, min(left + width, WIDTH), min(top + height, HEIGHT))
    pixels = bytearray(BLANK.pixels)
    for y in range(box.top, box.bottom):
        for x in range(box.left, box.right):
            pixels[4 * (y * WIDTH + x) + channel] = shade
    area = (box.right - box.left) * (box.bottom - box.top)
    assert changed(BLANK, RawFrame(WIDTH, HEIGHT, bytes(pixels))) == FrameChange(box, area)
    assert changed(BLANK, BLANK) is None


def test_a_busy_program_extends_the_wait() -> None:
    screen = Screen(lambda now: painted(DIALOG, OTHER) if now > 1.5 else painted(DIALOG))
    screen.settler.busy = lambda: screen.now < 1.6
    settled = screen.settled()
    assert settled.by == "quiet"
    assert 1.8 <= settled.seconds < 2.0


def test_an_endlessly_busy_program_extends_the_wait_within_limits() -> None:
    screen = Screen(lambda _: painted(DIALOG))
    screen.settler.busy = lambda: True
    settled = screen.settled()
    assert settled.by == "quiet, still busy"
    assert 2.0 <= settled.seconds < 2.1


def test_a_small_spinner_extends_the_wait_and_an_endless_one_only_once() -> None:
    def wheel(until: float) -> Callable[[float], RawFrame]:
        return lambda now: painted(DIALOG, CARET, shade=255) if now < until and int(now / 0.08) % 2 else painted(DIALOG)

    loading = Screen(wheel(1.2)).settled()
    assert loading.by == "quiet"
    assert 1.2 <= loading.seconds < 2.1
    endless = Screen(wheel(1e9))
    assert endless.settled().by == "quiet, still busy"
    assert endless.settler.wait(painted(DIALOG)).seconds < 0.7


def test_one_small_change_after_work_is_not_endless_motion() -> None:
    def works(now: float) -> RawFrame:
        return painted(*[box for after, box in ((0.1, CARET), (1.6, SMALL), (1.75, DIALOG)) if now >= after])

    screen = Screen(works)
    screen.settler.busy = lambda: screen.now < 1.6
    settled = screen.settled()
    assert settled.by == "quiet"
    assert 2.0 <= settled.seconds < 2.2


def test_a_film_is_waited_for_once_and_then_ignored() -> None:
    screen = Screen(film)
    assert screen.settled().by == "quiet outside moving areas"
    assert 2.4 <= screen.now < 2.7
    for _ in range(3):
        screen.sleep(1.03)
        settled = screen.settler.wait(film(screen.now))
        assert settled.by == "no change"
        assert settled.seconds < 0.6


def test_a_change_next_to_a_film_is_waited_for() -> None:
    screen = Screen(film)
    screen.settled()
    screen.sleep(1.03)
    opened = screen.now + 0.4
    screen.at = lambda now: film(now, NEXT_TO_FILM) if now > opened else film(now)
    settled = screen.settler.wait(film(screen.now))
    assert settled.by == "quiet"
    assert 0.7 <= settled.seconds < 0.85


def test_an_area_whose_film_has_ended_counts_again() -> None:
    screen = Screen(film)
    screen.settled()
    ended = film(screen.now)
    screen.sleep(1.03)
    opened = screen.now + 0.4
    screen.at = lambda now: painted(FILM) if now > opened else ended
    assert screen.settler.wait(ended).by == "quiet"


def test_two_films_are_two_areas() -> None:
    first, second = Box(0, 0, 32, 32), Box(144, 64, 200, 100)
    screen = Screen(lambda now: painted(first, second, shade=int(now * 1000) % 200 + 50))
    assert screen.settled().by == "quiet outside moving areas"
    between = screen.at(screen.now)
    opened = screen.now + 0.2
    screen.at = lambda now: painted(first, second, *[DIALOG] * (now > opened), shade=int(now * 1000) % 200 + 50)
    assert screen.settler.wait(between).seconds > 0.6


def test_one_pixel_is_a_cell() -> None:
    mask = Image.new("L", (40, 3))
    mask.putpixel((33, 1), 255)
    assert groups_of([cells_of(mask, top=15, height=50)]) == [Box(32, 16, 48, 32)]


def test_a_tooltip_that_follows_a_highlight_is_waited_for() -> None:
    screen = Screen(lambda now: painted(DIALOG, OTHER) if now > 0.75 else painted(DIALOG))
    settled = screen.settled(SettleTimeouts().for_hover)
    assert settled.by == "quiet"
    assert 1.0 <= settled.seconds < 1.2


def test_after_a_late_change_the_next_change_is_waited_for() -> None:
    """The toolbar of LibreOffice, which follows the text."""

    def follows(now: float) -> RawFrame:
        if now < 1.0:
            return painted(DIALOG, OTHER) if now >= 0.5 else painted(DIALOG)
        return painted(OTHER) if now >= 1.35 else BLANK

    screen = Screen(follows)
    assert screen.settled().seconds < 0.4  # early
    before = follows(0.9)
    screen.now = 1.0
    settled = screen.settler.wait(before)
    assert settled.by == "quiet"
    assert 0.75 <= settled.seconds < 0.95


def test_waits_are_longer_until_a_program_has_changed_nothing_late_several_times() -> None:
    seconds: list[float] = []
    # A change that was seen just before would count as an animation.
    screen = Screen(lambda now: painted((DIALOG, OTHER, SMALL)[len(seconds) % 3]) if now else BLANK)
    screen.settler.expect_late_changes()
    for _ in range(8):
        seconds.append(screen.settled().seconds)
    assert all(0.45 <= each < 0.55 for each in seconds[:6])
    assert all(0.3 <= each < 0.4 for each in seconds[6:])
