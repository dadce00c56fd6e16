"""What calibration found is kept for each server and model, and speaks against a run that would click beside."""

from pathlib import Path

import pytest

from screenwright.agent.core.coordinates import Absolute, Grid, ImageRule, ModelPoint
from screenwright.agent.core.model import ModelInfo, ModelLost
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.registry import dialect_named
from screenwright.agent.dialects.ui_tars import UiTars10, UiTars15
from screenwright.agent.doctor import (
    Calibration,
    calibrate,
    default_folder,
    load_calibration,
    refusal,
    refusal_of,
    save_calibration,
)
from screenwright.agent.doctor.doubles import Aim, PointingModel, Writer, answering_in
from screenwright.agent.doctor.readings import Reading, Resized
from screenwright.agent.models.scripted import ScriptedModel

URL, NAME = "http://127.0.0.1:8000/v1", "UI-TARS-1.5-7B"
INFO = ModelInfo(NAME, URL, "vllm 0.32.0")
SHRUNK = Reading(Absolute(), Resized(ImageRule(28, 3136, 1003520)))


class Placed(PointingModel):
    """A double that says where it is served; `connects` counts how often it was contacted."""

    def __init__(self, info: ModelInfo = INFO, *, down: bool = False) -> None:
        super().__init__(UiTars15(), answering_in(Reading(Absolute())))
        self._info, self._down, self.connects = info, down, 0

    def info(self) -> ModelInfo:
        return self._info

    def connect(self) -> None:
        self.connects += 1
        if self._down:
            raise ModelLost("it is down")


def found(reading: Reading | None, dialect: Writer = UiTars15()) -> Calibration:
    aim: Aim = answering_in(reading) if reading else lambda _scene, _target, _sent: ModelPoint(3, 3)
    return calibrate(PointingModel(dialect, aim), dialect)


def say(folder: Path, dialect: str = "ui-tars-1.5", version: str = "") -> str | None:
    return refusal(URL, NAME, dialect, folder, version=version)


def test_nothing_speaks_against_a_model_that_was_never_measured(tmp_path: Path) -> None:
    assert say(tmp_path / "not there") is None


def test_nothing_speaks_against_a_model_that_fits(tmp_path: Path) -> None:
    save_calibration(found(Reading(Absolute())), INFO, tmp_path)
    assert say(tmp_path) is None
    assert say(tmp_path, "qwen2.5-vl") is None


def test_a_model_that_answers_in_another_space_is_refused_with_what_to_do(tmp_path: Path) -> None:
    save_calibration(found(Reading(Grid(1000))), INFO, tmp_path)
    line = say(tmp_path)
    assert line is not None
    assert "\n" not in line
    assert line.startswith("UI-TARS-1.5-7B does not fit the dialect ui-tars-1.5: it answers in numbers from 0 to 1000")
    assert "say --dialect ui-tars-1.0, or run screenwright doctor again" in line


def test_it_is_not_refused_in_a_dialect_that_takes_its_numbers_so(tmp_path: Path) -> None:
    save_calibration(found(Reading(Grid(1000))), INFO, tmp_path)
    assert say(tmp_path, "ui-tars-1.0") is None
    assert say(tmp_path, "qwen2.5-vl") is not None


def test_a_model_that_fits_nothing_is_refused_in_the_dialect_that_it_was_measured_in(tmp_path: Path) -> None:
    save_calibration(found(None), INFO, tmp_path)
    line = say(tmp_path)
    assert line is not None
    assert "its clicks would land beside" in line
    assert say(tmp_path, "ui-tars-1.0") is None


def test_a_server_that_shrinks_images_is_refused(tmp_path: Path) -> None:
    save_calibration(found(SHRUNK), INFO, tmp_path)
    assert say(tmp_path) is not None


def test_a_verdict_is_that_of_one_model_at_one_server(tmp_path: Path) -> None:
    save_calibration(found(None), INFO, tmp_path)
    assert refusal(URL, "another", "ui-tars-1.5", tmp_path) is None
    assert refusal("http://127.0.0.1:9000/v1", NAME, "ui-tars-1.5", tmp_path) is None


def test_a_verdict_on_another_version_of_the_server_is_none(tmp_path: Path) -> None:
    save_calibration(found(None), INFO, tmp_path)
    assert say(tmp_path, version="vllm 0.33.0") is None
    assert say(tmp_path, version="vllm 0.32.0") is not None


def test_a_later_verdict_replaces_the_earlier_one_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    first = save_calibration(found(None), INFO, tmp_path / "made" / "for it")
    second = save_calibration(found(Reading(Absolute())), INFO, tmp_path / "made" / "for it")
    assert first == second
    assert list((tmp_path / "made" / "for it").iterdir()) == [first]
    assert say(tmp_path / "made" / "for it") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\x00", b'{"fits": "perhaps"}'])
def test_a_verdict_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    path = save_calibration(found(None), INFO, tmp_path)
    assert path is not None
    path.write_bytes(content)
    assert load_calibration(URL, NAME, tmp_path) is None
    assert say(tmp_path) is None
    assert refusal_of(Placed(), None, tmp_path) is None


def test_what_was_not_measured_to_the_end_is_not_kept(tmp_path: Path) -> None:
    lost = calibrate(ScriptedModel([ModelLost("gone")]), UiTars15())
    assert save_calibration(lost, INFO, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_says_what_was_found_and_when(tmp_path: Path) -> None:
    calibration = found(Reading(Grid(1000)))
    save_calibration(calibration, INFO, tmp_path)
    verdict = load_calibration(URL, NAME, tmp_path)
    assert verdict is not None
    assert (verdict.endpoint, verdict.model, verdict.version) == (URL, NAME, "vllm 0.32.0")
    assert (verdict.dialect, verdict.fits, verdict.answers_in) == ("ui-tars-1.5", False, "numbers from 0 to 1000")
    assert verdict.found == calibration.check().found
    assert verdict.at.tzinfo is not None


@pytest.mark.parametrize("name", ["ui-tars-1.0", "qwen3-vl", "holo1"])
def test_whoever_is_named_as_a_speaker_is_not_refused(tmp_path: Path, name: str) -> None:
    dialect = dialect_named(name)
    calibration = Calibration.of(dialect, found(Reading(dialect.space), UiTars10()).answers)
    save_calibration(calibration, INFO, tmp_path)
    for speaker in calibration.speakers():
        assert say(tmp_path, speaker) is None


def test_state_is_kept_where_the_user_keeps_it(tmp_path: Path) -> None:
    assert default_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "screenwright" / "models"
    for unset in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "not/absolute"}):
        assert default_folder(unset) == Path.home() / ".local" / "state" / "screenwright" / "models"


# -- before a run


@pytest.mark.parametrize(("dialect", "refused"), [(None, True), (UiTars15(), True), (UiTars10(), False)])
def test_a_run_asks_about_the_dialect_that_it_will_speak(
    tmp_path: Path, dialect: Dialect | None, refused: bool
) -> None:
    save_calibration(found(Reading(Grid(1000))), INFO, tmp_path)
    assert (refusal_of(Placed(), dialect, tmp_path) is not None) is refused


def test_a_server_where_nothing_was_measured_is_not_contacted_for_it(tmp_path: Path) -> None:
    save_calibration(found(None), ModelInfo(NAME, "http://127.0.0.1:9000/v1"), tmp_path)
    model = Placed()
    assert refusal_of(model, None, tmp_path) is None
    assert model.connects == 0


def test_a_model_that_is_down_or_of_no_known_dialect_is_left_to_the_run(tmp_path: Path) -> None:
    save_calibration(found(None), INFO, tmp_path)
    assert refusal_of(Placed(down=True), None, tmp_path) is None
    assert refusal_of(Placed(ModelInfo("who knows", URL)), None, tmp_path) is None
