"""Events that are not part of observe, decide and act, as one line for progress output and the viewer."""

from screenwright._text import counted

from ..core.approvals import Scope
from ..core.describe import POSSIBLY_DONE, describe_action
from ..core.supervision import RecoveryAction
from .events import (
    AnswerRejected,
    ApprovalAnswered,
    Critiqued,
    Escalated,
    Event,
    NeedsUser,
    Note,
    RecoveredError,
    Resumed,
    Summarized,
    UserActed,
    UserMessage,
)


def describe_event(event: Event) -> str | None:
    """One line of text for `event`; None if it is part of observe, decide and act."""
    match event:
        case Escalated(action=action, loop=loop):
            return f"loop detected ({_RECOVERY[action]}): {loop}"
        case AnswerRejected(problems=problems):
            return f"the answer was not accepted: {'; '.join(problems)}"
        case Critiqued(holds=holds, reason=reason):
            verdict = {True: "the task is done", False: "the task is not done", None: "no verdict"}[holds]
            return f"critic: {verdict}" + (f": {reason}" if reason else "")
        case ApprovalAnswered():
            return _approval(event)
        case NeedsUser(question=question, rule=rule):
            return f"waiting for the user{f' (rule {rule!r})' if rule else ''}: {question}"
        case UserMessage(text=text):
            return f"user: {text}" if text else "the user returned control"
        case UserActed(action=action):
            return f"the user: {describe_action(action)}"
        case Summarized(steps=steps, text=text):
            outcome = f"summarized: {text}" if text else "dropped: the context window is full"
            return f"first {counted(steps, 'step')} {outcome}"
        case Resumed(steps=steps, unconfirmed=action):
            doubt = f"; {describe_action(action)} {POSSIBLY_DONE}" if action is not None else ""
            return f"interrupted; resumed after step {steps}{doubt}"
        case RecoveredError(message=text) | Note(text=text):
            return text
        case _:
            return None


def _approval(event: ApprovalAnswered) -> str:
    asked = "safety check" if event.kind == "safety_check" else f"rule {event.rule!r}"
    why = ", ".join(filter(None, ({"timeout": "no answer", "no_one": "no one to ask"}.get(event.by, ""), event.reason)))
    held = {Scope.ONCE: "", Scope.HOST: " for this host", Scope.RUN: " for this run"}[event.scope]
    answer = f"allowed{held}" if event.allowed else f"denied ({why})" if why else "denied"
    return f"{asked} {answer}: {event.question}"


_RECOVERY = {
    RecoveryAction.MESSAGE: "message to the model",
    RecoveryAction.TEMPERATURE: "higher temperature",
    RecoveryAction.ZOOM: "zoom on the target",
    RecoveryAction.REPLAN: "new plan",
    RecoveryAction.ASK_USER: "question to the user",
    RecoveryAction.STUCK: "giving up",
}
