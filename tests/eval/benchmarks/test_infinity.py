"""WebArena-Infinity with a tiny checkout that has the same structure: an application and verifiers."""

import json
import textwrap
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from screenwright import Click, Result, ScreenPoint, ScriptedPolicy, StopReason, Usage
from screenwright.agent.loop.episode import Episode
from screenwright.eval.benchmarks.infinity import webarena_infinity, webarena_infinity_all
from screenwright.eval.benchmarks.infinity.benchmark import serve_app
from screenwright.eval.core.task import TaskError
from screenwright.testing import eventually

SERVER = """
import http.server, json, socketserver, sys
state = None
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_PUT(self):
        global state
        state = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200); self.end_headers()
    def do_GET(self):
        if self.path != "/api/state":
            return super().do_GET()
        self.send_response(200 if state is not None else 404); self.end_headers()
        self.wfile.write(json.dumps(state).encode())
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
if __name__ == "__main__":
    Server(("", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""
PAGE = """<!doctype html><title>Stars</title><body style="margin:0">
<div style="width:200px;height:100px;background:#f0f" onclick="save({starred: true})"></div>
<script>const save = (state) => fetch("/api/state", {method: "PUT", body: JSON.stringify(state)});
save({starred: false})</script>"""
VERIFIER = """
import requests
def verify(server_url):
    state = requests.get(server_url + "/api/state").json()
    return state["starred"] is True, f"starred is {state['starred']}"
"""
TASKS = [
    {"id": "task_e1", "difficulty": "easy", "instruction": "Star it.", "verify": "real-tasks/task_e1.py"},
    {"id": "task_h46", "difficulty": "hard", "instruction": "Raise.", "verify": "real-tasks/task_h46.py"},
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    app = tmp_path / "apps" / "superhuman-general"
    (app / "real-tasks").mkdir(parents=True)
    (app / "server.py").write_text(SERVER)
    (app / "index.html").write_text(PAGE)
    (app / "real-tasks" / "task_e1.py").write_text(VERIFIER)
    (app / "real-tasks" / "task_h46.py").write_text("def verify(server_url):\n    raise KeyError('state')\n")
    (app / "real-tasks.json").write_text(json.dumps(TASKS))
    (app / "function-tasks.json").write_text("[]")
    return tmp_path


def no_answer() -> Result:
    return Result(StopReason.FINISHED, "", "", 1, Usage(), 0.0)


@pytest.mark.browser
def test_a_task_is_judged_by_the_final_state_of_the_application(root: Path) -> None:
    task = webarena_infinity(root).tasks()[0]
    assert (task.name, task.category) == ("superhuman-general.e1", "easy")
    with task.set_up(0) as instance:
        assert instance.instruction == "Star it."
        before = instance.judge(no_answer())
        assert (before.done, before.found) == (False, "starred is False")
        list(Episode(instance.instruction, instance.env, ScriptedPolicy([(Click(ScreenPoint(50, 50)),)])).run())
        assert instance.judge(no_answer()).done


@pytest.mark.parametrize("path", ["/real-tasks/task_e1.py", "/real-tasks.json", "/server.py", "/api/state"])
def test_verifiers_and_state_cannot_be_opened_as_a_page(root: Path, path: str) -> None:
    with serve_app(root / "apps" / "superhuman-general") as url:
        request = urllib.request.Request(url + path, headers={"Sec-Fetch-Mode": "navigate"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=60)


@pytest.mark.browser
def test_a_verifier_that_raises_counts_as_failed(root: Path) -> None:
    everything = {task.name: task for task in webarena_infinity_all(root).tasks()}
    with everything["superhuman-general.h46"].set_up(0) as instance:
        outcome = instance.judge(no_answer())
    assert not outcome.done
    assert "verifier exception: KeyError" in outcome.found


def test_tasks_that_pass_initially_are_excluded(root: Path) -> None:
    assert [task.name for task in webarena_infinity(root).tasks()] == ["superhuman-general.e1"]
    assert len(webarena_infinity_all(root).tasks()) == 2


def test_the_server_listens_on_loopback_only_and_ends_with_its_task(root: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    with serve_app(root / "apps" / "superhuman-general") as url:
        port = int(url.rpartition(":")[2])
        listening = [tuple(one.laddr) for one in psutil.net_connections("tcp") if one.status == "LISTEN"]
        assert [host for host, at in listening if at == port] == ["127.0.0.1"]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=60)
    eventually(lambda: set(psutil.Process().children(recursive=True)) - before, set())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", "real-tasks.json: "),
        ('[{"id": "task_e1"}]', "line 1: instruction: Field required"),
        (json.dumps([{**TASKS[0], "verify": "../../../etc/passwd"}]), "the verifier of task_e1 is outside"),
    ],
)
def test_an_invalid_suite_file_is_reported_in_one_line(root: Path, text: str, message: str) -> None:
    (root / "apps/superhuman-general/real-tasks.json").write_text(text)
    with pytest.raises(TaskError, match=message.replace(".", r"\.")) as raised:
        webarena_infinity(root).tasks()
    assert "\n" not in str(raised.value)


def test_a_folder_without_applications_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="--root must be a checkout of webarena-infinity"):
        webarena_infinity(tmp_path).tasks()


@pytest.mark.browser
def test_a_server_that_does_not_start_raises_a_task_error(root: Path) -> None:
    (root / "apps/superhuman-general/server.py").write_text("raise SystemExit('no port for me')")
    with (
        pytest.raises(TaskError, match="did not start: no port for me"),
        webarena_infinity(root).tasks()[0].set_up(0),
    ):
        pass


@pytest.mark.browser
def test_a_verifier_that_fails_to_run_raises_a_task_error(root: Path) -> None:
    (root / "apps/superhuman-general/real-tasks/task_e1.py").write_text(textwrap.dedent("import no_such_module"))
    with (
        webarena_infinity(root).tasks()[0].set_up(0) as instance,
        pytest.raises(TaskError, match="no_such_module"),
    ):
        instance.judge(no_answer())
