"""Benchmarks through BrowserGym, with doubles of its packages that act on the fake GUI.

`eval/bench/miniwob_through_browsergym.py` compares with the real BrowserGym.
"""

import stat
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from gym_page import GymPage

from screenwright import (
    ActionRefused,
    Agent,
    Click,
    Direction,
    Drag,
    EnvLost,
    FakeEnv,
    ScreenPoint,
    ScriptedModel,
    Scroll,
    UiTars15,
)
from screenwright.envs.actions import Navigate
from screenwright.eval.benchmarks.browsergym.benchmark import BrowserGym
from screenwright.eval.benchmarks.browsergym.env import BrowserGymEnv
from screenwright.eval.benchmarks.registry import benchmark_for, benchmark_named
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.evaluation import Evaluation
from screenwright.testing import EnvContract, Stage

GYMNASIUM = """
from gym_page import GymPage
from PIL import Image
import io
registry = {}

class Pixels:
    # what Pillow needs of a NumPy array
    def __init__(self, png):
        image = Image.open(io.BytesIO(png))
        self.tobytes = image.tobytes
        shape = (image.height, image.width, 3)
        self.__array_interface__ = {"shape": shape, "typestr": "|u1", "strides": (1,), "version": 3}

class Env:
    def __init__(self, name, options):
        assert options["headless"] is True
        self.name, self.mapping = name, options["action_mapping"]

    def reset(self, seed):
        print("noise on standard output")
        if self.name.endswith("cursed"):
            raise RuntimeError("the shop is closed")
        self.page, self.seed = GymPage(wanted=seed + 2), seed
        return self.seen(""), {}

    def seen(self, failed):
        image = [{"type": "image_url", "image_url": "x"}] if self.name.endswith("image") else []
        shot = Pixels(self.page.env.observe().screenshot.png)
        goal = [{"type": "text", "text": f"Press Greet {self.seed + 2} times"}]
        return {"screenshot": shot, "url": "http://fake/", "goal_object": goal + image, "last_action_error": failed}

    def step(self, action):
        failed = self.page.step(self.mapping(action))
        reward, self.page.reward = self.page.reward, 0.0
        return self.seen(failed), reward, self.page.over, False, {}

    def close(self):
        pass

def make(name, **options):
    return Env(name, options)
"""
WEBARENA = """
import gymnasium
gymnasium.registry |= {f"browsergym/webarena.{name}": None for name in ("0", "cursed", "image")}
gymnasium.registry["browsergym/openended"] = None
"""
HIGHLEVEL = """
class HighLevelActionSet:
    def __init__(self, subsets, strict, multiaction):
        assert "coord" in subsets and multiaction
    def to_python_code(self, action):
        return action
"""


class GymStage:
    nothing = ScreenPoint(500, 400)

    def __init__(self) -> None:
        self.page = GymPage()
        self.env = BrowserGymEnv(self.page, self.page.answer())
        self.button, self.field = self.page.env.where("Greet"), self.page.env.where("Name")

    def presses(self) -> int:
        return self.page.env.state.presses

    def text(self) -> str:
        return self.page.env.state.text

    def submissions(self) -> int:
        return self.page.env.state.submissions

    def new_env(self) -> BrowserGymEnv:
        page = GymPage()
        return BrowserGymEnv(page, page.answer())


class TestBrowserGymEnv(EnvContract):
    @pytest.fixture
    def stage(self) -> Stage:
        return GymStage()


def test_the_wheel_and_a_drag_move_a_list() -> None:
    stage = GymStage()
    at = stage.page.env.where("Cherry")
    stage.env.execute(Scroll(Direction.DOWN, 3, at))
    assert stage.page.env.state.scrolled == 3
    stage.env.execute(Drag((at, ScreenPoint(at.x, at.y + 22))))
    assert stage.page.env.state.scrolled == 2


def test_an_error_in_browsergym_refuses_the_action() -> None:
    with pytest.raises(ActionRefused, match=r"ERR_NAME_NOT_RESOLVED at https://example.org"):
        GymStage().env.execute(Navigate("example.org"))


def test_actions_after_the_end_are_refused() -> None:
    page = GymPage(wanted=1)
    env = BrowserGymEnv(page, page.answer())
    env.execute(Click(page.env.where("Greet")))
    assert (env.is_over, env.reward) == (True, 1.0)
    with pytest.raises(ActionRefused, match="has ended"):
        env.execute(Click(page.env.where("Greet")))
    assert env.reward == 1.0


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A Python with doubles of `gymnasium` and `browsergym`."""
    site = tmp_path / "site"
    for package in ("browsergym", "browsergym/core", "browsergym/core/action"):
        (site / package).mkdir(parents=True)
        (site / package / "__init__.py").touch()
    (site / "gymnasium.py").write_text(GYMNASIUM)
    (site / "browsergym/webarena.py").write_text(WEBARENA)
    (site / "browsergym/core/action/highlevel.py").write_text(HIGHLEVEL)
    script = tmp_path / "python"
    path = ":".join([str(site), *sys.path])
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec {sys.executable} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return script


@pytest.fixture
def webarena(python: Path) -> Generator[BrowserGym]:
    benchmark = benchmark_for(EvalConfig.from_flat({"benchmark": "webarena", "python": python}))
    assert isinstance(benchmark, BrowserGym)
    yield benchmark
    benchmark.close()


def press(times: int) -> list[str]:
    return ["Action: click(start_box='(74,58)')"] * times


@pytest.mark.slow
def test_an_episode_gets_its_goal_and_reward_from_browsergym(webarena: BrowserGym) -> None:
    assert [task.name for task in webarena.tasks()] == ["webarena.0", "webarena.cursed", "webarena.image"]
    with webarena.tasks()[0].set_up(1) as instance:
        assert instance.instruction == "Press Greet 3 times"
        agent = Agent(ScriptedModel([*press(3), "Action: finished()"]), dialect=UiTars15())
        assert instance.judge(agent.run(instance.instruction, instance.env)).score == 1.0
        assert instance.is_over()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("last", "reward"), [("finished(content='42')", 1.0), ("finished(content='7')", 0.0), ("infeasible()", 0.0)]
)
def test_the_answer_is_sent_to_browsergym(last: str, reward: float, webarena: BrowserGym) -> None:
    with webarena.tasks()[0].set_up(0) as instance:
        agent = Agent(ScriptedModel([f"Action: {last}"]), dialect=UiTars15())
        outcome = instance.judge(agent.run(instance.instruction, instance.env))
    assert (outcome.done, outcome.score) == (reward > 0, reward)
    assert instance.is_over()


@pytest.mark.slow
def test_a_task_that_cannot_be_opened_is_a_task_error(webarena: BrowserGym) -> None:
    _, cursed, image = webarena.tasks()
    with pytest.raises(TaskError, match="RuntimeError: the shop is closed"), cursed.set_up(0):
        pass
    with pytest.raises(TaskError, match="contains 1 images"), image.set_up(0):
        pass


@pytest.mark.slow
def test_a_killed_browsergym_is_a_lost_environment(webarena: BrowserGym) -> None:
    with webarena.tasks()[0].set_up(0) as instance:
        instance.env.observe()
        assert webarena.client is not None
        process = webarena.client._process  # pyright: ignore[reportPrivateUsage]
        assert process is not None
        process.kill()
        with pytest.raises(EnvLost):
            instance.env.execute(Click(FakeEnv().where("Greet")))


@pytest.mark.slow
def test_an_evaluation_with_browsergym_records_the_episode(python: Path, tmp_path: Path) -> None:
    given = {"benchmark": "webarena", "python": python, "agent": "random", "task": ["webarena.0"], "workers": 1}
    (record,) = Evaluation.create(EvalConfig.from_flat(given | {"steps": 3}), tmp_path / "out").run()
    assert (record.done, record.score, record.steps) == (False, 0.0, 3)
    assert record.env["program"] == "BrowserGym"


def test_missing_parts_are_reported(python: Path) -> None:
    given = {"benchmark": "workarena", "python": python}
    with pytest.raises(TaskError, match=r"lacks browsergym-workarena \(browsergym.workarena\): .*make an environment"):
        benchmark_for(EvalConfig.from_flat(given)).tasks()
    with pytest.raises(ValueError, match="pip install browsergym-assistantbench"):
        benchmark_for(EvalConfig.from_flat({"benchmark": "assistantbench"}))
    with pytest.raises(ValueError, match="leave out --root"):
        benchmark_named("webarena", Path())
