"""Screenshots: what is kept in memory, and what is read again from its file."""

from pathlib import Path

import pytest
from PIL import Image

from screenwright import Agent, Limits, ModelPolicy, RunError, Screenshot, ScriptedModel
from screenwright.agent.dialects.ui_tars import UiTars15
from screenwright.agent.record.events import Observed
from screenwright.testing import FakeEnv

RED = Image.new("RGB", (40, 30), "red")


def test_a_released_screenshot_without_a_file_keeps_its_png() -> None:
    shot = Screenshot(RED)
    shot.release()
    assert shot.image.tobytes() == RED.tobytes()


def test_a_released_screenshot_is_read_again_from_its_file() -> None:
    shot = Screenshot(RED)
    file = iter([shot.png])
    shot.stored(lambda: next(file))
    shot.release()
    assert (shot.sha256, shot.size, "png" in vars(shot)) == (Screenshot(RED).sha256, Screenshot(RED).size, False)
    assert shot.image.tobytes() == RED.tobytes()
    assert next(file, None) is None


def run_of(steps: int, folder: Path) -> list[Screenshot]:
    """The screenshots of a recorded run that types a letter in each step."""
    field, typed = "click(start_box='(197,96)')", "type(content='x')"
    model = ScriptedModel([f"Thought: Next.\nAction: {action}" for action in (field, *[typed] * (steps - 1))])
    agent = Agent(policy=ModelPolicy(model, UiTars15()), limits=Limits(steps=steps))
    events = agent.stream("Type.", FakeEnv(), out=folder)
    return [event.observation.screenshot for event in events if isinstance(event, Observed)]


def test_a_recorded_run_keeps_only_its_newest_screenshots_in_memory(tmp_path: Path) -> None:
    shots = run_of(12, tmp_path / "run")
    held = [index for index, shot in enumerate(shots) if {"image", "png"} & vars(shot).keys()]
    assert held == [8, 9, 10, 11]


def test_a_screenshot_whose_file_was_removed_is_an_error_with_its_name(tmp_path: Path) -> None:
    first = run_of(12, tmp_path / "run")[0]
    file = next((tmp_path / "run" / "images").glob(f"{first.sha256}*"))
    file.unlink()
    with pytest.raises(RunError, match=f"cannot read the screenshot .*{first.sha256}"):
        _ = first.png
