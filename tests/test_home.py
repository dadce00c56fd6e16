"""A user without a home folder, as in a container that runs as any user id."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from screenwright._home import expand_home, home_folder


def test_the_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_folder() == tmp_path
    assert expand_home("~/x") == tmp_path / "x"
    assert expand_home("x") == Path("x")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_home_folder_that_cannot_be_read_has_no_programs(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    program = f"""
import os
from screenwright.envs.desktop.apps.registry import installed
os.setuid(54321)
print(list(installed({{"HOME": {str(tmp_path)!r}, "XDG_DATA_DIRS": "/nonexistent"}})))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_without_a_home_folder_nothing_raises() -> None:
    """With a user id that has no entry in the password database, and without HOME."""
    program = """
import os
from screenwright._home import ensure_home, expand_home, home_folder
from screenwright.agent.doctor import default_folder
os.setuid(54321)
print(home_folder(), expand_home("~/x"), default_folder())
ensure_home()
print(os.environ["HOME"])
"""
    environ = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_STATE_HOME")}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert done.stdout == "/ ~/x /.local/state/screenwright/models\n/\n", done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_nothing_is_looked_for_in_the_home_folder_of_another_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    program = """
import os
from screenwright._home import home_folder
from screenwright.agent.loop.config.run import RunConfig
from screenwright.cli.settings import given_settings
os.setuid(54321)
print(home_folder(), given_settings(RunConfig, {"steps": 7}, {})["steps"].value)
"""
    environ = {**os.environ, "HOME": str(tmp_path)} | {"XDG_CONFIG_HOME": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", env=environ, capture_output=True, text=True, check=False
    )
    assert done.stdout == "/ 7\n", done.stderr
