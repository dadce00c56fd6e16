"""Calibrations that fit are remembered per server, model, dialect and source of the prompt."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from screenwright.agent.core.coordinates import Absolute, Grid, ModelPoint
from screenwright.agent.core.model import ModelInfo, ModelLost
from screenwright.agent.dialects.registry import dialect_named
from screenwright.agent.dialects.ui_tars import UiTars10, UiTars15
from screenwright.agent.doctor import Calibration, calibrate, default_folder, load_calibration, save_calibration
from screenwright.agent.doctor.hypotheses import SpaceHypothesis
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.testing import Aim, PointingModel, aim_in_space

URL, NAME = "http://127.0.0.1:8000/v1", "UI-TARS-1.5-7B"
INFO = ModelInfo(NAME, URL, "vllm 0.32.0")


def calibration_of(hypothesis: SpaceHypothesis | None) -> Calibration:
    aim: Aim = aim_in_space(hypothesis) if hypothesis else lambda _scene, _target, _sent: ModelPoint(3, 3)
    return calibrate(PointingModel(UiTars15(), aim), UiTars15())


FITS, MISFIT = calibration_of(SpaceHypothesis(Absolute())), calibration_of(SpaceHypothesis(Grid(1000)))


def test_model_that_fits_is_remembered_with_all_fields(tmp_path: Path) -> None:
    assert load_calibration(INFO, UiTars15(), tmp_path / "not there") is None
    path = save_calibration(FITS, INFO, tmp_path)
    assert path is not None
    assert path.parent == tmp_path
    result = load_calibration(INFO, UiTars15(), tmp_path)
    assert result is not None
    assert (result.endpoint, result.model, result.version) == (URL, NAME, "vllm 0.32.0")
    assert (result.dialect, result.prompt_source) == ("ui-tars-1.5", UiTars15().prompt_source)
    assert result.found == FITS.check().found
    assert result.at.tzinfo is not None


@dataclass(frozen=True, slots=True)
class OtherPrompt(UiTars15):
    """UI-TARS with a prompt from elsewhere."""

    @property
    def prompt_source(self) -> str:
        return "elsewhere"


def test_result_applies_to_one_model_at_one_server_in_one_dialect_with_one_prompt(tmp_path: Path) -> None:
    save_calibration(FITS, INFO, tmp_path)
    assert load_calibration(ModelInfo("another", URL), UiTars15(), tmp_path) is None
    assert load_calibration(ModelInfo(NAME, "http://127.0.0.1:9000/v1"), UiTars15(), tmp_path) is None
    assert load_calibration(INFO, UiTars10(), tmp_path) is None
    assert load_calibration(INFO, OtherPrompt(), tmp_path) is None


@pytest.mark.parametrize(("version", "is_known"), [("vllm 0.32.0", True), ("", True), ("vllm 0.33.0", False)])
def test_result_of_another_version_of_the_server_does_not_count(tmp_path: Path, version: str, is_known: bool) -> None:
    save_calibration(FITS, INFO, tmp_path)
    assert (load_calibration(ModelInfo(NAME, URL, version), UiTars15(), tmp_path) is not None) is is_known


def test_model_that_misses_is_forgotten(tmp_path: Path) -> None:
    save_calibration(FITS, INFO, tmp_path)
    assert save_calibration(MISFIT, INFO, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_incomplete_calibration_changes_nothing(tmp_path: Path) -> None:
    save_calibration(FITS, INFO, tmp_path)
    assert save_calibration(calibrate(ScriptedModel([ModelLost("gone")]), UiTars15()), INFO, tmp_path) is None
    assert load_calibration(INFO, UiTars15(), tmp_path) is not None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"endpoint": 3}', b"\xff\xfe"])
def test_unreadable_file_is_ignored(tmp_path: Path, content: bytes) -> None:
    path = save_calibration(FITS, INFO, tmp_path)
    assert path is not None
    path.write_bytes(content)
    assert load_calibration(INFO, UiTars15(), tmp_path) is None


@pytest.mark.parametrize("name", ["ui-tars-1.0", "qwen3-vl", "holo1"])
def test_dialect_with_a_grounding_prompt_is_found_again(tmp_path: Path, name: str) -> None:
    dialect = dialect_named(name)
    fits = calibrate(PointingModel(dialect, aim_in_space(SpaceHypothesis(dialect.space))), dialect)  # type: ignore[arg-type]
    save_calibration(fits, INFO, tmp_path)
    assert load_calibration(INFO, dialect, tmp_path) is not None


def test_default_folder_is_in_the_users_state_folder(tmp_path: Path) -> None:
    assert default_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "screenwright" / "models"
    for unset in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "not/absolute"}):
        assert default_folder(unset) == Path.home() / ".local" / "state" / "screenwright" / "models"
