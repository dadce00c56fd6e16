"""A desktop environment: screenshots from mss, input through XTEST on X displays and through pyautogui elsewhere.

On X each environment has its own connections (python-xlib), so that one process can operate several displays.
pyautogui supports one display per process; on X it is used only on request (`driver="pyautogui"`). macOS and Windows
are untested.

    with DesktopEnv(virtual=VirtualDisplay(programs=(("mousepad", "notes.txt"),))) as env:
        env.observe().screenshot.image.show()
"""

from collections.abc import Callable
from pathlib import Path

from ..actions import Action, Back, Home, Navigate
from ..base import SessionEnv
from ..clipboard import ClipboardSettings
from ..demonstration import PersonInput
from ..env import ActionRefused, ActionResult, EnvInfo, InputListener
from ..settle import SettleTimeouts
from .address import DisplayAddress
from .session import DesktopSession, DriverName
from .virtual.display import VirtualDisplay
from .virtual.sandbox.bubblewrap import why_unavailable
from .watchdog.settings import InterruptSettings
from .x11.connection import Window
from .x11.person import XPerson, is_for_password


class DesktopEnv(SessionEnv[DesktopSession]):
    """A real display, or a virtual one that it starts and ends.

    The user can interrupt a run on a real display, and on a virtual one watched with `watch="control"`: by default a
    double Escape stops it, even in the middle of an action, and using mouse or keyboard pauses it. Pushing the pointer
    of a real display into the top left corner stops it between two actions.

    `kept_files` and `lost_files` are known when it is closed: the copies of the files that `VirtualDisplay.keep` names,
    and the other files that programs left in the private home of the display, relative to it.

    Args:
        display: Name of the X display; by default that of the variable DISPLAY.
        virtual: The virtual display to start instead.
        monitor: Number of the monitor, from 1.
        driver: How to send input; `auto` chooses XTEST on X displays.
        timeouts: How long to wait for the screen to settle after an action.
        interrupts: How the user can interrupt a run.
        pass_env: Names of environment variables that programs get, besides those of `clean_environment`.
        clipboard: Whether what is copied is reported to the model, and what the clipboard holds at the start.

    Raises:
        ValueError: the arguments contradict each other.
    """

    name = "desktop"

    def __init__(
        self,
        *,
        display: str | None = None,
        virtual: VirtualDisplay | None = None,
        monitor: int = 1,
        driver: DriverName = "auto",
        timeouts: SettleTimeouts = SettleTimeouts(),
        interrupts: InterruptSettings | None = None,
        pass_env: tuple[str, ...] = (),
        clipboard: ClipboardSettings = ClipboardSettings(),
    ) -> None:
        if display is not None and virtual is not None:
            raise ValueError("pass display or virtual, not both")
        if monitor < 1:
            raise ValueError(f"monitor numbers start at 1: there is no monitor {monitor}")
        self.display = display
        self.virtual = virtual
        self.monitor = monitor
        self.driver: DriverName = driver
        self.timeouts = timeouts
        self.interrupts = interrupts
        self.pass_env = pass_env
        self.clipboard_settings = clipboard
        self.kept_files: tuple[Path, ...] = ()
        self.lost_files: tuple[str, ...] = ()
        self._listener: InputListener | None = None
        self._person: XPerson | None = None

    @property
    def is_real(self) -> bool:
        """Whether a user may be at this screen; ask the user before operating it."""
        return self.virtual is None

    @property
    def address(self) -> DisplayAddress | None:
        """The address of the display for other programs; None unless it is open."""
        return self._session.address if self._session is not None else None

    @property
    def wayland(self) -> bool:
        """Whether the open screen belongs to a Wayland compositor."""
        return self._session is not None and self._session.wayland

    @property
    def watch_url(self) -> str:
        """The URL of the page that shows a watched display; empty unless one is open."""
        return self._session.watch_url if self._session is not None else ""

    @property
    def unsandboxed(self) -> str:
        """Why the programs of an open virtual display run without a sandbox; empty if they run in one."""
        return self._session.unsandboxed if self._session is not None else ""

    @property
    def shown(self) -> tuple[Path, ...]:
        """What programs of an open virtual display can read in the sandbox because their command lines name it."""
        return self._session.shown if self._session is not None else ()

    def info(self) -> EnvInfo:
        """See `Env`."""
        if self.virtual is not None:
            programs = "; ".join(" ".join(program) for program in self.virtual.programs)
            settings = {"display": "virtual", "size": str(self.virtual.size), "programs": programs}
            unavailable = why_unavailable() if self._session is None else self.unsandboxed
            settings["bubblewrap"] = self.virtual.sandbox.describe(unavailable, self.shown)
        else:
            settings = {"display": self.display or "default", "monitor": str(self.monitor)}
        return EnvInfo("desktop", "Xvfb" if self.virtual else "", settings | {"driver": self.driver})

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        if isinstance(action, Navigate | Back | Home):
            raise ActionRefused(f"a desktop has no {type(action).__name__.lower()} action; use its windows and keys")
        return self._opened().execute(action)

    def close(self) -> None:
        """See `Env`."""
        self.watch_person(None)
        home = self._session.home if self._session is not None else None
        super().close()
        if home is not None:
            self.kept_files, self.lost_files = home.kept, home.lost

    def start(self, program: tuple[str, ...]) -> None:
        """Start `program`, an argument list, on the virtual display; return when its window has settled.

        Raises:
            EnvUnavailable: the display is not a virtual one, or the program opens no window.
        """
        self._opened().start(program)

    def windows(self) -> tuple[Window, ...]:
        """The windows of programs, minimized ones included; empty where windows cannot be listed."""
        windows = self._opened().on_screen
        return windows.shown() if windows is not None else ()

    def active_window(self) -> Window | None:
        """The window that has the focus; None if there is none or it is unknown."""
        windows = self._opened().on_screen
        return windows.active() if windows is not None else None

    def clipboard(self) -> str:
        """See `HasClipboard`."""
        return self._opened().clipboard().read().text or ""

    def set_clipboard(self, text: str) -> None:
        """See `HasClipboard`."""
        self._opened().clipboard().write(text)

    def asks_for_password(self) -> bool:
        """See `KnowsPasswordFields`: by the title and the program of the active window."""
        windows = self._opened().on_screen
        return windows is None or is_for_password(windows.active())

    def set_input_listener(self, listener: InputListener | None) -> None:
        """See `InputMonitored`."""
        self._listener = listener
        if self._session is not None:
            self._session.set_input_listener(listener)

    def watch_person(self, listener: Callable[[PersonInput], None] | None) -> None:
        """See `Demonstrable`; only on X displays."""
        if self._person is not None:
            self._person.close()
        self._person = None if listener is None else self._opened().watch_person(listener)

    def _open(self) -> DesktopSession:
        session = DesktopSession(
            self.display,
            self.virtual,
            self.monitor,
            self.driver,
            self.timeouts,
            self.interrupts,
            self.pass_env,
            self.clipboard_settings,
        )
        session.set_input_listener(self._listener)
        return session
