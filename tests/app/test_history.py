"""The history: an index of recorded runs, which can be searched without reading their logs."""

import json
import shutil
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, ScriptedModel, UiTars15
from screenwright.agent.record.lock import lock_folder
from screenwright.app import history as history_module
from screenwright.app.history import PAGE, RunHistory, Search, run_id_of
from screenwright.app.tags import MAX_TAG, MAX_TAGS, Tags, TagsRefused

REPLY = "Thought: {thought}\nAction: {action}"


def record(folder: Path, task: str, thought: str, answer: str = "") -> None:
    action = f"finished(content='{answer}')" if answer else "wait()"
    Agent(ScriptedModel([REPLY.format(thought=thought, action=action)]), dialect=UiTars15()).run(
        task, FakeEnv(), out=folder
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    record(root / "1-tea", "Order green tea", "The shop sells Sencha.", "Ordered.")
    record(root / "2-coffee", "Order coffee", "Espresso, I think: 100 %.", "Done.")
    record(root / "demo" / "form", "Fill in the form", "The name is Straße.", "Filled.")
    return root


@pytest.fixture
def history(runs: Path, tmp_path: Path) -> Generator[RunHistory]:
    history = opened(runs, tmp_path)
    yield history
    history.close()


def opened(root: Path, state: Path) -> RunHistory:
    return RunHistory(root, state / "index.sqlite", Tags(state / "tags.json"))


def tasks(history: RunHistory, **wanted: str) -> list[object]:
    found = history.search(Search(**wanted))  # type: ignore[arg-type]
    assert found["unread"] == 0
    return [run["task"] for run in found["runs"]]  # type: ignore[index,union-attr,call-overload]


def test_the_newest_run_comes_first(history: RunHistory) -> None:
    assert tasks(history) == ["Fill in the form", "Order coffee", "Order green tea"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("order", ["Order coffee", "Order green tea"]),
        ("ORDER tea", ["Order green tea"]),
        ("sencha", ["Order green tea"]),
        ("filled", ["Fill in the form"]),
        ("STRASSE", ["Fill in the form"]),
        ("100 %", ["Order coffee"]),
        ("o%d", []),
        ("' OR 1=1 --", []),
    ],
)
def test_words_are_found_in_task_thoughts_and_answer(history: RunHistory, text: str, found: list[str]) -> None:
    assert tasks(history, text=text) == found


def test_runs_are_filtered_by_outcome_model_and_date(history: RunHistory) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert len(tasks(history, stop="finished", model="scripted", since=today, until=today)) == 3
    for wanted in ({"stop": "stuck"}, {"model": "other"}, {"since": "2999-01-01"}, {"until": "1999-01-01"}):
        assert tasks(history, **wanted) == []


def test_only_logs_that_changed_are_read_again(
    history: RunHistory, runs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tasks(history)
    read: list[str] = []
    summary = history_module.summarize

    def counted(folder: Path, root: Path) -> tuple[object, ...]:
        read.append(folder.name)
        return summary(folder, root)

    monkeypatch.setattr(history_module, "summarize", counted)
    again = opened(runs, tmp_path)
    assert len(tasks(again)) == 3
    assert read == []
    log = runs / "2-coffee" / "events.jsonl"
    content = log.read_bytes()
    log.write_bytes(b"".join(content.splitlines(keepends=True)[:-1]))
    assert again.search(Search(text="coffee"))["runs"][0]["stop"] == "interrupted"  # type: ignore[index,call-overload]
    log.write_bytes(content)
    tasks(again)
    assert read == ["2-coffee", "2-coffee"]
    again.close()


def test_a_removed_run_is_forgotten_and_a_damaged_one_left_out(runs: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(runs, root)
    history = opened(root, tmp_path)
    assert len(tasks(history)) == 3
    shutil.rmtree(root / "1-tea")
    (root / "2-coffee" / "events.jsonl").write_text('{"event":"ended"}\n')
    (root / "link").symlink_to(runs / "1-tea")
    assert tasks(history) == ["Fill in the form"]
    assert history.folder_of("0" * 24) is None
    history.close()


def test_a_damaged_index_is_built_again(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"not a database" * 1000)
    history = opened(runs, tmp_path)
    assert len(tasks(history)) == 3
    history.close()


def test_an_index_that_cannot_be_written_costs_no_run(runs: Path, tmp_path: Path) -> None:
    history = opened(runs, tmp_path)
    history._index.execute("PRAGMA query_only = ON")  # pyright: ignore[reportPrivateUsage] -- like a full disk
    history.add(runs / "1-tea")
    assert tasks(history) == []
    history._index.execute("PRAGMA query_only = OFF")  # pyright: ignore[reportPrivateUsage]
    assert len(tasks(history)) == 3
    history.close()


def test_a_large_folder_is_read_piece_by_piece_and_shown_in_pages(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "runs"
    lines = (runs / "1-tea" / "events.jsonl").read_bytes().splitlines(keepends=True)
    for number in range(PAGE + 10):
        (root / f"{number:03}").mkdir(parents=True)
        started = json.loads(lines[0]) | {"task": f"task {number}", "time": f"2026-01-01T00:00:{number:02}.000+00:00"}
        (root / f"{number:03}" / "events.jsonl").write_bytes(
            json.dumps(started, separators=(",", ":")).encode() + b"\n" + b"".join(lines[1:])
        )
    history = opened(root, tmp_path)
    monkeypatch.setattr(history_module, "_BUDGET_S", 0.0)
    assert history.search(Search())["unread"] == PAGE + 10
    monkeypatch.setattr(history_module, "_BUDGET_S", 60.0)
    first = history.search(Search())
    assert (first["unread"], first["total"], first["more"], len(first["runs"])) == (0, PAGE + 10, True, PAGE)  # type: ignore[arg-type]
    second = history.search(Search(start=PAGE))
    assert (second["more"], len(second["runs"])) == (False, 10)  # type: ignore[arg-type]
    history.close()


def test_a_run_without_an_end_is_going_on_while_a_process_records_it(runs: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(runs, root)
    history = opened(root, tmp_path)
    for name in ("1-tea", "2-coffee"):
        log = root / name / "events.jsonl"
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    with lock_folder(root / "2-coffee"), lock_folder(root / "demo" / "form"):
        found = history.search(Search())
        [run] = [one for one in found["runs"] if one["task"] == "Order coffee"]  # type: ignore[union-attr,index,call-overload]
        assert found["going_on"] == [run["id"]]  # type: ignore[index,call-overload]
    assert history.search(Search())["going_on"] == []
    history.close()


def test_tags_are_kept_found_and_removed(history: RunHistory, runs: Path, tmp_path: Path) -> None:
    tasks(history)
    tea = run_id_of("1-tea")
    assert history.tags.set(tea, [" green ", "best", "green", ""]) == ("green", "best")
    history.tags.set(run_id_of("2-coffee"), ["best"])
    assert tasks(history, tag="green") == ["Order green tea"]
    assert tasks(history, tag="best", text="coffee") == ["Order coffee"]
    assert tasks(history, tag="none") == []
    again = opened(runs, tmp_path)
    assert again.search(Search())["tags"] == ["best", "green"]
    again.close()
    history.tags.set(tea, [])
    assert history.tags.all == ("best",)


@pytest.mark.parametrize("tags", [[str(number) for number in range(MAX_TAGS + 1)], ["x" * (MAX_TAG + 1)]])
def test_too_many_and_too_long_tags_are_refused(tags: list[str], tmp_path: Path) -> None:
    with pytest.raises(TagsRefused, match="at most"):
        Tags(tmp_path / "tags.json").set("a", tags)


def test_damaged_tags_are_named(tmp_path: Path) -> None:
    (tmp_path / "tags.json").write_text("[]")
    with pytest.raises(TagsRefused, match=r"tags\.json cannot be read: move the file away"):
        Tags(tmp_path / "tags.json")
