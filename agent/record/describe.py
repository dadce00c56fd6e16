"""Events that are not part of observe, decide and act, as one line for progress output and the viewer."""

from ..core.describe import POSSIBLY_DONE, describe_action
from ..core.supervision import RecoveryAction
from .events import (
    Critiqued,
    Escalated,
    Event,
    NeedsUser,
    Note,
    RecoveredError,
    Resumed,
    SafetyAnswered,
    Summarized,
    UserMessage,
)


def describe_event(event: Event) -> str | None:
    """One line of text for `event`; None if it is part of observe, decide and act."""
    match event:
        case Escalated(action=action, loop=loop):
            return f"loop detected ({_RECOVERY[action]}): {loop}"
        case Critiqued(holds=holds, reason=reason):
            verdict = {True: "the task is done", False: "the task is not done", None: "no verdict"}[holds]
            return f"critic: {verdict}" + (f": {reason}" if reason else "")
        case SafetyAnswered(question=question, allowed=allowed, reason=reason):
            return f"safety check {'allowed' if allowed else f'denied ({reason})'}: {question}"
        case NeedsUser(question=question):
            return f"waiting for the user: {question}"
        case UserMessage(text=text):
            return f"user: {text}" if text else "the user returned control"
        case Summarized(steps=steps, text=text):
            outcome = f"summarized: {text}" if text else "dropped: the context window is full"
            return f"first {steps} steps {outcome}"
        case Resumed(steps=steps, unconfirmed=action):
            doubt = f"; {describe_action(action)} {POSSIBLY_DONE}" if action is not None else ""
            return f"interrupted; resumed after step {steps}{doubt}"
        case RecoveredError(message=text) | Note(text=text):
            return text
        case _:
            return None


_RECOVERY = {
    RecoveryAction.MESSAGE: "message to the model",
    RecoveryAction.TEMPERATURE: "higher temperature",
    RecoveryAction.ZOOM: "zoom on the target",
    RecoveryAction.REPLAN: "new plan",
    RecoveryAction.ASK_USER: "question to the user",
    RecoveryAction.STUCK: "giving up",
}
