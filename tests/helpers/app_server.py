"""The web application over a fake screen and a scripted model, and a client of it."""

import http.client
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from screenwright import Agent, Click, FakeEnv, ScriptedModel, Type, UiTars15
from screenwright.agent.guard.approval import Approver
from screenwright.agent.guard.rules_file import load_rules
from screenwright.agent.models.scripted import ScriptedReply
from screenwright.app.queue import QueuedTask
from screenwright.app.runner import CannotRun, Prepared
from screenwright.app.server import AppServer
from screenwright.envs.env import Env
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.manifest import Manifest
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.core.store import Store
from screenwright.eval.core.task import Rules

PRESS = "Thought: I press the button.\nAction: click(start_box='({x},{y})')"
DONE = "Thought: It is done.\nAction: finished(content='It says hello.')"
HOSTILE = "</script><script>document.title='owned'</script>"
ASK = "Thought: I need the user.\nAction: call_user()"


def press(label: str = "Greet") -> str:
    """The reply that clicks the control `label` of the fake screen."""
    point = FakeEnv().where(label)
    return PRESS.format(x=round(point.x), y=round(point.y))


@dataclass
class FakeFactory:
    """A `RunFactory` whose tasks get `replies` of a scripted model, or those of `by_task`, on a fake screen."""

    replies: list[ScriptedReply] = field(default_factory=lambda: [press(), DONE])
    by_task: dict[str, list[ScriptedReply]] = field(default_factory=dict)
    rules: str = ""
    open_env: Callable[[], Env] = FakeEnv
    envs: list[Env] = field(default_factory=list)
    models: list[ScriptedModel] = field(default_factory=list)

    def options(self) -> dict[str, Any]:
        return {
            "version": "0",
            "screens": [{"id": "browser", "name": "Browser page", "problem": ""}],
            "models": ["reader"],
            "policy": "",
            "rules": ["", "careful"],
            "fixed": "",
            "steps": 50,
            "url": "",
            "program": "",
        }

    def check(self, choices: Mapping[str, str]) -> None:
        if choices.get("model") == "absent":
            raise CannotRun("there is no model 'absent'")

    def name(self, task: str) -> str:
        return "task"

    def prepare(self, job: QueuedTask, folder: Path, approver: Approver, report: Callable[[str], object]) -> Prepared:
        report("the model was measured")
        model = ScriptedModel(self.by_task.get(job.task, self.replies))
        env = self.open_env()
        self.models.append(model)
        self.envs.append(env)
        rules = load_rules(self.rules) if self.rules else None
        return Prepared(Agent(model, dialect=UiTars15(), rules=rules, approver=approver), env)


@dataclass
class Answer:
    """An HTTP response; `json` is its parsed body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """A browser at the application; it has logged in unless `cookie` is empty."""

    server: AppServer
    cookie: str = ""

    def log_in(self) -> "Client":
        answer = self.post("/api/login", {"secret": self.server.access.secret})
        assert answer.status == 204, answer.body
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.access.port, timeout=30)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str | None) -> Answer:
        connection = self._connection()
        sent: dict[str, str | None] = {"Cookie": self.cookie or None}
        if method == "POST":
            sent |= {"Origin": self.server.address, "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {name: value for name, value in sent.items() if value is not None})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: object = None, **headers: str | None) -> Answer:
        return self.ask("POST", path, json.dumps({} if body is None else body).encode(), **headers)

    def add(self, task: str = "Press Greet") -> str:
        answer = self.post("/api/queue", {"task": task, "choices": {}})
        assert answer.status == 200, answer.body
        return str(answer.json["id"])

    def jobs(self) -> list[dict[str, Any]]:
        return list(self.get("/api/queue").json["jobs"])

    def runs(self, query: str = "") -> list[dict[str, Any]]:
        return list(self.get(f"/api/runs?{query}").json["runs"])

    @contextmanager
    def events(self, run: str, last_id: str = "") -> Generator[Iterator[dict[str, Any]]]:
        """The messages of a run as they arrive; each has its `id`."""
        connection = self._connection()
        headers = {"Cookie": self.cookie} | ({"Last-Event-ID": last_id} if last_id else {})
        connection.request("GET", f"/api/runs/{run}/events", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        try:
            yield _messages(answer)
        finally:
            answer.close()
            connection.close()


def _messages(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    name = ""
    for line in answer:
        key, _, value = line.decode().rstrip("\n").partition(": ")
        if key == "id":
            name = value
        elif key == "event":
            if value == "end":
                return
            name = ""
        elif key == "data" and name:
            yield {**json.loads(value), "id": name}


def until(messages: Iterator[dict[str, Any]], kind: str, **expected: object) -> dict[str, Any]:
    """The next message of that kind with these values."""
    return next(one for one in messages if one["kind"] == kind and expected.items() <= one.items())


def record(folder: Path, task: str = "a task", replies: Sequence[ScriptedReply] = (DONE,)) -> None:
    """Record a run on the fake screen in `folder`."""
    Agent(ScriptedModel(replies), dialect=UiTars15()).run(task, FakeEnv(), out=folder)


def evaluate(folder: Path) -> EpisodeId:
    """An evaluation of two episodes, of which one has ended; its task is hostile."""
    done, waiting = EpisodeId("task", 0), EpisodeId("task", 1)
    settings = EvalConfig.of(benchmark="toy")
    store = Store(folder)
    started = "2026-01-01T00:00:00+00:00"
    store.create(Manifest(settings, "toy 1.0", Rules(), (done, waiting), "abc", {}, {}, started, "f" * 64))
    record(store.folder_of(done), HOSTILE)
    store.write(Record(done, "kind", HOSTILE, True, 1.0, "found this", "finished"))
    (folder / "summary.json").write_text('{"total": {"episodes": 1, "done": 1}}')
    return done


@contextmanager
def serving(folder: Path, factory: FakeFactory | None = None, *, parallel: int = 1) -> Generator[Client]:
    """The application with its runs and its state in `folder`."""
    with AppServer(factory or FakeFactory(), folder / "runs", folder / "state", parallel=parallel) as server:
        yield Client(server).log_in()


__all__ = [
    "ASK",
    "DONE",
    "Answer",
    "Click",
    "Client",
    "FakeFactory",
    "Type",
    "evaluate",
    "press",
    "record",
    "serving",
    "until",
]
