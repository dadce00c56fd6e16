"""How long an episode may go on, and the reasons for which it ends."""

from dataclasses import dataclass
from enum import StrEnum


class StopReason(StrEnum):
    """Why an episode ended: exactly one of these.

    `ENV_LOST` and `MODEL_LOST` are trouble of the machinery and never scored as the model's failure.
    """

    FINISHED = "finished"
    INFEASIBLE = "infeasible"
    NEEDS_USER = "needs_user"
    REFUSED = "refused"
    STUCK = "stuck"
    STEP_LIMIT = "step_limit"
    TIME_LIMIT = "time_limit"
    TOKEN_LIMIT = "token_limit"  # noqa: S105 -- tokens of text, not a secret
    ENV_LOST = "env_lost"
    MODEL_LOST = "model_lost"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an episode may use: steps, seconds of wall time, tokens in and out. None is no limit."""

    steps: int | None = 50
    seconds: float | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "seconds", "tokens"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"the limit of {name} is above 0, not {value}")
