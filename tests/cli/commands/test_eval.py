"""`screenwright eval` and `compare` as a user types them."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from screenwright.cli.main import main
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.store import Store
from screenwright.eval.runner.evaluation import Evaluation


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the toy benchmark; runs are recorded next to it by default."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "toy"
    folder.mkdir()
    return folder


def flags(toy: Path, *more: str) -> list[str]:
    return ["eval", "toy", "--root", str(toy), "--task", "press*", "--workers", "0", *more]


def test_an_evaluation_prints_its_figures_and_writes_a_report(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(flags(toy, "--agent", "oracle", "--out", "out")) == 0
    output = capsys.readouterr()
    assert "6 of 6 episodes done: 1.000 [0.610, 1.000]" in output.out
    assert "report: out/report.html" in output.err
    for name in ("report.html", "episodes.csv", "summary.json", "manifest.json"):
        assert (Path("out") / name).stat().st_size > 100
    assert json.loads(Path("out/summary.json").read_text())["total"]["done"] == 6


def test_an_episode_that_cannot_be_judged_gives_exit_code_1(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--task", "press", "--task", "refuses-always", "--seeds", "0", "--retries", "0", "--workers", "0"]
    assert main(["eval", "toy", "--root", str(toy), "--agent", "oracle", "--out", "out", *flags]) == 1
    assert "infrastructure errors: 1, counted as not done; without them 1.000" in capsys.readouterr().out


def test_the_default_folder_is_named_by_time_benchmark_and_agent(toy: Path) -> None:
    assert main(flags(toy, "--agent", "null", "--seeds", "0")) == 0
    (folder,) = Path("runs").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-toy-null", folder.name)


@pytest.mark.slow
def test_a_repeated_evaluation_runs_the_same_episodes_and_reports_what_changed(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(flags(toy, "--agent", "random", "--out", "one"))
    manifest = Path("one/manifest.json")
    manifest.write_text(manifest.read_text().replace('"toy 1.0"', '"toy 0.9"'))
    assert main(["eval", "--repeat", "one", "--out", "two"]) == 0
    assert "changed since then: the benchmark: toy 0.9, now toy 1.0" in capsys.readouterr().err
    one, two = (Store(Path(name)) for name in ("one", "two"))
    moments = [[record.moments for record in store.records(store.manifest().episodes)] for store in (one, two)]
    assert moments[0] == moments[1]
    assert two.manifest().repeats == "one"


@pytest.mark.slow
def test_two_evaluations_are_compared(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(flags(toy, "--agent", "null", "--seeds", "0-19", "--out", "a"))
    main(flags(toy, "--agent", "oracle", "--seeds", "0-5", "--steps", "30", "--out", "b"))
    capsys.readouterr()
    manifest = Path("a/manifest.json")
    manifest.write_text(manifest.read_text().replace('"toy 1.0"', '"toy 0.9"'))
    assert main(["compare", "a", "b"]) == 0
    captured = capsys.readouterr()
    assert "the benchmarks differ, which may explain a difference: toy 0.9 and toy 1.0" in captured.err
    output = captured.out
    assert "A  a  script: 0 of 40" in output
    assert "+100.0 points" in output
    assert "only B 12" in output
    assert "without a result in one of the evaluations: 28 episodes" in output
    assert Path("b/compared-with-a.html").exists()


def test_benchmarks_and_tasks_are_listed(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = {name: description for name, _, description in (line.partition(" ") for line in lines)}
    assert {"demo", "miniwob", "osworld", "toy"} <= set(listed)
    assert all(len(description.split()) > 2 for description in listed.values())
    assert main(["eval", "toy", "--root", str(toy), "--list", "--category", "whole"]) == 0
    assert capsys.readouterr().out == "press\twhole\npress-and-end\twhole\nslow\twhole\n"


def test_view_writes_the_report_of_an_evaluation(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(flags(toy, "--agent", "null", "--seeds", "0", "--out", "out"))
    Path("out/report.html").unlink()
    capsys.readouterr()
    assert main(["view", "out"]) == 0
    assert capsys.readouterr().out == f"{Path('out/report.html')}\n"
    assert main(["view", "out", "--out", "elsewhere.html"]) == 0
    assert Path("out/report.html").stat().st_size > 1000 < Path("elsewhere.html").stat().st_size


TOY = ["eval", "toy", "--root", "toy"]
DRIVER = ["--python", "/nowhere/python"]
OSWORLD = ["eval", "osworld", "--root", "toy"]
WRONG_USES: Mapping[str, Sequence[str]] = {
    "name a BENCHMARK": ["eval"],
    "there is no benchmark 'nothing'; available: ": ["eval", "nothing"],
    "there is no benchmark 'other'; available: ": ["eval", "other", "--list"],
    "toy needs --root: Tasks that work": ["eval", "toy"],
    "--root nowhere does not exist: Tasks that work": ["eval", "toy", "--root", "nowhere"],
    "the benchmark demo needs no data folder: leave out --root": ["eval", "demo", "--root", "toy"],
    "demo has no oracle: use --agent null": ["eval", "demo", "--agent", "oracle"],
    "webarena-infinity has no oracle": ["eval", "webarena-infinity", "--root", "toy", "--agent", "oracle"],
    "demo has no use for --judge: leave it out": ["eval", "demo", "--judge", "http://127.0.0.1:1"],
    "demo has no use for --python": ["eval", "demo", *DRIVER],
    "demo has no use for --option": ["eval", "demo", "--option", "a=1"],
    "osworld needs --root: OSWorld: ": ["eval", "osworld"],
    "osworld/bin/pip install desktop-env": OSWORLD,
    "--python /nowhere/python is not a program: OSWorld's own code": [*OSWORLD, *DRIVER],
    "--root must be a checkout of github.com/xlang-ai/OSWorld": [*OSWORLD, "--python", sys.executable],
    "gym/bin/pip install browsergym-webarena": ["eval", "webarena", *DRIVER],
    "--option is 'x', but should be NAME=VALUE": ["eval", "webarena", *DRIVER, "--option", "x"],
    "google-research/android_world": ["eval", "androidworld"],
    "androidworld uses one emulator: set --workers 1": ["eval", "androidworld", "--workers", "2"],
    "pip install webarena-verified": ["eval", "webarena-verified", "--python", sys.executable],
    "get it from github.com/MinorJerry/WebVoyager": ["eval", "webvoyager", "--root", "toy"],
    "get it from huggingface.co/datasets/osunlp": ["eval", "online-mind2web", "--root", "toy"],
    "a model judges webvoyager: name it with --judge": ["eval", "webvoyager", "--root", "text.txt"],
    "text.txt, line 1: Invalid JSON": ["eval", "webvoyager", "--root", "text.txt", "--judge", "http://127.0.0.1:1"],
    "(huggingface.co/datasets/OS-Copilot/ScreenSpot-v2)": ["eval", "screenspot", "--root", "toy"],
    "UI-CUBE, from github.com/UiPath": ["eval", "ui-cube", "--root", "toy"],
    "from github.com/web-arena-x/webarena-infinity": ["eval", "webarena-infinity", "--root", "toy"],
    "pip install --no-deps miniwob": ["eval", "miniwob", "--root", "toy"],
    "no task matches 'x*'; there are bug-once": [*TOY, "--task", "x*"],
    "there is no category 'x'; there are broken, whole": [*TOY, "--category", "x"],
    "no task matches both": [*TOY, "--task", "press", "--category", "broken"],
    "the range of seeds 9-1 is reversed": [*TOY, "--seeds", "9-1"],
    "the seeds 0-9999999 are more than 1,000,000": [*TOY, "--seeds", "0-9999999"],
    "--seeds is 'many', but should be of the form: ": [*TOY, "--seeds", "many"],
    "--workers is '-1', but should be greater than or equal": [*TOY, "--workers", "-1"],
    "--price is 'cheap', but should be of the form: IN:OUT": [*TOY, "--price", "cheap"],
    "there is no preset 'fast'; available: ui-tars": [*TOY, "--preset", "fast"],
    "the preset doubao-osworld-15 is for osworld, not for toy": [*TOY, "--preset", "doubao-osworld-15"],
    "--agent is 'toaster', but should be one of": [*TOY, "--agent", "toaster"],
    "there is no model 'gpt'": [*TOY, "--model", "gpt"],
    "names no model": [*TOY, "--model", ","],
    "done already contains an evaluation: choose another folder": [*TOY, "--agent", "null", "--out", "done"],
    "text.txt cannot be written: File exists": [*TOY, "--agent", "null", "--out", "text.txt"],
    "use only one of BENCHMARK, --resume": [*TOY, "--resume", "done"],
    "nowhere contains no evaluation": ["eval", "--resume", "nowhere"],
    "toy contains no evaluation": ["eval", "--repeat", "toy"],
    "broken/manifest.json: Invalid JSON": ["eval", "--resume", "broken"],
    "--steps is 3, but --resume keeps the settings": ["eval", "--resume", "done", "--steps", "3"],
    "A and B are the same evaluation, done": ["compare", "done", "toy/../done"],
    "text.txt contains no evaluation": ["compare", "done", "text.txt"],
    "(toy 1.0) and other (toy 1.0) have no episode in common": ["compare", "done", "other"],
    "cannot write nowhere/page.html: No such file": ["compare", "done", "again", "--out", "nowhere/page.html"],
    "nowhere does not exist": ["export", "nowhere", "--out", "x.jsonl"],
    "no step in done matches 'done'": ["export", "done", "--out", "x.jsonl"],
    "done is a folder: name a file": ["export", "done", "--out", "done"],
    "unknown condition 'nice': use all": ["export", "done", "--out", "x.jsonl", "--keep", "nice"],
    "there is no dialect 'x'; available": ["export", "done", "--out", "x.jsonl", "--keep", "all", "--dialect", "x"],
    "--history and --max-image-pixels need --dialect": ["export", "done", "--out", "x.jsonl", "--history", "window:2"],
    "toy contains no run": ["view", "toy"],
    "cannot write nowhere/report.html: No such file": ["view", "done", "--out", "nowhere/report.html"],
}


@pytest.fixture(scope="module")
def wrong_uses_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three evaluations, of which `other` has other episodes, and with files that are none."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "toy").mkdir()
    (folder / "text.txt").write_text("text")
    (folder / "broken").mkdir()
    (folder / "broken/manifest.json").write_text("{")
    for name, seed in (("done", "0"), ("again", "0"), ("other", "1")):
        settings = {"benchmark": "toy", "root": folder / "toy", "task": ("press",), "seeds": seed, "workers": 0}
        list(Evaluation.create(EvalConfig.from_flat(settings | {"agent": "null"}), folder / name).run())
    return folder


@pytest.mark.parametrize("message", WRONG_USES)
def test_a_wrong_use_is_one_line_with_the_remedy(
    wrong_uses_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], message: str
) -> None:
    monkeypatch.chdir(wrong_uses_folder)
    assert main(WRONG_USES[message]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("runs").exists()
