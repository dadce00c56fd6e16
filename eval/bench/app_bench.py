"""The web application: the history of many runs, and what viewers of a run cost it.

    python eval/bench/app_bench.py [--runs 1000] [--viewers 20] [--steps 40] [--think 0.5]

History: runs of ten steps, copied with other tasks and times; the time of the first page with an empty index, until all
are read, and of pages and searches after that. Viewers: the same run with and without viewers, in alternation; each
follows the events and loads each screenshot and its thumbnail, from another process. Reports the ratio of the median
seconds of a step, and the milliseconds from the event of a capture until a viewer has its picture.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from screenwright import Agent, FakeEnv, Limits, ScriptedModel, UiTars15, read_run
from screenwright.agent.guard.approval import Approver
from screenwright.agent.record.events import Observed, Stepped
from screenwright.agent.record.html import Json
from screenwright.app.history import RunHistory, Search
from screenwright.app.queue import QueuedTask
from screenwright.app.runner import Prepared
from screenwright.app.server import AppServer
from screenwright.envs.geometry import Size
from screenwright.testing import eventually

ROUNDS = 3


class BenchFactory:
    """Tasks that click without end on a fake screen of 1280x720, with a model that takes `think_s`."""

    def __init__(self, steps: int, think_s: float) -> None:
        self._steps, self._think_s = steps, think_s

    def options(self) -> Json:
        """Nothing can be chosen."""
        return {}

    def check(self, choices: Mapping[str, str]) -> None:
        """Everything is allowed."""

    def name(self, task: str) -> str:
        """The same for all tasks."""
        return "bench"

    def prepare(self, job: QueuedTask, folder: Path, approver: Approver, report: Callable[[str], object]) -> Prepared:
        """See `RunFactory`."""
        env = FakeEnv(Size(1280, 720))
        places = [env.where(name) for name in ("Greet", "Name")]
        numbers = iter(range(10**9))

        def reply(_messages: object) -> str:
            time.sleep(self._think_s)
            place = places[next(numbers) % 2]
            return f"Thought: I press it again.\nAction: click(start_box='({place.x:.0f},{place.y:.0f})')"

        return Prepared(Agent(ScriptedModel(reply), dialect=UiTars15(), limits=Limits(steps=self._steps)), env)


def history(runs: int, folder: Path) -> Iterator[tuple[str, float]]:
    """Names and seconds."""
    template = folder / "template"
    prepared = BenchFactory(10, 0).prepare(QueuedTask("", ""), template, None, print)  # type: ignore[arg-type]
    prepared.agent.run("a task", prepared.env, out=template)
    first, *lines = (template / "events.jsonl").read_bytes().splitlines(keepends=True)
    started = json.loads(first)
    for number in range(runs):
        run = folder / "runs" / f"{number:05}"
        run.mkdir(parents=True)
        changed = started | {
            "task": f"task {number}",
            "time": f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000+00:00",
        }
        head = json.dumps(changed, separators=(",", ":")).encode() + b"\n"
        (run / "events.jsonl").write_bytes(head + b"".join(lines))
    index = RunHistory(folder / "runs", folder / "index.sqlite")
    begin = time.perf_counter()
    found = index.search(Search())
    yield "first page, empty index", time.perf_counter() - begin
    while found["unread"]:
        found = index.search(Search())
    yield "all runs in the index", time.perf_counter() - begin
    index.close()
    index = RunHistory(folder / "runs", folder / "index.sqlite")
    for name, search in (
        ("first page", Search()),
        ("word in a thought", Search(text="again")),
        ("word in a task", Search(text=f"{runs - 1}")),
        ("outcome", Search(stop="step_limit")),
        ("last page", Search(start=runs - 10)),
    ):
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            index.search(search)
            times.append(time.perf_counter() - begin)
        yield name, statistics.median(times)
    index.close()


def viewers_cost(viewers: int, steps: int, think_s: float, folder: Path) -> None:
    """Print the seconds of a step with and without viewers."""
    alone, watched, delays = list[float](), list[float](), list[float]()
    for number in range(2 * ROUNDS):
        is_watched = bool(number % 2)
        place = folder / str(number)
        with AppServer(BenchFactory(steps, think_s), place / "runs", place / "state") as server:
            run = _start(server)
            command = [sys.executable, __file__, "--watch", server.url, run, str(viewers)]
            watching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True) if is_watched else None
            eventually(lambda: server.runner.queue.jobs, (), 600)
            events = read_run(next((place / "runs").iterdir())).events
            taken = [event.total_s for event in events if isinstance(event, Stepped)][steps // 4 :]
            (watched if is_watched else alone).append(statistics.median(taken))
            if watching is not None:
                delays += json.loads(watching.communicate()[0])
            assert len([event for event in events if isinstance(event, Observed)]) == steps
    one, many = statistics.median(alone), statistics.median(watched)
    print(f"a step: {1000 * one:.1f} ms alone, {1000 * many:.1f} ms with {viewers} viewers; ratio {many / one:.3f}")
    median, most = statistics.median(delays), sorted(delays)[int(0.95 * len(delays))]
    print(f"picture after its event: median {1000 * median:.0f} ms, 95 % {1000 * most:.0f} ms")


def _start(server: AppServer) -> str:
    server.runner.queue.add("a task", {})
    eventually(lambda: bool(server.runner.live), True)
    return next(iter(server.runner.live))


def watch(url: str, run: str, viewers: int) -> None:
    """Follow the run like so many browsers; print the seconds from each event to its picture as JSON."""
    address, _, secret = url.removeprefix("http://").partition("/#")
    login = http.client.HTTPConnection(address)
    headers = {"Content-Type": "application/json", "Origin": f"http://{address}"}
    login.request("POST", "/api/login", json.dumps({"secret": secret}), headers)
    cookie = {"Cookie": login.getresponse().headers["Set-Cookie"].partition(";")[0]}
    delays = list[float]()

    def follow() -> None:
        stream, pictures = http.client.HTTPConnection(address), http.client.HTTPConnection(address)
        stream.request("GET", f"/api/runs/{run}/events", headers=cookie)
        for line in stream.getresponse():
            if line.startswith(b"data: ") and b'"kind":"observed"' in line:
                begin = time.perf_counter()
                image = json.loads(line[6:])["image"]
                for path in (f"images/{image}.png", f"thumbs/{image}.webp"):
                    pictures.request("GET", f"/api/runs/{run}/{path}", headers=cookie)
                    pictures.getresponse().read()
                    if path.startswith("images"):
                        delays.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=follow) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(delays))


def main() -> None:
    """Run both parts, or watch a run for the second one."""
    if sys.argv[1:2] == ["--watch"]:
        watch(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--think", type=float, default=0.5, help="seconds that the model takes")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in history(args.runs, Path(folder)):
            print(f"{args.runs} runs, {name}: {1000 * seconds:.0f} ms", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        viewers_cost(args.viewers, args.steps, args.think, Path(folder))


if __name__ == "__main__":
    main()
