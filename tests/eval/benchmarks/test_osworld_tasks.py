"""OSWorld's tasks and agent interface, with doubles of its package and of its machine.

The doubles replace `desktop_env` (interface of version 1.0.2), which needs a virtual machine. The machine executes the
code that it receives on the fake GUI.
"""

import json
from pathlib import Path

import pytest
from osworld_machine import FakeGui, osworld_machine
from other_python import python_with

from screenwright import Agent, FakeEnv, ModelLost, Result, ScriptedModel, StopReason, UiTars15, Usage
from screenwright.agent.core.messages import ImagePart
from screenwright.eval.benchmarks.data_files import read_json
from screenwright.eval.benchmarks.osworld.agent import OSWorldAgent
from screenwright.eval.benchmarks.osworld.benchmark import EXAMPLE, OSWorld, last_action
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.record import Record
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.evaluation import EvalError, Evaluation

GREET = "Thought: Greet.\nAction: click(start_box='(74,58)')"
FINISH = "Action: finished()"
MODULE = "desktop_env.desktop_env"
DESKTOP_ENV = '''
"""A double of OSWorld's package: the same calls, a score from the state of the fake screen."""
import json, os, urllib.request

class DesktopEnv:
    def __init__(self, action_space, require_a11y_tree, provider_name="vmware", url="", state=""):
        assert action_space == "pyautogui" and require_a11y_tree is False
        if provider_name == "broken":
            raise FileNotFoundError("there is no machine")
        print("noise on standard output")
        self.vm_ip, self.server_port = url.split("//")[1].split(":")
        self.state, self.action_history = state, []

    def reset(self, task_config):
        self.task = task_config
        self.action_history.clear()
        if task_config["id"].startswith("cursed"):
            raise RuntimeError("the snapshot is gone")

    def evaluate(self):
        failed = bool(self.action_history) and self.action_history[-1] == "FAIL"
        if self.task["evaluator"]["func"] == "infeasible":
            return 1 if failed else 0
        if failed:
            return 0
        presses = json.loads(open(self.state).read())["presses"]
        return 1.0 if presses == self.task["evaluator"]["expected"] else 0

    def close(self):
        open(self.state + ".closed", "w").close()
'''


def example(name: str, func: str = "presses", expected: int = 1) -> dict[str, object]:
    evaluator = {"func": func, "expected": expected, "result": {"type": "x"}}
    return {"id": name, "snapshot": "os", "instruction": "Press Greet", "config": [], "evaluator": evaluator}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "evaluation_examples"
    ids = {"os": ["press-it", "cannot-be"], "gimp": ["cursed-one"]}
    for domain, names in ids.items():
        (folder / "examples" / domain).mkdir(parents=True)
        for name in names:
            func = "infeasible" if name == "cannot-be" else "presses"
            (folder / "examples" / domain / f"{name}.json").write_text(json.dumps(example(name, func)))
    (folder / "test_all.json").write_text(json.dumps(ids))
    return folder


def settings(root: Path, python: Path | str, url: str, state: Path, *task: str, **more: object) -> EvalConfig:
    option = ("ready_s=0", "rest_s=0", "pause_s=0", f"url={url}", f"state={state}")
    given = {"benchmark": "osworld", "root": root, "python": python, "option": option, "task": task, "workers": 0}
    return EvalConfig.from_flat(given | {"agent": "null", "retries": 0} | more)


def test_tasks_are_read_and_counted_by_domain(root: Path) -> None:
    benchmark = OSWorld(root)
    assert [(task.name, task.category) for task in benchmark.tasks()] == [
        ("os.press-it", "os"), ("os.cannot-be", "os"), ("gimp.cursed-one", "gimp"),
    ]  # fmt: skip
    assert benchmark.version.startswith("3 tasks ")
    assert (OSWorld(root.parent).tasks(), OSWorld(root.parent).version) == (benchmark.tasks(), benchmark.version)
    assert [read_json(task.file, EXAMPLE).is_infeasible for task in benchmark.tasks()] == [False, True, False]
    (root / "examples/os/press-it.json").write_text('{"id": "x", "instruction": "y"}')
    with pytest.raises(TaskError, match=r"press-it\.json: evaluator: Field required"):
        read_json(benchmark.tasks()[0].file, EXAMPLE)
    (root / "examples/os/press-it.json").unlink()
    with pytest.raises(TaskError, match=r"press-it\.json cannot be read"):
        _ = OSWorld(root).version


@pytest.mark.parametrize(
    ("stop", "unfinished", "last"),
    [
        (StopReason.FINISHED, "fail", "DONE"),
        (StopReason.INFEASIBLE, "state", "FAIL"),
        (StopReason.NEEDS_USER, "state", "FAIL"),
        (StopReason.STEP_LIMIT, "state", "DONE"),
        (StopReason.STEP_LIMIT, "fail", "FAIL"),
    ],
)
def test_giving_up_fails_a_feasible_task(stop: StopReason, unfinished: str, last: str) -> None:
    assert last_action(Result(stop, "", "", 1, Usage(), 1.0), unfinished) == last


def test_a_task_is_set_up_and_scored_through_the_machine(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with osworld_machine(FakeEnv()) as (url, gui):
        chosen = settings(root, python_with({MODULE: DESKTOP_ENV}, tmp_path), url, state)
        benchmark = OSWorld(root).configured(chosen)
        press, cannot, cursed = benchmark.tasks()
        with press.set_up(0) as instance:
            agent = Agent(ScriptedModel([GREET, FINISH]), dialect=UiTars15())
            result = agent.run(instance.instruction, instance.env)
            state.write_text(json.dumps({"presses": gui.env.state.presses}))
            outcome = instance.judge(result)
        assert (outcome.done, outcome.score) == (True, 1.0)
        with cannot.set_up(0) as instance:
            gave_up = Result(StopReason.INFEASIBLE, "", "", 1, Usage(), 1.0)
            assert instance.judge(gave_up).done
            assert not instance.judge(result).done
        with press.set_up(0) as instance:
            assert instance.judge(gave_up).score == 0
        with pytest.raises(TaskError, match="RuntimeError: the snapshot is gone"), cursed.set_up(0):
            pass
        benchmark.close()
        benchmark.close()
    assert (tmp_path / "state.json.closed").exists()


def test_an_evaluation_records_osworlds_scores_and_leaves_errors_unjudged(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"presses": 0}')
    with osworld_machine(FakeEnv()) as (url, _):
        chosen = settings(root, python_with({MODULE: DESKTOP_ENV}, tmp_path), url, state)
        records: list[Record] = list(Evaluation.create(chosen, tmp_path / "out").run())
    assert [(record.id.task, record.done, record.score) for record in records] == [
        ("os.press-it", False, 0.0), ("os.cannot-be", False, 0.0), ("gimp.cursed-one", None, None),
    ]  # fmt: skip
    assert records[0].env["kind"] == "virtual machine"


@pytest.mark.parametrize(
    ("package", "option", "message"),
    [
        ("raise ModuleNotFoundError('no', name='desktop_env')", (), "lacks desktop_env: .*make an environment"),
        (DESKTOP_ENV, ("provider_name=broken",), "cannot create its machine: FileNotFoundError: there is no machine"),
        ("import os; os._exit(3)", (), "has ended"),
    ],
)
def test_missing_parts_are_reported(
    package: str, option: tuple[str, ...], message: str, root: Path, tmp_path: Path
) -> None:
    chosen = settings(root, python_with({MODULE: package}, tmp_path), "http://127.0.0.1:1", tmp_path / "state")
    chosen = chosen.model_copy(update={"option": (*chosen.option, *option), "seeds": "0-9", "task": ("os.press-it",)})
    with pytest.raises(EvalError, match=message):
        list(Evaluation.create(chosen, tmp_path / "out").run())


def test_bad_settings_are_reported_before_the_start(root: Path, tmp_path: Path) -> None:
    without = EvalConfig.from_flat({"benchmark": "osworld", "root": root, "agent": "null"})
    with pytest.raises(ValueError, match="pip install desktop-env"):
        Evaluation.create(without, tmp_path / "out")
    with pytest.raises(ValueError, match=r"--python /none/python is not a program: .*pip install desktop-env"):
        OSWorld(root).configured(settings(root, "/none/python", "", tmp_path))
    broken = tmp_path / "python"
    broken.write_text("#!/no/such/interpreter")
    broken.chmod(0o700)
    task = OSWorld(root).configured(settings(root, broken, "", tmp_path)).tasks()[0]
    with pytest.raises(TaskError, match="cannot be started: No such file"), task.set_up(0):
        pass
    wrong = settings(root, "python", "", tmp_path).model_copy(update={"option": ("unfinished",)})
    with pytest.raises(ValueError, match="NAME=VALUE"):
        OSWorld(root).configured(wrong)


class Runner:
    """Calls an agent as OSWorld's `lib_run_single` does, on the fake GUI."""

    def __init__(self, agent: OSWorldAgent, max_steps: int = 15) -> None:
        self.agent, self.max_steps = agent, max_steps
        self.gui = FakeGui(FakeEnv())
        self.done: list[str] = []

    def run(self, instruction: str) -> list[str]:
        self.agent.reset(None, vm_ip="127.0.0.1")
        for _ in range(self.max_steps):
            shot = self.gui.env.observe().screenshot
            _, actions = self.agent.predict(instruction, {"screenshot": shot.png, "accessibility_tree": None})
            for action in actions:
                self.done.append(action)
                if action in ("DONE", "FAIL"):
                    return self.done
                if action != "WAIT":
                    self.gui.run(f"import pyautogui; import time; {action}")
        return self.done


def test_osworlds_runner_can_call_our_agent() -> None:
    model = ScriptedModel([GREET, "Action: click(start_box='(197,96)')", "Action: type(content='Ada\\n')", FINISH] * 2)
    runner = Runner(OSWorldAgent(model, dialect=UiTars15()))
    done = runner.run("Greet Ada")
    assert (runner.gui.env.state.presses, runner.gui.env.state.text) == (1, "Ada")
    assert runner.gui.env.state.submissions == 1
    assert done[-1] == "DONE"
    last = [part for message in model.asked[-1] for part in message.parts if isinstance(part, ImagePart)]
    assert len(last) == 4
    again = Runner(runner.agent)
    again.run("Greet Ada")
    assert len(model.asked[4]) == len(model.asked[0])  # the history is empty again


def test_endings_become_osworlds_actions() -> None:
    call = "Action: call_user()"
    agent = OSWorldAgent(ScriptedModel(["Action: wait()", call, call, call, call]), dialect=UiTars15())
    assert Runner(agent).run("?") == ["WAIT", "WAIT", "WAIT", "WAIT", "FAIL"]
    agent = OSWorldAgent(ScriptedModel(["Action: infeasible(content='no')"]), dialect=UiTars15())
    assert Runner(agent).run("?") == ["FAIL"]
    agent = OSWorldAgent(ScriptedModel(["Eh?", "Eh?", "Eh?"]), dialect=UiTars15())
    assert Runner(agent).run("?") == ["DONE"]


def test_the_last_allowed_step_becomes_fail_unless_it_ends() -> None:
    agent = OSWorldAgent(ScriptedModel([GREET] * 3), dialect=UiTars15(), max_steps=3)
    runner = Runner(agent)
    assert runner.run("?")[-1] == "FAIL"
    assert runner.gui.env.state.presses == 2
    agent = OSWorldAgent(ScriptedModel([GREET, FINISH]), dialect=UiTars15(), max_steps=2)
    assert Runner(agent).run("?")[-1] == "DONE"


def test_a_refused_action_is_reported_to_the_model_and_a_lost_model_raises() -> None:
    model = ScriptedModel(["Action: navigate(content='example.org')", FINISH])
    assert Runner(OSWorldAgent(model, dialect=UiTars15())).run("?") == ["WAIT", "DONE"]
    sent = " ".join(message.text for message in model.asked[-1])
    assert "no navigate action" in sent
    with pytest.raises(ModelLost):
        Runner(OSWorldAgent(ScriptedModel([]), dialect=UiTars15())).run("?")
    with pytest.raises(ValueError, match="no screenshot"):
        OSWorldAgent(ScriptedModel([]), dialect=UiTars15()).predict("?", {})
