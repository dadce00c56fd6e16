"""A run does not start with a model whose clicks were measured to miss, unless the user allows it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from screenwright import ScriptedModel, ServedModel, UiTars15
from screenwright.agent.core.coordinates import Grid
from screenwright.agent.doctor import SpaceHypothesis, calibrate, default_folder, save_calibration
from screenwright.agent.models.http_server import serve
from screenwright.testing import PointingModel, aim_in_space


def run(url: str, *flags: str, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "screenwright", "run", "click", "--model", url, *flags],
        cwd=state,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path), "XDG_STATE_HOME": str(state)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.browser
def test_a_model_that_was_measured_to_miss_runs_only_if_the_user_allows_it(tmp_path: Path) -> None:
    (tmp_path / "unmeasured").mkdir()
    misfit = calibrate(PointingModel(UiTars15(), aim_in_space(SpaceHypothesis(Grid(1000)))), UiTars15())
    ends = ScriptedModel(lambda _messages: "Thought: Done.\nAction: finished(content='done')")
    with serve(ends, name="ui-tars-1.5") as server, ServedModel(server.url) as model:
        model.connect()
        assert run(server.url, state=tmp_path / "unmeasured").returncode == 0
        save_calibration(misfit, model.info(), default_folder({"XDG_STATE_HOME": str(tmp_path)}))
        refused = run(server.url, state=tmp_path)
        assert (refused.returncode, refused.stdout, (tmp_path / "runs").exists()) == (2, "", False)
        assert "it answers in numbers from 0 to 1000" in refused.stderr
        assert "use --dialect ui-tars-1.0" in refused.stderr
        assert "--allow-miscalibrated uses it anyway" in refused.stderr
        assert run(server.url, "--allow-miscalibrated", state=tmp_path).returncode == 0
        assert run(server.url, "--dialect", "ui-tars-1.0", state=tmp_path).returncode == 0
