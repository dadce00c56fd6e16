"""Evaluations run every episode once, despite crashes, hangs and kills."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from toy_benchmark import Presses, Toy

from screenwright.agent.guard.rules_file import load_rules
from screenwright.agent.record.trajectory import RunError, read_run
from screenwright.cli.main import main
from screenwright.eval.analysis.report import Entry
from screenwright.eval.analysis.results import write_report
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.record import Record
from screenwright.eval.core.store import Store
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.evaluation import EvalError, Evaluation
from screenwright.eval.runner.pool import warm_up
from screenwright.testing import eventually

FORK_SERVER = multiprocessing.get_context("forkserver")
"""Starts processes that have imported Screenwright already, once it is warm."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "toy"
    folder.mkdir()
    return folder


def settings_for(root: Path, *tasks: str, workers: int = 0, agent: str = "oracle", **more: object) -> EvalConfig:
    given = {"benchmark": "toy", "root": root, "task": tasks, "workers": workers, "agent": agent}
    return EvalConfig.from_flat(given | more)


def run(settings: EvalConfig, out: Path) -> list[Record]:
    return list(Evaluation.create(settings, out).run())


@pytest.mark.parametrize("workers", [0, 3])
def test_the_oracle_solves_every_episode_and_the_null_agent_none(root: Path, tmp_path: Path, workers: int) -> None:
    records = run(settings_for(root, "press", "press-and-end", workers=workers), tmp_path / "oracle")
    assert [record.done for record in records] == [True] * 6
    assert Counter(record.stop for record in records) == {"finished": 3, "task_over": 3}
    assert {record.score for record in records} == {1.0}
    null = run(settings_for(root, "press", workers=workers, agent="null"), tmp_path / "null")
    assert [record.done for record in null] == [False] * 3


def test_an_episode_is_recorded_as_a_run_with_a_record(root: Path, tmp_path: Path) -> None:
    (record,) = run(settings_for(root, "press", seeds="2"), tmp_path / "out")
    recorded = read_run(tmp_path / "out" / "episodes" / "press" / "2")
    assert recorded.started.task == record.instruction == 'Click "Greet" 3 times'
    assert recorded.ended is not None
    assert recorded.ended.steps == record.steps == 4
    assert (record.env["kind"], record.agent["model"]) == ("fake", "script")


def test_a_failure_has_a_triage_a_filmstrip_and_a_page(root: Path, tmp_path: Path) -> None:
    (record,) = run(settings_for(root, "press", seeds="5", agent="random", steps=4), tmp_path / "out")
    assert record.done is False
    assert record.triage is not None
    assert [moment.step for moment in record.moments] == [1, 2, 3, 4]
    assert record.moments[0].actions.startswith("click")
    assert (tmp_path / "out/episodes/press/5/filmstrip.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert "6 times" in (tmp_path / "out/episodes/press/5/view.html").read_text()


def test_the_random_agent_repeats_its_clicks(root: Path, tmp_path: Path) -> None:
    one, other = (
        run(settings_for(root, "press", seeds="0", agent="random"), tmp_path / name)[0] for name in ("a", "b")
    )
    assert [moment.actions for moment in one.moments] == [moment.actions for moment in other.moments]


@pytest.mark.parametrize("how", ["refuses", "bug", "dies", pytest.param("hangs", marks=pytest.mark.slow)])
def test_a_failed_attempt_is_retried_and_the_episode_counts_once(root: Path, tmp_path: Path, how: str) -> None:
    timeout = 12.0 if how == "hangs" else 60.0
    settings = settings_for(root, f"{how}-once", "press", seeds="0", workers=2, episode_timeout=timeout)
    evaluation = Evaluation.create(settings, tmp_path / "out")
    records = {record.id.task: record for record in evaluation.run()}
    assert records["press"].done
    assert not records["press"].errors
    broken = records[f"{how}-once"]
    assert broken.done
    message = {"refuses": "not ready", "bug": "ZeroDivisionError", "dies": "code -9", "hangs": "hung"}[how]
    assert len(broken.errors) == 1
    assert message in broken.errors[0]
    assert evaluation.remaining() == ()


def test_an_episode_that_always_fails_stays_unjudged(root: Path, tmp_path: Path) -> None:
    settings = settings_for(root, "press", "refuses-always", seeds="0", retries=1)
    records = {record.id.task: record for record in run(settings, tmp_path / "out")}
    assert records["press"].done
    broken = records["refuses-always"]
    assert (broken.done, broken.category) == (None, "broken")
    assert len(broken.errors) == 2
    assert len(Evaluation.resume(tmp_path / "out").remaining()) == 1


def test_an_evaluation_stops_early_if_all_attempts_fail(root: Path, tmp_path: Path) -> None:
    with pytest.raises(EvalError, match=r"all of the first 3 .* not ready"):
        run(settings_for(root, "refuses-always", seeds="0-99"), tmp_path / "out")
    assert len(Evaluation.resume(tmp_path / "out").remaining()) == 100


def test_resume_runs_only_the_remaining_episodes(root: Path, tmp_path: Path) -> None:
    evaluation = Evaluation.create(settings_for(root, "press", "slow"), tmp_path / "out")
    stream = evaluation.run()
    first = [next(stream), next(stream)]
    stream.close()
    rest = list(Evaluation.resume(tmp_path / "out").run())
    assert len(first) + len(rest) == 6
    judged = Counter((root / "judged").read_text().split())
    assert set(judged.values()) == {1}
    assert list(Evaluation.resume(tmp_path / "out").run()) == []


def test_a_second_process_cannot_run_an_evaluation_at_the_same_time(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stream = Evaluation.create(settings_for(root, "press"), out).run()
    next(stream)
    with pytest.raises(RunError, match=f"process {os.getpid()} is using it"):
        next(Evaluation.resume(out).run())
    write_report(Entry.of(Store(out)))
    stream.close()
    assert len(list(Evaluation.resume(out).run())) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_evaluation_that_a_signal_ends_leaves_no_temporary_folder(
    number: signal.Signals, code: int, root: Path, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as temp:  # sockets need a short path
        end_by_signal(number, code, root, tmp_path / "out", Path(temp))


def end_by_signal(number: signal.Signals, code: int, root: Path, out: Path, temp: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(temp)}
    command = [sys.executable, "-m", "screenwright", "eval", "toy", "--root", str(root), "--agent", "oracle"]
    command += ["--task", "hangs-once", "--out", str(out)]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    eventually((root / "hangs-once-0").exists, True)
    running.send_signal(number)
    _, printed = running.communicate(timeout=60)
    assert (running.returncode, b"Traceback" in printed) == (code, False)
    start = "from screenwright.envs.temp_folder import TempFolder; TempFolder('next').close()"
    subprocess.run([sys.executable, "-c", start], env=environment, check=True)
    assert list(temp.iterdir()) == []


def count_records(out: Path) -> int:
    return len(list(out.glob("episodes/*/*/episode.json")))


@pytest.mark.slow
def test_no_episode_is_lost_or_repeated_after_ten_random_kills(root: Path, tmp_path: Path) -> None:
    """Each kill comes after up to five further episodes, and in the middle of one; three evaluations have workers."""
    warm_up()
    out, choose = tmp_path / "out", random.Random(7)
    start = ["eval", "toy", "--root", str(root), "--agent", "oracle", "--out", str(out)]
    start += ["--task", "slow", "--seeds", "0-9", "--trials", "6", "--steps", "20"]
    for number in range(10):
        workers = "2" if number in (0, 4, 8) else "0"
        process = FORK_SERVER.Process(target=main, args=([*start, "--workers", workers],))
        process.start()
        eventually((out / "manifest.json").exists, True)
        wanted = count_records(out) + choose.randint(0, 5)
        eventually(lambda wanted=wanted: count_records(out) >= wanted, True)
        time.sleep(choose.uniform(0.0, 0.1))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        start = ["eval", "--resume", str(out)]
    assert main([*start, "--workers", "2"]) == 0
    store = Store(out)
    records = store.records(store.manifest().episodes)
    assert [(record.id.trial, record.id.seed) for record in records] == list(product(range(6), range(10)))
    assert all(record.done and record.steps == record.id.seed + 2 for record in records)


def test_folders_with_names_that_are_not_unicode_are_refused_or_reported_on(root: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"odd\xff")
    with pytest.raises(RunError, match="not valid UTF-8: choose another --out"):
        Evaluation.create(settings_for(root, "press", out=odd), odd)
    assert not odd.exists()
    run(settings_for(root, "press", seeds="0"), tmp_path / "out")
    moved = (tmp_path / "out").rename(odd)
    assert write_report(Entry.of(Store(moved))).stat().st_size > 1000


def test_an_existing_evaluation_is_not_overwritten(root: Path, tmp_path: Path) -> None:
    run(settings_for(root, "press"), tmp_path / "out")
    with pytest.raises(RunError, match="--resume"):
        Evaluation.create(settings_for(root, "press"), tmp_path / "out")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "a"), "has several tasks named a"),
        (("..",), r"name '\.\.' cannot be"),
        (("../../ESC",), "name '../../ESC' cannot be"),
    ],
)
def test_task_names_that_cannot_be_separate_folders_are_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], message: str
) -> None:
    def tasks(_: Toy) -> tuple[Presses, ...]:
        return tuple(Presses(name, root) for name in names)

    monkeypatch.setattr(Toy, "tasks", tasks)
    with pytest.raises(TaskError, match=message):
        Evaluation.create(settings_for(root), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_manifest_describes_the_evaluation(root: Path, tmp_path: Path) -> None:
    run(settings_for(root, "press", trials=2), tmp_path / "out")
    manifest = Store(tmp_path / "out").manifest()
    assert manifest.benchmark == "toy 1.0"
    assert len(manifest.episodes) == 6
    assert manifest.agents == ({"model": "script"},)
    assert manifest.packages["pillow"]
    assert manifest.ended > manifest.started


def test_what_the_rules_ask_about_is_denied_and_their_hash_is_in_the_manifest(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[rule]]\ndo = "ask"\nactions = ["click"]\n')
    (record,) = run(settings_for(root, "press", seeds="2", rules=str(file)), tmp_path / "out")
    assert (record.done, record.found, record.stop) == (False, "0 presses", "refused")
    assert Store(tmp_path / "out").manifest().rules_sha256 == load_rules(file).sha256
    (record,) = run(settings_for(root, "press", seeds="2", confirm=True), tmp_path / "confirm")
    assert (record.done, record.stop) == (False, "refused")
    assert Store(tmp_path / "confirm").manifest().rules_sha256 == load_rules("confirm").sha256


def test_an_evaluation_is_not_resumed_with_other_rules_than_it_was_started_with(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('default = "allow"\n')
    Evaluation.create(settings_for(root, "press", rules=str(file)), tmp_path / "out")
    file.write_text('default = "deny"\n')
    with pytest.raises(EvalError, match="the rules have changed"):
        list(Evaluation.resume(tmp_path / "out").run())


def _set_root(toy: Toy, root: Path) -> None:
    object.__setattr__(toy, "root", root)


def test_an_evaluation_is_not_resumed_with_another_version_of_the_benchmark(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = Evaluation.create(settings_for(root, "press"), tmp_path / "out")
    next(evaluation.run())
    monkeypatch.setattr(Toy, "version", "1.1")
    monkeypatch.setattr(Toy, "__init__", _set_root)
    with pytest.raises(EvalError, match=r"the benchmark was toy 1\.0, and is toy 1\.1 now: start another evaluation"):
        list(Evaluation.resume(tmp_path / "out").run())


def test_missing_rules_are_a_one_line_error(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--root", str(root), "--agent", "oracle", "--out", str(tmp_path / "out")]
    assert main(["eval", "toy", *flags, "--rules", "no-such.toml"]) == 2
    assert "the rules no-such.toml cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_damaged_record_is_named(root: Path, tmp_path: Path) -> None:
    run(settings_for(root, "press", seeds="0"), tmp_path / "out")
    (tmp_path / "out/episodes/press/0/episode.json").write_text('{"id": 3}')
    with pytest.raises(RunError, match=r"press/0/episode\.json"):
        Evaluation.resume(tmp_path / "out").records()


def test_the_benchmark_is_closed_in_its_worker(root: Path, tmp_path: Path) -> None:
    run(settings_for(root, "press", workers=1), tmp_path / "out")
    assert (root / "closed").exists()
