"""The settings of `--env desktop`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from ..env import Env
from .node import ENV_HELP, SettingError, setting
from .screen import SIZE, ClipboardConfig, parse_size

if TYPE_CHECKING:
    from ..desktop.virtual.sandbox.settings import GrantedFolder, Sandbox
    from ..desktop.watchdog.settings import InterruptSettings


MIN_SIDE_PX, MAX_SIDE_PX = 100, 10_000
"""The smallest side that a page or program is usable with, and the largest that displays and browsers support."""


class UserAtScreen(ClipboardConfig):
    """Settings of a display, and of the user who may sit at it."""

    screen: str = setting(
        "1280x720",
        "WIDTHxHEIGHT of the page or the virtual display (run: near the default, so that the model gets it unscaled)",
        common=True,
        pattern=SIZE,
    )
    display: str | None = setting(None, "X display to use, such as :1; for a browser, with --window")
    hot_key: str = setting(
        "double escape", "on a real screen: key that stops the run, such as ctrl+alt+q or double pause; or off"
    )
    pause_for_user: float = setting(
        5.0, "on a real screen: pause while the user is active, until idle for this many seconds; 0 to disable", ge=0
    )

    sandbox: Literal["auto", "require", "off"] = setting(
        "auto",
        "run the programs of a display of its own in a sandbox (bubblewrap): auto does where it is possible, require "
        "fails elsewhere",
    )
    grant_folder: tuple[str, ...] = setting(
        (), "folder that programs in the sandbox can read, or with :rw at its end also write to; repeatable"
    )

    @field_validator("grant_folder")
    @classmethod
    def _check_folders(cls, folders: tuple[str, ...]) -> tuple[str, ...]:
        for folder in folders:
            _granted(folder)
        return folders

    @field_validator("screen")
    @classmethod
    def _check_size(cls, screen: str) -> str:
        size = parse_size(screen)
        if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in (size.width, size.height)):
            raise SettingError("screen", f"is {screen}, but each side should be {MIN_SIDE_PX} to {MAX_SIDE_PX} pixels")
        return screen

    @field_validator("hot_key")
    @classmethod
    def _check_hot_key(cls, hot_key: str) -> str:
        from ..desktop.watchdog.settings import HotKey

        try:
            HotKey.parse(hot_key)
        except ValueError as error:
            raise SettingError("hot_key", str(error)) from error
        return hot_key

    def programs_sandbox(self, *, network: bool = False) -> "Sandbox":
        """The sandbox of programs on a display of its own."""
        from ..desktop.virtual.sandbox.settings import Sandbox

        return Sandbox(self.sandbox, tuple(map(_granted, self.grant_folder)), network)

    def interrupts(self) -> "InterruptSettings":
        """How the user at the screen can stop or pause the run."""
        from ..desktop.watchdog.settings import InterruptSettings

        return InterruptSettings(self.hot_key, self.pause_for_user)

    @property
    def interruption(self) -> str:
        """See `ScreenConfig`."""
        ways = [] if self.hot_key == "off" else [f"{self.hot_key} there stops it"]
        if self.pause_for_user:
            ways.append(f"your own mouse and keys pause it until they are idle for {self.pause_for_user:g} s")
        return "; ".join(ways)


def _granted(text: str) -> "GrantedFolder":
    from ..desktop.virtual.sandbox.settings import GrantedFolder

    try:
        return GrantedFolder.parse(text)
    except ValueError as error:
        raise SettingError("grant_folder", str(error)) from error


class DesktopConfig(UserAtScreen):
    """The real screen, or with `virtual` a display of its own."""

    group: ClassVar[str] = "screen: desktop"

    kind: Literal["desktop"] = "desktop"
    virtual: bool = setting(False, "start a virtual display instead of taking over the real screen", common=True)
    program: tuple[str, ...] = setting((), "program to start on the virtual display; repeatable", common=True)
    watch: bool = setting(False, "show the virtual display in a browser tab; its address is printed")
    watch_interactive: bool = setting(False, "with --watch: the tab also takes mouse and keyboard input")
    window_manager: str = setting("openbox", "window manager of the virtual display, such as xfwm4 or icewm; or none")
    home: Path | None = setting(
        None, "home folder of the programs on the virtual display (default: a private one, removed at the end)"
    )
    keep: tuple[str, ...] = setting(
        (),
        "file in the private home, such as report.odt or 'Documents/*', to copy to the folder of the run; repeatable",
    )
    grant_network: bool = setting(
        False, "give programs in the sandbox a network, without the loopback of this machine; needs slirp4netns"
    )
    pass_env: tuple[str, ...] = setting((), ENV_HELP)
    monitor: int = setting(1, "monitor of the real screen, counted from 1", ge=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.virtual and self.monitor != 1:
            raise ValueError("--monitor selects one of the real screen: leave out --virtual")
        if self.watch_interactive and not self.watch:
            raise ValueError("--watch-interactive needs --watch")
        if not self.virtual and self.sandbox == "require":
            raise ValueError("--sandbox require needs a display of its own: add --virtual")
        for name in ("watch", "program", "home", "keep", "window_manager", "grant_folder", "grant_network"):
            if getattr(self, name) != type(self).model_fields[name].default and not self.virtual:
                raise ValueError(f"--{name.replace('_', '-')} needs a display of its own: add --virtual")
        if self.home and self.keep:
            raise ValueError("--keep copies files out of a private home: leave it out with --home, which keeps all")
        return self

    @field_validator("program")
    @classmethod
    def _check_programs(cls, programs: tuple[str, ...]) -> tuple[str, ...]:
        for program in programs:
            try:
                shlex.split(program)
            except ValueError as error:
                raise SettingError("program", f"is {program!r}, but its quotes should match") from error
        return programs

    @field_validator("keep")
    @classmethod
    def _check_keep(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        from ..desktop.virtual.home import check_keep

        for pattern in patterns:
            try:
                check_keep(pattern)
            except ValueError as error:
                raise SettingError("keep", str(error)) from error
        return patterns

    @property
    def takes_over(self) -> str:
        """See `ScreenConfig`."""
        return "" if self.virtual else "the mouse and keyboard of a real screen"

    @property
    def default_rules(self) -> str:
        """See `ScreenConfig`: a real screen has what its user is signed in to."""
        return "" if self.virtual else "careful"

    def build(self, out: Path | None = None) -> Env:
        """See `ScreenConfig`."""
        from ..desktop import DesktopEnv, VirtualDisplay  # needs the desktop extra

        if not self.virtual:
            return DesktopEnv(
                display=self.display,
                monitor=self.monitor,
                interrupts=self.interrupts(),
                pass_env=self.pass_env,
                clipboard=self.clipboard_settings,
            )
        programs = tuple(tuple(shlex.split(program)) for program in self.program)
        watch: Literal["", "view", "control"] = (
            "" if not self.watch else "control" if self.watch_interactive else "view"
        )
        return DesktopEnv(
            virtual=VirtualDisplay(
                size=parse_size(self.screen),
                programs=programs,
                window_manager=None if self.window_manager == "none" else self.window_manager,
                home=self.home,
                keep=self.keep,
                keep_in=(out or Path()) / "kept",
                watch=watch,
                sandbox=self.programs_sandbox(network=self.grant_network),
            ),
            interrupts=self.interrupts() if self.watch_interactive else None,
            pass_env=self.pass_env,
            clipboard=self.clipboard_settings,
        )
