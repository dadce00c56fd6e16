"""The programs on a desktop and their windows: starting, finding, and reporting what opens and closes."""

import time
from collections.abc import Callable
from functools import partial

from ..env import ActionRefused, EnvUnavailable, Fact
from ..environment import clean_environment
from ..interrupt import sleep
from .address import DisplayAddress
from .apps.launch import command_of, start_detached, window_of
from .virtual.display import RunningDisplay
from .x11.connection import Window, Windows

_PROGRAM_LIMIT_S = 30.0
_SPLASH_LIMIT_S = 45.0
_OPEN_LIMIT_S = 10.0
_FOCUS_LIMIT_S = 1.0
_POLL_S = 0.02


class Programs:
    """The programs on a display; `windows` is None where windows cannot be listed, `running` a virtual display."""

    def __init__(
        self,
        windows: Windows | None,
        running: RunningDisplay | None,
        address: DisplayAddress,
        pass_env: tuple[str, ...] = (),
    ) -> None:
        self._windows, self._running, self._address, self._pass_env = windows, running, address, pass_env
        self._facts: list[Fact] = []
        self._titles: dict[int, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables for a program on this display."""
        if self._running:
            return dict(self._running.environment)
        wanted = {"DISPLAY": self._address.name, "XAUTHORITY": self._address.authority}
        return clean_environment(self._pass_env, **{name: value for name, value in wanted.items() if value})

    def ids(self) -> set[int]:
        """The ids of the windows on the screen."""
        return self._windows.ids() if self._windows else set()

    def start(self, program: tuple[str, ...], running: RunningDisplay) -> set[int]:
        """Start `program` on a virtual display, and wait until its main window opens.

        Returns:
            The ids of the windows that were open before.

        Raises:
            EnvUnavailable: it ended, or opened no window in time.
        """
        before = self.ids()
        started = running.start(program)
        self.await_window(before, program[0], partial(running.exit_code, started), running.last_line)
        return before

    def newest_to_front(self, before: set[int]) -> bool:
        """Bring a window whose id is not in `before` to the front, if one of those is; returns whether one was."""
        active = self._windows.active() if self._windows else None
        opened = self._main_windows(before)
        if self._windows is None or active is None or active.id not in before or not opened:
            return False
        self._activate(opened[-1], self._windows)
        return True

    def await_window(
        self, before: set[int], program: str, exit_code: Callable[[], int | None], last_line: Callable[[str], str]
    ) -> None:
        """Wait until `program` opens a main window whose id is not in `before`; behind a splash screen for longer.

        Raises:
            EnvUnavailable: it ended, or opened none in time.
        """
        started = time.monotonic()
        has_splash = False
        while not self._main_windows(before):
            has_splash = has_splash or bool(self.ids() - before)
            code = exit_code()
            limit_s = _SPLASH_LIMIT_S if has_splash else _PROGRAM_LIMIT_S
            if code or time.monotonic() - started > limit_s:
                if not code and self.ids() - before:
                    self._facts.append(Fact("{} shows only a splash screen so far.", (program,)))
                    return
                ended = f"ended with code {code}" if code else f"opened no window within {limit_s:g} s"
                raise EnvUnavailable(f"{program} {ended}: {last_line(program)}".rstrip(": "))
            sleep(_POLL_S)

    def open(self, app: str) -> str:
        """Bring the window of `app` to the front, or start it and wait for its main window; returns which.

        Raises:
            ActionRefused: no program or several match, or it cannot be started.
        """
        shown = self._windows.shown() if self._windows else ()
        window = window_of(app, shown, self.environment)
        if window and self._windows:
            self._activate(window, self._windows)
            return "focused"
        command = command_of(app, self.environment)
        if self._running:
            try:
                self._running.start(command)
            except EnvUnavailable as error:
                raise ActionRefused(str(error)) from error
        else:
            start_detached(command, self.environment)
        if self._windows:
            self._await_opened(app, {window.id for window in shown})
        return "started"

    def take_facts(self) -> tuple[Fact, ...]:
        """Which windows opened and closed since the last call, and what the model should know about them."""
        titles = self._current_titles()
        opened = [title for number, title in titles.items() if number not in self._titles]
        closed = [title for number, title in self._titles.items() if number not in titles]
        facts, self._facts, self._titles = self._facts, [], titles
        return (
            *(Fact("A window opened: {}.", (title,)) for title in opened),
            *(Fact("A window closed: {}.", (title,)) for title in closed),
            *facts,
        )

    def _activate(self, window: Window, windows: Windows) -> None:
        windows.activate(window)
        if not until(lambda: windows.has_focus(window), _FOCUS_LIMIT_S):
            self._facts.append(Fact("The window {} could not be given the keyboard focus.", (window.title,)))

    def _await_opened(self, app: str, before: set[int]) -> None:
        if until(lambda: bool(self.ids() - before), _OPEN_LIMIT_S):
            # A splash screen may close before the main window opens.
            if not until(lambda: bool(self._main_windows(before)), _SPLASH_LIMIT_S):
                self._facts.append(Fact("{} shows only a splash screen so far.", (app,)))
        else:
            self._facts.append(Fact("{} was started, but has opened no window yet.", (app,)))

    def _main_windows(self, before: set[int]) -> list[Window]:
        shown = self._windows.shown() if self._windows and self.ids() - before else ()
        return [window for window in shown if window.id not in before and window.is_main]

    def _current_titles(self) -> dict[int, str]:
        shown = self._windows.shown() if self._windows else ()
        return {window.id: window.title or "(no title)" for window in shown}


def until(ready: Callable[[], bool], limit_s: float) -> bool:
    """Wait until `ready()` or the limit; returns whether it was."""
    end = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() >= end:
            return False
        sleep(_POLL_S)
    return True
