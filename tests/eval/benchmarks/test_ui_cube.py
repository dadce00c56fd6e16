"""UI-CUBE with a tiny build that has the same structure: pages with a hidden test."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from screenwright import Action, Click, ScreenPoint, ScriptedPolicy
from screenwright.agent.core.limits import Limits
from screenwright.eval.benchmarks.registry import benchmark_named
from screenwright.eval.benchmarks.ui_cube import UiCube
from screenwright.eval.benchmarks.ui_cube.server import CubeServer
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.baselines import same_for_all
from screenwright.eval.runner.episode import EpisodeJob, EpisodeRunner

PAGE = """<!doctype html><html><head><meta charset="UTF-8"></head><body style="margin:0">
<div class="font-mono hidden" style="display:none">code#0</div>
<div style="position:absolute;left:0;top:0;width:100px;height:100px;background:#0f0" onclick="pick('right')"></div>
<div style="position:absolute;left:200px;top:0;width:100px;height:100px;background:#f00" onclick="pick('wrong')"></div>
<script>
let picked = /[34]$/.test(location.pathname) ? "right" : "";
if (location.pathname.endsWith("4")) setTimeout(() => { picked = ""; }, 700);
const pick = (what) => { picked = what; };
const test = () => { document.querySelector(".hidden").textContent = picked === "right" ? "code#1" : "code#0"; };
test(); setInterval(test, 200);
</script></body></html>"""
TASKS = [
    {"web_name": name, "id": f"{name}--{number}", "ques": "Pick.", "web": f"http://far:3001/{name}/{number}?mode=test"}
    for name, number in (("combo-box-tasks", 1), ("workday", 2), ("workday", 3), ("workday", 4))
]
RIGHT, WRONG = (Click(ScreenPoint(50, 50)),), (Click(ScreenPoint(250, 50)),)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    build = tmp_path / "DeterministicBenchmark" / "dist"
    (build / "assets").mkdir(parents=True)
    (build / "index.html").write_text(PAGE)
    (build / "assets" / "app.css").write_text("b{}")
    (build.parent / "deterministic_bench.json").write_text(json.dumps(TASKS))
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    UiCube(Path()).close()


def run(root: Path, task: str, *moves: tuple[Action, ...]) -> Record:
    job = EpisodeJob(EpisodeId(task, 0), root / f"out{len(list(root.iterdir()))}", Limits(10))
    record = EpisodeRunner(UiCube(root), same_for_all(lambda: ScriptedPolicy(moves))).run(job)
    assert isinstance(record, Record), record
    return record


def test_tasks_are_simple_or_complex(root: Path) -> None:
    tasks = UiCube(root).tasks()
    assert [(task.name, task.category) for task in tasks] == [
        ("combo-box-tasks--1", "simple"),
        ("workday--2", "complex"),
        ("workday--3", "complex"),
        ("workday--4", "complex"),
    ]
    assert tasks[0].page == "/combo-box-tasks/1?mode=test"
    assert UiCube(root / "DeterministicBenchmark").tasks() == tasks


@pytest.mark.browser
@pytest.mark.parametrize(
    ("moves", "done", "score", "stop"),
    [
        ((), False, 0.0, "finished"),
        ((WRONG,), False, 0.0, "finished"),
        ((WRONG, RIGHT), True, 1.0, "finished"),
        ((RIGHT, WRONG, WRONG), True, 0.0, "task_over"),
        ((RIGHT, RIGHT), True, 0.0, "task_over"),
    ],
    ids=["no action", "wrong", "right at last", "right then wrong", "right then another action"],
)
def test_done_if_the_test_passed_and_score_one_if_the_agent_stopped_then(
    root: Path, moves: tuple[tuple[Action, ...], ...], done: bool, score: float, stop: str
) -> None:
    record = run(root, "combo-box-tasks--1", *moves)
    assert (record.done, record.score, record.stop) == (done, score, stop)


@pytest.mark.browser
def test_a_task_that_passes_before_the_first_action_raises(root: Path) -> None:
    task = UiCube(root).tasks()[2]
    with pytest.raises(TaskError, match="workday--3 passes before the first action"), task.set_up(0):
        pass


@pytest.mark.browser
def test_a_page_that_passes_only_while_loading_is_awaited(root: Path) -> None:
    assert not run(root, "workday--4").done
    assert run(root, "workday--4", RIGHT).done


def test_other_pages_redirect_and_assets_are_served(root: Path) -> None:
    task = UiCube(root).tasks()[0]
    with CubeServer(task.build, task.page) as server:
        request = urllib.request.Request(server.url.replace("combo-box-tasks/1?mode=test", "workday/2"))
        request.add_header("Sec-Fetch-Mode", "navigate")
        with urllib.request.urlopen(request, timeout=60) as page:
            assert page.url == server.url
            assert b"navigator.sendBeacon" in page.read()
        with urllib.request.urlopen(server.url.replace(task.page, "/assets/app.css"), timeout=60) as file:
            assert file.read() == b"b{}"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(server.url.replace(task.page, "/../deterministic_bench.json"), timeout=60)


def test_only_the_latest_report_of_the_tasks_own_page_counts(root: Path) -> None:
    task = UiCube(root).tasks()[0]
    with CubeServer(task.build, task.page) as server:
        for path, status, when in (
            ("/combo-box-tasks/1", "open", 5.0),
            ("/workday/2", "passed", 9.0),
            ("/combo-box-tasks/1", "passed", 4.0),
            ("/combo-box-tasks/1", "what", 6.0),
        ):
            server.receive(json.dumps({"path": path, "status": status, "when": when}).encode())
            assert server.status == "open"
        server.receive(json.dumps({"path": "/combo-box-tasks/1", "status": "passed", "when": 7.0}).encode())
        assert server.status == "passed"


def test_an_unbuilt_checkout_raises_an_error_that_says_how_to_build_it(root: Path) -> None:
    (root / "DeterministicBenchmark/dist/index.html").unlink()
    with pytest.raises(TaskError, match=r"not built: run `npm ci && npm run build` in .*DeterministicBenchmark"):
        UiCube(root).tasks()


def test_a_wrong_or_missing_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="--root must be a checkout of UI-CUBE"):
        UiCube(tmp_path).tasks()
    with pytest.raises(ValueError, match=r"ui-cube needs --root: .*github\.com/UiPath"):
        benchmark_named("ui-cube")


def test_the_version_changes_with_the_pages(root: Path) -> None:
    before = UiCube(root).version
    (root / "DeterministicBenchmark/dist/assets/app.css").write_text("b{color:red}")
    assert UiCube(root).version != before
