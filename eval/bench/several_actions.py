"""Model calls per task, with one action per reply and with several, on the demo's form and on MiniWoB++.

    .venv/bin/python eval/bench/several_actions.py [--tasks NAME ...] [--seeds N]

The embedded reader solves each task once. A scripted model then replays its actions on the same task: one per reply,
and all that are left in one reply. The loop stops such a reply at the first unexpected change of the screen; the model
reads in the note how many actions were carried out, and repeats the rest. Both must solve the task again.
"""

import argparse
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial

from screenwright import Agent, Completion, Limits, Message, ModelInfo, ModelPolicy, Sampling, UiTars15
from screenwright.agent.core.coordinates import Frame
from screenwright.agent.core.decision import Finish, ModelMove
from screenwright.agent.core.limits import StopReason
from screenwright.agent.core.model import Usage
from screenwright.agent.dialects.registry import with_several_actions
from screenwright.agent.loop.agent import Result, result_of
from screenwright.agent.record.events import Acted, Decided, Ended, Event
from screenwright.envs.actions import Action, map_points
from screenwright.envs.geometry import Size
from screenwright.eval.benchmarks.demo import OrderForm
from screenwright.eval.benchmarks.miniwob import MiniwobInstance, close_browsers, miniwob
from screenwright.eval.core.task import TaskInstance

FORMS = (
    *(
        "click-checkboxes",
        "click-checkboxes-large",
        "click-checkboxes-transfer",
        "click-option",
        "click-button-sequence",
    ),
    *("enter-text", "enter-text-2", "enter-password", "login-user", "choose-list", "click-tab", "click-collapsible"),
)
_CARRIED_OUT = re.compile(r"after (\d+) of the actions in your reply")
_DIALECT = UiTars15()


@dataclass
class Replay:
    """A model that asks for `actions` in order, at most `per_reply` at once, and then finishes with `answer`."""

    actions: Sequence[Action]
    screen: Size
    answer: str
    per_reply: int
    calls: int = 0
    _done: int = 0
    _asked: int = 0

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo("replay")

    def connect(self) -> None:
        """See `Model`. Does nothing."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = lambda text: False
    ) -> Completion:
        """See `Model`. The next actions, after those that were carried out."""
        skipped = _CARRIED_OUT.search(messages[-1].text)
        self._done += int(skipped[1]) if skipped else self._asked
        left = self.actions[self._done : self._done + self.per_reply]
        self._asked = len(left)
        self.calls += 1
        return Completion(_DIALECT.format(None, [*map(self._in_model_space, left)] or [Finish(self.answer)]))

    def _in_model_space(self, action: Action) -> ModelMove:
        frame = Frame(self.screen, _DIALECT.image_rule.resize(self.screen), _DIALECT.space)
        return map_points(action, frame.to_model)


@dataclass(frozen=True, slots=True)
class Counted:
    """The calls of a task, if it was solved with one action per reply and with several."""

    task: str
    single: int
    several: int


def measure(name: str, set_up: Callable[[], AbstractContextManager[TaskInstance]]) -> Counted | None:
    """Solve a task with the reader and replay it in both ways; None if one of them does not solve it."""
    with set_up() as instance:
        events, solved = _run(Agent("reader", limits=Limits(steps=40)), instance)
        screen = instance.env.observe().screenshot.size
    if not solved:
        return None
    actions = tuple(event.action for event in events if isinstance(event, Acted) and event.refused is None)
    endings = [event.ending for event in events if isinstance(event, Decided) and isinstance(event.ending, Finish)]
    answer = endings[-1].answer if endings else ""
    calls = []
    for per_reply in (1, len(actions)):
        model = Replay(actions, screen, answer, per_reply)
        dialect = with_several_actions(_DIALECT) if per_reply > 1 else replace(_DIALECT, one_action=True)
        with set_up() as instance:
            _, solved = _run(Agent(policy=ModelPolicy(model, dialect)), instance)
        if not solved:
            return None
        calls.append(model.calls)
    return Counted(name, *calls)


def _run(agent: Agent, instance: TaskInstance) -> tuple[list[Event], bool]:
    events: list[Event] = []
    for event in agent.stream(instance.instruction, instance.env):
        events.append(event)
        if isinstance(instance, MiniwobInstance) and isinstance(event, Acted) and instance.is_over():
            break
    last = events[-1]
    result = result_of(last) if isinstance(last, Ended) else _over()
    return events, bool(instance.judge(result).done)


def _over() -> Result:
    """The result of an episode that its page has ended."""
    return Result(StopReason.FINISHED, "", "", 0, Usage(), 0.0)


def main() -> None:
    """Measure the tasks and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=FORMS)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    counted = [measure("demo form", OrderForm().set_up)]
    named = {task.name: task for task in miniwob().tasks()}
    for name in options.tasks:
        counted += [measure(name, partial(named[name].set_up, seed)) for seed in range(options.seeds)]
    close_browsers()
    found = [each for each in counted if each is not None]
    print(f"{'task':28} one per reply   several")
    for name in dict.fromkeys(each.task for each in found):
        same = [each for each in found if each.task == name]
        print(f"{name:28} {_mean([each.single for each in same]):13.1f} {_mean([each.several for each in same]):9.1f}")
    single, several = (sum(getattr(each, key) for each in found) for key in ("single", "several"))
    print(f"{len(found)} of {len(counted)} episodes solved in all three ways; calls {single} -> {several}")


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
