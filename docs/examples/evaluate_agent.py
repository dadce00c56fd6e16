"""A benchmark of your own: three variants of one task, judged by the state that the agent leaves behind."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from screenwright import Agent, FakeEnv, Result
from screenwright.eval import Outcome


@dataclass
class PressInstance:
    """A task that has been set up."""

    env: FakeEnv
    presses: int

    @property
    def instruction(self) -> str:
        return " ".join(['Click "Greet".'] * self.presses)

    def judge(self, result: Result) -> Outcome:
        found = self.env.state.presses
        return Outcome(found == self.presses, f"pressed {found} times")


@dataclass(frozen=True)
class Press:
    """Press the button as often as the seed says."""

    name: str = "press"
    category: str = ""

    @contextmanager
    def set_up(self, seed: int) -> Generator[PressInstance]:
        with FakeEnv() as env:
            yield PressInstance(env, seed + 1)


def evaluate(agent: Agent, seeds: range) -> None:
    done = 0
    for seed in seeds:
        with Press().set_up(seed) as instance:
            outcome = instance.judge(agent.run(instance.instruction, instance.env))
        print(f"seed {seed}: {'done' if outcome.done else 'not done'}, {outcome.found}")
        done += outcome.done
    print(f"{done} of {len(seeds)}")


evaluate(Agent("reader"), range(3))
