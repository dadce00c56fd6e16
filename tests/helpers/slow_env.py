"""A screen in memory whose waits last until they are interrupted, as those of a real screen do."""

import threading

from screenwright import Action, ActionResult, Wait
from screenwright.envs import interrupt
from screenwright.testing import FakeEnv


class SlowEnv(FakeEnv):
    """Sets `started` when it has begun to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Event()

    def execute(self, action: Action) -> ActionResult:
        if isinstance(action, Wait):
            self.started.set()
            interrupt.sleep(action.seconds)
        return super().execute(action)
