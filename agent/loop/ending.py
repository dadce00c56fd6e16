"""How an episode ends, and why."""

from ...envs.env import EnvLost, EnvStopped
from ..core.limits import StopReason
from ..core.model import ModelLost
from ..policy.policy import ScreenDiverged
from .control import Control
from .observer import Stuck


class EpisodeEnded(Exception):
    """Ends the loop, with the reason."""

    def __init__(self, stop: StopReason, reason: str = "", answer: str = "", *, verified: bool | None = None) -> None:
        self.stop, self.reason, self.answer, self.verified = stop, reason, answer, verified


def ending_of(error: EpisodeEnded | Stuck | ScreenDiverged | EnvLost | ModelLost, control: Control) -> EpisodeEnded:
    """The end of an episode that `error` ended."""
    match error:
        case EpisodeEnded():
            return error
        case Stuck() if control.stopped:
            return EpisodeEnded(StopReason.CANCELLED, control.reason)
        case Stuck():
            return EpisodeEnded(StopReason.STUCK, str(error))
        case ScreenDiverged():
            return EpisodeEnded(StopReason.DIVERGED, str(error))
        case EnvStopped():
            return EpisodeEnded(StopReason.CANCELLED, str(error))
        case EnvLost():
            return EpisodeEnded(StopReason.ENV_LOST, str(error))
        case ModelLost():
            return EpisodeEnded(StopReason.MODEL_LOST, str(error))
