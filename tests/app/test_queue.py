"""The queue of tasks: it survives the server, and repeats nothing by itself."""

import threading
from pathlib import Path
from typing import NoReturn

import pytest
from app_server import DONE, FakeFactory, press, serving, until

from screenwright import ActionResult, Env, FakeEnv, read_run
from screenwright.app.queue import QueuedTask, QueueError, QueueState, TaskQueue
from screenwright.app.server import AppServer
from screenwright.envs.actions import Action, Click
from screenwright.envs.env import EnvUnavailable
from screenwright.testing import eventually


def folder_of(job: QueuedTask) -> str:
    return f"run-{job.id}"


def test_what_waits_and_what_was_running_survives_a_killed_server(tmp_path: Path) -> None:
    queue = TaskQueue(tmp_path / "queue.json")
    first, second = queue.add("first", {"model": "reader"}), queue.add("second", {})
    assert queue.take(folder_of) is not None
    again = TaskQueue(tmp_path / "queue.json")
    assert [(job.task, job.state) for job in again.jobs] == [("first", "interrupted"), ("second", "waiting")]
    assert (again.jobs[0].choices, again.jobs[0].run) == ({"model": "reader"}, f"run-{first.id}")
    taken = again.take(folder_of)
    assert taken is not None
    assert taken.id == second.id, "what was interrupted is not repeated by itself"


def test_an_interrupted_task_is_resumed_or_started_again(tmp_path: Path) -> None:
    for resume, run in ((True, "kept"), (False, "new")):
        queue = TaskQueue(tmp_path / f"{run}.json")
        job = queue.add("task", {})
        queue.take(lambda job: "kept")
        queue.finish(job.id, interrupted=True)
        queue.retry(job.id, resume=resume)
        taken = queue.take(lambda job: "new")
        assert taken is not None
        assert (taken.run, taken.resume, taken.state) == (run, resume, QueueState.RUNNING)


def test_a_change_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    queue = TaskQueue(tmp_path / "queue.json")
    job = queue.add("task", {}, resume="run")
    with pytest.raises(QueueError, match="in the queue already"):
        queue.retry(job.id, resume=True)
    with pytest.raises(QueueError, match="in the queue already"):
        queue.add("task", {}, resume="run")
    queue.take(folder_of)
    with pytest.raises(QueueError, match="stop it first"):
        queue.remove(job.id)
    queue.finish(job.id)
    with pytest.raises(QueueError, match="not in the queue any more"):
        queue.remove(job.id)


def test_a_damaged_queue_is_named(tmp_path: Path) -> None:
    (tmp_path / "queue.json").write_text('[{"task": 3}]')
    with pytest.raises(QueueError, match=r"queue\.json cannot be read: move it away"):
        TaskQueue(tmp_path / "queue.json")


def test_a_task_that_cannot_be_marked_as_running_on_disk_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    queue = TaskQueue(tmp_path / "queue.json")
    job = queue.add("task", {})
    monkeypatch.setattr("screenwright.app.queue.write_file", full)
    with pytest.raises(QueueError, match=r"the queue cannot be saved in .*: No space left on device"):
        queue.add("another", {})
    taking = threading.Thread(target=queue.take, args=(folder_of,))
    taking.start()
    eventually(lambda: [(one.state, "No space left" in one.problem) for one in queue.jobs], [("failed", True)])
    queue.close()
    taking.join()
    queue.finish(job.id)
    assert queue.jobs == ()


def test_tasks_run_one_after_the_other(tmp_path: Path) -> None:
    factory = FakeFactory()
    with serving(tmp_path, factory) as client:
        for task in ("one", "two", "three"):
            client.add(task)
        eventually(client.jobs, [])
        assert [run["task"] for run in client.runs()] == ["three", "two", "one"]
    assert len(factory.envs) == 3


class Blocking(FakeEnv):
    """A screen whose click lasts until `release_click` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.clicked, self.release_click = threading.Event(), threading.Event()

    def execute(self, action: Action) -> ActionResult:
        if isinstance(action, Click):
            self.clicked.set()
            self.release_click.wait(30)
        return super().execute(action)


def test_tasks_run_at_the_same_time_up_to_the_number_that_is_set(tmp_path: Path) -> None:
    factory = FakeFactory(open_env=Blocking)
    with serving(tmp_path, factory, parallel=2) as client:
        for task in ("one", "two", "three"):
            client.add(task)
        eventually(lambda: [job["state"] for job in client.jobs()], ["running", "running", "waiting"])
        eventually(lambda: len(factory.envs), 2)
        first, second = factory.envs
        assert isinstance(first, Blocking)
        assert isinstance(second, Blocking)
        assert first.clicked.wait(30)
        assert second.clicked.wait(30)
        first.release_click.set()
        eventually(lambda: len(factory.envs), 3)
        third = factory.envs[2]
        assert isinstance(third, Blocking)
        for one in (second, third):
            one.release_click.set()
        eventually(client.jobs, [])
        assert sorted(run["stop"] for run in client.runs()) == ["finished"] * 3


def test_a_closed_server_ends_its_run_which_can_be_resumed(tmp_path: Path) -> None:
    factory = FakeFactory(open_env=Blocking)
    with serving(tmp_path, factory) as client:
        client.add("Press Greet")
        eventually(lambda: bool(factory.envs), True)
        env = factory.envs[0]
        assert isinstance(env, Blocking)
        assert env.clicked.wait(30)
        with client.events(client.jobs()[0]["run"]) as messages:
            closing = threading.Thread(target=client.server.runner.close)
            closing.start()
            until(messages, "state", state="stopping")
            env.release_click.set()
            closing.join()
    factory = FakeFactory([DONE])
    with serving(tmp_path, factory) as client:
        [job] = client.jobs()
        assert (job["state"], job["recorded"]) == ("interrupted", True)
        assert client.post(f"/api/queue/{job['id']}/resume").status == 200
        eventually(client.jobs, [])
        [run] = client.runs()
        assert (run["id"], run["stop"], run["steps"]) == (job["run"], "finished", 2)
        events = read_run(next((tmp_path / "runs").iterdir())).events
        assert [event.event for event in events if event.event in ("started", "resumed")] == ["started", "resumed"]
        assert "click" in str([message.text for message in factory.models[0].asked[0]]), "the model sees what was done"


def test_two_servers_do_not_share_a_queue(tmp_path: Path) -> None:
    with serving(tmp_path), pytest.raises(BlockingIOError, match="is using it"):
        AppServer(FakeFactory(), tmp_path / "runs", tmp_path / "state")


def test_a_screen_that_cannot_be_opened_is_reported_and_can_be_tried_again(tmp_path: Path) -> None:
    class Absent(FakeEnv):
        def observe(self) -> NoReturn:
            raise EnvUnavailable("no screen: plug one in")

    screens: list[Env] = [Absent(), FakeEnv()]
    factory = FakeFactory(open_env=lambda: screens.pop(0))
    with serving(tmp_path, factory) as client:
        client.add()
        eventually(lambda: [job["state"] for job in client.jobs()], ["failed"])
        [job] = client.jobs()
        assert job["problem"] == "no screen: plug one in"
        assert [*(tmp_path / "runs").iterdir()] == [], "it leaves no folder"
        client.post(f"/api/queue/{job['id']}/retry")
        eventually(client.jobs, [])
        assert [run["stop"] for run in client.runs()] == ["finished"]


def test_a_bug_ends_one_run_and_not_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(messages: object) -> str:
        raise TypeError("a bug")

    with serving(tmp_path, FakeFactory(by_task={"broken": [broken]})) as client:
        client.add("broken")
        eventually(lambda: [job["state"] for job in client.jobs()], ["failed"])
        client.add("fine")
        eventually(lambda: [run["stop"] for run in client.runs()], ["finished", "interrupted"])
    assert "a bug" in caplog.text


def test_a_task_that_cannot_run_is_refused_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        answer = client.post("/api/queue", {"task": "x", "choices": {"model": "absent"}})
        assert (answer.status, answer.json["error"]) == (400, "there is no model 'absent'")
        assert client.post("/api/queue", {"task": "  ", "choices": {}}).json["error"] == "the task is empty"
        assert client.jobs() == []


def test_a_run_that_was_stopped_is_continued_from_the_history(tmp_path: Path) -> None:
    with serving(tmp_path, FakeFactory([press()])) as client:
        client.add()
        eventually(lambda: [run["stop"] for run in client.runs()], ["model_lost"])
        [run] = client.runs()
        client.server.runner.factory.replies = [DONE]  # type: ignore[attr-defined]
        assert client.post(f"/api/runs/{run['id']}/continue").status == 200
        eventually(lambda: [run["stop"] for run in client.runs()], ["finished"])
        eventually(client.jobs, [])
        assert client.post(f"/api/runs/{run['id']}/continue").json["error"] == "the run has finished"
        with client.events(run["id"]) as messages:
            assert until(messages, "note", text="interrupted; resumed after step 1")
