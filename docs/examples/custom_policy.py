"""A policy of your own: it turns each observation into a decision, here without any model."""

from collections.abc import Callable, Iterator

from screenwright import Agent, Click, Decided, DecisionContext, FakeEnv, Finish, ModelInfo, PolicyInfo, ScreenPoint


class PressPolicy:
    """Clicks `target` `presses` times, then finishes."""

    def __init__(self, target: ScreenPoint, presses: int) -> None:
        self.target = target
        self.presses = presses

    def info(self) -> PolicyInfo:
        return PolicyInfo(ModelInfo("press-n-times"))

    def open(self) -> None:
        pass

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> Iterator[Decided]:
        if context.step > self.presses:
            yield Decided(context.step, "enough", (), ending=Finish(f"pressed {self.presses} times"))
        else:
            yield Decided(context.step, "press it", (Click(self.target),))


with FakeEnv() as env:
    result = Agent(policy=PressPolicy(env.where("Greet"), 3)).run("Press Greet three times", env)
    print(result.stop, result.answer, env.state.presses)
