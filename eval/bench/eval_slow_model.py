"""Many episodes at once against one model that takes two seconds a reply: how far from the ideal.

    PYTHONPATH=tests/helpers .venv/bin/python eval/bench/eval_slow_model.py [--episodes N] [--reply SECONDS]

Each episode is ten presses of a button in a small GUI in memory, so that the time is the model's and the engine's. The
model is a double behind a real HTTP server on loopback, and counts how many it answers at once. Ideal is the time of
one episode's replies, since all of them run at once.
"""

import argparse
import json
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from screenwright import FakeEnv
from screenwright.agent.core.coordinates import Frame
from screenwright.agent.dialects.ui_tars import UiTars15
from screenwright.eval.core.settings import EvalSettings
from screenwright.eval.runner.evaluation import Evaluation

PRESSES = 10


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--episodes", type=int, default=64)
    options.add_argument("--reply", type=float, default=2.0, help="seconds a reply takes")
    given = options.parse_args()
    with SlowServer(given.reply) as server, tempfile.TemporaryDirectory() as folder:
        settings = EvalSettings(
            benchmark="toy",
            root=Path(folder),
            task=("press-and-end",),
            seeds=str(PRESSES - 1),
            trials=given.episodes,
            steps=PRESSES + 5,
            model=server.url,
            dialect="ui-tars-1.5",
            workers=given.episodes,
        )
        started = time.perf_counter()
        records = list(Evaluation.begin(settings, Path(folder) / "out").run())
        seconds = time.perf_counter() - started
    ideal = PRESSES * given.reply
    done = sum(record.done is True for record in records)
    print(f"{done} of {len(records)} done, {server.most} replies at once at most, {server.replies} in all")
    print(f"{seconds:.1f} s, ideal {ideal:.1f} s: {seconds / ideal:.2f} times")


class SlowServer(ThreadingHTTPServer):
    """An OpenAI-compatible server whose model presses Greet, after a while."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        env, dialect = FakeEnv(), UiTars15()
        at = Frame(env.size, dialect.image_rule.resize(env.size), dialect.space).to_model(env.where("Greet"))
        self.reply = f"Thought: press it.\nAction: click(start_box='({at.x:.0f},{at.y:.0f})')"
        self.seconds = seconds
        self.counting = threading.Lock()
        self.now = self.most = self.replies = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def think(self) -> None:
        """Take the time that a reply takes."""
        with self.counting:
            self.now, self.replies = self.now + 1, self.replies + 1
            self.most = max(self.most, self.now)
        time.sleep(self.seconds)
        with self.counting:
            self.now -= 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Its models."""
        self._answer("application/json", json.dumps({"object": "list", "data": [{"id": "slow", "object": "model"}]}))

    def do_POST(self) -> None:
        """A reply, in one piece of a stream."""
        self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, SlowServer)
        self.server.think()
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "slow"}
        choice = {"index": 0, "delta": {"role": "assistant", "content": self.server.reply}, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        lines = [json.dumps({**chunk, "choices": [one]}) for one in (choice, last)]
        self._answer("text/event-stream", "".join(f"data: {line}\n\n" for line in (*lines, "[DONE]")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        """Stay silent."""

    def _answer(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    main()
