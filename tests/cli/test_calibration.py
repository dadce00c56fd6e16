"""A run measures an unknown model first, and does not start with one whose clicks miss, unless the user allows it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from screenwright import FakeEnv, ScriptedModel, Started, UiTars15
from screenwright.agent.core.coordinates import Absolute, Grid, Space
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, ModelLost, Sampling, never
from screenwright.agent.doctor import SpaceHypothesis
from screenwright.agent.loop.config.run import RunConfig
from screenwright.agent.models.http_server import serve
from screenwright.testing import PointingModel, aim_in_space

DONE = "Thought: Done.\nAction: finished(content='done')"


class Agreeable(PointingModel):
    """A model that finds the targets of the calibration, and finishes any other task at once."""

    def __init__(self, space: Space) -> None:
        super().__init__(UiTars15(), aim_in_space(SpaceHypothesis(space)))
        self.requests = 0

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.requests += 1
        found = super().complete(messages, sampling, stop)
        return Completion(DONE) if found.text == "I see nothing." else found


def run(url: str, *flags: str, state: Path, command: tuple[str, ...] = ("run", "click")) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "screenwright", *command, "--model", url, *flags],
        cwd=state,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path), "XDG_STATE_HOME": str(state)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.browser
def test_a_model_that_fits_is_measured_once_and_its_line_stays_out_of_the_json(tmp_path: Path) -> None:
    model = Agreeable(Absolute())
    with serve(model, name="ui-tars-1.5") as server:
        code, out, err = run(server.url, "--json", state=tmp_path)
        assert code == 0
        events = [json.loads(line) for line in out.splitlines()]
        assert events[0]["policy"]["dialect"] == "ui-tars-1.5"
        assert f"ui-tars-1.5: dialect ui-tars-1.5, prompt from {UiTars15().prompt_source}, answers in pixels" in err
        assert (model.requests, "9 of 9 targets hit" in err) == (10, True)
        assert run(server.url, state=tmp_path)[0] == 0
        assert model.requests == 11


@pytest.mark.slow
def test_a_model_that_misses_runs_only_if_the_user_allows_it(tmp_path: Path) -> None:
    with serve(Agreeable(Grid(1000)), name="ui-tars-1.5") as server:
        code, out, err = run(server.url, state=tmp_path)
        assert (code, out, (tmp_path / "runs").exists()) == (2, "", False)
        assert "answers in numbers from 0 to 1000" in err
        assert "use --dialect ui-tars-1.0" in err
        assert "--no-calibrate uses it anyway" in err
        assert len(err.splitlines()) == 1
        for allowed in ({"calibrate": False}, {"dialect": "ui-tars-1.0"}):
            assert RunConfig.of(model=server.url, **allowed).build_agent().run("click", FakeEnv()).finished


def test_the_dialect_that_a_name_leaves_open_is_measured() -> None:
    lines: list[str] = []
    with serve(Agreeable(Grid(1000)), name="ui-tars") as server:
        agent = RunConfig.of(model=server.url).build_agent(report=lines.append)
        started = next(iter(agent.stream("click", FakeEnv())))
        assert isinstance(started, Started)
        assert started.policy.dialect == "ui-tars-1.0"
        assert lines[0].startswith("ui-tars: dialect ui-tars-1.0, prompt from ")
        unmeasured = RunConfig.of(model=server.url, calibrate=False).build_agent()
        with pytest.raises(ValueError, match="does not determine the dialect"):
            unmeasured.run("click", FakeEnv())


@pytest.mark.slow
def test_an_evaluation_measures_too(tmp_path: Path) -> None:
    command = ("eval", "demo")
    with serve(Agreeable(Grid(1000)), name="ui-tars-1.5") as server:
        code, out, err = run(server.url, state=tmp_path, command=command)
        assert (code, out, (tmp_path / "runs").exists()) == (2, "", False)
        assert "does not fit the dialect ui-tars-1.5" in err


@pytest.mark.browser
def test_an_error_of_the_server_during_the_measurement_does_not_stop_the_run(tmp_path: Path) -> None:
    def failing(messages: Sequence[Message]) -> str:
        if any("button labelled" in message.text for message in messages):
            raise ModelLost("out of memory")
        return DONE

    with serve(ScriptedModel(failing), name="ui-tars-1.5") as server:
        code, _, err = run(server.url, state=tmp_path)
    assert (code, "ui-tars-1.5 was not calibrated: the model server" in err, "out of memory" in err) == (0, True, True)
