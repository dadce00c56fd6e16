from pathlib import Path

import pytest

from screenwright import BrowserEnv, read_run
from screenwright.eval.bench.step_cost import POINTS, ButtonPage, Steps, main, our_block


@pytest.mark.browser
def test_our_side_presses_every_button_and_accounts_for_its_time(tmp_path: Path) -> None:
    steps = Steps()
    with ButtonPage() as page, BrowserEnv(page.url) as env:
        our_block(env, tmp_path / "run", steps)
        assert page.presses == len(POINTS)
    assert len(steps.whole) == len(POINTS)
    assert {"capture", "encode", "model", "act", "settle", "log", "rest"} == set(steps.phases)
    assert read_run(tmp_path / "run").ended is not None


def test_a_missing_browsergym_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--browsergym", "no-such-python"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
