"""How the values of a screen are written in the log, as annotated types for the fields of events.

An action is written flat, as `action_json.py` says; a screenshot is written as its name and size, and read back as a
picture that is fetched when somebody looks at it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, TypeAdapter, ValidationInfo

from ...envs.actions import Action
from ...envs.env import Observation
from ...envs.geometry import DeviceTransform, Size
from ...envs.screenshot import Screenshot
from ..core.decision import Ending
from .action_json import action_from_json, action_to_json, ending_from_json, ending_to_json


class _Screenshot(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sha256: str
    size: Size


class _Observation(BaseModel):
    model_config = ConfigDict(extra="forbid")
    screenshot: _Screenshot
    facts: tuple[str, ...]
    place: str
    device: DeviceTransform


class StoredScreenshot(Screenshot):
    """A screenshot of a recorded run: its name and size are known, its bytes are fetched when they are looked at."""

    def __init__(self, name: str, size: Size, load: Callable[[str], bytes]) -> None:
        self._name, self._size, self._load = name, size, load

    @cached_property
    def png(self) -> bytes:
        """The picture's PNG bytes."""
        return self._load(self._name)

    @cached_property
    def sha256(self) -> str:
        """The picture's name."""
        return self._name

    @cached_property
    def size(self) -> Size:
        """Width and height in physical pixels."""
        return self._size


def _write_observation(observation: Observation) -> dict[str, object]:
    shot = observation.screenshot
    written = _Observation(
        screenshot=_Screenshot(sha256=shot.sha256, size=shot.size),
        facts=observation.facts,
        place=observation.place,
        device=observation.device,
    )
    return written.model_dump()


def _read_observation(value: object, info: ValidationInfo) -> Observation:
    read = _OBSERVATION.validate_python(value)
    load: Callable[[str], bytes] = (info.context or {})["load"]
    shot = StoredScreenshot(read.screenshot.sha256, read.screenshot.size, load)
    return Observation(shot, read.facts, read.place, read.device)


_OBSERVATION = TypeAdapter(_Observation)

# The validator comes first: it replaces the whole schema, a serializer before it included.
LoggedAction: TypeAlias = Annotated[Action, PlainValidator(action_from_json), PlainSerializer(action_to_json)]
LoggedEnding: TypeAlias = Annotated[Ending, PlainValidator(ending_from_json), PlainSerializer(ending_to_json)]
LoggedObservation: TypeAlias = Annotated[
    Observation, PlainValidator(_read_observation), PlainSerializer(_write_observation)
]
