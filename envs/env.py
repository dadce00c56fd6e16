"""What an environment is: a screen that can be seen and worked.

The contract below is held by `envs/contract.py`, a test class that the test of every backend inherits.

Errors:
    EnvError
     +- ActionRefused   this action cannot be done; the screen is fine, and the model is told the reason
     +- EnvLost         the screen is gone; the episode ends as `env_lost`, which is never the model's failure
     |   +- EnvStopped  the person at the screen has stopped the work; the episode ends as `cancelled`
     +- EnvUnavailable  the screen could not be had in the first place; says what to install or to change
"""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from .actions import Action
from .geometry import DeviceTransform
from .screenshot import Screenshot


class EnvError(Exception):
    """Something about the environment; the message is one line for a person."""


class ActionRefused(EnvError):
    """The environment does not do this action; the message is the reason, in words that the model is shown."""


class EnvLost(EnvError):
    """The environment is gone, such as a crashed browser or a closed display."""


class EnvStopped(EnvLost):
    """The person at the screen has stopped the work: nothing more is done to it, and nothing is held."""


class EnvUnavailable(EnvError):
    """The environment cannot be opened here; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class EnvInfo:
    """What an environment is, for the log: its kind, the program behind it, and the settings that matter."""

    kind: str
    program: str = ""
    settings: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at the screen.

    `facts` are plain sentences about what happened since the last look that the pixels may not show, such as a
    download; they are shown to the model. `place` says where we are (the page's address, the active window's title);
    it is for the log and the guard and is never shown to the model. `device` leads from screenshot pixels to the units
    of the pointer.
    """

    screenshot: Screenshot
    facts: tuple[str, ...] = ()
    location: str = ""
    device: DeviceTransform = DeviceTransform()


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action was carried out: seconds of acting and of settling, and why settling ended.

    `method` is set where there was a choice, such as how a text was typed.
    """

    act_s: float
    settle_s: float = 0.0
    settled_by: str = ""
    method: str = ""


class Env(Protocol):
    """A screen.

    An environment opens itself at the first call that needs it, so that constructing one costs nothing and fails for
    bad settings only. Its methods are called one at a time, though not always from the thread that made it.
    """

    def info(self) -> EnvInfo:
        """What this environment is. Opens nothing."""
        ...

    def observe(self) -> Observation:
        """Look at the screen; opens the environment if need be.

        Raises:
            EnvUnavailable: it cannot be opened.
            EnvLost: it is gone.
        """
        ...

    def execute(self, action: Action) -> ActionResult:
        """Carry out `action`; return when the screen has come to rest, within a bound.

        Raises:
            ActionRefused: this screen cannot do it, such as a point outside the last screenshot; nothing was done.
            EnvUnavailable: it cannot be opened.
            EnvLost: it is gone.
        """
        ...

    def release(self) -> None:
        """Let go of every key and button that is held; never raises, also when the screen is gone or never opened."""
        ...

    def close(self) -> None:
        """Release, then give everything back; may be called twice, and before anything was opened."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


@runtime_checkable
class Restartable(Protocol):
    """A screen that can be had again after it was lost: what an `Env` may be besides."""

    def restart(self) -> str:
        """Start anew what was lost, as near to where it was as can be.

        Returns what to tell the model: what is there now, and what is gone.

        Raises:
            EnvLost: it cannot be had again.
        """
        ...


class InputListener(Protocol):
    """Who is told what the person at a screen does. Called from a thread of the environment's own; returns at once."""

    def stop(self, reason: str) -> None:
        """The person has stopped the work."""
        ...

    def user_started(self) -> None:
        """The person works mouse or keyboard: hold until `user_finished`."""
        ...

    def user_finished(self) -> None:
        """Mouse and keyboard have been left alone for a while."""
        ...


@runtime_checkable
class InputMonitored(Protocol):
    """A screen that somebody may be sitting at: what an `Env` may be besides."""

    def set_input_listener(self, listener: InputListener | None) -> None:
        """Tell `listener` from now on, which is at work until it is replaced by None."""
        ...
