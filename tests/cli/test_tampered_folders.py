"""Runs and evaluations from someone else are data: nothing outside their folder is read, written or deleted."""

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

from screenwright import Agent, FakeEnv, ScriptedModel, UiTars15
from screenwright.cli.main import main
from screenwright.envs.geometry import Size


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a recorded run `run` and files `outside` that are not part of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    model = ScriptedModel(["Action: click(start_box='(100,100)')", "Action: finished(content='done')"])
    Agent(model, dialect=UiTars15()).run("a task", FakeEnv(), out=tmp_path / "run")
    outside = tmp_path / "outside" / "7"
    outside.mkdir(parents=True)
    (outside / "precious").write_text("precious")
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The only line that a refused command prints."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1, printed.err
    return printed.err


def first_image(run: Path) -> Path:
    return min((run / "images").iterdir())


def rename_screenshot(run: Path, name: str) -> None:
    log = run / "events.jsonl"
    log.write_text(log.read_text().replace(first_image(run).stem, name))


def small_png(width: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, 8)).save(buffer, "PNG")
    return buffer.getvalue()


def png_claiming(size: Size) -> bytes:
    """A PNG with the header of an image of that size and few pixels."""
    sides = size.width.to_bytes(4, "big") + size.height.to_bytes(4, "big")
    data = small_png()
    return data[:16] + sides + data[24:]


def replace_image(run: Path, data: bytes) -> None:
    """Put `data` in the place of a screenshot, under its own hash."""
    image, name = first_image(run), hashlib.sha256(data).hexdigest()
    rename_screenshot(run, name)
    image.rename(image.with_stem(name)).write_bytes(data)


def link_image(run: Path) -> None:
    image = first_image(run)
    image.unlink()
    image.symlink_to("/etc/passwd")


def link_images(run: Path) -> None:
    (run / "images").rename(run.parent / "elsewhere")
    (run / "images").symlink_to(run.parent / "elsewhere")


def pipe_as_image(run: Path) -> None:
    image = first_image(run)
    image.unlink()
    os.mkfifo(image)


def other_content(run: Path) -> None:
    first_image(run).write_bytes(b"something else")


def deep_line(run: Path) -> None:
    with (run / "events.jsonl").open("a") as log:
        log.write("[" * 100_000 + "]" * 100_000 + "\n")


def pipe_as_log(run: Path) -> None:
    (run / "events.jsonl").unlink()
    os.mkfifo(run / "events.jsonl")


TAMPERED: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "a link as image": (link_image, "is a symbolic link"),
    "a link as image folder": (link_images, "is a symbolic link"),
    "a pipe as image": (pipe_as_image, "is not a regular file"),
    "other content": (other_content, "SHA-256"),
    "a path as name": (
        lambda run: rename_screenshot(run, "../../outside/7/precious"),
        "observation.screenshot: String should match",
    ),
    "a huge image": (lambda run: replace_image(run, png_claiming(Size(20_000, 20_000))), "is 20000x20000, more than"),
    "an image of another size": (lambda run: replace_image(run, small_png()), "is 8x8, not "),
    "a text as image": (lambda run: replace_image(run, b"no image"), "is not a complete PNG"),
    "a deep line": (deep_line, "events.jsonl, line "),
    "a pipe as log": (pipe_as_log, "is not a regular file"),
}


@pytest.mark.parametrize(("tamper", "message"), TAMPERED.values(), ids=TAMPERED)
@pytest.mark.parametrize("command", [("view", "run"), ("export", "run", "--out", "train.jsonl", "--keep", "all")])
def test_a_tampered_run_is_refused_in_one_line(
    here: Path,
    tamper: Callable[[Path], object],
    message: str,
    command: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tamper(here / "run")
    assert message in refused(capsys, *command)
    assert not (here / "train.jsonl").exists()


@pytest.mark.parametrize("name", ["view.html", "out.html"])
def test_a_page_is_not_written_through_a_link(here: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "run" / name).symlink_to(here / "outside/7/precious")
    line = refused(capsys, "view", "run", "--out", f"run/{name}")
    assert "is a symbolic link" in line
    assert (here / "outside/7/precious").read_text() == "precious"


def test_a_page_that_is_a_hard_link_is_replaced_and_its_other_name_unchanged(here: Path) -> None:
    (here / "run/view.html").hardlink_to(here / "outside/7/precious")
    assert main(["view", "run"]) == 0
    assert (here / "outside/7/precious").read_text() == "precious"
    assert "a task" in (here / "run/view.html").read_text()


def test_export_does_not_write_through_a_link(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "data").mkdir()
    (here / "data/train.jsonl.part").symlink_to(here / "outside/7/precious")
    (here / "data/images").symlink_to(here / "outside")
    assert "is a symbolic link" in refused(capsys, "export", "run", "--out", "data/train.jsonl")
    assert [path.name for path in (here / "outside").iterdir()] == ["7"]
    assert (here / "outside/7/precious").read_text() == "precious"


# -- evaluations


@pytest.fixture
def evaluation(here: Path) -> Path:
    """An evaluation with one episode, which failed."""
    (here / "toy").mkdir()
    flags = ["--root", "toy", "--task", "press", "--seeds", "0", "--workers", "0", "--agent", "null"]
    assert main(["eval", "toy", *flags, "--out", "done"]) == 0
    return here / "done"


def rewrite(manifest: Path, change: Callable[[dict[str, object]], object]) -> None:
    content = json.loads(manifest.read_text())
    change(content)
    manifest.write_text(json.dumps(content))


@pytest.mark.parametrize("task", ["../../outside", "/tmp", "..", ".", "", "a/b", "unknown", "x" * 300])
@pytest.mark.parametrize("command", [("eval", "--resume", "done"), ("view", "done")])
def test_a_manifest_with_another_task_deletes_and_reads_nothing(
    evaluation: Path, here: Path, task: str, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(evaluation / "manifest.json", lambda content: content.update(episodes=[{"task": task, "seed": 7}]))
    if task != "unknown":
        assert "manifest.json: episodes.0.task: " in refused(capsys, *command)
    elif command[0] == "eval":
        (evaluation / "episodes/unknown/7").mkdir(parents=True)
        assert "toy has no task named unknown" in refused(capsys, *command)
        assert (evaluation / "episodes/unknown/7").exists()
    assert (here / "outside/7/precious").read_text() == "precious"


@pytest.mark.parametrize("link", ["episodes", "episodes/press", "episodes/press/7"])
def test_resume_deletes_nothing_behind_a_link(
    evaluation: Path, here: Path, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(evaluation / "manifest.json", lambda content: content.update(episodes=[{"task": "press", "seed": 7}]))
    place = evaluation / link
    if place.exists():
        place.rename(here / "moved")
    target = here / "outside"
    if link == "episodes":
        target = here / "tree"
        (target / "press").mkdir(parents=True)
        (here / "outside/7").rename(target / "press/7")
    elif link == "episodes/press/7":
        target = here / "outside/7"
    place.symlink_to(target)
    assert "is a symbolic link" in refused(capsys, "eval", "--resume", "done")
    assert [path.read_text() for path in here.rglob("precious")] == ["precious"]


@pytest.mark.parametrize("name", ["report.html", "episodes.csv", "summary.json", "manifest.json"])
def test_an_evaluation_writes_no_result_through_a_link(
    evaluation: Path, here: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = evaluation / name
    place.rename(here / "outside" / name)
    place.symlink_to(here / "outside" / name)
    before = (here / "outside" / name).read_bytes()
    assert "is a symbolic link" in refused(capsys, "eval", "--resume", "done")
    assert (here / "outside" / name).read_bytes() == before


def test_a_report_embeds_no_file_behind_a_link(evaluation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strip = evaluation / "episodes/press/0/filmstrip.jpg"
    strip.unlink()
    strip.symlink_to("/etc/passwd")
    assert main(["view", "done"]) == 0
    assert '"filmstrip": null' in (evaluation / "report.html").read_text().replace('":null', '": null')


def test_a_record_of_another_episode_is_refused(evaluation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = evaluation / "episodes/press/0/episode.json"
    rewrite(record, lambda content: content.update(id={"task": "press", "seed": 1, "trial": 0}))
    assert "episode.json is the record of another episode, press/1" in refused(capsys, "view", "done")
