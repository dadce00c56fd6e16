"""Many parallel episodes against one model that takes two seconds per reply, compared with the ideal time.

    PYTHONPATH=tests/helpers .venv/bin/python eval/bench/eval_slow_model.py [--episodes N] [--reply SECONDS]

Each episode is ten clicks on a button of an in-memory GUI, so the time is that of the model and the runner. The model
is a scripted double behind a real HTTP server on loopback, which counts concurrent requests. The ideal is the time of
one episode's replies, since all episodes run in parallel.
"""

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

from screenwright import FakeEnv
from screenwright.agent.core.coordinates import Frame
from screenwright.agent.dialects.ui_tars import UiTars15
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer
from screenwright.eval.runner.evaluation import Evaluation

PRESSES = 10


def main() -> None:
    """Measure and print the results."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--episodes", type=int, default=64)
    options.add_argument("--reply", type=float, default=2.0, help="seconds a reply takes")
    given = options.parse_args()
    with SlowServer(given.reply) as server, tempfile.TemporaryDirectory() as folder:
        settings = EvalConfig.of(
            benchmark="toy",
            root=Path(folder),
            task=("press-and-end",),
            seeds=str(PRESSES - 1),
            trials=given.episodes,
            steps=PRESSES + 5,
            model=server.url,
            calibrate=False,
            dialect="ui-tars-1.5",
            workers=given.episodes,
        )
        started = time.perf_counter()
        records = list(Evaluation.create(settings, Path(folder) / "out").run())
        seconds = time.perf_counter() - started
    ideal = PRESSES * given.reply
    done = sum(record.done is True for record in records)
    print(f"{done} of {len(records)} done, {server.most_active} replies at once at most, {server.replies} in all")
    print(f"{seconds:.1f} s, ideal {ideal:.1f} s: {seconds / ideal:.2f} times")


class SlowServer:
    """An OpenAI-compatible server whose model clicks Greet after `seconds`; counts its replies."""

    def __init__(self, seconds: float) -> None:
        env, dialect = FakeEnv(), UiTars15()
        at = Frame(env.size, dialect.image_rule.resize(env.size), dialect.space).to_model(env.where("Greet"))
        self.reply = f"Thought: press it.\nAction: click(start_box='({at.x:.0f},{at.y:.0f})')"
        self.seconds = seconds
        self.active = self.most_active = self.replies = 0
        self._lock = threading.Lock()
        self._server = LocalServer(self._respond)
        self.url = f"{self._server.url}/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            return HttpResponse.of_json({"object": "list", "data": [{"id": "slow", "object": "model"}]})
        self._think()
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "slow"}
        choice = {"index": 0, "delta": {"role": "assistant", "content": self.reply}, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        lines = [json.dumps({**chunk, "choices": [one]}) for one in (choice, last)]
        return HttpResponse("".join(f"data: {line}\n\n" for line in (*lines, "[DONE]")).encode(), "text/event-stream")

    def _think(self) -> None:
        with self._lock:
            self.active, self.replies = self.active + 1, self.replies + 1
            self.most_active = max(self.most_active, self.active)
        time.sleep(self.seconds)
        with self._lock:
            self.active -= 1


if __name__ == "__main__":
    main()
