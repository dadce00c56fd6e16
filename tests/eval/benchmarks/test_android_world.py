"""AndroidWorld's tasks, with doubles of its package and of the phone.

The double replaces `android_world`, which needs an emulator. Its tasks are scored by the state of the fake phone, which
the test writes into a file.
"""

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from adb_phone import AdbPhone, adb_phone
from other_python import python_with

from screenwright import Agent, FakeEnv, Result, ScriptedModel, StopReason, UiTars15, Usage
from screenwright.eval.benchmarks.android_world import AndroidWorld
from screenwright.eval.benchmarks.registry import benchmark_named
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.evaluation import EvalError, Evaluation

GREET = "Thought: Greet.\nAction: click(point='<point>74 58</point>')"
REGISTRY = '''
"""A double of AndroidWorld's registry: the calls that its own runner makes."""
import json, os, random, sys

def log(what):
    with open(os.environ["AW_STATE"] + ".log", "a") as file:
        file.write(what + "\\n")

class Task:
    complexity, start_on_home_screen = 0.3, True
    @classmethod
    def set_device_time(cls, env): pass
    @classmethod
    def generate_random_params(cls): return {"number": random.randrange(10**6)}
    def __init__(self, params): self.params = params
    @property
    def goal(self): return f"Press Greet for {self.params['number']}"
    def initialize_task(self, env):
        log(f"initialize {self.params['seed']}")
        env.interaction_cache = ""
    def is_successful(self, env):
        return 1.0 if json.load(open(os.environ["AW_STATE"]))["presses"] == 1 else 0.0
    def tear_down(self, env): log("tear down")

class Press(Task): pass
class Answer(Task):
    def is_successful(self, env): return float(env.interaction_cache == "42")
class Cursed(Task):
    def initialize_task(self, env): raise RuntimeError("the app is gone")

for kind in (Press, Answer, Cursed):
    kind.__module__ = "android_world.task_evals.single." + kind.__name__.lower()

class TaskRegistry:
    def get_registry(self, family):
        assert family == "android_world"
        return {"Press": Press, "Answer": Answer, "Cursed": Cursed}
'''
LAUNCHER = """
from android_world.registry import log

class Env:
    interaction_cache = "old"
    def reset(self, go_home): self.interaction_cache = ""; log(f"reset {go_home}")
    def hide_automation_ui(self): log("hide")
    def close(self): log("close")

def load_and_setup_env(console_port, adb_path="adb"):
    print("noise on standard output")
    log(f"port {console_port}, {adb_path}")
    return Env()
"""
MODULES = {"android_world.registry": REGISTRY, "android_world.env.env_launcher": LAUNCHER}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "state.json"
    path.write_text('{"presses": 0}')
    monkeypatch.setenv("AW_STATE", str(path))
    return path


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Generator[AdbPhone]:
    with adb_phone(FakeEnv()) as ((host, port), double):
        monkeypatch.setenv("ANDROID_ADB_SERVER_HOST", host)
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        yield double


def settings(tmp_path: Path, **more: object) -> EvalConfig:
    given: dict[str, object] = {"benchmark": "androidworld", "agent": "null", "workers": 0, "retries": 0}
    given["pass_env"] = ["AW_STATE"]
    if "python" not in more:
        given["python"] = python_with(MODULES, tmp_path)
    return EvalConfig.from_flat(given | more)


def test_a_task_is_set_up_and_scored_by_android_world(tmp_path: Path, state: Path, phone: AdbPhone) -> None:
    benchmark = AndroidWorld().configured(settings(tmp_path, option=("adb_path=/sdk/adb",)))
    answer, cursed, press = benchmark.tasks()
    assert [(task.name, task.category) for task in (answer, cursed, press)] == [
        ("Answer", "answer"), ("Cursed", "cursed"), ("Press", "press"),
    ]  # fmt: skip
    assert benchmark.version.startswith("3 tasks ")
    with press.set_up(1) as instance:
        assert (instance.instruction.startswith("Press Greet for "), instance.steps) == (True, 3)
        model = ScriptedModel([GREET, "Action: finished()"])
        result = Agent(model, dialect=UiTars15()).run(instance.instruction, instance.env)
        state.write_text(json.dumps({"presses": phone.env.state.presses}))
        outcome = instance.judge(result)
    assert (outcome.done, outcome.score, outcome.found) == (True, 1.0, "AndroidWorld gives 1")
    with press.set_up(1) as instance:  # done, but the agent did not finish
        unfinished = instance.judge(Result(StopReason.STEP_LIMIT, "", "", 3, Usage(), 1.0))
        assert (unfinished.done, unfinished.found) == (False, "AndroidWorld gives 0, since the agent did not finish")
    with answer.set_up(0) as instance:
        assert instance.judge(Result(StopReason.FINISHED, "42", "", 1, Usage(), 1.0)).done
    with pytest.raises(TaskError, match="AndroidWorld: RuntimeError: the app is gone"), cursed.set_up(0):
        pass
    benchmark.close()
    benchmark.close()
    log = Path(f"{state}.log").read_text().splitlines()
    assert log[:5] == ["port 5554, /sdk/adb", "initialize 1002490543", "reset True", "hide", "tear down"]
    assert log[-1] == "close"


@pytest.mark.slow
def test_each_task_has_its_own_step_budget(tmp_path: Path, state: Path, phone: AdbPhone) -> None:
    chosen = settings(tmp_path, agent="random", task=("Press", "Cursed"))
    records = {record.id.task: record for record in Evaluation.create(chosen, tmp_path / "out").run()}
    press = records["Press"]
    assert (press.done, press.score, press.steps, press.stop) == (False, 0.0, 3, "step_limit")
    assert press.env["kind"] == "android"
    assert records["Cursed"].done is None
    shorter = settings(tmp_path, agent="random", task=("Press",), steps=2)
    (record,) = Evaluation.create(shorter, tmp_path / "shorter").run()
    assert record.steps == 2


def test_missing_parts_are_reported(tmp_path: Path, state: Path) -> None:
    with pytest.raises(ValueError, match="google-research/android_world"):
        Evaluation.create(settings(tmp_path, python=None), tmp_path / "out")
    with pytest.raises(ValueError, match="--workers 1"):
        Evaluation.create(settings(tmp_path, workers=2), tmp_path / "out")
    with pytest.raises(ValueError, match="leave out --root"):
        benchmark_named("androidworld", tmp_path)
    bare = python_with({"android_world.nothing": ""}, tmp_path / "bare")
    with pytest.raises((TaskError, EvalError), match=r"lacks android_world\.registry: .*make an environment"):
        list(Evaluation.create(settings(tmp_path, python=bare), tmp_path / "out").run())
