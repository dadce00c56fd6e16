"""Calibration identifies the coordinate space of a model's replies, or reports that none fits."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screenwright.agent.core.coordinates import Absolute, Grid, ImageRule, ModelPoint
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, ModelInfo, ModelLost, Sampling, never
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.holo import Holo1
from screenwright.agent.dialects.qwen_vl import Qwen3Vl
from screenwright.agent.dialects.registry import dialect_named, dialect_names
from screenwright.agent.dialects.ui_tars import Doubao, UiTars10, UiTars15
from screenwright.agent.doctor.calibration import Calibration, CalibrationReply, calibrate
from screenwright.agent.doctor.hypotheses import (
    DownscaledImage,
    OriginalScreenshot,
    ResizedImage,
    SentImage,
    SpaceHypothesis,
    hypotheses_for,
    is_compatible,
)
from screenwright.agent.doctor.screens import SIZES, CalibrationScreen, CalibrationTarget, calibration_screens
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.envs.check import CheckStatus
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.testing import Aim, PointingModel, aim_in_space
from screenwright.testing.pointing import WritingDialect

SEEDS = st.integers(0, 2**32)
DOWNSCALED_BY_THE_SERVER = SpaceHypothesis(Absolute(), ResizedImage(ImageRule(28, 56 * 56, 1003520)))


def answers(dialect: Dialect, aim: Aim) -> list[CalibrationReply]:
    """The replies of a model that points by `aim` to all requests."""
    replies: list[CalibrationReply] = []
    for scene in calibration_screens():
        sent = dialect.image_rule.resize(scene.size)
        replies += [
            CalibrationReply(scene.size, sent, target, "text", aim(scene, target, sent)) for target in scene.targets
        ]
    return replies


def measured(dialect: Dialect, aim: Aim) -> Calibration:
    return Calibration(dialect, answers(dialect, aim))


# -- the screens


def test_targets_are_inside_their_screen_and_do_not_overlap() -> None:
    for scene in calibration_screens():
        boxes = [target.box for target in scene.targets]
        assert all(0 <= box.left < box.right <= scene.size.width for box in boxes)
        assert all(0 <= box.top < box.bottom <= scene.size.height for box in boxes)
        for index, one in enumerate(boxes):
            assert all(
                one.right < two.left or two.right < one.left or one.bottom < two.top or two.bottom < one.top
                for two in boxes[:index]
            )


def test_target_is_drawn_at_its_box() -> None:
    for scene in calibration_screens():
        for target in scene.targets:
            image, box = scene.screenshot.image, target.box
            inside, outside = (box.left + 3, box.top + 3), (box.left - 3, box.top - 3)
            assert image.getpixel(inside) == target.colour != image.getpixel(outside)


# -- hypotheses


@pytest.mark.parametrize("name", dialect_names())
def test_first_hypothesis_of_a_dialect_is_its_own_space(name: str) -> None:
    dialect = dialect_named(name)
    own = hypotheses_for(dialect)[0]
    assert own == SpaceHypothesis(dialect.space, SentImage())
    assert is_compatible(dialect, own, dialect)


@pytest.mark.parametrize("name", dialect_names())
def test_hypotheses_have_distinct_names(name: str) -> None:
    names = [hypothesis.name for hypothesis in hypotheses_for(dialect_named(name))]
    assert len(names) == len(set(names)) >= 12


@given(st.sampled_from(dialect_names()), st.data(), st.sampled_from(SIZES), st.floats(0, 1), st.floats(0, 1))
def test_point_survives_a_round_trip_through_any_hypothesis(
    name: str, data: st.DataObject, screen: Size, across: float, down: float
) -> None:
    dialect = dialect_named(name)
    hypothesis = data.draw(st.sampled_from(hypotheses_for(dialect)))
    sent = dialect.image_rule.resize(screen)
    point = ScreenPoint(across * screen.width, down * screen.height)
    back = hypothesis.to_screen(hypothesis.from_screen(point, screen, sent), screen, sent)
    assert abs(back.x - point.x) < 0.01
    assert abs(back.y - point.y) < 0.01


def test_grid_of_999_is_equivalent_to_a_grid_of_1000() -> None:
    assert is_compatible(UiTars10(), SpaceHypothesis(Grid(999)), Qwen3Vl())
    assert SpaceHypothesis(Grid(1000)) not in hypotheses_for(Qwen3Vl())


@pytest.mark.parametrize("name", dialect_names())
def test_no_dialect_is_compatible_with_y_before_x(name: str) -> None:
    swapped = [hypothesis for hypothesis in hypotheses_for(dialect_named(name)) if hypothesis.swapped]
    assert len(swapped) >= 5
    assert not any(
        is_compatible(dialect_named(other), hypothesis, dialect_named(name))
        for hypothesis in swapped
        for other in dialect_names()
    )


def near(one: SpaceHypothesis, two: SpaceHypothesis, dialect: Dialect) -> bool:
    """Whether both map the far corner of every screen to about the same point."""
    for screen in SIZES:
        image = dialect.image_rule.resize(screen)
        corner = ScreenPoint(screen.width, screen.height)
        mapped = one.to_screen(two.from_screen(corner, screen, image), screen, image)
        if abs(mapped.x - corner.x) + abs(mapped.y - corner.y) >= 0.05 * (screen.width + screen.height):
            return False
    return True


# -- identification


@pytest.mark.slow
@settings(max_examples=150)
@given(st.sampled_from(dialect_names()), st.data(), SEEDS, st.floats(0, 2), st.floats(0, 0.15))
def test_space_is_identified_despite_noise_and_misses(
    name: str, data: st.DataObject, seed: int, noise_px: float, misses: float
) -> None:
    dialect = dialect_named(name)
    hypothesis = data.draw(st.sampled_from(hypotheses_for(dialect)))
    aim = aim_in_space(hypothesis, noise_px=noise_px, misses=misses, seed=seed)
    calibration = measured(dialect, aim)
    found = calibration.space
    assert found is not None
    if found != hypothesis:  # indistinguishable: the more common one is reported
        assert hypotheses_for(dialect).index(found) < hypotheses_for(dialect).index(hypothesis)
        hits = {fit.hypothesis: fit.hits for fit in calibration.results}
        assert near(found, hypothesis, dialect) or hits[found] >= hits[hypothesis]


@settings(max_examples=60)
@given(st.sampled_from(dialect_names()), SEEDS, st.floats(0, 6), st.floats(0, 0.2))
def test_model_that_uses_its_dialects_space_is_never_rejected(
    name: str, seed: int, noise_px: float, misses: float
) -> None:
    dialect = dialect_named(name)
    aim = aim_in_space(SpaceHypothesis(dialect.space), noise_px=noise_px, misses=misses, seed=seed)
    calibration = measured(dialect, aim)
    assert calibration.fits
    assert calibration.check().status is CheckStatus.OK


@settings(max_examples=60)
@given(st.sampled_from(dialect_names()), SEEDS, st.sampled_from([1.0, 100.0, 1000.0, 4000.0]))
def test_random_points_fit_no_space(name: str, seed: int, limit: float) -> None:
    rng = Random(seed)
    calibration = measured(
        dialect_named(name), lambda _scene, _target, _sent: ModelPoint(rng.uniform(0, limit), rng.uniform(0, limit))
    )
    assert (calibration.space, calibration.fits) == (None, False)
    assert calibration.check().status is CheckStatus.FAILED


@settings(max_examples=60)
@given(st.sampled_from(dialect_names()), st.floats(0, 2600), st.floats(0, 2600))
def test_constant_point_fits_no_space(name: str, x: float, y: float) -> None:
    assert measured(dialect_named(name), lambda _scene, _target, _sent: ModelPoint(x, y)).space is None


def test_model_without_points_fits_no_space_and_the_measurement_ends_early() -> None:
    calibration = calibrate(PointingModel(UiTars15(), lambda _scene, _target, _sent: None), UiTars15())
    assert calibration.space is None
    assert "6 of 6 replies contain no point that ui-tars-1.5 can parse" in calibration.check().found


@pytest.mark.parametrize(
    "hypothesis",
    [SpaceHypothesis(Absolute(), OriginalScreenshot()), SpaceHypothesis(Absolute(), DownscaledImage(1024))],
)
def test_systematic_offset_is_found_even_if_all_targets_of_some_screens_are_hit(
    hypothesis: SpaceHypothesis,
) -> None:
    calibration = measured(UiTars15(), aim_in_space(hypothesis))
    assert calibration.own.hits >= 12
    assert (calibration.space, calibration.fits) == (hypothesis, False)


# -- the report


@pytest.mark.parametrize(
    ("dialect", "hypothesis", "found", "fix"),
    [
        (UiTars15(), SpaceHypothesis(Grid(1000)), "answers in numbers from 0 to 1000", "use --dialect ui-tars-1.0"),
        (
            UiTars10(),
            SpaceHypothesis(Absolute()),
            "answers in pixels of the image as sent",
            "use --dialect ui-tars-1.5",
        ),
        (
            UiTars15(),
            DOWNSCALED_BY_THE_SERVER,
            "at most 1003520 pixels",
            "stop the server from resizing images: raise its limit (vLLM: max_pixels in --mm-processor-kwargs), or "
            "send smaller ones with --max-image-pixels 1003520",
        ),
        (UiTars15(), SpaceHypothesis(Grid(1)), "numbers from 0 to 1 (", "no dialect uses this coordinate space"),
        (UiTars15(), SpaceHypothesis(Absolute(), swapped=True), "y before x", "no dialect uses this coordinate space"),
    ],
)
def test_report_names_the_space_and_the_fix(
    dialect: WritingDialect, hypothesis: SpaceHypothesis, found: str, fix: str
) -> None:
    check = calibrate(PointingModel(dialect, aim_in_space(hypothesis, noise_px=1)), dialect).check()
    assert (check.what, check.status) == ("model: calibration", CheckStatus.FAILED)
    assert found in check.found
    assert "24 of 24 targets hit" in check.found
    assert check.fix.startswith(fix)


WRITERS: list[Callable[[], WritingDialect]] = [UiTars15, UiTars10, Doubao, Qwen3Vl, Gta1, Holo1]


@pytest.mark.parametrize("make", WRITERS)
def test_model_that_replies_in_the_dialect_passes(make: Callable[[], WritingDialect]) -> None:
    dialect = make()
    double = PointingModel(dialect, aim_in_space(SpaceHypothesis(dialect.space), noise_px=2, misses=0.1))
    calibration = calibrate(double, dialect)
    assert calibration.fits
    assert dialect.name in (calibration.compatible_dialects())
    assert len(calibration.answers) == 24


def test_only_dialects_that_can_parse_the_replies_are_suggested() -> None:
    gta1 = Gta1()
    calibration = calibrate(PointingModel(gta1, aim_in_space(SpaceHypothesis(Absolute()))), gta1)
    assert calibration.compatible_dialects() == ("gta1",)


# -- incomplete measurements


def test_model_lost_during_calibration_is_reported_not_raised() -> None:
    model = ScriptedModel(["Action: click(start_box='(1,2)')"] * 3 + [ModelLost("it closed the connection")])
    calibration = calibrate(model, UiTars15())
    assert (calibration.lost, calibration.fits, len(calibration.answers)) == ("it closed the connection", False, 3)
    assert calibration.check().found == "it closed the connection"


class SmallContextModel(PointingModel):
    """A model with a small context."""

    def __init__(self, dialect: WritingDialect, aim: Aim, context: int) -> None:
        super().__init__(dialect, aim)
        self.context, self.samplings = context, list[Sampling]()

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.samplings.append(sampling)
        return super().complete(messages, sampling, stop)

    def info(self) -> ModelInfo:
        return ModelInfo("small", context_tokens=self.context)


def test_screens_that_do_not_fit_into_the_context_are_skipped() -> None:
    dialect = UiTars15()
    calibration = calibrate(SmallContextModel(dialect, aim_in_space(SpaceHypothesis(Absolute())), 2000), dialect)
    assert calibration.fits
    assert {answer.screen for answer in calibration.answers} == {
        size for size in SIZES if size.width * size.height < 1_000_000
    }


def test_max_tokens_is_limited_to_the_remaining_context() -> None:
    model = SmallContextModel(UiTars15(), aim_in_space(SpaceHypothesis(Absolute())), 2000)
    calibrate(model, UiTars15())
    longest = [sampling.max_tokens for sampling in model.samplings]
    assert max(longest) == UiTars15().sampling.max_tokens
    assert 200 <= min(longest) < 800


def test_context_too_small_for_any_screen_is_reported() -> None:
    dialect = UiTars15()
    calibration = calibrate(SmallContextModel(dialect, aim_in_space(SpaceHypothesis(Absolute())), 300), dialect)
    assert calibration.check().found == "no calibration screen fits into the model's context"


def test_pointing_model_identifies_every_screen_and_target() -> None:
    seen: list[tuple[CalibrationScreen, CalibrationTarget]] = []

    def aim(scene: CalibrationScreen, target: CalibrationTarget, sent: Size) -> ModelPoint | None:
        seen.append((scene, target))
        return aim_in_space(SpaceHypothesis(Absolute()))(scene, target, sent)

    calibrate(PointingModel(UiTars15(), aim), UiTars15())
    assert seen == [(scene, target) for scene in calibration_screens() for target in scene.targets]
