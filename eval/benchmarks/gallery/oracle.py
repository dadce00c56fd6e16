"""The way through a trap, found on the screenshots like anybody else would: by colours and by reading."""

from collections.abc import Callable

from ....agent.core.context import DecisionContext
from ....agent.core.decision import Finish, GiveUp
from ....agent.core.model import ModelInfo
from ....agent.policy.model_policy import ScriptedPolicy, Thinking
from ....agent.record.events import PolicyInfo
from .hand import NotSeen, action_of
from .traps import Step


class HandPolicy:
    """Does `steps`, one a decision, and answers with what it was to read last; `fill` completes what is typed."""

    def __init__(self, steps: tuple[Step, ...], fill: Callable[[str], str]) -> None:
        self._steps = list(steps)
        self._fill = fill
        self._read = ""

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("a hand that knows the way"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> Thinking:
        """See `Policy`. What is not where it should be is a reason to give up."""
        image = context.history[-1].screenshot.image
        action = None
        try:
            while action is None and self._steps:
                step = self._steps.pop(0)
                action = action_of(step, image, self._fill)
                if action is None:
                    self._read = step.text
        except NotSeen as error:
            return ScriptedPolicy([GiveUp(str(error))]).decide(context, interrupted)
        entry = Finish(self._read) if action is None else (action,)
        return ScriptedPolicy([entry]).decide(context, interrupted)
