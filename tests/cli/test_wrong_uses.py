"""Wrong uses of every command: each is exit code 2 and one line that says what to do."""

import io
from pathlib import Path

import pytest
from PIL import Image

from screenwright.cli.main import main

WRONG: list[tuple[tuple[str, ...], str]] = [
    (("run",), "name a TASK"),
    (("run", "x", "--resume", "y"), "name a TASK"),
    (("run", "--resume", "nowhere"), "nowhere contains no run"),
    (("view", "nowhere"), "nowhere contains no run"),
    (("run", "x", "--steps", "many"), "--steps is 'many'"),
    (("run", "x", "--steps", "0"), "--steps"),
    (("run", "x", "--screen", "big"), "--screen"),
    (("run", "x", "--history", "window:0"), "window"),
    (("run", "x", "--env", "toaster"), "--env"),
    (("run", "x", "--model", "gpt"), "there is no model 'gpt'"),
    (("run", "x", "--model", "http://127.0.0.1:9", "--dialect", "klingon"), "klingon"),
    (("run", "x", "--config", "missing.toml"), "missing.toml"),
    (("run", "x", "--config", "broken.toml"), "broken.toml is not valid TOML"),
    (("run", "x", "--config", "unknown.toml"), "there is no setting 'stepz'; did you mean 'steps'?"),
    (("run", "x", "--config", "wrong.toml"), "wrong.toml: steps is 'x', but should be a valid integer"),
    (("run", "x", "--config", "table.toml"), "[env] is not a command with settings; use run, eval, ground, doctor"),
    (("run", "x", "--env", "desktop"), "--virtual"),
    (("run", "x", "--env", "desktop", "--yes", "--hot-key", "a"), "is a character that gets typed"),
    (
        ("run", "x", "--env", "desktop", "--yes", "--hot-key", "twice esc"),
        "is not a hot key; use for example double escape",
    ),
    (("run", "x", "--env", "desktop", "--yes", "--pause-for-user", "-1"), "--pause-for-user"),
    (("run", "x", "--env", "desktop", "--virtual", "--monitor", "2"), "--monitor selects one of the real screen"),
    (("run", "x", "--env", "vnc"), "--address HOST:PORT"),
    (("run", "x", "--env", "vnc", "--address", "http://box"), "is not the address of a VNC server"),
    (("run", "x", "--env", "vnc", "--address", "127.0.0.1:9"), "add --yes"),
    (("run", "x", "--env", "vnc", "--address", "127.0.0.1:9", "--yes"), "no VNC server answers at 127.0.0.1:5909"),
    (("run", "x", "--env", "vnc", "--address", "box", "--password-file", "none"), "none: No such file"),
    (("run", "x", "--env", "android"), "this takes over a phone: add --yes"),
    (("run", "x", "--critic", "same"), "--critic cannot be the reader"),
    (("run", " "), "name a TASK"),
    (("run", "x", "--nonsense"), "screenwright run: there is no flag --nonsense; see screenwright run --help"),
    (("run", "x", "--ulr", "y"), "there is no flag --ulr (did you mean --url?); see screenwright run --help"),
    (("run", "x", "y"), "screenwright run: too many arguments: y"),
    (("config", "eval", "--setps=3"), "screenwright config eval: there is no flag --setps (did you mean --steps?)"),
    (("read", "text.png"), "text.png is not an image; use a PNG or JPEG file"),
    (("ground", "text.png", "OK", "--model", "http://127.0.0.1:9"), "text.png is not an image; use a PNG or JPEG file"),
    (("read", "none.png"), "none.png cannot be read: No such file or directory\n"),
    (("read", "/dev/null"), "/dev/null is not an image"),
    (("dance",), "dance"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for a few files, with no display and no user at the terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv("DISPLAY", ":4711")
    (tmp_path / "text.png").write_text("not an image")
    Image.new("RGB", (300, 200), "white").save(tmp_path / "white.png")
    (tmp_path / "broken.toml").write_text("steps = ")
    (tmp_path / "unknown.toml").write_text("stepz = 3")
    (tmp_path / "wrong.toml").write_text("steps = 'x'")
    (tmp_path / "table.toml").write_text("[env]\nname = 'browser'")
    return tmp_path


def use(*arguments: str) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # from the argument parser
        return int(end.code or 0)


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_wrong_use_is_one_line_and_exit_code_2(
    folder: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert use(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1, printed.err
    assert not (folder / "runs").exists()
