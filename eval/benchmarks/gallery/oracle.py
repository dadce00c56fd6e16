"""The oracle of the gallery: performs the known steps, with targets located on the screenshots."""

from collections.abc import Callable

from ....agent.core.context import DecisionContext
from ....agent.core.decision import Finish, GiveUp
from ....agent.core.model import ModelInfo
from ....agent.policy.baselines import ScriptedPolicy
from ....agent.policy.policy import PolicyEvents
from ....agent.record.events import PolicyInfo
from .steps import TargetNotFound, action_for
from .traps import TrapStep


class GalleryOracle:
    """Performs `steps`, one per decision, and answers with the last text it checked; `fill` completes typed text."""

    def __init__(self, steps: tuple[TrapStep, ...], fill: Callable[[str], str]) -> None:
        self._steps = list(steps)
        self._fill = fill
        self._answer = ""

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("oracle"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`. Gives up if a target is missing."""
        image = context.history[-1].screenshot.image
        action = None
        try:
            while action is None and self._steps:
                step = self._steps.pop(0)
                action = action_for(step, image, self._fill)
                if action is None:
                    self._answer = step.text
        except TargetNotFound as error:
            return ScriptedPolicy([GiveUp(str(error))]).decide(context, interrupted)
        entry = Finish(self._answer) if action is None else (action,)
        return ScriptedPolicy([entry]).decide(context, interrupted)
