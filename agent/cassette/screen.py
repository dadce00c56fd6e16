"""The screen of a replay: it shows what was recorded, and each action has its recorded result."""

from PIL import Image

from ...envs.actions import Action
from ...envs.base import ScreenEnv
from ...envs.env import ActionRefused, ActionResult, Env, EnvInfo, EnvLost, EnvStopped, Observation
from ...envs.interrupt import Interrupted
from ...envs.screenshot import Screenshot
from ...envs.secrets import SecretVault
from ..core.describe import CUT_SHORT, RESTARTED
from ..core.limits import StopReason
from ..record.events import (
    Acted,
    Ended,
    Event,
    Intended,
    Note,
    Observed,
    RecoveredError,
    Resumed,
    ScreenChecked,
    Started,
)
from .tape import Tape

_RETRIED = "a screenshot failed and was retried: "
_RESTARTED = "; it was restarted ("
_PROBED = "took a second screenshot"


class RecordedScreen(ScreenEnv):
    """An `Env` that follows a tape. It has no secrets: what it shows was masked when it was recorded."""

    def __init__(self, tape: Tape, info: EnvInfo) -> None:
        self._tape = tape
        self._info = info
        self._served = 0
        """The index after the last `ScreenChecked` that was shown."""
        self._failed: set[int] = set()
        self._probed: set[int] = set()

    def use_secrets(self, vault: SecretVault) -> None:
        """See `TypesSecrets`."""

    def info(self) -> EnvInfo:
        """See `Env`."""
        return self._info

    def observe(self) -> Observation:
        """See `Env`."""
        tape = self._tape
        match tape.next:
            case Started() | Resumed():
                return self._opening()
            case RecoveredError(kind="screenshot", message=message) if tape.position not in self._failed:
                self._failed.add(tape.position)
                raise EnvLost(message.removeprefix(_RETRIED))
            case RecoveredError(kind="screenshot"):
                return self._shown(tape.position + 1)
            case RecoveredError(kind="screen", message=message):
                raise EnvLost(message.rpartition(_RESTARTED)[0])
            case Ended(stop=StopReason.ENV_LOST, reason=reason):
                raise EnvLost(reason)
            case Ended(stop=StopReason.CANCELLED, reason=reason):
                raise EnvStopped(reason)
            case Acted(refused=str(reason), by_guard=False) if not isinstance(tape.last, Intended):
                raise EnvLost(reason)
            case _:
                return self._shown(tape.position)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        if not isinstance(self._tape.last, Intended):
            return ActionResult(0.0)  # the pointer is moved to a target that is compared again
        return outcome(self._tape)

    def _opening(self) -> Observation:
        after = [self._tape.at(self._tape.position + 1), self._tape.at(self._tape.position + 2)]
        match after:
            case [RecoveredError() | Ended(stop=StopReason.ENV_LOST), _]:
                raise EnvLost("the screen was lost")
            case [ScreenChecked(observation=observation), Observed()]:
                self._served = self._tape.position + 2
                return observation
            case [Observed(observation=observation), _]:
                return observation
            case [None | Ended(), _]:
                return Observation(Screenshot(Image.new("RGB", (1, 1))))  # which no step shows
            case _:
                return self._tape.seen

    def _shown(self, index: int) -> Observation:
        """The observation that was made next; if it had no consequence, the screen as it was."""
        index = max(index, self._served)
        event = self._tape.at(index)
        if isinstance(event, ScreenChecked) and self._is_probe(index) and index not in self._probed:
            self._probed.add(index)  # the screenshot before it belongs to the observation that follows
            event = self._tape.at(index + 2)
            return event.observation if isinstance(event, Observed | ScreenChecked) else self._tape.seen
        if isinstance(event, ScreenChecked):
            self._served = index + 1
        return event.observation if isinstance(event, Observed | ScreenChecked) else self._tape.seen

    def _is_probe(self, index: int) -> bool:
        after = self._tape.at(index + 1)
        return isinstance(after, Note) and after.text.startswith(_PROBED)


class RestartableRecordedScreen(RecordedScreen):
    """A `RecordedScreen` of an episode that may restart its screen."""

    def restart(self) -> str:
        """See `Restartable`: the message that the model got."""
        observed = next((event for event in self._tape.ahead if isinstance(event, Observed)), None)
        notes = observed.notes if observed is not None else ()
        text = next((note for note in notes if note.startswith(RESTARTED)), RESTARTED)
        return text.removeprefix(RESTARTED).strip()


def recorded_screen(tape: Tape, info: EnvInfo, *, restarts: bool) -> Env:
    """The screen of a replay."""
    return RestartableRecordedScreen(tape, info) if restarts else RecordedScreen(tape, info)


def outcome(tape: Tape) -> ActionResult:
    """The recorded result of the action that is carried out next.

    Raises:
        ActionRefused, Interrupted, EnvLost: as in the recording.
    """
    event: Event | None = tape.next
    match event:
        case Acted(result=ActionResult() as result):
            return result
        case Acted(refused=str(reason)) if reason == CUT_SHORT:
            raise Interrupted
        case Acted(refused=str(reason)):
            raise ActionRefused(reason)
        case Ended(stop=StopReason.CANCELLED, reason=reason):
            raise EnvStopped(reason)
        case Ended(reason=reason):
            raise EnvLost(reason)
        case _:
            raise EnvLost("the result of the action was not recorded")
