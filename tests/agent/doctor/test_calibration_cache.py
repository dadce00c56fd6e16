"""Calibration results are saved per server and model, and reject runs whose clicks would miss."""

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
    refusal_of,
    save_calibration,
)
from screenwright.agent.doctor.hypotheses import ResizedImage, SpaceHypothesis
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.testing import Aim, PointingModel, aim_in_space
from screenwright.testing.pointing import WritingDialect

URL, NAME = "http://127.0.0.1:8000/v1", "UI-TARS-1.5-7B"
INFO = ModelInfo(NAME, URL, "vllm 0.32.0")
DOWNSCALED = SpaceHypothesis(Absolute(), ResizedImage(ImageRule(28, 3136, 1003520)))


class FakeServedModel(PointingModel):
    """A pointing model with an endpoint."""

    def __init__(self, info: ModelInfo = INFO) -> None:
        super().__init__(UiTars15(), aim_in_space(SpaceHypothesis(Absolute())))
        self._info = info

    def info(self) -> ModelInfo:
        return self._info


def calibration_of(hypothesis: SpaceHypothesis | None, dialect: WritingDialect = UiTars15()) -> Calibration:
    aim: Aim = aim_in_space(hypothesis) if hypothesis else lambda _scene, _target, _sent: ModelPoint(3, 3)
    return calibrate(PointingModel(dialect, aim), dialect)


def refusal_in(folder: Path, dialect: str = "ui-tars-1.5", info: ModelInfo = ModelInfo(NAME, URL)) -> str | None:
    return refusal_of(FakeServedModel(info), dialect_named(dialect), folder)


def test_unmeasured_model_is_accepted(tmp_path: Path) -> None:
    assert refusal_in(tmp_path / "not there") is None


def test_model_that_fits_is_accepted(tmp_path: Path) -> None:
    save_calibration(calibration_of(SpaceHypothesis(Absolute())), INFO, tmp_path)
    assert refusal_in(tmp_path) is None
    assert refusal_in(tmp_path, "qwen2.5-vl") is None


def test_model_with_another_space_is_rejected_with_a_fix(tmp_path: Path) -> None:
    save_calibration(calibration_of(SpaceHypothesis(Grid(1000))), INFO, tmp_path)
    line = refusal_in(tmp_path)
    assert line is not None
    assert "\n" not in line
    assert line.startswith("UI-TARS-1.5-7B does not fit the dialect ui-tars-1.5: it answers in numbers from 0 to 1000")
    assert "use --dialect ui-tars-1.0, or run screenwright doctor again" in line


def test_model_is_accepted_with_a_compatible_dialect(tmp_path: Path) -> None:
    save_calibration(calibration_of(SpaceHypothesis(Grid(1000))), INFO, tmp_path)
    assert refusal_in(tmp_path, "ui-tars-1.0") is None
    assert refusal_in(tmp_path, "qwen2.5-vl") is not None


def test_model_that_fits_no_space_is_rejected_only_with_the_measured_dialect(tmp_path: Path) -> None:
    save_calibration(calibration_of(None), INFO, tmp_path)
    line = refusal_in(tmp_path)
    assert line is not None
    assert "its clicks would miss" in line
    assert refusal_in(tmp_path, "ui-tars-1.0") is None


def test_server_that_downscales_images_is_rejected(tmp_path: Path) -> None:
    save_calibration(calibration_of(DOWNSCALED), INFO, tmp_path)
    assert refusal_in(tmp_path) is not None


def test_result_applies_to_one_model_at_one_server(tmp_path: Path) -> None:
    save_calibration(calibration_of(None), INFO, tmp_path)
    assert refusal_in(tmp_path, info=ModelInfo("another", URL)) is None
    assert refusal_in(tmp_path, info=ModelInfo(NAME, "http://127.0.0.1:9000/v1")) is None


def test_result_of_another_server_version_is_ignored(tmp_path: Path) -> None:
    save_calibration(calibration_of(None), INFO, tmp_path)
    assert refusal_in(tmp_path, info=ModelInfo(NAME, URL, "vllm 0.33.0")) is None
    assert refusal_in(tmp_path, info=ModelInfo(NAME, URL, "vllm 0.32.0")) is not None


def test_new_result_replaces_the_old_one_and_leaves_no_other_files(tmp_path: Path) -> None:
    first = save_calibration(calibration_of(None), INFO, tmp_path / "new" / "folder")
    second = save_calibration(calibration_of(SpaceHypothesis(Absolute())), INFO, tmp_path / "new" / "folder")
    assert first == second
    assert list((tmp_path / "new" / "folder").iterdir()) == [first]
    assert refusal_in(tmp_path / "new" / "folder") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\x00", b'{"fits": "perhaps"}'])
def test_unreadable_file_is_ignored(tmp_path: Path, content: bytes) -> None:
    path = save_calibration(calibration_of(None), INFO, tmp_path)
    assert path is not None
    path.write_bytes(content)
    assert load_calibration(URL, NAME, tmp_path) is None
    assert refusal_in(tmp_path) is None
    assert refusal_of(FakeServedModel(), None, tmp_path) is None


def test_incomplete_calibration_is_not_saved(tmp_path: Path) -> None:
    lost = calibrate(ScriptedModel([ModelLost("gone")]), UiTars15())
    assert save_calibration(lost, INFO, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_saved_result_has_all_fields(tmp_path: Path) -> None:
    calibration = calibration_of(SpaceHypothesis(Grid(1000)))
    save_calibration(calibration, INFO, tmp_path)
    result = load_calibration(URL, NAME, tmp_path)
    assert result is not None
    assert (result.endpoint, result.model, result.version) == (URL, NAME, "vllm 0.32.0")
    assert (result.dialect, result.fits, result.measured_space) == ("ui-tars-1.5", False, "numbers from 0 to 1000")
    assert result.found == calibration.check().found
    assert result.at.tzinfo is not None


@pytest.mark.parametrize("name", ["ui-tars-1.0", "qwen3-vl", "holo1"])
def test_compatible_dialects_are_accepted(tmp_path: Path, name: str) -> None:
    dialect = dialect_named(name)
    calibration = Calibration(dialect, calibration_of(SpaceHypothesis(dialect.space), UiTars10()).answers)
    save_calibration(calibration, INFO, tmp_path)
    for compatible in calibration.compatible_dialects():
        assert refusal_in(tmp_path, compatible) is None


def test_default_folder_is_in_the_users_state_folder(tmp_path: Path) -> None:
    assert default_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "screenwright" / "models"
    for unset in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "not/absolute"}):
        assert default_folder(unset) == Path.home() / ".local" / "state" / "screenwright" / "models"


# -- before a run


@pytest.mark.parametrize(("dialect", "rejected"), [(None, True), (UiTars15(), True), (UiTars10(), False)])
def test_run_is_checked_with_the_dialect_that_it_uses(tmp_path: Path, dialect: Dialect | None, rejected: bool) -> None:
    save_calibration(calibration_of(SpaceHypothesis(Grid(1000))), INFO, tmp_path)
    assert (refusal_of(FakeServedModel(), dialect, tmp_path) is not None) is rejected


def test_result_of_another_server_is_ignored(tmp_path: Path) -> None:
    save_calibration(calibration_of(None), ModelInfo(NAME, "http://127.0.0.1:9000/v1"), tmp_path)
    assert refusal_of(FakeServedModel(), None, tmp_path) is None


def test_model_of_unknown_dialect_is_left_to_the_run(tmp_path: Path) -> None:
    save_calibration(calibration_of(None), INFO, tmp_path)
    assert refusal_of(FakeServedModel(ModelInfo("unknown-model", URL)), None, tmp_path) is None
