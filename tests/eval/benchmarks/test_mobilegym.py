"""MobileGym's tasks, with doubles of its `bench_env` and of the phone's screen."""

import base64
import json
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from other_python import python_with

from screenwright import (
    ActionRefused,
    Agent,
    Click,
    Drag,
    EnvLost,
    FakeEnv,
    Limits,
    ScreenPoint,
    ScriptedModel,
    Size,
    Type,
    UiTars15,
)
from screenwright.envs.actions import (
    Action,
    Back,
    Button,
    Direction,
    Home,
    Hotkey,
    LongPress,
    Navigate,
    OpenApp,
    Scroll,
    Wait,
)
from screenwright.eval.benchmarks.mobilegym import MobileGym, MobileGymEnv
from screenwright.eval.benchmarks.mobilegym.env import phone_actions_of
from screenwright.eval.benchmarks.registry import benchmark_for, benchmark_named
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.evaluation import Evaluation

TASKS = '''
"""A double of MobileGym's task registry: the calls of its own runner."""

class Task:
    difficulty, suite, apps, parameters = "L1", "notes", ["notes"], {}
    def __init__(self, name, seed, instance):
        self.id = f"notes.{name}" + (f"_i{instance}" if instance is not None else "")
        self.description = f"Tap three times (variant {seed})" if name == "Tap" else "Say 42"

def load_tasks(suite=None, sample_n=None, seed=None):
    assert suite in (None, "notes")
    found = [Task("Ask", seed, None)]
    for one in range(sample_n or 1):
        found.append(Task("Tap", f"{seed}/{one}", one if (sample_n or 1) > 1 else None))
    return found
'''
BASE = """
import base64, enum, dataclasses
from bench_env.picture import PICTURE

class ActionType(str, enum.Enum):
    CLICK = "CLICK"
    ANSWER = "ANSWER"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"

@dataclasses.dataclass
class Action:
    action_type: ActionType
    data: dict

@dataclasses.dataclass(frozen=True)
class Observation:
    state: dict = dataclasses.field(default_factory=dict)
    def get_screenshot_bytes(self): return base64.b64decode(PICTURE)

@dataclasses.dataclass
class StepResult:
    observation: Observation
"""
RUNNER = """
import dataclasses

class Controller:
    @staticmethod
    async def setup(env, task, eval_mode):
        print("noise on standard output")
        if "Tap" in task.id and task.description.endswith("/2)"):
            raise RuntimeError("the phone is gone")
        await env.reset()
        return (await env.look()), {}

@dataclasses.dataclass
class ExecutionResult:
    steps: int; trace: list; runtime_s: float; finished: bool; truncated: bool
    stop_reason: str; agent_message: str; agent_answer: str

@dataclasses.dataclass
class Judged:
    success: bool; clean: bool

class Evaluator:
    def __init__(self, judge_mode, eval_mode): assert (judge_mode, eval_mode) == ("state", "grounded")
    async def evaluate(self, task, first, last, ended):
        right = ended.agent_answer == "42" if "Ask" in task.id else last.state["taps"] == 3
        return Judged(right, not last.state["other"])

@dataclasses.dataclass
class EpisodeResult:
    task_id: str; task_name: str; suite: str; execution: object; judge: object; apps: list
    answer_completion_accepted: bool
    error = None
    goal_success = property(lambda self: self.judge.success)
    no_unexpected_changes = property(lambda self: self.judge.clean)
    progress = property(lambda self: float(self.judge.success))
    goal_mismatches = property(lambda self: [
        {"field": "taps", "expected": 3, "actual": "?", "passed": self.judge.success}])
    unexpected_changes = property(lambda self: [] if self.judge.clean else [{"field": "apps.sms"}])
    @property
    def success(self):
        ended = self.execution.stop_reason == "COMPLETE" or self.answer_completion_accepted
        return ended and self.judge.success and self.judge.clean

def _accept_answer_completion(task, ended, judged): return False
"""
PHONE = """
from bench_env.env.base import Observation, StepResult

class MobileGymEnv:
    def __init__(self, url, headless, coord_space, **options):
        assert (url, headless, coord_space) == ("http://127.0.0.1:1", True, "physical")
        self.agent_message = self.agent_answer = None
    async def start(self): pass
    async def close(self): pass
    async def reset(self): self.taps, self.other, self.agent_answer = 0, False, None
    async def look(self): return Observation()
    async def get_state(self, required_apps): return {"taps": self.taps, "other": self.other}
    async def step(self, action):
        match action.action_type.value:
            case "CLICK" if action.data["point"][1] < 10: self.other = True
            case "CLICK": self.taps += 1
            case "ANSWER": self.agent_answer = action.data["value"]
        return StepResult(Observation())
"""
CONFIG = """
class RunnerConfig:
    def __init__(self, agent, model_name): pass
    def get_max_steps(self, task): return 15
"""
SPLITS = 'def resolve_split(name): return {"notes.Tap", "notes.Ask"} if name == "test" else {"notes.Gone"}'


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A Python, and a checkout with a double of `bench_env`."""
    folder = tmp_path_factory.mktemp("mobilegym")
    picture = base64.b64encode(FakeEnv().observe().screenshot.png).decode()
    modules = {
        "bench_env.picture": f"PICTURE = {picture!r}",
        "bench_env.runner.base": RUNNER,
        "bench_env.env.base": BASE,
        "bench_env.env.mobile_gym": PHONE,
        "bench_env.config": CONFIG,
        "bench_env.splits": SPLITS,
    }
    python = python_with({**modules, "bench_env.task.suites": ""}, folder)
    root = folder / "site"
    (root / "bench_env" / "task" / "__init__.py").write_text(TASKS)
    return python, root


@pytest.fixture
def benchmark(other: tuple[Path, Path]) -> Generator[MobileGym]:
    python, root = other
    settings = EvalConfig.of(benchmark="mobilegym", root=root, python=python, option=("url=http://127.0.0.1:1",))
    made = benchmark_for(settings)
    assert isinstance(made, MobileGym)
    yield made
    made.close()


def tap(times: int, y: int = 58) -> list[str]:
    return [f"Action: click(point='<point>74 {y}</point>')"] * times


def run(benchmark: MobileGym, name: str, *replies: str, seed: int = 0) -> tuple[bool, str]:
    (task,) = (task for task in benchmark.tasks() if task.name == name)
    with task.set_up(seed) as instance:
        limits = Limits(steps=len(replies))
        agent = Agent(model=ScriptedModel([*replies]), dialect=UiTars15(), limits=limits)
        result = agent.run(instance.instruction, instance.env)
        outcome = instance.judge(result)
    return outcome.done, outcome.found


FINISHED = "Action: finished(content='42')"


@pytest.mark.slow
def test_the_state_of_the_phone_decides_and_only_after_a_finish(benchmark: MobileGym) -> None:
    assert run(benchmark, "notes.Tap", *tap(3), FINISHED) == (True, "the goal is reached, and nothing else has changed")
    assert run(benchmark, "notes.Tap", *tap(2), FINISHED) == (False, "not reached: taps is '?' instead of 3")
    assert run(benchmark, "notes.Tap", *tap(3)) == (False, "the agent did not finish")
    assert run(benchmark, "notes.Tap", *tap(3), *tap(1, y=5), FINISHED) == (False, "also changed: apps.sms")
    assert run(benchmark, "notes.Ask", FINISHED)[0]
    with pytest.raises(TaskError, match="has only 1 variants"):
        run(benchmark, "notes.Ask", FINISHED, seed=1)
    with pytest.raises(TaskError, match="the phone is gone"):
        run(benchmark, "notes.Tap", seed=2)


@pytest.mark.slow
def test_an_evaluation_runs_the_split_with_the_commit_in_its_version(other: tuple[Path, Path], tmp_path: Path) -> None:
    python, root = other
    settings = EvalConfig.of(
        benchmark="mobilegym",
        root=root,
        python=python,
        option=("url=http://127.0.0.1:1",),
        agent="null",
        workers=0,
    )
    evaluation = Evaluation.create(settings, tmp_path / "out")
    records = list(evaluation.run())
    assert {(record.id.task, record.category, record.done) for record in records} == {
        ("notes.Tap", "L1", False),
        ("notes.Ask", "L1", False),
    }
    assert "2 tasks" in evaluation.manifest.benchmark


@pytest.mark.slow
def test_a_folder_that_is_no_checkout_and_a_split_that_is_wrong_are_named(
    other: tuple[Path, Path], tmp_path: Path
) -> None:
    python, root = other
    for folder, option, message in (
        (tmp_path, "split=test", "is not a checkout of MobileGym"),
        (root, "split=mine", "names notes.Gone, which is not a task"),
    ):
        settings = EvalConfig.of(benchmark="mobilegym", root=folder, python=python, option=(option,))
        with pytest.raises(TaskError, match=message):
            benchmark_for(settings).tasks()


@pytest.mark.parametrize("option", ["speed=3", "drag=fast"])
def test_unknown_options_are_refused(tmp_path: Path, option: str) -> None:
    python = Path(str(shutil.which("python3")))
    settings = EvalConfig.of(benchmark="mobilegym", root=tmp_path, python=python, option=(option,))
    with pytest.raises(ValueError, match=option.partition("=")[0]):
        benchmark_for(settings)


def test_it_says_how_to_get_its_python(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pip install -r mobilegym/bench_env/requirements\.txt"):
        benchmark_for(EvalConfig.of(benchmark="mobilegym", root=tmp_path))
    assert "github.com/Purewhiter/mobilegym" in str(benchmark_named("mobilegym", tmp_path).__doc__)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Click(ScreenPoint(10.6, 20)), [("CLICK", {"point": [10, 20]})]),
        (Click(ScreenPoint(10, 20), count=2), [("DOUBLE_TAP", {"point": [10, 20]})]),
        (LongPress(ScreenPoint(10, 20), 1.2), [("LONG_PRESS", {"point": [10, 20], "duration": 1200})]),
        (Type("Hello", submit=True), [("TYPE", {"value": "Hello"}), ("ENTER", {})]),
        (Hotkey(("enter",)), [("ENTER", {})]),
        (Hotkey(("recents",)), [("RECENT", {})]),
        (Back(), [("BACK", {})]),
        (Home(), [("HOME", {})]),
        (OpenApp("微信"), [("AWAKE", {"value": "微信"})]),
        (Wait(2.0), [("WAIT", {"value": 2.0})]),
        (
            Drag((ScreenPoint(1, 2), ScreenPoint(5, 5), ScreenPoint(3, 4))),
            [("SWIPE", {"point1": [1, 2], "point2": [3, 4]})],
        ),
        (Scroll(Direction.DOWN, 4), [("SWIPE", {"point1": [540, 1680], "point2": [540, 720]})]),
    ],
)
def test_actions_become_those_of_the_phone(action: Action, expected: object) -> None:
    assert list(phone_actions_of(action, Size(1080, 2400))) == expected


def test_a_drag_can_begin_with_a_long_press() -> None:
    (step,) = phone_actions_of(Drag((ScreenPoint(1, 2), ScreenPoint(3, 4))), Size(1080, 2400), hold=True)
    assert step[0] == "DRAG"


@pytest.mark.parametrize(
    "action", [Click(ScreenPoint(1, 1), Button.RIGHT), Hotkey(("ctrl", "c")), Navigate("https://example.org")]
)
def test_what_the_phone_cannot_do_is_refused(action: Action) -> None:
    with pytest.raises(ActionRefused, match="has no action for this"):
        phone_actions_of(action, Size(1080, 2400))


class LostClient:
    """MobileGym's process after its end."""

    def request(self, message: object, timeout_s: float) -> dict[str, object]:
        raise TaskError("mg/bin/python has ended")


def test_the_end_of_its_process_is_a_lost_screen() -> None:
    png = base64.b64encode(FakeEnv().observe().screenshot.png).decode()
    env = MobileGymEnv(LostClient(), json.loads(json.dumps({"screenshot": png})))
    with pytest.raises(EnvLost, match="has ended"):
        env.execute(Click(ScreenPoint(1, 1)))
