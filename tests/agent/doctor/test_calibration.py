"""Calibration: which space a model answers in is found from its answers, and none is where there is none."""

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
from screenwright.agent.dialects.holo import holo1
from screenwright.agent.dialects.qwen_vl import Qwen3Vl
from screenwright.agent.dialects.registry import DIALECTS, dialect_named
from screenwright.agent.dialects.ui_tars import Doubao, UiTars10, UiTars15
from screenwright.agent.doctor.calibration import Calibration, CalibrationReply, calibrate
from screenwright.agent.doctor.doubles import Aim, PointingModel, Writer, answering_in
from screenwright.agent.doctor.readings import Reading, Resized, Sent, Shrunk, Unresized, readings_for, speaks
from screenwright.agent.doctor.screens import SIZES, CalibrationScreen, Target, calibration_screens
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.envs.check import CheckStatus
from screenwright.envs.geometry import ScreenPoint, Size

SEEDS = st.integers(0, 2**32)
SHRUNK_BY_THE_SERVER = Reading(Absolute(), Resized(ImageRule(28, 56 * 56, 1003520)))


def answers(dialect: Dialect, aim: Aim) -> list[CalibrationReply]:
    """What a model that points by `aim` would say to all questions."""
    said: list[CalibrationReply] = []
    for scene in calibration_screens():
        sent = dialect.image_rule.resize(scene.size)
        said += [
            CalibrationReply(scene.size, sent, target, "said", aim(scene, target, sent)) for target in scene.targets
        ]
    return said


def measured(dialect: Dialect, aim: Aim) -> Calibration:
    return Calibration.of(dialect, answers(dialect, aim))


# -- the screens


def test_every_target_lies_on_its_screen_and_apart_from_the_others() -> None:
    for scene in calibration_screens():
        boxes = [target.box for target in scene.targets]
        assert all(0 <= box.left < box.right <= scene.size.width for box in boxes)
        assert all(0 <= box.top < box.bottom <= scene.size.height for box in boxes)
        for index, one in enumerate(boxes):
            assert all(
                one.right < two.left or two.right < one.left or one.bottom < two.top or two.bottom < one.top
                for two in boxes[:index]
            )


def test_a_target_is_drawn_where_it_is_said_to_be() -> None:
    for scene in calibration_screens():
        for target in scene.targets:
            image, box = scene.screenshot.image, target.box
            inside, outside = (box.left + 3, box.top + 3), (box.left - 3, box.top - 3)
            assert image.getpixel(inside) == target.colour != image.getpixel(outside)


# -- readings


@pytest.mark.parametrize("name", DIALECTS)
def test_the_first_reading_of_a_dialect_is_what_its_frame_does(name: str) -> None:
    dialect = dialect_named(name)
    own = readings_for(dialect)[0]
    assert own == Reading(dialect.space, Sent())
    assert speaks(dialect, own, dialect)


@pytest.mark.parametrize("name", DIALECTS)
def test_readings_have_names_of_their_own(name: str) -> None:
    names = [reading.name for reading in readings_for(dialect_named(name))]
    assert len(names) == len(set(names)) >= 12


@given(st.sampled_from(sorted(DIALECTS)), st.data(), st.sampled_from(SIZES), st.floats(0, 1), st.floats(0, 1))
def test_a_point_goes_through_any_reading_there_and_back(
    name: str, data: st.DataObject, screen: Size, across: float, down: float
) -> None:
    dialect = dialect_named(name)
    reading = data.draw(st.sampled_from(readings_for(dialect)))
    sent = dialect.image_rule.resize(screen)
    point = ScreenPoint(across * screen.width, down * screen.height)
    back = reading.to_screen(reading.from_screen(point, screen, sent), screen, sent)
    assert abs(back.x - point.x) < 0.01
    assert abs(back.y - point.y) < 0.01


def test_a_grid_of_999_is_a_grid_of_1000_for_any_purpose() -> None:
    assert speaks(UiTars10(), Reading(Grid(999)), Qwen3Vl())
    assert Reading(Grid(1000)) not in readings_for(Qwen3Vl())


@pytest.mark.parametrize("name", DIALECTS)
def test_nobody_speaks_a_reading_with_y_before_x(name: str) -> None:
    swapped = [reading for reading in readings_for(dialect_named(name)) if reading.swapped]
    assert len(swapped) >= 5
    assert not any(
        speaks(dialect_named(other), reading, dialect_named(name)) for reading in swapped for other in DIALECTS
    )


def near(one: Reading, two: Reading, dialect: Dialect) -> bool:
    """Whether both put the far corner of every screen at about the same place."""
    for screen in SIZES:
        image = dialect.image_rule.resize(screen)
        corner = ScreenPoint(screen.width, screen.height)
        meant = one.to_screen(two.from_screen(corner, screen, image), screen, image)
        if abs(meant.x - corner.x) + abs(meant.y - corner.y) >= 0.05 * (screen.width + screen.height):
            return False
    return True


# -- identification


@settings(max_examples=150)
@given(st.sampled_from(sorted(DIALECTS)), st.data(), SEEDS, st.floats(0, 2), st.floats(0, 0.15))
def test_a_model_that_answers_in_a_space_is_found_to_with_noise_and_misses(
    name: str, data: st.DataObject, seed: int, noise_px: float, misses: float
) -> None:
    dialect = dialect_named(name)
    reading = data.draw(st.sampled_from(readings_for(dialect)))
    aim = answering_in(reading, noise_px=noise_px, misses=misses, seed=seed)
    calibration = measured(dialect, aim)
    found = calibration.space
    assert found is not None
    if found != reading:  # nothing tells them apart, and then the more usual is named
        assert readings_for(dialect).index(found) < readings_for(dialect).index(reading)
        hits = {fit.reading: fit.hits for fit in calibration.errors}
        assert near(found, reading, dialect) or hits[found] >= hits[reading]


@settings(max_examples=60)
@given(st.sampled_from(sorted(DIALECTS)), SEEDS, st.floats(0, 6), st.floats(0, 0.2))
def test_a_model_that_answers_as_its_dialect_says_is_never_refused(
    name: str, seed: int, noise_px: float, misses: float
) -> None:
    dialect = dialect_named(name)
    aim = answering_in(Reading(dialect.space), noise_px=noise_px, misses=misses, seed=seed)
    calibration = measured(dialect, aim)
    assert calibration.fits
    assert calibration.check().verdict is CheckStatus.OK


@settings(max_examples=60)
@given(st.sampled_from(sorted(DIALECTS)), SEEDS, st.sampled_from([1.0, 100.0, 1000.0, 4000.0]))
def test_answers_at_random_fit_nothing(name: str, seed: int, upto: float) -> None:
    chance = Random(seed)
    calibration = measured(
        dialect_named(name), lambda _scene, _target, _sent: ModelPoint(chance.uniform(0, upto), chance.uniform(0, upto))
    )
    assert (calibration.space, calibration.fits) == (None, False)
    assert calibration.check().verdict is CheckStatus.FAILED


@settings(max_examples=60)
@given(st.sampled_from(sorted(DIALECTS)), st.floats(0, 2600), st.floats(0, 2600))
def test_the_same_point_whatever_is_asked_fits_nothing(name: str, x: float, y: float) -> None:
    assert measured(dialect_named(name), lambda _scene, _target, _sent: ModelPoint(x, y)).space is None


def test_a_model_that_names_no_place_fits_nothing_and_is_not_asked_for_long() -> None:
    calibration = calibrate(PointingModel(UiTars15(), lambda _scene, _target, _sent: None), UiTars15())
    assert calibration.space is None
    assert "6 of 6 replies name no place that ui-tars-1.5 can read" in calibration.check().found


@pytest.mark.parametrize("reading", [Reading(Absolute(), Unresized()), Reading(Absolute(), Shrunk(1024))])
def test_a_systematic_difference_is_found_although_every_target_of_some_screens_is_hit(reading: Reading) -> None:
    calibration = measured(UiTars15(), answering_in(reading))
    assert calibration.own.hits >= 12
    assert (calibration.space, calibration.fits) == (reading, False)


# -- what is said about it


@pytest.mark.parametrize(
    ("dialect", "reading", "found", "mend"),
    [
        (UiTars15(), Reading(Grid(1000)), "answers in numbers from 0 to 1000", "say --dialect ui-tars-1.0"),
        (UiTars10(), Reading(Absolute()), "answers in pixels of the image as sent", "say --dialect ui-tars-1.5"),
        (UiTars15(), SHRUNK_BY_THE_SERVER, "at most 1003520 pixels", "let the server leave images as they are"),
        (UiTars15(), Reading(Grid(1)), "numbers from 0 to 1 (", "no dialect here takes numbers so"),
        (UiTars15(), Reading(Absolute(), swapped=True), "y before x", "no dialect here takes numbers so"),
    ],
)
def test_the_line_says_which_space_fits_and_what_to_do(
    dialect: Writer, reading: Reading, found: str, mend: str
) -> None:
    check = calibrate(PointingModel(dialect, answering_in(reading, noise_px=1)), dialect).check()
    assert (check.what, check.verdict) == ("model: calibration", CheckStatus.FAILED)
    assert found in check.found
    assert "24 of 24 targets hit" in check.found
    assert check.mend.startswith(mend)


WRITERS: list[Callable[[], Writer]] = [UiTars15, UiTars10, Doubao, Qwen3Vl, Gta1, holo1]


@pytest.mark.parametrize("make", WRITERS)
def test_a_model_asked_in_the_dialects_own_words_passes(make: Callable[[], Writer]) -> None:
    dialect = make()
    double = PointingModel(dialect, answering_in(Reading(dialect.space), noise_px=2, misses=0.1))
    calibration = calibrate(double, dialect)
    assert calibration.fits
    assert dialect.name in (calibration.speakers())
    assert len(calibration.answers) == 24


def test_only_dialects_that_can_read_the_replies_are_advised() -> None:
    gta1 = Gta1()
    calibration = calibrate(PointingModel(gta1, answering_in(Reading(Absolute()))), gta1)
    assert calibration.speakers() == ("gta1",)


# -- models that cannot be asked to the end


def test_a_model_that_is_lost_on_the_way_is_a_line_and_not_an_error() -> None:
    model = ScriptedModel(["Action: click(start_box='(1,2)')"] * 3 + [ModelLost("it broke the connection")])
    calibration = calibrate(model, UiTars15())
    assert (calibration.lost, calibration.fits, len(calibration.answers)) == ("it broke the connection", False, 3)
    assert calibration.check().found == "it broke the connection"


class Small(PointingModel):
    """A double with a small context."""

    def __init__(self, dialect: Writer, aim: Aim, context: int) -> None:
        super().__init__(dialect, aim)
        self.context, self.samplings = context, list[Sampling]()

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.samplings.append(sampling)
        return super().complete(messages, sampling, stop)

    def info(self) -> ModelInfo:
        return ModelInfo("small", context_tokens=self.context)


def test_screens_that_the_context_does_not_hold_are_left_out() -> None:
    dialect = UiTars15()
    calibration = calibrate(Small(dialect, answering_in(Reading(Absolute())), 2000), dialect)
    assert calibration.fits
    assert {answer.screen for answer in calibration.answers} == {
        size for size in SIZES if size.width * size.height < 1_000_000
    }


def test_a_reply_is_asked_to_be_no_longer_than_the_context_has_room_for() -> None:
    model = Small(UiTars15(), answering_in(Reading(Absolute())), 2000)
    calibrate(model, UiTars15())
    longest = [sampling.max_tokens for sampling in model.samplings]
    assert max(longest) == UiTars15().sampling.max_tokens
    assert 200 <= min(longest) < 800


def test_a_context_that_holds_no_screen_is_said_to() -> None:
    dialect = UiTars15()
    calibration = calibrate(Small(dialect, answering_in(Reading(Absolute())), 300), dialect)
    assert calibration.check().found == "no calibration screen fits into the model's context"


def test_a_double_without_noise_points_at_the_middle_of_what_it_is_asked_for() -> None:
    seen: list[tuple[CalibrationScreen, Target]] = []

    def aim(scene: CalibrationScreen, target: Target, sent: Size) -> ModelPoint | None:
        seen.append((scene, target))
        return answering_in(Reading(Absolute()))(scene, target, sent)

    calibrate(PointingModel(UiTars15(), aim), UiTars15())
    assert seen == [(scene, target) for scene in calibration_screens() for target in scene.targets]
