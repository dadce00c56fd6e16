"""`screenwright eval` and `compare` as a user types them."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from screenwright.cli.main import main
from screenwright.eval.core.store import Store


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


def test_the_default_folder_is_named_by_time_benchmark_and_agent(toy: Path) -> None:
    assert main(flags(toy, "--agent", "null", "--seeds", "0")) == 0
    (folder,) = Path("runs").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-toy-null", folder.name)


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


def test_two_evaluations_are_compared(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(flags(toy, "--agent", "null", "--seeds", "0-19", "--out", "a"))
    main(flags(toy, "--agent", "oracle", "--seeds", "0-5", "--steps", "30", "--out", "b"))
    capsys.readouterr()
    assert main(["compare", "a", "b"]) == 0
    output = capsys.readouterr().out
    assert "A  a  script: 0 of 40" in output
    assert "+100.0 points" in output
    assert "only B 12" in output
    assert "28 episodes have no result in one of the evaluations" in output
    assert Path("b/compared-with-a.html").exists()


def test_benchmarks_and_tasks_are_listed(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--list"]) == 0
    assert {"demo", "miniwob", "toy"} <= set(capsys.readouterr().out.split())
    assert main(["eval", "toy", "--root", str(toy), "--list", "--category", "whole"]) == 0
    assert capsys.readouterr().out == "press\twhole\npress-and-end\twhole\nslow\twhole\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["eval"], "name a BENCHMARK"),
        (["eval", "nothing"], "there is no benchmark 'nothing'; "),
        (["eval", "toy"], "needs --root"),
        (["eval", "toy", "--root", ".", "--task", "x*"], "no task matches 'x*'; there are bug-once"),
        (["eval", "toy", "--root", ".", "--category", "x"], "there is no category 'x'; there are broken, whole"),
        (["eval", "toy", "--root", ".", "--seeds", "9-1"], "is reversed"),
        (
            ["eval", "toy", "--root", ".", "--seeds", "many"],
            "--seeds is 'many', but should be of the form: ",
        ),
        (["eval", "toy", "--root", ".", "--workers", "-1"], "--workers is '-1', but should be greater than or equal"),
        (
            ["eval", "toy", "--root", ".", "--price", "cheap"],
            "--price is 'cheap', but should be of the form: IN:OUT",
        ),
        (["eval", "toy", "--root", ".", "--model", "gpt"], "there is no model 'gpt'"),
        (["eval", "toy", "--root", ".", "--model", ","], "names no model"),
        (["eval", "--resume", "nowhere"], "nowhere contains no evaluation"),
        (["eval", "--repeat", "nowhere"], "nowhere contains no evaluation"),
        (["compare", "nowhere", "nowhere"], "nowhere contains no evaluation"),
    ],
)
def test_bad_input_is_one_line(
    toy: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], message: str
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("runs").exists()
