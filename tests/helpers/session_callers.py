"""Callers of a held session."""

from collections.abc import Callable

from slow_env import SlowEnv

from screenwright import ApprovalAnswer, ApprovalRequest


class Approving:
    """An approver that answers all questions, and keeps them."""

    def __init__(self, answer: ApprovalAnswer | None) -> None:
        self.answer, self.asked = answer, list[ApprovalRequest]()

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        self.asked.append(request)
        return self.answer


def when_started(env: SlowEnv, do: Callable[[], None]) -> None:
    """Do something when the screen has begun to wait."""
    if env.started.wait(60):
        do()
