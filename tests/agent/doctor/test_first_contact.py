"""A model is measured at its first contact: the dialect that fits is chosen, and one that misses is refused."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from screenwright.agent.core.coordinates import Absolute, Grid
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, ModelInfo, ModelLost, Sampling, never
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.holo import Holo1
from screenwright.agent.dialects.qwen_vl import Qwen3Vl, Qwen25Vl
from screenwright.agent.dialects.registry import dialect_named, dialect_names
from screenwright.agent.dialects.ui_tars import UiTars10, UiTars15
from screenwright.agent.doctor import SpaceHypothesis, fitting_dialect
from screenwright.testing import PointingModel, aim_in_space
from screenwright.testing.pointing import WritingDialect


class Pointing(PointingModel):
    """A model at an endpoint that points in one space and writes one form, whatever it is asked in."""

    def __init__(self, writes: WritingDialect, space: Absolute | Grid, misses: float = 0.0) -> None:
        super().__init__(writes, aim_in_space(SpaceHypothesis(space), noise_px=1, misses=misses))
        self.samplings: list[Sampling] = []
        self.lost_after = 10**6

    def info(self) -> ModelInfo:
        return ModelInfo("some-model", "http://127.0.0.1:8000/v1")

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.samplings.append(sampling)
        if len(self.samplings) > self.lost_after:
            raise ModelLost("it ran out of memory")
        return super().complete(messages, sampling, stop)


def contact(model: Pointing, candidates: Sequence[Dialect], folder: Path) -> tuple[Dialect | None, list[str]]:
    lines: list[str] = []
    return fitting_dialect(model, candidates, folder, changes={"top_k": 7}, report=lines.append), lines


def test_model_that_fits_is_measured_once_with_few_requests(tmp_path: Path) -> None:
    model = Pointing(UiTars15(), Absolute())
    chosen, (line,) = contact(model, [UiTars15()], tmp_path)
    assert chosen == UiTars15()
    assert line.startswith(
        f"some-model: dialect ui-tars-1.5, prompt from {UiTars15().prompt_source}, answers in pixels"
    )
    assert "9 of 9 targets hit" in line
    assert len(model.samplings) == 9
    assert {sampling.top_k for sampling in model.samplings} == {7}
    assert contact(model, [UiTars15()], tmp_path) == (chosen, [line])
    assert len(model.samplings) == 9


def test_model_that_misses_is_refused_with_a_remedy_and_measured_again(tmp_path: Path) -> None:
    model = Pointing(UiTars15(), Grid(1000))
    for _ in range(2):
        with pytest.raises(ValueError, match="answers in numbers from 0 to 1000") as refused:
            contact(model, [UiTars15()], tmp_path)
        line = str(refused.value)
        assert line.startswith("some-model does not fit the dialect ui-tars-1.5: ")
        assert "use --dialect ui-tars-1.0" in line
        assert line.endswith("--no-calibrate uses it anyway")
        assert "\n" not in line
    assert len(model.samplings) == 48
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("writes", "space", "candidates", "expected"),
    [
        (UiTars15(), Absolute(), [UiTars10(), UiTars15()], "ui-tars-1.5"),
        (UiTars15(), Grid(1000), [UiTars10(), UiTars15()], "ui-tars-1.0"),
        (Qwen3Vl(), Grid(999), [Qwen25Vl(), Qwen3Vl()], "qwen3-vl"),
        (Qwen25Vl(), Absolute(), [Qwen25Vl(), Qwen3Vl()], "qwen2.5-vl"),
        (Holo1(), Absolute(), [Gta1(), Holo1()], "holo1"),
    ],
)
def test_dialect_that_a_name_leaves_open_is_chosen_by_the_replies(
    tmp_path: Path, writes: WritingDialect, space: Absolute | Grid, candidates: Sequence[Dialect], expected: str
) -> None:
    model = Pointing(writes, space)
    chosen, (line,) = contact(model, candidates, tmp_path)
    assert chosen is not None
    assert chosen.name == expected
    asked = len(model.samplings)
    assert contact(model, candidates, tmp_path) == (chosen, [line])
    assert len(model.samplings) == asked


@pytest.mark.parametrize(
    ("writes", "expected"),
    [(UiTars15(), "ui-tars-1.5"), (UiTars10(), "ui-tars-1.0"), (Qwen3Vl(), "qwen3-vl"), (Holo1(), "holo1")],
)
def test_dialect_of_an_unknown_name_is_found_among_all(tmp_path: Path, writes: WritingDialect, expected: str) -> None:
    names = dict.fromkeys(("ui-tars-1.5", "ui-tars-1.0", "qwen2.5-vl", "qwen3-vl", *dialect_names()))
    model = Pointing(writes, writes.space)
    chosen, _ = contact(model, [dialect_named(name) for name in names], tmp_path)
    assert chosen is not None
    assert chosen.name == expected


def test_model_that_fits_none_of_several_is_refused(tmp_path: Path) -> None:
    model = Pointing(UiTars15(), Grid(100))
    with pytest.raises(ValueError, match=r"fits none of the dialects ui-tars-1.0 or ui-tars-1.5: .*--dialect$"):
        contact(model, [UiTars10(), UiTars15()], tmp_path)
    expected = "no dialect is known for the model 'some-model', and its replies fit none of ui-tars-1.5, .* and 1 more;"
    with pytest.raises(ValueError, match=expected):
        contact(Pointing(UiTars15(), Absolute(), misses=1.0), [UiTars15()] * 5, tmp_path)


@pytest.mark.parametrize("lost_after", [0, 4])
@pytest.mark.parametrize("candidates", [[UiTars15()], [UiTars10(), UiTars15()], [UiTars15()] * 5])
def test_error_of_the_server_is_reported_and_decides_nothing(
    tmp_path: Path, candidates: Sequence[Dialect], lost_after: int
) -> None:
    model = Pointing(UiTars15(), Absolute())
    model.lost_after = lost_after
    assert contact(model, candidates, tmp_path) == (None, ["some-model was not calibrated: it ran out of memory"])
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_does_not_stop_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    chosen, lines = contact(Pointing(UiTars15(), Absolute()), [UiTars15()], tmp_path / "file" / "folder")
    assert (chosen, len(lines)) == (UiTars15(), 1)
