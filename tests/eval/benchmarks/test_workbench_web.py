"""Web applications of the workbench: serving in a sandbox, one task on a small site, and the judges' words."""

import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from screenwright.agent.core.limits import StopReason
from screenwright.agent.core.model import Usage
from screenwright.agent.loop.agent import Agent, Result
from screenwright.envs.actions import Click, Drag, Move
from screenwright.envs.geometry import ScreenPoint
from screenwright.eval.benchmarks.workbench.benchmark import WorkbenchTask, judge
from screenwright.eval.benchmarks.workbench.documents import Text
from screenwright.eval.benchmarks.workbench.oracle import key, write
from screenwright.eval.benchmarks.workbench.setup import missing_apps
from screenwright.eval.benchmarks.workbench.template import Case, Job, miss
from screenwright.eval.benchmarks.workbench.web.apps.lab import Notebook
from screenwright.eval.benchmarks.workbench.web.apps.whiteboard import PROGRAM as WHITEBOARD
from screenwright.eval.benchmarks.workbench.web.collection import WebCollection
from screenwright.eval.benchmarks.workbench.web.documents import BoardShape, Flow, FlowNode, Tiddler, Whiteboard, Wiki
from screenwright.eval.benchmarks.workbench.web.finding import InPage, press, pull
from screenwright.eval.benchmarks.workbench.web.program import WebProgram, missing_npm, missing_pip
from screenwright.eval.benchmarks.workbench.web.screen import close_browsers
from screenwright.eval.benchmarks.workbench.web.serving import serve
from screenwright.eval.core.task import TaskError

SITE = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"<input id=text aria-label=Text><button onclick=\\"fetch('/', {method: 'POST', "
                    b"body: document.getElementById('text').value})\\">Save</button>")
    def do_POST(self):
        with open(os.environ["SAVED"], "wb") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"")
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
PROGRAM = WebProgram(
    "pad",
    (sys.executable, "-c", SITE, "PORT"),
    environment={"SAVED": "HOME/Notes/saved.txt"},
)
PAD = WebCollection(PROGRAM)


@PAD.task("Save '{text}'.", "Write {text} and save it.", "Type {text}, then press Save.", "{text} should be saved.")
def save(case: Case) -> Job:
    text = f"number {case.number(1, 99)}"
    return Job(
        {"text": text},
        (Text("Notes/saved.txt", "nothing"),),
        (("/",),),
        (*press("#text"), *key("ctrl+a"), *write(text), *press("Save")),
        (Text("Notes/saved.txt", text),),
        (miss("half", Text("Notes/saved.txt", "number")), miss("elsewhere", Text("saved.txt", text))),
    )


@pytest.mark.browser
@pytest.mark.desktop
def test_a_task_is_worked_in_a_page_and_judged_by_the_data_of_its_server() -> None:
    (template,) = PAD.templates
    try:
        with WorkbenchTask(template).set_up(3) as instance:
            result = Agent(policy=instance.solution()).run(instance.instruction, instance.env)
            outcome = instance.judge(result)
            assert (outcome.done, outcome.found) == (
                True,
                "as expected: Notes/saved.txt, and nothing else changed",
            )
            (instance.home / "Notes/other.txt").write_text("left")
            assert instance.judge(result).found == "Notes/other.txt is new"
    finally:
        close_browsers()


@pytest.mark.desktop
def test_a_server_in_a_sandbox_is_reached_from_outside_and_ends_with_the_episode(tmp_path: Path) -> None:
    (tmp_path / "Notes").mkdir()
    with serve(PROGRAM, tmp_path, "require") as url:
        with urllib.request.urlopen(urllib.request.Request(url, b"kept"), timeout=20) as answer:
            assert answer.status == 200
        assert (tmp_path / "Notes/saved.txt").read_text() == "kept"
    with pytest.raises(OSError, match=r"refused|reset"):
        urllib.request.urlopen(url, timeout=20)


@pytest.mark.slow
def test_a_server_that_ends_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    broken = WebProgram("broken", (sys.executable, "-c", "raise SystemExit('no licence for HOME')"))
    with (
        pytest.raises(TaskError, match=f"broken does not start: no licence for {tmp_path}"),
        serve(broken, tmp_path, "off"),
    ):
        pass


class FakePage:
    """A page on which two elements are visible."""

    def evaluate_in_page(self, script: str, argument: object) -> list[float] | None:
        return {"Save": [10.0, 20.0], "Bin": [90.0, 20.0]}.get(json.loads(json.dumps(argument))[0])


def test_an_element_is_clicked_hovered_or_dragged_at_its_place() -> None:
    page = FakePage()
    assert InPage("Save").on(page) == Click(ScreenPoint(10, 20))
    assert InPage("Save", count=0, dx=5).on(page) == Move(ScreenPoint(15, 20))
    assert pull("Save", "Bin")[0].on(page) == Drag((ScreenPoint(10, 20), ScreenPoint(90, 20)))
    assert pull("Save", (0, 30))[0].on(page) == Drag((ScreenPoint(10, 20), ScreenPoint(10, 50)))
    assert InPage("Load").on(page) is None
    assert pull("Save", "Load")[0].on(page) is None


def test_packages_that_are_missing_are_named(tmp_path: Path) -> None:
    (tmp_path / "npm/node_modules/@scope/board").mkdir(parents=True)
    packages = tmp_path / "venv/lib/python3.11/site-packages/sqlite_web-0.6.dist-info"
    packages.mkdir(parents=True)
    (packages / "METADATA").write_text("Metadata-Version: 2.1\nName: sqlite-web\nVersion: 0.6\n")
    assert missing_npm(("@scope/board", "@scope/board@1", "react@18"), tmp_path) == ["react@18"]
    assert missing_pip(("sqlite_web", "django>=5", "sqlite-web==0.6"), tmp_path) == ["django>=5"]
    assert missing_pip(("django",), tmp_path / "nowhere") == ["django"]


def test_an_application_that_is_not_installed_leaves_its_tasks_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    absent = WebCollection(WebProgram("absent", ("absent",), pip=("absent",)))
    absent.task("a", "b", "c", "d")(save)
    assert missing_apps((*absent.templates, *PAD.templates)) == absent.apps


# -- what the judges say


def test_what_differs_in_a_wiki_is_named(tmp_path: Path) -> None:
    wiki = Wiki("Wiki", (Tiddler("Keys", "In the hall.", ("two words", "old")), Tiddler("Plan", "None.")))
    wiki.write(tmp_path)
    assert wiki.problems(tmp_path) == []
    wiki.having(Tiddler("Keys", "In the cellar.", ("old",)), Tiddler("Draft of 'Plan'", "")).without("Plan").write(
        tmp_path
    )
    assert wiki.problems(tmp_path) == [
        "the note 'Plan' is missing",
        "the note \"Draft of 'Plan'\" is new",
        "the note 'Keys' has the tags ('old',) instead of ('two words', 'old')",
        "the note 'Keys': line 1 is 'In the cellar.' instead of 'In the hall.'",
    ]


def test_what_differs_in_a_flow_is_named(tmp_path: Path) -> None:
    flow = Flow(
        "flows.json",
        "Trial",
        (FlowNode("a", "inject", "start", {"payload": "x"}, ("b",)), FlowNode("b", "debug", "end")),
    )
    flow.write(tmp_path)
    assert flow.problems(tmp_path) == []
    assert flow.having(FlowNode("*1", "comment", "why")).problems(tmp_path) == ["the node 'why' is missing"]
    flow.having(FlowNode("*1", "comment", "why")).write(tmp_path)
    assert flow.problems(tmp_path) == ["there is another node, 'why'"]
    assert flow.having(FlowNode("*1", "comment", "why")).problems(tmp_path) == []
    flow.having(FlowNode("a", "inject", "start", {"payload": "y"}, disabled=True)).write(tmp_path)
    assert flow.problems(tmp_path) == [
        "the node 'start' has d True instead of False",
        "the node 'start' has wires [] instead of ['b']",
        "the node 'start' has payload 'y' instead of 'x'",
    ]


def test_what_differs_on_a_whiteboard_is_named(tmp_path: Path) -> None:
    board = Whiteboard("board.json", (BoardShape("ellipse", 10, 10, 100, 50),))
    board.write(tmp_path)
    assert board.problems(tmp_path) == []
    Whiteboard("board.json", (BoardShape("ellipse", 17, 10, 100, 50),)).write(tmp_path)
    assert board.problems(tmp_path) == []
    Whiteboard("board.json", (BoardShape("ellipse", 19, 10, 100, 50),)).write(tmp_path)
    assert len(board.problems(tmp_path)) == 1
    Whiteboard("board.json", ()).write(tmp_path)
    assert board.problems(tmp_path) == ["the drawing has nothing instead of ellipse"]


def test_a_copy_may_be_anywhere_in_the_order_of_the_other_shapes(tmp_path: Path) -> None:
    first, second = BoardShape("ellipse", 10, 10, 100, 50), BoardShape("diamond", 300, 10, 100, 50)
    copied = BoardShape("ellipse", 20, 20, 100, 50)
    wanted = Whiteboard("board.json", (first, second, BoardShape("ellipse", width=100, height=50)))
    Whiteboard("board.json", (first, copied, second)).write(tmp_path)
    assert wanted.problems(tmp_path) == []
    for wrong in ((copied, copied, second), (second, copied, first)):
        Whiteboard("board.json", wrong).write(tmp_path)
        assert len(wanted.problems(tmp_path)) == 1


def test_what_is_damaged_or_missing_is_named(tmp_path: Path) -> None:
    documents = (Flow("a", "t", ()), Whiteboard("a", ()), Notebook("a", ()))
    assert [one.problems(tmp_path) for one in documents] == [["a is missing"]] * 3
    (tmp_path / "a").write_text("{")
    assert all("a cannot be read: JSONDecodeError" in one.problems(tmp_path)[0] for one in documents)


def test_a_question_is_judged_by_the_answer_and_by_unchanged_data(tmp_path: Path) -> None:
    job = Job({}, (), (), answer="42")
    assert judge(tmp_path, {}, job, Result(StopReason.FINISHED, "It is 42.", "", 1, Usage(), 1.0)).done
    Text("new.txt", "").write(tmp_path)
    assert judge(tmp_path, {}, job, Result(StopReason.FINISHED, "42", "", 1, Usage(), 1.0)).found == "new.txt is new"


def test_changes_of_a_drawing_that_arrive_at_once_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    places = {"PAGE": "SITES", "STATE": "HOME/board.json", "NPM": "SITES"}
    program = WebProgram("whiteboard", WHITEBOARD.command, environment=places)
    drawings = [[{"type": "line", "text": str(size) * size * 900}] for size in range(1, 9)]
    with serve(program, tmp_path / "home", "off") as url:

        def save(drawing: object) -> None:
            with urllib.request.urlopen(f"{url}/state", data=json.dumps(drawing).encode(), timeout=30):
                pass

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(save, drawings * 5))
        assert json.loads((tmp_path / "home/board.json").read_text())["elements"] in drawings
