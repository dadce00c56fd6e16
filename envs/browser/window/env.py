"""A whole browser as a screen: a Chromium window on a display, seen and worked through the display alone.

Nothing is asked of Chromium, and no debugging port is open: tab strip, address bar, pickers, menus, dialogs and file
choosers are the real ones, and pages find no trace of automation.
"""

import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...actions import Action, Back, Click, Home, Hotkey, Navigate, OpenApp, Type, Wait
from ...base import SessionEnv
from ...desktop.sentry.settings import InterruptSettings
from ...desktop.session import DesktopSession
from ...desktop.virtual.display import VirtualDisplay
from ...desktop.virtual.processes import ProcessGroup
from ...env import ActionRefused, ActionResult, EnvError, EnvInfo, EnvLost, EnvUnavailable, InputListener, Observation
from ...geometry import Size
from ...settle import SettleTimeouts
from ..launch.chromium import runs_as_root
from ..launch.identity import check_identity, check_window
from ..launch.settings import BrowserSettings
from ..page.addresses import full_address
from .downloads import DownloadFolder
from .parts import WindowParts
from .profile import prepare_profile, surroundings, window_program, window_switches

_STILL_S = 0.35
_QUIET_S = 0.2
_GOING = SettleTimeouts(first_change_s=1.0, quiet_s=0.3, limit_s=5.0)
_AFTER_LOADING = SettleTimeouts(first_change_s=0.2, quiet_s=0.2, limit_s=3.0)
_SELECT_ADDRESS = Hotkey(("ctrl", "l"))
_REACH_S = 0.4
_BLINK_S = 0.7
_DRAWN_LIMIT_S = 15.0
_END_LIMIT_S = 3.0
_POLL_S = 0.03


class BrowserWindowEnv(SessionEnv["_Window"]):
    """Chromium in a window of its own that fills a virtual display of `screen` pixels, opened at `url`.

    With `display`, such as `:1`, it comes up on that display, of whatever size that has. Each CSS pixel is `scale`
    pixels of the screenshot. Of `settings`, `download_limit_mb` does not apply. File choosers open only with
    `upload_from`, in its first folder, and can then leave it.

    Raises:
        ValueError: something was set that a whole browser cannot be told; one line.
    """

    name = "browser"

    def __init__(
        self,
        url: str = "about:blank",
        *,
        screen: Size = Size(1280, 720),
        scale: float = 1.0,
        display: str | None = None,
        settings: BrowserSettings = BrowserSettings(),
        interrupts: InterruptSettings | None = None,
    ) -> None:
        check_identity(settings)
        check_window(settings)
        self.url = url
        self.screen = screen
        self.scale = scale
        self.display = display
        self.settings = settings
        self.interrupts = interrupts
        self._listener: InputListener | None = None

    @property
    def is_real(self) -> bool:
        """Whether this is a screen that somebody may be sitting at: ask before taking it."""
        return self.display is not None

    def info(self) -> EnvInfo:
        """See `Env`."""
        settings = {
            "url": self.url,
            "window": "whole",
            "screen": str(self.screen) if self.display is None else self.display,
            "scale": f"{self.scale:g}",
            "sandbox": "off, since root cannot have it" if runs_as_root() else "on",
        }
        return EnvInfo("browser", self._session.program if self._session else "Chromium", settings)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        if isinstance(action, OpenApp):
            raise ActionRefused("a browser starts no programs: open an address instead")
        return self._opened().execute(action)

    def set_input_listener(self, listener: InputListener | None) -> None:
        """See `Attended`."""
        self._listener = listener
        if self._session is not None:
            self._session.desktop.set_input_listener(listener)

    def _open(self) -> "_Window":
        window = _Window(self.url, self.screen, self.scale, self.display, self.settings, self.interrupts)
        window.desktop.set_input_listener(self._listener)
        return window


class _Window:
    """The open window. Opens in its constructor, whole or not at all."""

    def __init__(
        self,
        url: str,
        screen: Size,
        scale: float,
        display: str | None,
        settings: BrowserSettings,
        interrupts: InterruptSettings | None,
    ) -> None:
        self._home = _begin_at(url)
        self._settings = settings
        self.program = window_program(settings)
        self._facts: list[str] = []
        with ExitStack() as undo:
            virtual = VirtualDisplay(screen) if display is None else None
            timeouts = SettleTimeouts(_STILL_S, _QUIET_S, settings.settle_limit_s)
            self.desktop = DesktopSession(display, virtual, 1, "auto", timeouts, interrupts)
            undo.callback(self.desktop.close)
            self._parts = WindowParts(self.desktop, scale)
            self._kept = ProcessGroup("browser")
            undo.callback(self._kept.stop)
            downloads = Path(settings.downloads or self._kept.folder / "downloads").resolve()
            profile = Path(settings.profile or self._kept.folder / "profile").resolve()
            prepare_profile(profile, self._home, downloads, settings)
            self._downloads = DownloadFolder(downloads)
            self._switches = window_switches(profile, scale, settings)
            self._pid = self._start(self._home)
            self._undo = undo.pop_all()

    def observe(self) -> Observation:
        self._keep_alive()
        self._keep_in_front()
        look = self.desktop.observe()
        facts, self._facts = (*self._facts, *look.facts, *self._downloads.take_facts()), []
        return replace(look, facts=facts)

    def execute(self, action: Action) -> ActionResult:
        self._keep_alive()
        match action:
            case Navigate(url):
                return self._go(full_address(url))
            case Home():
                return self._go(self._home)
            case Back():
                self._refuse_under_dialog()
                return self._loaded(
                    self.desktop.in_turn((Hotkey(("alt", "left")),), _GOING), self._settings.load_limit_s
                )
            case Wait():
                return self.desktop.execute(action)
            case _:
                return self._loaded(self.desktop.execute(action), self._settings.settle_limit_s)

    def release(self) -> None:
        self.desktop.release()

    def close(self) -> None:
        """Release, and end everything; a browser whose profile is kept is closed first, so that it writes it down."""
        self.release()
        if self._settings.profile:
            with suppress(EnvError):
                self._close_in_order()
        self._undo.close()

    def _close_in_order(self) -> None:
        """Close the windows as a person does: a Chromium that is told to end by a signal forgets its newest cookies."""
        windows = self.desktop.on_screen
        for window in windows.shown() if windows else ():
            if windows and any("chrom" in name for name in window.classes):
                windows.close(window)
        self._kept.await_end(self._pid, _END_LIMIT_S)

    def _go(self, address: str) -> ActionResult:
        """Type `address` into the address bar; delete first what it may have completed it to by itself."""
        self._refuse_under_dialog()
        self._reach_address_bar()
        keys = (Type(address), Hotkey(("delete",)), Hotkey(("enter",)))
        return self._loaded(self.desktop.in_turn(keys, _GOING), self._settings.load_limit_s)

    def _reach_address_bar(self) -> None:
        """Focus the address bar and select all in it; that it worked can be seen.

        The keys for it do nothing where a page keeps them to itself, and when a dialog of the page before took the
        focus with it; and nothing that can be seen where the bar had the focus already. A click helps in all of these.
        """
        before = self._parts.toolbar()
        self.desktop.begin(_SELECT_ADDRESS)
        if self._parts.toolbar_changes(before, _REACH_S):
            return
        self.desktop.begin(Click(self._parts.address_bar()))
        if not self._parts.toolbar_changes(before, _BLINK_S):
            raise ActionRefused("the address bar cannot be reached: answer or close what is open first")
        self.desktop.begin(_SELECT_ADDRESS)

    def _refuse_under_dialog(self) -> None:
        """Refuse where another window than the browser's is in front, or the browser shows no address bar."""
        windows = self.desktop.on_screen
        active = windows.active() if windows else None
        if windows and active and windows.belongs_to_another(active):
            raise ActionRefused(f"the window {active.title!r} is open: answer or close it first")
        if windows and active and windows.is_full_screen(active):
            raise ActionRefused("the page fills the whole screen: leave that with Escape or F11 first")

    def _loaded(self, done: ActionResult, limit_s: float) -> ActionResult:
        """Wait until no page is loading any more; `done` with what that took."""
        started = time.monotonic()
        if not self._parts.await_loaded(limit_s):
            return done
        self.desktop.rest(_AFTER_LOADING)
        seconds = done.settle_s + time.monotonic() - started
        return replace(done, settle_s=seconds, settled_by=f"{done.settled_by}, page loaded")

    def _keep_alive(self) -> None:
        """Start the browser again where its last window was closed; a person would, and it is no loss."""
        code = self._kept.exit_code(self._pid)
        if code is None:
            return
        if code:
            raise EnvLost(f"the browser ended by itself, with code {code}")
        self._pid = self._start("about:blank")
        self._facts.append("The browser's last window was closed; it was opened again, empty.")

    def _keep_in_front(self) -> None:
        """Bring a window back that was minimised: there is no task bar here to do it with."""
        windows = self.desktop.on_screen
        if windows is None or windows.active() is not None:
            return
        shown = windows.shown()
        if shown:
            windows.activate(shown[-1])
            self.desktop.rest(_AFTER_LOADING)

    def _start(self, address: str) -> int:
        before = self.desktop.windows()
        environment = surroundings(self.desktop.programs_environment, self._settings)
        argv = (self.program, *self._switches, address)
        pid = self._kept.start(argv, environment, folder=self._kept.folder)
        self.desktop.await_window(before, self.program, partial(self._kept.exit_code, pid), self._kept.last_words)
        end = time.monotonic() + _DRAWN_LIMIT_S
        while not self._parts.is_drawn() and time.monotonic() < end:
            time.sleep(_POLL_S)
        self.desktop.rest(_GOING)
        self._parts.await_loaded(self._settings.load_limit_s)
        self.desktop.rest(_AFTER_LOADING)
        self.desktop.observe()  # that the window opened is no news
        return pid


def _begin_at(url: str) -> str:
    try:
        return full_address(url)
    except ActionRefused as error:
        raise EnvUnavailable(str(error)) from error
