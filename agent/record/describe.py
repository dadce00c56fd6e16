"""What the loop did besides acting, as one line for progress output and the viewer."""

from ..core.supervision import RecoveryAction
from .events import Critiqued, Escalated, NeedsUser, RecoveredError, Summarized, UserMessage


def describe_supervision(event: Escalated | Critiqued | Summarized | NeedsUser | UserMessage | RecoveredError) -> str:
    """What the loop did beside looking, deciding and acting, in words."""
    match event:
        case Escalated(rung=rung, seen=seen):
            return f"going in circles ({_RUNGS[rung]}): {seen}"
        case Critiqued(holds=holds, reason=reason):
            verdict = {True: "holds", False: "does not hold", None: "could not be judged"}[holds]
            return f"second look: the finish {verdict}" + (f": {reason}" if reason else "")
        case NeedsUser(question=question):
            return f"the user is asked: {question}"
        case UserMessage(text=text):
            return f"the user says: {text}" if text else "the user hands the screen back"
        case RecoveredError(message=message):
            return message
        case Summarized(steps=steps, text=text):
            said = f"in short: {text}" if text else "are left out: there is no room for them"
            return f"the first {steps} steps {said}"


_RUNGS = {
    RecoveryAction.TELL: "the model is told",
    RecoveryAction.HOTTER: "sampled at a higher temperature",
    RecoveryAction.CLOSER: "a closer look at the target",
    RecoveryAction.PLAN: "a fresh plan is asked for",
    RecoveryAction.USER: "the user is asked",
    RecoveryAction.STUCK: "given up as stuck",
}
