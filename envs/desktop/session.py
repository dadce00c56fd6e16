"""An open desktop: screenshots, input, and waiting until it has settled."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from ..actions import Action, Move, OpenApp, Scroll, Type, Wait
from ..base import check_bounds, check_size, size_facts, wait
from ..clipboard import Clipboard, ClipboardSettings, copied_facts, open_clipboard
from ..demonstration import PersonInput
from ..env import ActionResult, EnvError, EnvUnavailable, Fact, InputListener, Observation
from ..geometry import DevicePoint, ScreenPoint
from ..input.driver import ClipboardDriver, Driver
from ..input.gestures import Gestures
from ..settle import RawFrame, Settler, SettleResult, SettleTimeouts
from .address import DisplayAddress
from .apps.busy import Busy
from .capture import Capture, screenshot_of
from .compositor import CapturedScreen, Compositor
from .programs import Programs, until
from .virtual.display import RunningDisplay, VirtualDisplay
from .virtual.home import HomeFolder
from .virtual.processes import ProcessGroup
from .watchdog import NoWatchdog, start_watchdog
from .watchdog.input_filter import filter_input
from .watchdog.settings import OFF, InterruptSettings
from .wayland import wayland_socket
from .x11.connection import Windows, connect, is_x11
from .x11.person import XPerson

DriverName: TypeAlias = Literal["auto", "xtest", "pyautogui"]

INPUT_DEVICES = Path("/dev/input")
"""The kernel's input devices; a Wayland compositor reports no user input to other programs."""

_MANAGER_LIMIT_S = 5.0
AFTER_OPENING = SettleTimeouts(first_change_s=0.5, quiet_s=0.5, limit_s=15.0, busy_s=6.0)
"""LibreOffice Impress shows an empty window for up to 5 s on a busy machine."""

_NEW_WINDOW = SettleTimeouts(first_change_s=0.3, quiet_s=0.4, limit_s=3.0)


class DesktopSession:
    """Opens the screen in its constructor; an error there leaves nothing open."""

    def __init__(
        self,
        display: str | None,
        virtual: VirtualDisplay | None,
        monitor: int,
        driver: DriverName,
        timeouts: SettleTimeouts,
        interrupts: InterruptSettings | None = None,
        pass_env: tuple[str, ...] = (),
        clipboard: ClipboardSettings = ClipboardSettings(),
    ) -> None:
        self._timeouts = timeouts
        self._windows: Windows | None = None
        self._busy: Callable[[], bool] = lambda: False  # unknown without a list of windows
        self._watchdog = NoWatchdog()
        interrupts = interrupts or _default_interrupts(virtual)
        with ExitStack() as undo:
            self._running = RunningDisplay(virtual, pass_env) if virtual else None
            if self._running:
                undo.callback(self._running.stop)
            wayland = wayland_socket(os.environ) if display is None and virtual is None and is_x11() else None
            self.address = self._running.address if self._running else _real_address(display, wayland)
            self.wayland = wayland is not None
            self._driver_facts: Callable[[], tuple[Fact, ...]] = tuple
            self._capture: CapturedScreen
            if wayland is not None:
                self._capture, self._driver = self._on_wayland(wayland, monitor, interrupts, undo)
            else:
                self._capture, self._driver = self._on_display(monitor, driver, interrupts, undo)
            self._reported = open_clipboard(clipboard, self.clipboard)
            self.programs = Programs(self._windows, self._running, self.address, pass_env)
            self._settler = Settler(self._capture.frame, sleep=self._watchdog.sleep, busy=self._busy)
            self._gestures = Gestures(self._driver, self._capture.device, self._watchdog.sleep)
            if virtual and self._running:
                self._start_programs(virtual, self._running)
            self._size = self._capture.size
            self.programs.take_facts()  # what is open at the start is not news
            self._undo = undo.pop_all()

    def observe(self) -> Observation:
        """See `Env`."""
        self._watchdog.check_alive()
        facts = self._watchdog.take_facts()
        shot = screenshot_of(self._refresh())
        facts = (*facts, *size_facts(self._size, shot.size), *self.programs.take_facts())
        facts += (*self._driver_facts(), *copied_facts(self._reported))
        self._size = shot.size
        active = self._windows.active() if self._windows else None
        title, program = (active.title, "".join(active.classes[-1:])) if active else ("", "")
        return Observation(shot, facts, title, self._capture.device, program)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        check_bounds(action, self._size)
        with self._watchdog.acting():
            self._driver.check()
            self._watchdog.check()
            if isinstance(action, Wait):
                return wait(action.seconds, self._watchdog.sleep)
            before = self._refresh()
            action = self._aimed(action)
            check_size(action, self._size, self._capture.size)
            act = (
                partial(self.programs.open, action.app)
                if isinstance(action, OpenApp)
                else partial(self._gestures.do, action)
            )
            hovers = isinstance(action, Move) and not self._gestures.holds_a_button
            timeouts = AFTER_OPENING if isinstance(action, OpenApp) else self._timeouts
            result = self._act(act, before, timeouts.for_hover if hovers else timeouts)
        return result if isinstance(action, Type | OpenApp) else replace(result, method="")

    def execute_all(self, actions: tuple[Action, ...], timeouts: SettleTimeouts) -> ActionResult:
        """Perform several actions without waiting in between, then wait until the screen has settled."""
        self._driver.check()
        with self._watchdog.acting():
            result = self._act(lambda: "".join(map(self._gestures.do, actions)), self._capture.frame(), timeouts)
        return replace(result, method="")

    def _aimed(self, action: Action) -> Action:
        """A scroll on a virtual display before any move is meant for the window in front, not for the bare screen."""
        if isinstance(action, Scroll) and action.at is None and self._running and not self._gestures.has_moved:
            active = self._windows.active() if self._windows else None
            box = self._windows.box(active) if self._windows and active else None
            if box is not None:
                return replace(action, at=ScreenPoint((box.left + box.right) // 2, (box.top + box.bottom) // 2))
        return action

    def _act(self, act: Callable[[], str], before: RawFrame, timeouts: SettleTimeouts) -> ActionResult:
        """Call `act`, which returns the method, then wait until the screen has settled."""
        windows = self.programs.ids()
        started = time.monotonic()
        method = act()
        acted = time.monotonic() - started
        settled = self._settle(before, windows, timeouts)
        return ActionResult(acted, settled.seconds, settled.by, method)

    def _refresh(self) -> RawFrame:
        """Capture the screen; updates its size and position."""
        frame = self._capture.refresh()
        self._gestures.device = self._capture.device
        return frame

    def clipboard(self) -> Clipboard:
        """The clipboard of the screen.

        Raises:
            EnvUnavailable: it cannot be accessed.
        """
        if isinstance(self._driver, ClipboardDriver):
            return self._driver.clipboard()
        raise EnvUnavailable("the clipboard of this screen cannot be accessed")

    def send_input(self, action: Action) -> None:
        """Perform `action` without waiting for its effect."""
        self._gestures.do(action)

    @property
    def watch_url(self) -> str:
        """The URL of the page that shows a watched display; empty if there is none."""
        return self._running.watch_url if self._running else ""

    @property
    def processes(self) -> ProcessGroup | None:
        """The processes of a virtual display; None on other screens."""
        return self._running.processes if self._running else None

    @property
    def unsandboxed(self) -> str:
        """Why programs of a virtual display run without a sandbox; empty if they run in one, or this is none."""
        return self._running.unsandboxed if self._running else ""

    @property
    def shown(self) -> tuple[Path, ...]:
        """What programs in a sandbox can read because their command lines name it."""
        return self._running.shown if self._running else ()

    @property
    def on_screen(self) -> Windows | None:
        """Access to the windows of an X display; None elsewhere."""
        return self._windows

    @property
    def home(self) -> HomeFolder | None:
        """The home folder of the programs on a virtual display."""
        return self._running.home if self._running else None

    def frame(self) -> RawFrame:
        """Capture the screen."""
        return self._capture.frame()

    def start(self, program: tuple[str, ...]) -> None:
        """Start `program` on the virtual display, and wait until its window has settled.

        Raises:
            EnvUnavailable: the display is not a virtual one, or the program opens no window.
        """
        if self._running is None:
            raise EnvUnavailable("only a virtual display can start programs with arguments")
        self.programs.start(program, self._running)
        self.settle(AFTER_OPENING)

    def settle(self, timeouts: SettleTimeouts) -> SettleResult:
        """Wait until the screen has settled."""
        return self._wait(self._capture.frame(), timeouts)

    def _wait(self, before: RawFrame, timeouts: SettleTimeouts) -> SettleResult:
        busy = self._busy if timeouts is AFTER_OPENING and isinstance(self._busy, Busy) else None
        if timeouts is AFTER_OPENING:
            self._settler.expect_late_changes()
        with busy.starting() if busy else nullcontext():
            return self._settler.wait(before, timeouts)

    def set_input_listener(self, listener: InputListener | None) -> None:
        """See `InputMonitored`."""
        self._watchdog.set_input_listener(listener)

    def watch_person(self, listener: Callable[[PersonInput], None]) -> XPerson:
        """Report input to `listener` until the result is closed.

        Raises:
            EnvUnavailable: it is no X display, or has no RECORD extension.
        """
        if self._windows is None:
            raise EnvUnavailable("only X displays report what a person does on them: use an X session, or --virtual")
        return XPerson(self.address, listener, self._to_screen)

    def _to_screen(self, point: DevicePoint) -> ScreenPoint:
        return self._capture.device.inverse(point)  # of the moment: the screen may be resized

    def release(self) -> None:
        """See `Env`."""
        self._gestures.release()

    def close(self) -> None:
        """Release, disconnect, and end the virtual display."""
        self.release()
        if self._running:
            self._running.keep_files()
        self._undo.close()

    def _on_wayland(
        self, socket: Path, monitor: int, interrupts: InterruptSettings, undo: ExitStack
    ) -> tuple[CapturedScreen, Driver]:
        """Capture and input of a compositor. It does not list windows or report user input."""
        compositor = Compositor(socket, monitor)
        undo.callback(_quietly, compositor.screen.close)
        if interrupts.enabled:
            self._watchdog = start_watchdog(self.address, interrupts, devices=INPUT_DEVICES)
            undo.callback(self._watchdog.close)
        driver = compositor.driver(self._watchdog.check)
        self._driver_facts = compositor.take_facts
        undo.callback(driver.close)
        return compositor.screen, driver

    def _on_display(
        self, monitor: int, name: DriverName, interrupts: InterruptSettings, undo: ExitStack
    ) -> tuple[Capture, Driver]:
        """Capture and input of an X display, macOS or Windows; on X also the connection that lists windows."""
        connection = connect(self.address) if is_x11() else None
        if connection is not None:
            undo.callback(_quietly, connection.close)
        # Before the driver: on Windows the first library that is loaded decides how coordinates are scaled.
        capture = Capture(self.address, monitor)
        undo.callback(capture.close)
        if interrupts.enabled:
            self._watchdog = start_watchdog(self.address, interrupts, trusting=name == "pyautogui")
            undo.callback(self._watchdog.close)
        has_user = self._running is None
        if connection is not None:
            filter_input(connection, self._watchdog)
            self._windows = Windows(connection)
            self._busy = self._busy_programs(self._windows)
            if name != "pyautogui":
                from .x11.driver import XTestDriver

                driver = XTestDriver(connection, self.address, self._windows, has_user=has_user, busy=self._busy)
                undo.callback(driver.close)
                return capture, driver
        if name == "xtest":
            raise EnvUnavailable("the driver xtest is for X displays; use pyautogui here")
        from .pyautogui_driver import PyAutoGuiDriver

        return capture, PyAutoGuiDriver(self.address, has_user=has_user, before_input=self._watchdog.check)

    def _busy_programs(self, windows: Windows) -> Busy:
        """Whether a program of a virtual display, or that with the focus, is busy."""
        if self._running:
            return Busy(self._running.program_roots, self._running.service_pids)
        return Busy(windows.active_processes)

    def _start_programs(self, virtual: VirtualDisplay, running: RunningDisplay) -> None:
        """Start the programs in order, waiting for a window of each; returns once the last is in front and settled."""
        if virtual.window_manager and self._windows:
            until(self._windows.is_managed, _MANAGER_LIMIT_S)
        self._driver.move(virtual.size.width - 1, virtual.size.height - 1)  # so that it hovers over nothing
        before: set[int] = set()
        for program in virtual.programs:
            before = self.programs.start(program, running)
        self.settle(AFTER_OPENING)
        if self.programs.newest_to_front(before):  # a slower program took the focus meanwhile
            self.settle(_NEW_WINDOW)

    def _settle(self, before: RawFrame, windows: set[int], timeouts: SettleTimeouts) -> SettleResult:
        """Wait until the screen has settled; again if a window opened or closed, since a new one may still be empty."""
        first = self._wait(before, timeouts)
        if first.by == "limit" or self.programs.ids() == windows:
            return first
        second = self.settle(AFTER_OPENING if timeouts is AFTER_OPENING else _NEW_WINDOW)
        return SettleResult(first.seconds + second.seconds, f"{first.by}, new window {second.by}")


def _default_interrupts(virtual: VirtualDisplay | None) -> InterruptSettings:
    """A user of the screen can interrupt a run on it."""
    has_user = virtual is None or virtual.watch == "control"
    return InterruptSettings() if has_user else InterruptSettings(OFF, 0.0)


def _real_address(display: str | None, wayland: Path | None) -> DisplayAddress:
    """The address of the real screen; empty unless it is an X display.

    Raises:
        EnvUnavailable: there is no display; the message says what to do.
    """
    if not is_x11() or wayland is not None:
        return DisplayAddress()
    name = display or os.environ.get("DISPLAY")
    if not name:
        raise EnvUnavailable("there is no display: set DISPLAY, or use a virtual display (VirtualDisplay, --virtual)")
    return DisplayAddress(name, os.environ.get("XAUTHORITY"))


def _quietly(work: Callable[[], object]) -> None:
    with suppress(EnvError, Exception):  # closing a dead connection can raise anything
        work()
