"""Files and values that are too large, too deep or no files at all end a command with one line, and never block it."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from screenwright.cli.main import main

DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, without a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The only line that a refused command prints."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1, printed.err
    return printed.err


def png_claiming(side: int) -> bytes:
    """A PNG with the header of a square image of that side and few pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    data = buffer.getvalue()
    return data[:16] + side.to_bytes(4, "big") * 2 + data[24:]


def write_huge_image(path: Path) -> None:
    path.write_bytes(png_claiming(20_000))


def write_deep_json(path: Path) -> None:
    path.write_text(DEEP)


@pytest.mark.parametrize("command", [("read", "image.png"), ("ground", "image.png", "OK")])
def test_an_image_that_cannot_be_used_is_refused(
    here: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    image = here / "image.png"
    image.write_bytes(png_claiming(20_000))
    assert "image.png is 20000x20000, more than 89,000,000 pixels" in refused(capsys, *command)
    image.write_bytes(png_claiming(9)[:-20])
    assert "image.png is not a complete PNG, JPEG, WEBP or BMP image" in refused(capsys, *command)
    image.unlink()
    os.mkfifo(image)
    assert "image.png cannot be read: is not a regular file" in refused(capsys, *command)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--seeds", "0-999999999999"), "the seeds 0-999999999999 are more than 1,000,000"),
        (("--seeds", "0-" + "9" * 30), "--seeds is '0-9"),
        (("--seeds", "9" * 5000), "--seeds is '9"),
        (("--trials", "999999999"), "these are 1,999,999,998 episodes; the limit is 1,000,000"),
        (("--option", f"a={DEEP}"), "/nowhere is not a program"),
        (("--request", DEEP), "--request "),
    ],
    ids=["seeds", "huge seed", "endless seed", "trials", "deep option", "deep request"],
)
def test_a_value_without_bound_is_refused(
    here: Path, flags: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark = ["webarena", "--python", "/nowhere"] if flags[0] == "--option" else ["demo"]
    assert message in refused(capsys, "eval", *benchmark, "--agent", "null", *flags)


def screenspot(here: Path, image: str) -> list[str]:
    (here / "set").mkdir()
    entry = {"instruction": "x", "img_filename": image, "bbox": [1, 1, 2, 2]}
    (here / "set/a.json").write_text(json.dumps([entry]))
    return ["eval", "screenspot", "--root", "set", "--agent", "null", "--out", "out", "--workers", "0"]


@pytest.mark.parametrize("name", ["../outside.png", "OUTSIDE"])
def test_a_data_set_names_no_image_outside_its_folder(
    here: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (8, 8)).save(here / "outside.png")
    command = screenspot(here, str(here / "outside.png") if name == "OUTSIDE" else name)
    assert "set/a.json, line 1: " in refused(capsys, *command)
    assert not (here / "out").exists()


@pytest.mark.parametrize("prepare", [os.mkfifo, write_huge_image])
def test_an_image_of_a_data_set_is_bounded(
    here: Path, prepare: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    command = screenspot(here, "image.png")
    prepare(here / "set/image.png")
    assert "set/a.json, line 1: set/image.png " in refused(capsys, *command)


@pytest.mark.parametrize("prepare", [os.mkfifo, write_deep_json])
@pytest.mark.parametrize(("benchmark", "file"), [("screenspot", "set/a.json"), ("online-mind2web", "set/a.json")])
def test_a_task_file_is_bounded(
    here: Path, benchmark: str, file: str, prepare: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "set").mkdir()
    prepare(here / file)
    root = "set" if benchmark == "screenspot" else file
    judge = [] if benchmark == "screenspot" else ["--judge", "http://127.0.0.1:9"]
    assert f"{file}" in refused(capsys, "eval", benchmark, "--root", root, "--agent", "null", *judge)


def test_a_pipe_as_storage_state_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(here / "state.json")
    assert "state.json: is not a regular file" in refused(capsys, "run", "x", "--storage-state", "state.json")
