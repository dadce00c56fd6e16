"""Chooses how to capture and operate a Wayland session: by the protocols of wlroots, or through the desktop portal."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ..env import EnvUnavailable, Fact
from ..geometry import DeviceTransform, Size
from ..input.driver import Driver
from ..settle import RawFrame
from .wayland import ProtocolMissing, WaylandDriver, WaylandScreen


class CapturedScreen(Protocol):
    """Captures one monitor. `refresh` also updates `size` and `device`."""

    size: Size
    device: DeviceTransform

    def refresh(self) -> RawFrame:
        """Capture it."""
        ...

    def frame(self) -> RawFrame:
        """Capture it."""
        ...

    def close(self) -> None:
        """Free all resources."""
        ...


class Compositor:
    """The screen of the compositor at `socket`.

    Raises:
        EnvUnavailable: it can be operated in neither way, or the user has not allowed it.
    """

    def __init__(self, socket: Path, monitor: int) -> None:
        self.screen: CapturedScreen
        self._make_driver: Callable[[Callable[[], None]], Driver]
        self.take_facts: Callable[[], tuple[Fact, ...]] = tuple
        try:
            screen = WaylandScreen(socket, monitor)
        except ProtocolMissing as missing:
            self._use_portal(monitor, missing)
        else:
            self.screen = screen
            self._make_driver = lambda before_input: WaylandDriver(screen, before_input)

    def driver(self, before_input: Callable[[], None]) -> Driver:
        """Mouse and keyboard; `before_input` is called before each press and move."""
        return self._make_driver(before_input)

    def _use_portal(self, monitor: int, missing: ProtocolMissing) -> None:
        try:
            from .portal import PortalDriver, PortalScreen  # needs the portal extra
        except ImportError as error:
            raise EnvUnavailable(f"{missing}; for GNOME and KDE: pip install 'screenwright[portal]'") from error
        if monitor != 1:
            raise EnvUnavailable("this desktop's own dialog selects the monitor: leave out the number of a monitor")
        try:
            screen = PortalScreen()
        except EnvUnavailable as error:
            raise EnvUnavailable(f"{missing}; through the desktop portal: {error}") from error

        def driver(before_input: Callable[[], None]) -> Driver:
            made = PortalDriver(screen, before_input)
            self.take_facts = made.take_facts
            return made

        self.screen, self._make_driver = screen, driver
