"""Base classes of environments: lifetime, context manager, bounds check, and timing of an action."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import ClassVar, Generic, Protocol, Self, TypeVar

from .actions import Action, CallFunction, Move, points_of
from .env import ActionRefused, ActionResult, Env, EnvLost, Fact, Observation
from .geometry import Size
from .interrupt import sleep
from .settle import Settler, SettleTimeouts


class ScreenEnv(Env, ABC):
    """Base class of an `Env`. A subclass calls `_check_open` before it uses its screen; `name` is for messages."""

    name: ClassVar[str] = "screen"
    _closed = False

    def release(self) -> None:
        """See `Env`."""

    def close(self) -> None:
        """See `Env`."""
        self.release()
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EnvLost(f"the {self.name} was closed")


class _OpenScreen(Protocol):
    """A screen that holds resources; the methods are those of `Env`."""

    def observe(self) -> Observation: ...
    def execute(self, action: Action, /) -> ActionResult: ...
    def release(self) -> None: ...
    def close(self) -> None: ...


S = TypeVar("S", bound=_OpenScreen)


class SessionEnv(ScreenEnv, Generic[S]):
    """Base class of an `Env` that opens a session at its first use and closes it once."""

    _session: S | None = None

    @abstractmethod
    def _open(self) -> S:
        """Open the screen."""

    def observe(self) -> Observation:
        """See `Env`."""
        return self._opened().observe()

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        return self._opened().execute(action)

    def release(self) -> None:
        """See `Env`."""
        if self._session is not None:
            self._session.release()

    def close(self) -> None:
        """See `Env`."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _opened(self) -> S:
        self._check_open()
        if self._session is None:
            self._session = self._open()
        return self._session


def check_bounds(action: Action, size: Size) -> None:
    """Check that every point of `action` lies on a screen of `size`.

    Raises:
        ActionRefused: a point is outside, or it is a call of a function, which no screen has.
    """
    if isinstance(action, CallFunction):
        raise ActionRefused(f"a screen has no function {action.name:.80}: Agent(actions=[...]) calls yours")
    for point in points_of(action):
        if not (0 <= point.x < size.width and 0 <= point.y < size.height):
            raise ActionRefused(f"({point.x:g}, {point.y:g}) is outside the screen of {size}")


def wait(seconds: float, sleep: Callable[[float], None] = sleep) -> ActionResult:
    """Perform a `Wait` action."""
    sleep(seconds)
    return ActionResult(seconds, settled_by="waited")


def check_size(action: Action, seen: Size, now: Size) -> None:
    """Check that the screen still has the size of the screenshot that the points of `action` refer to.

    Raises:
        ActionRefused: it was resized or rotated.
    """
    if points_of(action) and now != seen:
        raise ActionRefused(f"the screen size changed from {seen} to {now}")


def size_facts(before: Size | None, after: Size) -> tuple[Fact, ...]:
    """The fact for the model if the screen was resized or rotated since the last screenshot."""
    return () if before is None or before == after else (Fact(f"The screen size changed from {before} to {after}."),)


def act_and_settle(
    action: Action, seen: Size, act: Callable[[], str], settler: Settler, timeouts: SettleTimeouts
) -> ActionResult:
    """Call `act`, which performs `action`, then wait until the screen settles.

    The result's `method` is what `act` returns. `seen` is the size of the last screenshot.
    """
    before = settler.capture()
    check_size(action, seen, Size(before.width, before.height))
    started = time.monotonic()
    method = act()
    acted = time.monotonic() - started
    settled = settler.wait(before, timeouts.for_hover if isinstance(action, Move) else timeouts)
    return ActionResult(acted, settled.seconds, settled.by, method)
