"""`--allow-host`: on the command line, in a file and in the environment."""

from pathlib import Path

import pytest

from screenwright.agent.loop.config.run import RunConfig
from screenwright.cli.main import main
from screenwright.cli.settings import load_settings

HOSTS = ["example.org", "localhost:8080"]


def test_allowed_hosts_come_from_flags_files_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('allow_host = ["example.org", "localhost:8080"]\n', encoding="utf-8")
    assert load_settings(RunConfig, {}, {}, file).flat()["allow_host"] == HOSTS
    assert load_settings(RunConfig, {"allow_host": HOSTS}, {}).flat()["allow_host"] == HOSTS
    environ = {"SCREENWRIGHT_ALLOW_HOST": "example.org,localhost:8080"}
    assert load_settings(RunConfig, {}, environ).flat()["allow_host"] == HOSTS


def test_allowed_hosts_are_rejected_for_a_desktop(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--env", "desktop", "--virtual", "--allow-host", "example.org", "task"]) != 0
    assert "--allow-host applies to --env browser" in capsys.readouterr().err


def test_public_suffix_is_a_one_line_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--allow-host", "co.uk", "task"]) != 0
    error = capsys.readouterr().err
    assert "'co.uk' cannot be allowed: anyone can register names below it" in error
    assert error.count("\n") == 1
