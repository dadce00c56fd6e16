"""Safety checks of a model's API: who answers them, and what counts as a yes."""

from collections.abc import Generator

from ...envs.env import Observation
from ..core.describe import describe_action
from ..guard.guard import Allow, Deny, Guard, GuardDecision, SafetyGuard
from ..record.events import Decided, Event, SafetyAnswered
from .observer import Observer

_AGREEMENT = frozenset({"yes", "y", "ok", "okay", "allow", "confirm"})


def answer_safety_checks(
    decided: Decided, observation: Observation, guard: Guard | SafetyGuard, observer: Observer
) -> Generator[Event, None, GuardDecision | None]:
    """The answer of `guard`, if it answers safety checks, or else of the user; None if no one answers.

    Only an explicit yes of the user allows the actions.
    """
    question = "\n".join(decided.safety_checks)
    if isinstance(guard, SafetyGuard):
        answer = guard.answer_safety_check(question, decided.actions, observation)
    else:
        intended = "; ".join(describe_action(action) for action in decided.actions)
        about = f"\nThe model wants to: {intended}." if intended else ""
        answers = yield from observer.ask_user(decided.step, f"{question}{about}\nAnswer yes to allow it.")
        if not answers:
            return None
        agreed = answers[-1].strip(" .!").lower() in _AGREEMENT
        answer = Allow() if agreed else Deny(answers[-1] or "the user did not allow it")
    allowed, reason = (False, answer.reason) if isinstance(answer, Deny) else (True, "")
    yield SafetyAnswered(decided.step, question, allowed, reason)
    return answer
