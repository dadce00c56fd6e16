"""Limits of an episode, and the reasons why it ends."""

from dataclasses import dataclass
from enum import StrEnum


class StopReason(StrEnum):
    """Why an episode ended: exactly one of these.

    `REFUSED`: actions were not allowed, or the last one before a finish was not carried out. `INVALID_ANSWER`:
    the model finished, but its answer does not have the form that the program wants. `DIVERGED`: a recording was
    performed again, and the screen was not what it was. `ENV_LOST` and `MODEL_LOST` are infrastructure failures and
    never count as the model's failure.
    """

    FINISHED = "finished"
    INFEASIBLE = "infeasible"
    NEEDS_USER = "needs_user"
    REFUSED = "refused"
    STUCK = "stuck"
    INVALID_ANSWER = "invalid_answer"
    DIVERGED = "diverged"
    STEP_LIMIT = "step_limit"
    TIME_LIMIT = "time_limit"
    TOKEN_LIMIT = "token_limit"  # noqa: S105 -- tokens of text, not a secret
    COST_LIMIT = "cost_limit"
    ENV_LOST = "env_lost"
    MODEL_LOST = "model_lost"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most an episode may use: steps, seconds of wall time, and prompt and completion tokens. None is no limit.

    `cost` is in the currency of the prices that the agent is given. What costs more than the limit is known only
    afterwards, so an episode may exceed it by one call of a model.
    """

    steps: int | None = 50
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "seconds", "tokens", "cost"):
            value = getattr(self, name)
            if value is not None and not value > 0:  # nan is never reached
                raise ValueError(f"the limit of {name} must be above 0, not {value}")
