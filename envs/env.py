"""The environment contract: a screen that can be observed and acted on.

Every backend passes the tests of `EnvContract` in `screenwright.testing`.

Errors:
    EnvError
     +- ActionRefused   this screen does not support the action; the episode continues and the model gets the reason
     +- EnvLost         the screen is gone; the episode ends as `env_lost`, which never counts against the model
     |   +- EnvStopped  the user has stopped the run; the episode ends as `cancelled`
     +- EnvUnavailable  the screen could not be opened; the message says what to install or to change
"""

from abc import abstractmethod
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from screenwright._text import plain, quote

from .actions import Action
from .geometry import DeviceTransform
from .screenshot import Screenshot


class EnvError(Exception):
    """Base class of environment errors; the message is one line for the user."""


class ActionRefused(EnvError):
    """The environment refused the action and did nothing. The message is the reason; the model gets it."""


class EnvLost(EnvError):
    """The environment is gone, such as a crashed browser or a closed display."""


class EnvStopped(EnvLost):
    """The user has stopped the run. No further action is performed, and all keys and buttons are released."""


class EnvUnavailable(EnvError):
    """The environment cannot be opened; the message says what to do."""


@dataclass(frozen=True, slots=True)
class EnvInfo:
    """A description of an environment for the log: its kind, the program behind it, and its main settings."""

    kind: str
    program: str = ""
    settings: dict[str, str] = field(default_factory=dict[str, str])


PAGE_CRASHED = "The page crashed."
PAGE_HANGS = "The page is not responding."
"""Facts of a browser about a page that is lost: whether an action took effect there is not known."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence for the model about an event that the pixels may not show, such as a download.

    `text` is written by the environment. Each `{}` in it stands for one of the `quoted` texts, which come from outside,
    such as the title of a page, the name of a file or the answer of a server: `Fact("A tab opened: {}.", (title,))`.
    They are data: `quoted` holds them as one line of limited length, without control characters and special tokens of
    chat templates, and they are shown in quotation marks.

    Raises:
        ValueError: the number of `{}` is not that of the texts.
    """

    text: str
    quoted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.text.count("{}") != len(self.quoted):
            raise ValueError(f"{self.text!r} has {self.text.count('{}')} places for {len(self.quoted)} texts")
        object.__setattr__(self, "quoted", tuple(plain(text) for text in self.quoted))

    def __str__(self) -> str:
        first, *others = self.text.split("{}")
        return first + "".join(quote(text) + after for text, after in zip(self.quoted, others, strict=True))


@dataclass(frozen=True, slots=True)
class Observation:
    """The state of the screen at one time.

    Attributes:
        screenshot: RGB, height x width physical pixels.
        facts: For the model: events since the last observation that the pixels may not show, such as a download.
        location: The URL of the page or the title of the active window. For the log and the guard; the model does not
            get it.
        device: Converts screenshot pixels to the units of the pointer.
        program: The program of the active window, such as `xterm`; empty if unknown. For rules, as the next one.
        asks_for_file: Whether a file chooser is open, so that the next action may upload a file.
    """

    screenshot: Screenshot
    facts: tuple[Fact, ...] = ()
    location: str = ""
    device: DeviceTransform = DeviceTransform()
    program: str = ""
    asks_for_file: bool = False


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action was performed.

    Attributes:
        act_s: Seconds until the input was sent.
        settle_s: Seconds until the screen had settled after that.
        settled_by: Why settling ended, such as `quiet` or `limit`.
        method: The method if there was a choice, such as `paste` for text; else empty.
        output: What a function of the program returned, as text or JSON; else empty.
    """

    act_s: float
    settle_s: float = 0.0
    settled_by: str = ""
    method: str = ""
    output: str = ""


class Env(Protocol):
    """A screen that an agent observes and acts on.

    `execute` waits with `interrupt.sleep`, and calls `interrupt.check_interrupted` between the parts of a long action,
    so that a stop, a pause and the time limit end it within half a second; what it has pressed is then released.

    The screen opens on first use: constructing an environment is cheap and fails only for invalid settings. Methods are
    called one at a time, but not always from the same thread. Leaving the context manager closes the environment.
    """

    @abstractmethod
    def info(self) -> EnvInfo:
        """Describe the environment, without opening it."""
        ...

    @abstractmethod
    def observe(self) -> Observation:
        """Take a screenshot and collect the facts since the last observation.

        Raises:
            EnvUnavailable: the screen cannot be opened.
            EnvLost: the screen is gone, or the environment is closed.
        """
        ...

    @abstractmethod
    def execute(self, action: Action) -> ActionResult:
        """Perform `action`; return when the screen has settled, within a time limit.

        Args:
            action: Its points are in pixels of the last screenshot.

        Raises:
            ActionRefused: unsupported or invalid, such as a click outside the screenshot; nothing was done.
            EnvUnavailable: the screen cannot be opened.
            EnvLost: the screen is gone, or the environment is closed.
            Interrupted: the run no longer waits for it; see `interrupt.py`.
        """
        ...

    def release(self) -> None:
        """Release every held key and button; never raises, even if the screen is gone or was never opened."""
        ...

    def close(self) -> None:
        """Release, then free all resources; may be called twice, and before the screen was opened."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


@runtime_checkable
class Restartable(Protocol):
    """Optional protocol: an `Env` that can restart after it was lost."""

    def restart(self) -> str:
        """Start the lost program again, as close to its last state as possible.

        Returns:
            A message for the model: the new state, and what was lost.

        Raises:
            EnvLost: it cannot be restarted.
        """
        ...


class InputListener(Protocol):
    """Receives the user's interventions. The environment calls it from its own thread; methods return at once."""

    def stop(self, reason: str) -> None:
        """The user has stopped the run."""
        ...

    def user_started(self) -> None:
        """The user has started to use mouse or keyboard: pause until `user_finished`."""
        ...

    def user_finished(self) -> None:
        """Mouse and keyboard have been idle for some time."""
        ...


@runtime_checkable
class InputMonitored(Protocol):
    """Optional protocol: an `Env` that detects the input of a user at the same screen."""

    def set_input_listener(self, listener: InputListener | None) -> None:
        """Send events to `listener` from now on; None stops that."""
        ...
