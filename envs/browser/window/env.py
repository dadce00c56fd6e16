"""A browser window as an environment: Chromium on an X display, observed and operated through the display alone.

Chromium has no debugging port open: tab strip, address bar, pickers, menus, dialogs and file choosers are the real
ones, and pages cannot detect automation.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...actions import Action, Back, Click, Home, Hotkey, Navigate, OpenApp, Type, Wait
from ...base import SessionEnv
from ...clipboard import ClipboardSettings
from ...config.browser_settings import BrowserSettings
from ...desktop.session import DesktopSession
from ...desktop.virtual.display import VirtualDisplay
from ...desktop.virtual.processes import ProcessGroup, StartedProgram
from ...desktop.virtual.sandbox.bubblewrap import why_unavailable
from ...desktop.virtual.sandbox.settings import GrantedFolder, Sandbox
from ...desktop.watchdog.settings import InterruptSettings
from ...env import (
    ActionRefused,
    ActionResult,
    EnvError,
    EnvInfo,
    EnvLost,
    EnvUnavailable,
    Fact,
    InputListener,
    Observation,
)
from ...geometry import Size
from ...interrupt import sleep
from ...settle import SettleTimeouts
from ..firewall.fence import Fence
from ..launch.chromium import sandbox as chromium_sandbox
from ..launch.environment import BrowserSurroundings
from ..launch.identity import check_identity, check_window
from ..page.addresses import full_address
from .downloads import DownloadFolder
from .network import BRIDGE, WindowNetwork
from .parts import WindowParts
from .profile import prepare_profile, program_folder, window_environment, window_program, window_switches

_FIRST_CHANGE_S = 0.35
_QUIET_S = 0.2
_NAVIGATION = SettleTimeouts(first_change_s=1.0, quiet_s=0.3, limit_s=5.0)
_LOADED = SettleTimeouts(first_change_s=0.2, quiet_s=0.2, limit_s=3.0)
_SELECT_ADDRESS = Hotkey(("ctrl", "l"))
_FOCUS_S = 0.4
_CARET_BLINK_S = 0.7
_DRAWN_LIMIT_S = 15.0
_EXIT_LIMIT_S = 3.0
_POLL_S = 0.03


class BrowserWindowEnv(SessionEnv["_Window"]):
    """A Chromium window that fills a virtual display of `screen` pixels, opened at `url`.

    With `display`, such as `:1`, the window opens on that display instead. Each CSS pixel is `scale` screenshot pixels
    wide. File choosers only open with `settings.upload_from`; they start in its first folder but can leave it.

    Raises:
        ValueError: a setting is invalid or needs DevTools; one line.
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
        sandbox: Sandbox = Sandbox(),
        clipboard: ClipboardSettings = ClipboardSettings(),
    ) -> None:
        check_identity(settings)
        check_window(settings)
        self.url = url
        self.screen = screen
        self.scale = scale
        self.display = display
        self.settings = settings
        self.interrupts = interrupts
        self.sandbox = sandbox
        self.clipboard_settings = clipboard
        self._listener: InputListener | None = None

    @property
    def is_real(self) -> bool:
        """Whether a person may be using this display."""
        return self.display is not None

    @property
    def unsandboxed(self) -> str:
        """Why the open browser runs outside of a sandbox of its own (bubblewrap); empty if it runs in one."""
        return self._session.desktop.unsandboxed if self._session is not None else ""

    def info(self) -> EnvInfo:
        """See `Env`."""
        settings = {
            "url": self.url,
            "window": "whole",
            "screen": str(self.screen) if self.display is None else self.display,
            "scale": f"{self.scale:g}",
            "sandbox": chromium_sandbox(self.settings),
            "bubblewrap": self.sandbox.describe(self._why_unsandboxed()),
        }
        if self.settings.grants:
            settings["grants"] = ", ".join(self.settings.grants)
        if self.settings.ignore_certificates:
            settings["certificates not checked"] = ", ".join(self.settings.ignore_certificates)
        return EnvInfo("browser", self._session.program if self._session else "Chromium", settings)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        if isinstance(action, OpenApp):
            raise ActionRefused("a browser cannot open applications; navigate to an address instead")
        return self._opened().execute(action)

    def clipboard(self) -> str:
        """See `HasClipboard`."""
        return self._opened().desktop.clipboard().read().text or ""

    def set_clipboard(self, text: str) -> None:
        """See `HasClipboard`."""
        self._opened().desktop.clipboard().write(text)

    def set_input_listener(self, listener: InputListener | None) -> None:
        """See `InputMonitored`."""
        self._listener = listener
        if self._session is not None:
            self._session.desktop.set_input_listener(listener)

    def _why_unsandboxed(self) -> str:
        if self.display is not None:
            return "on another display"
        return why_unavailable() if self._session is None else self.unsandboxed

    def _open(self) -> "_Window":
        window = _Window(
            self.url,
            self.screen,
            self.scale,
            self.display,
            self.settings,
            self.interrupts,
            self.sandbox,
            self.clipboard_settings,
        )
        window.desktop.set_input_listener(self._listener)
        return window


class _Window:
    """The open window; if the constructor fails, everything it started is closed."""

    def __init__(
        self,
        url: str,
        screen: Size,
        scale: float,
        display: str | None,
        settings: BrowserSettings,
        interrupts: InterruptSettings | None,
        sandbox: Sandbox,
        clipboard: ClipboardSettings,
    ) -> None:
        self._home = _start_address(url)
        self._settings = settings
        self._fence = Fence(settings.grants, self._home)
        self.program = window_program(settings)
        self._facts: list[Fact] = []
        with ExitStack() as undo:
            self._surroundings = BrowserSurroundings(settings)
            undo.callback(self._surroundings.close)
            downloads = Path(settings.downloads or self._surroundings.downloads).resolve()
            profile = Path(settings.profile or self._surroundings.folder / "profile").resolve()
            prepare_profile(profile, self._home, downloads, settings, self._fence)
            self._downloads = DownloadFolder(downloads)
            self._switches = window_switches(profile, scale, settings, self._fence)
            virtual, self._network = None, None
            if display is None:
                if sandbox.mode != "off" and not why_unavailable():
                    self._network = WindowNetwork(settings, self._fence, self._surroundings.folder / "network")
                    undo.callback(self._network.close)
                    self._switches += self._network.switches
                    sandbox = replace(
                        sandbox, mode="require", folders=(*self._folders(profile, downloads), *sandbox.folders)
                    )
                virtual = VirtualDisplay(screen, sandbox=sandbox)
            timeouts = SettleTimeouts(_FIRST_CHANGE_S, _QUIET_S, settings.settle_limit_s)
            self.desktop = DesktopSession(display, virtual, 1, "auto", timeouts, interrupts, clipboard=clipboard)
            undo.callback(self.desktop.close)
            self._parts = WindowParts(self.desktop, scale)
            self._processes = self.desktop.processes or ProcessGroup("browser")
            undo.callback(self._processes.stop)
            if self._network is not None:
                self._network.connect(self._processes)
            self._pid = self._start(self._home)
            self._undo = undo.pop_all()

    def observe(self) -> Observation:
        self._reopen_if_closed()
        self._restore_if_minimized()
        observation = self.desktop.observe()
        facts, self._facts = (*self._facts, *observation.facts, *self._downloads.take_facts()), []
        facts += self._surroundings.take_facts()
        facts += self._network.take_facts() if self._network is not None else ()
        return replace(observation, facts=facts)

    def execute(self, action: Action) -> ActionResult:
        self._reopen_if_closed()
        match action:
            case Navigate(url):
                address = full_address(url)
                if reason := self._fence.check(address):
                    raise ActionRefused(f"{address:.200} was not opened: {reason}")
                return self._go(address)
            case Home():
                return self._go(self._home)
            case Back():
                self._check_unobstructed()
                result = self.desktop.execute_all((Hotkey(("alt", "left")),), _NAVIGATION)
                return self._after_loading(result, self._settings.load_limit_s)
            case Wait():
                return self.desktop.execute(action)
            case _:
                return self._after_loading(self.desktop.execute(action), self._settings.settle_limit_s)

    def release(self) -> None:
        self.desktop.release()

    def close(self) -> None:
        """Release input, and end all processes; a browser with a profile is closed first, so that it saves it."""
        self.release()
        if self._settings.profile:
            with suppress(EnvError):
                self._close_windows()
        self._undo.close()

    def _close_windows(self) -> None:
        """Close the windows and wait for Chromium to exit: ended by a signal, it loses its newest cookies."""
        windows = self.desktop.on_screen
        for window in windows.shown() if windows else ():
            if windows and any("chrom" in name for name in window.classes):
                windows.close(window)
        self._processes.await_end(self._pid, _EXIT_LIMIT_S)

    def _go(self, address: str) -> ActionResult:
        """Type `address` into the address bar, delete the autocompleted rest, and press Enter."""
        self._check_unobstructed()
        self._focus_address_bar()
        keys = (Type(address), Hotkey(("delete",)), Hotkey(("enter",)))
        return self._after_loading(self.desktop.execute_all(keys, _NAVIGATION), self._settings.load_limit_s)

    def _focus_address_bar(self) -> None:
        """Focus the address bar, select its text, and check on the screen that it has the focus.

        The hotkey has no effect if the page handles it itself or a closed dialog lost the focus, and no visible effect
        if the address bar has the focus already. A click helps in all these cases.
        """
        before = self._parts.toolbar()
        self.desktop.send_input(_SELECT_ADDRESS)
        if self._parts.toolbar_changes(before, _FOCUS_S):
            return
        self.desktop.send_input(Click(self._parts.address_bar()))
        if not self._parts.toolbar_changes(before, _CARET_BLINK_S):
            raise ActionRefused("the address bar could not be focused; answer or close any open dialog first")
        self.desktop.send_input(_SELECT_ADDRESS)

    def _check_unobstructed(self) -> None:
        """Check that the browser window is in front and shows its address bar.

        Raises:
            ActionRefused: another window is in front, or the page is in full screen.
        """
        windows = self.desktop.on_screen
        active = windows.active() if windows else None
        if windows and active and windows.is_dialog_of_another(active):
            raise ActionRefused(f"the window {active.title!r} is open; answer or close it first")
        if windows and active and windows.is_full_screen(active):
            raise ActionRefused("the page is in full screen; leave it with Escape or F11 first")

    def _after_loading(self, result: ActionResult, limit_s: float) -> ActionResult:
        """Wait until no page is loading; returns `result` with that time added."""
        started = time.monotonic()
        if not self._parts.await_loaded(limit_s):
            return result
        self.desktop.settle(_LOADED)
        seconds = result.settle_s + time.monotonic() - started
        return replace(result, settle_s=seconds, settled_by=f"{result.settled_by}, page loaded")

    def _reopen_if_closed(self) -> None:
        """Start the browser again if its last window was closed.

        Raises:
            EnvLost: it crashed.
        """
        code = self._processes.exit_code(self._pid)
        if code is None:
            return
        if code:
            raise EnvLost(f"the browser exited unexpectedly with code {code}")
        self._pid = self._start("about:blank")
        self._facts.append(Fact("The last browser window was closed. A new empty window was opened."))

    def _restore_if_minimized(self) -> None:
        """Restore a minimized window, since there is no task bar."""
        windows = self.desktop.on_screen
        if windows is None or windows.active() is not None:
            return
        shown = windows.shown()
        if shown:
            windows.activate(shown[-1])
            self.desktop.settle(_LOADED)

    def _folders(self, profile: Path, downloads: Path) -> Iterator[GrantedFolder]:
        """What the browser in the sandbox shares with this machine."""
        for folder in (profile, downloads, self._surroundings.temp):
            yield GrantedFolder(folder, writable=True)
        yield GrantedFolder(self._surroundings.programs)
        yield GrantedFolder(self._surroundings.notes, writable=True)
        for path in (self._surroundings.folder / "network", BRIDGE, program_folder(self.program)):
            yield GrantedFolder(path)
        for name in self._settings.upload_from:
            yield GrantedFolder(Path(name).resolve())
        if start := self._fence.start_folder():
            yield GrantedFolder(start)

    def _start(self, address: str) -> StartedProgram:
        before = self.desktop.programs.ids()
        environment = window_environment(self.desktop.programs.environment, self._surroundings.own, self._settings)
        argv = (self.program, *self._switches, address)
        started = self._processes.start(argv, environment, folder=self._surroundings.folder)
        self.desktop.programs.await_window(
            before, self.program, partial(self._processes.exit_code, started), self._processes.last_line
        )
        end = time.monotonic() + _DRAWN_LIMIT_S
        while not self._parts.is_drawn() and time.monotonic() < end:
            sleep(_POLL_S)
        self.desktop.settle(_NAVIGATION)
        self._parts.await_loaded(self._settings.load_limit_s)
        self.desktop.settle(_LOADED)
        self.desktop.observe()  # discards the fact that the window opened
        return started


def _start_address(url: str) -> str:
    try:
        return full_address(url)
    except ActionRefused as error:
        raise EnvUnavailable(str(error)) from error
