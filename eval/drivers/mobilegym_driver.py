"""MobileGym's side of the benchmark `mobilegym`. Runs in an environment of its own, without Screenwright.

The first argument is a JSON object: `root` (the checkout), `url` (of its preview server; null starts one), `split`,
`suite_seed`, `delay_s`, `system_chromium`. `{"list": true}` answers with the names and difficulties of the tasks and
the commit. `{"task": NAME, "seed": N}` sets a task up and answers with its goal, step budget and screenshot. `{"act":
[[TYPE, DATA], ...]}` executes actions of MobileGym and answers with a screenshot. `{"end": "COMPLETE" or "ABORT" or
null, "answer": TEXT}` answers with the judgement.
"""

import asyncio
import base64
import dataclasses
import importlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from driver_loop import CannotStart, NotInstalled, serve
from system_chromium import use_system_chromium

T = TypeVar("T")

GROUNDED = "grounded"
"""MobileGym's default protocol: questions are answered in the phone's app AnswerSheet."""

_SERVER_START_S = 30.0


class MobileGymDriver:
    """MobileGym's environment, started at the first task, and the current task."""

    def __init__(self, options: "dict[str, Any]") -> None:
        self._root = Path(options["root"]).resolve()
        self._options = options
        if not (self._root / "bench_env" / "task").is_dir():
            raise CannotStart(f"{self._root} is not a checkout of MobileGym: it has no bench_env/task")
        sys.path.insert(0, str(self._root))
        try:
            self._registry = importlib.import_module("bench_env.task")
            self._runner = importlib.import_module("bench_env.runner.base")
            self._base = importlib.import_module("bench_env.env.base")
        except ImportError as error:
            raise NotInstalled(error.name or "bench_env") from error
        self._loop = asyncio.new_event_loop()
        self._server: subprocess.Popen[bytes] | None = None
        self._env: Any = None
        self._task: Any = None
        self._first: Any = None
        self._last: Any = None
        self._acted = 0

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """List the tasks, set one up, act, or judge the current one."""
        if "list" in request:
            return self.listed()
        if "task" in request:
            return self.set_up(request["task"], request["seed"])
        if "act" in request:
            return self.act(request["act"])
        return self.judge(request["end"], request["answer"])

    def listed(self) -> "dict[str, Any]":
        """The tasks of the split with their difficulties, and the commit of the checkout."""
        split = importlib.import_module("bench_env.splits").resolve_split(self._options["split"])
        tasks = {task.id: task.difficulty for task in self._registry.load_tasks()}
        if missing := sorted(split - tasks.keys()):
            raise ValueError(f"the split {self._options['split']} names {missing[0]}, which is not a task")
        return {"tasks": [[name, tasks[name]] for name in sorted(split)], "commit": self._commit()}

    def set_up(self, name: str, number: int) -> "dict[str, Any]":
        """Set up the variant `number` of a task, as MobileGym's own runner does for that instance and seed."""
        suite, seed = name.partition(".")[0], self._options["suite_seed"]
        variants = [
            task
            for task in self._registry.load_tasks(suite=suite, sample_n=number + 1, seed=seed)
            if task.id.rpartition("_i")[0] == name or task.id == name
        ]
        if number >= len(variants):
            raise ValueError(f"{name} has only {len(variants)} variants: leave out the seed {number}")
        self._task = variants[number]
        controller = self._runner.Controller
        self._first, _ = self._wait(controller.setup(self._opened(), self._task, eval_mode=GROUNDED))
        self._last, self._acted = self._first, 0
        config = importlib.import_module("bench_env.config").RunnerConfig(agent="", model_name="")
        return {"goal": self._task.description, "steps": config.get_max_steps(self._task), **self._seen()}

    def act(self, steps: "list[list[Any]]") -> "dict[str, Any]":
        """Execute actions of MobileGym, which pauses after each."""
        for kind, data in steps:
            action = self._base.Action(self._base.ActionType(kind), data)
            self._last = self._wait(self._env.step(action)).observation
            self._acted += 1
        return self._seen()

    def judge(self, end: "str | None", answer: str) -> "dict[str, Any]":
        """The judgement of MobileGym's own evaluator on the state of the phone; `end` is None after a limit."""
        if answer:
            self.act([["ANSWER", {"value": answer}]])
        if end:
            self.act([[end, {"return" if end == "COMPLETE" else "value": answer}]])
        state = self._wait(self._env.get_state(required_apps=list(self._task.apps) or None))
        last = dataclasses.replace(self._last, state=state)
        ended = self._runner.ExecutionResult(
            steps=self._acted, trace=[], runtime_s=0.0, finished=bool(end), truncated=not end,
            stop_reason=self._base.ActionType(end) if end else "MAX_STEPS",
            agent_message=self._env.agent_message, agent_answer=self._env.agent_answer,
        )  # fmt: skip
        evaluator = self._runner.Evaluator(judge_mode="state", eval_mode=GROUNDED)
        judged = self._wait(evaluator.evaluate(self._task, self._first, last, ended))
        result = self._runner.EpisodeResult(
            task_id=self._task.id, task_name=self._task.description, suite=self._task.suite, execution=ended,
            judge=judged, apps=list(self._task.apps),
            answer_completion_accepted=self._runner._accept_answer_completion(self._task, ended, judged),
        )  # fmt: skip
        return {
            "done": bool(result.success), "goal": bool(result.goal_success), "progress": float(result.progress),
            "clean": bool(result.no_unexpected_changes), "judge_error": result.error or "",
            "failed": [_check(check) for check in result.goal_mismatches if not check.get("passed")],
            "changed": [str(change.get("field")) for change in result.unexpected_changes],
        }  # fmt: skip

    def close(self) -> None:
        """Close the browser and the server."""
        env, self._env = self._env, None
        if env is not None:
            self._wait(env.close())
        self._loop.close()
        server, self._server = self._server, None
        if server is not None:
            server.terminate()
            server.wait()

    def _opened(self) -> Any:
        if self._env is None:
            if self._options["system_chromium"]:
                use_system_chromium("playwright.async_api")
            module = importlib.import_module("bench_env.env.mobile_gym")
            env = module.MobileGymEnv(
                url=self._options["url"] or self._serve(), headless=True, coord_space="physical",
                delay_after_action=self._options["delay_s"], verbose=False, viewport_size=(360, 800),
                physical_size=(1080, 2400), device_scale_factor=3,
            )  # fmt: skip
            self._wait(env.start())
            self._env = env
        return self._env

    def _serve(self) -> str:
        """The address of a new preview server of the checkout."""
        vite = self._root / "node_modules" / "vite" / "bin" / "vite.js"
        node = shutil.which("node")
        if node is None or not vite.is_file() or not (self._root / "dist").is_dir():
            raise RuntimeError(
                f"{self._root} is not built: run npm install and npm run build there, with Node 22 or later"
            )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [node, str(vite), "preview", "--host", "127.0.0.1", "--port", str(port), "--strictPort"]
        self._server = subprocess.Popen(
            command, cwd=self._root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + _SERVER_START_S
        while self._server.poll() is None and time.monotonic() < until:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return url
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the preview server of {self._root} does not start: run npm run preview there to see why")

    def _seen(self) -> "dict[str, Any]":
        return {"screenshot": base64.b64encode(self._last.get_screenshot_bytes()).decode()}

    def _commit(self) -> str:
        git = shutil.which("git")
        if git is None:
            return ""
        command = [git, "-C", str(self._root), "rev-parse", "--short=12", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    def _wait(self, awaited: "Awaitable[T]") -> T:
        return self._loop.run_until_complete(awaited)


def _check(check: "dict[str, Any]") -> str:
    """A check that failed, in words."""
    if "reason" in check:
        return str(check["reason"])
    return f"{check.get('field')} is {check.get('actual')!r} instead of {check.get('expected')!r}"


if __name__ == "__main__":
    serve("MobileGym", MobileGymDriver)
