"""Coordinate conversions: invertible, and consistent with the models' own resize."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.core.coordinates import (
    Absolute,
    Frame,
    Grid,
    ImagePoint,
    ImageRule,
    ModelPoint,
    Space,
    smart_resize,
)
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.registry import dialect_named, dialect_names
from screenwright.envs.geometry import DevicePoint, DeviceTransform, ScreenPoint, Size

FULL_HD = Size(1920, 1080)
screens = st.builds(Size, st.integers(320, 7680), st.integers(240, 4320))
spaces: st.SearchStrategy[Space] = st.sampled_from(
    [Absolute(), Absolute(fractions=True, writes_fractions=True), Grid(1000), Grid(999), Grid(1)]
)
rules = st.sampled_from([dialect_named(name).image_rule for name in dialect_names()])


@pytest.mark.parametrize(
    ("screen", "image"),
    [
        ((1920, 1080), (1932, 1092)),
        ((3840, 2160), (3836, 2156)),
        ((2560, 1440), (2548, 1428)),
        ((1366, 768), (1372, 756)),
        ((1280, 800), (1288, 812)),
        ((1280, 720), (1288, 728)),
        ((1522, 1022), (1512, 1008)),  # 36.5 tiles: half to even
        ((224, 224), (280, 280)),
        ((7680, 4320), (4760, 2688)),
    ],
)
def test_resize_matches_the_models(screen: tuple[int, int], image: tuple[int, int]) -> None:
    assert smart_resize(Size(*screen), 28, 100 * 28 * 28, 16384 * 28 * 28) == Size(*image)


def test_agents_of_ui_tars_scale_large_screens_before_the_sides_are_rounded() -> None:
    """A 4K screenshot is sent as 1939x1091 by OSWorld's agent for 1.0, which the processor rounds."""
    rule = dialect_named("ui-tars-1.0").image_rule
    assert rule.resize(Size(3840, 2160)) == Size(1932, 1092)
    assert replace(rule, scale_first=False).resize(Size(3840, 2160)) == Size(1932, 1064)


def test_extreme_aspect_ratio_is_an_error() -> None:
    with pytest.raises(ValueError, match="too large an aspect ratio: the limit is 200 to 1"):
        smart_resize(Size(20_100, 100), 28, 3136, 12_845_056)


@given(screen=screens, rule=rules)
def test_server_resize_of_a_sent_image_is_the_identity(screen: Size, rule: ImageRule) -> None:
    sent = rule.resize(screen)
    assert smart_resize(sent, rule.factor, rule.min_pixels, rule.max_pixels) == sent
    assert sent.width % rule.factor == sent.height % rule.factor == 0
    assert rule.min_pixels <= sent.width * sent.height <= rule.max_pixels


@given(screen=screens, rule=rules, factor=st.floats(4, 400))
def test_server_resize_of_a_smaller_image_is_the_identity(screen: Size, rule: ImageRule, factor: float) -> None:
    cap = max(int(factor * rule.min_pixels), min(4 * rule.min_pixels, rule.max_pixels))
    sent = rule.capped(cap).resize(screen)
    assert smart_resize(sent, rule.factor, rule.min_pixels, rule.max_pixels) == sent
    assert rule.min_pixels <= sent.width * sent.height <= min(cap, rule.max_pixels)


def test_cap_above_the_models_limit_changes_nothing_and_one_that_is_too_low_is_an_error() -> None:
    rule = ImageRule(28, 100 * 28 * 28, 16384 * 28 * 28)
    assert rule.capped(10**9) == rule
    with pytest.raises(ValueError, match="at most 5000 pixels are too small for the model: allow 313600"):
        rule.capped(5000)


@given(screen=screens, rule=rules)
def test_aspect_ratio_is_kept_within_two_tiles(screen: Size, rule: ImageRule) -> None:
    sent = rule.resize(screen)
    scales = [(sent.width, screen.width), (sent.height, screen.height)]
    tile = 2 * rule.factor
    assert max((side - tile) / whole for side, whole in scales) <= min((side + tile) / whole for side, whole in scales)


@given(screen=screens, rule=rules, space=spaces, data=st.data())
def test_point_round_trip_is_exact(screen: Size, rule: ImageRule, space: Space, data: st.DataObject) -> None:
    at = ScreenPoint(
        data.draw(st.floats(0, screen.width - 1)),
        data.draw(st.floats(0, screen.height - 1)),
    )
    frame = Frame(screen, rule.resize(screen), space)
    back = frame.trace(frame.to_model(at))
    assert math.dist((back.screen.x, back.screen.y), (at.x, at.y)) < 1e-6


@given(screen=screens, dialect=st.sampled_from(dialect_names()).map(dialect_named), data=st.data())
def test_rounding_as_models_do_moves_a_point_by_at_most_half_a_pixel_or_half_a_thousandth(
    screen: Size, dialect: Dialect, data: st.DataObject
) -> None:
    at = ScreenPoint(data.draw(st.integers(0, screen.width - 1)), data.draw(st.integers(0, screen.height - 1)))
    frame, decimals = Frame(screen, dialect.image_rule.resize(screen), dialect.space), dialect.space.decimals
    exact = frame.to_model(at)
    back = frame.trace(ModelPoint(round(exact.x, decimals), round(exact.y, decimals))).screen
    for found, wanted, side, sent in (
        (back.x, at.x, screen.width, frame.image.width),
        (back.y, at.y, screen.height, frame.image.height),
    ):
        assert abs(found - wanted) <= side * max(0.5 / sent, 0.5 / 999) + 1e-6


def test_corner_in_shares_is_a_share_where_the_prompt_asks_for_shares() -> None:
    assert dialect_named("kimi").space.to_image(ModelPoint(1, 0), FULL_HD) == ImagePoint(1920, 0)
    assert dialect_named("kimi").space.to_image(ModelPoint(2, 1), FULL_HD) == ImagePoint(2, 1)
    assert dialect_named("opencua").space.to_image(ModelPoint(1, 0), FULL_HD) == ImagePoint(1, 0)


@given(screen=screens, rule=rules, data=st.data())
def test_rounding_to_image_pixels_moves_a_point_by_at_most_half_a_pixel(
    screen: Size, rule: ImageRule, data: st.DataObject
) -> None:
    at = ScreenPoint(data.draw(st.integers(0, screen.width - 1)), data.draw(st.integers(0, screen.height - 1)))
    frame = Frame(screen, rule.resize(screen), Absolute())
    exact = frame.to_model(at)
    back = frame.trace(ModelPoint(round(exact.x), round(exact.y))).screen
    assert abs(back.x - at.x) <= 0.5 * max(1, screen.width / frame.image.width) + 1e-6
    assert abs(back.y - at.y) <= 0.5 * max(1, screen.height / frame.image.height) + 1e-6


@given(x=st.floats(-1e9, 1e9), y=st.floats(-1e9, 1e9), screen=screens, space=spaces)
def test_point_outside_the_screen_is_clamped_and_marked(x: float, y: float, screen: Size, space: Space) -> None:
    trace = Frame(screen, screen, space).trace(ModelPoint(x, y))
    assert 0 <= trace.screen.x <= screen.width - 1
    assert 0 <= trace.screen.y <= screen.height - 1
    inside = 0 <= trace.image.x <= screen.width - 1 and 0 <= trace.image.y <= screen.height - 1
    assert trace.clamped is not inside


@pytest.mark.parametrize("point", [(math.nan, 1), (1, math.nan), (math.inf, 1), (1, -math.inf)])
def test_non_finite_point_is_an_error(point: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="is not a point"):
        Frame(FULL_HD, FULL_HD, Absolute()).trace(ModelPoint(*point))


@pytest.mark.parametrize(
    ("space", "screen", "image", "written", "pixel"),
    [
        (Grid(1000), (1920, 1080), (1920, 1080), (235, 512), (451.2, 552.96)),
        (Absolute(), (1920, 1080), (1932, 1092), (197, 525), (195.776, 519.231)),
        (Absolute(), (1920, 1080), (1932, 1092), (100, 200), (99.379, 197.802)),
        (Absolute(), (1920, 1080), (1932, 1092), (177, 549), (175.901, 542.967)),
        (Absolute(), (1920, 1080), (1932, 1092), (966, 546), (960, 540)),
        (Grid(1000), (1920, 1080), (1920, 1080), (200, 300), (384, 324)),
        (Absolute(), (224, 224), (280, 280), (200, 300), (160, 240)),  # resized up by 25 %
        (Grid(1000), (2560, 1440), (2560, 1440), (637, 964), (1630.72, 1388.16)),
        (Grid(1000), (2560, 1440), (2560, 1440), (130, 226), (332.8, 325.44)),
        (Grid(999), (1920, 1080), (1920, 1080), (500, 500), (960.961, 540.541)),
    ],
)
def test_official_worked_examples(
    space: Space,
    screen: tuple[int, int],
    image: tuple[int, int],
    written: tuple[int, int],
    pixel: tuple[float, float],
) -> None:
    frame = Frame(Size(*screen), Size(*image), space)
    found = frame.to_screen(space.to_image(ModelPoint(*written), frame.image))
    assert (found.x, found.y) == pytest.approx(pixel, abs=0.001)


def test_far_edge_of_a_grid_is_the_last_pixel() -> None:
    trace = Frame(FULL_HD, FULL_HD, Grid(1000)).trace(ModelPoint(1000, 1000))
    assert trace.screen == ScreenPoint(1919, 1079)
    assert trace.clamped


def test_origin_is_mapped_to_the_origin() -> None:
    assert Frame(FULL_HD, FULL_HD, Grid(1000)).trace(ModelPoint(0, 0)).screen == ScreenPoint(0, 0)


def test_trace_contains_the_point_in_every_space() -> None:
    device = DeviceTransform(scale=2, origin_x=100)
    trace = Frame(FULL_HD, Size(960, 540), Grid(1000), device).trace(ModelPoint(500, 250))
    assert trace.image == ImagePoint(480, 135)
    assert trace.screen == ScreenPoint(960, 270)
    assert trace.device == DevicePoint(580, 135)


def test_fraction_is_a_share_of_the_image_where_the_family_writes_them() -> None:
    space, image = Absolute(fractions=True), Size(1000, 500)
    assert space.to_image(ModelPoint(0.5, 0.25), image) == ImagePoint(500, 125)
    assert space.to_image(ModelPoint(0.5, 1), image) == ImagePoint(500, 500)
    for pixel in (ModelPoint(0, 0), ModelPoint(1, 1), ModelPoint(0.5, 30), ModelPoint(-0.5, 0.5)):
        assert space.to_image(pixel, image) == ImagePoint(pixel.x, pixel.y)
    assert Absolute().to_image(ModelPoint(0.5, 0.25), image) == ImagePoint(0.5, 0.25)


def test_screen_that_is_too_long_is_named_in_the_error() -> None:
    with pytest.raises(
        ValueError, match="a screenshot of 7000x40 cannot be sent: 7000x28 has too large an aspect ratio"
    ):
        ImageRule().resize(Size(7000, 40))


@pytest.mark.parametrize("name", ["qwen3-vl", "gui-owl-1.5", "ui-venus-1.5", "holo2"])
def test_small_screen_is_enlarged_as_by_the_processor_of_qwen3_vl(name: str) -> None:
    assert dialect_named(name).image_rule.resize(Size(160, 224)) == Size(224, 320)
