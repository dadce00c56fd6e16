import runpy
from pathlib import Path
from typing import Any

import pytest
from paths import BENCH

from screenwright import BrowserEnv, read_run


@pytest.fixture
def script() -> dict[str, Any]:
    return runpy.run_path(str(BENCH / "step_cost.py"))


@pytest.mark.browser
def test_our_side_clicks_every_button_and_accounts_for_its_time(script: dict[str, Any], tmp_path: Path) -> None:
    steps, count = script["Steps"](), len(script["POINTS"])
    with script["ButtonPage"]() as page, BrowserEnv(page.url) as env:
        script["our_block"](env, tmp_path / "run", steps)
        assert page.presses == count
    assert len(steps.whole) == count
    assert {"capture", "encode", "model", "act", "settle", "log", "rest"} == set(steps.phases)
    assert read_run(tmp_path / "run").ended is not None


def test_a_missing_browsergym_is_one_line(script: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert script["main"](["--browsergym", "no-such-python"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
