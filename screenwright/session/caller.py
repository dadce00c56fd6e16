"""Who calls a held session, and how a call fails."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..agent.guard.approval import ApprovalAnswer, ApprovalRequest, Approver, NoApprover


class CallRefused(Exception):
    """The call was not carried out, or not completely; the message is the reason, for the caller."""


class CallCancelled(CallRefused):
    """The caller no longer waits, or the session is closing."""


class SessionEnded(CallRefused):
    """The session has ended. With `reopens`, another one may take its place, such as after it was idle."""

    def __init__(self, reason: str, *, reopens: bool = False) -> None:
        super().__init__(f"the session has ended: {reason}")
        self.reason, self.reopens = reason, reopens


@dataclass(frozen=True, slots=True)
class Caller:
    """The other side of one call.

    Attributes:
        cancelled: Whether it no longer waits; the call then ends within half a second.
        approver: Asks the user about actions, and passes on questions of the model.
        unattended: Why no one is asked, if there is no approver.
        progress: Gets a line for each step of a task.
    """

    cancelled: Callable[[], bool] = lambda: False
    approver: Approver = field(default_factory=NoApprover)
    progress: Callable[[str], object] = lambda line: None
    unattended: str = "no one can be asked here"

    @property
    def can_ask(self) -> bool:
        """Whether a user can be asked."""
        return not isinstance(self.approver, NoApprover)


@dataclass(slots=True)
class CallApprover:
    """The `Approver` of a session, which passes questions on to the approver of the call in progress."""

    caller: Caller = field(default_factory=Caller)
    unanswered: ApprovalRequest | None = None
    """The last question of this call, if no one answered it."""

    def begin(self, caller: Caller) -> None:
        """Ask by way of `caller` from now on."""
        self.caller, self.unanswered = caller, None

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`."""
        caller = self.caller
        answer = caller.approver.ask(request, lambda: cancelled() or caller.cancelled())
        self.unanswered = request if answer is None else None
        return answer
