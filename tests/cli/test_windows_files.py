"""Files that editors on Windows write, with a byte order mark and CR LF, are read like others."""

from pathlib import Path

import pytest

from screenwright.agent.guard.secret_sources import load_secret
from screenwright.agent.replay.recipe_file import RecipeError, read_recipe
from screenwright.cli.main import main
from screenwright.envs.vnc.address import read_password


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "file"


def write(file: Path, *lines: str) -> None:
    file.write_bytes("".join(f"{line}\r\n" for line in lines).encode("utf-8-sig"))


def test_settings(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, "steps = 7")
    assert main(["config", "run", "--config", "file"]) == 0
    assert "file: steps" in capsys.readouterr().out


def test_rules(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, "[[rule]]", 'do = "deny"', 'actions = ["click"]')
    assert main(["policy", "explain", "file"]) == 0
    assert "1. Deny click actions." in capsys.readouterr().out


def test_output_schema(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, '{"type": "nothing"}')
    assert main(["run", "x", "--output-schema", "file"]) == 2
    assert "--output-schema file is not a JSON schema" in capsys.readouterr().err


def test_recipe(file: Path) -> None:
    write(file.with_name("recipe.toml"), "version = 2")
    with pytest.raises(RecipeError, match="version is 2"):
        read_recipe(file.parent)


def test_passwords(file: Path) -> None:
    write(file, "hunter2")
    assert load_secret(f"bank=file:{file}@bank.example", {}).key() == "hunter2"
    assert read_password(str(file)) == "hunter2"
