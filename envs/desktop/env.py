"""A desktop as a screen: seen through mss, worked through XTEST on X displays and through pyautogui elsewhere.

On X every environment has connections of its own (python-xlib), so several displays can be worked in one process;
pyautogui, which knows one display a process, is used there on request (`driver="pyautogui"`). macOS and Windows are
worked through pyautogui.

    with DesktopEnv(virtual=VirtualDisplay(programs=(("mousepad", "notes.txt"),))) as env:
        env.observe().screenshot.image.show()
"""

from ..actions import Action, Back, Home, Navigate
from ..base import SessionEnv
from ..env import ActionRefused, ActionResult, EnvInfo, InputListener
from ..settle import SettleTimeouts
from .address import DisplayAddress
from .session import DesktopSession, DriverName
from .virtual.display import VirtualDisplay
from .watchdog.settings import InterruptSettings
from .x11.connection import Window


class DesktopEnv(SessionEnv[DesktopSession]):
    """The display `display` (by default the one that DISPLAY names), or the `virtual` one, which it starts and ends.

    `monitor` counts from 1. On a real screen, and a virtual one that its watcher works, a double Esc stops the episode
    in the middle of an action, and mouse and keyboard in the person's hands hold it; `interrupts` says otherwise. So
    does pushing the pointer of a real screen into the top left corner, between two actions.
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
    ) -> None:
        if display is not None and virtual is not None:
            raise ValueError("give a display or a virtual one, not both")
        if monitor < 1:
            raise ValueError(f"monitors are counted from 1: there is no monitor {monitor}")
        self.display = display
        self.virtual = virtual
        self.monitor = monitor
        self.driver: DriverName = driver
        self.timeouts = timeouts
        self.interrupts = interrupts
        self._listener: InputListener | None = None

    @property
    def is_real(self) -> bool:
        """Whether this is a screen that somebody may be sitting at: ask before taking it."""
        return self.virtual is None

    @property
    def address(self) -> DisplayAddress | None:
        """Where other programs find the display while it is open; None before and after."""
        return self._session.address if self._session is not None else None

    @property
    def wayland(self) -> bool:
        """Whether it is the screen of a Wayland compositor, while it is open."""
        return self._session is not None and self._session.wayland

    @property
    def watch_url(self) -> str:
        """The address of the page that shows a watched display while it is open; else empty."""
        return self._session.watch_url if self._session is not None else ""

    def info(self) -> EnvInfo:
        """See `Env`."""
        if self.virtual is not None:
            programs = "; ".join(" ".join(program) for program in self.virtual.programs)
            settings = {"display": "virtual", "size": str(self.virtual.size), "programs": programs}
        else:
            settings = {"display": self.display or "default", "monitor": str(self.monitor)}
        return EnvInfo("desktop", "Xvfb" if self.virtual else "", settings | {"driver": self.driver})

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        if isinstance(action, Navigate | Back | Home):
            raise ActionRefused(
                f"a desktop has no {type(action).__name__.lower()} action: use the windows and keys that are there"
            )
        return self._opened().execute(action)

    def start(self, program: tuple[str, ...]) -> None:
        """Start `program`, a list of arguments, on the virtual display; returns when its window is there and rests.

        Raises:
            EnvUnavailable: the display is not a virtual one, or the program shows no window; says why.
        """
        self._opened().start(program)

    def windows(self) -> tuple[Window, ...]:
        """The programs' windows, minimised ones too; facts for a log or a guard, none where they cannot be listed."""
        shown = self._opened().on_screen
        return shown.shown() if shown is not None else ()

    def active_window(self) -> Window | None:
        """The window that has the focus; None where there is none, or it cannot be told."""
        shown = self._opened().on_screen
        return shown.active() if shown is not None else None

    def set_input_listener(self, listener: InputListener | None) -> None:
        """See `Attended`."""
        self._listener = listener
        if self._session is not None:
            self._session.set_input_listener(listener)

    def _open(self) -> DesktopSession:
        session = DesktopSession(self.display, self.virtual, self.monitor, self.driver, self.timeouts, self.interrupts)
        session.set_input_listener(self._listener)
        return session
