"""The settings of `--env browser`."""

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from ..env import Env
from .browser_settings import BrowserSettings
from .desktop import UserAtScreen
from .node import SettingError, setting
from .screen import parse_size


class BrowserConfig(BrowserSettings, UserAtScreen):
    """A browser page, or with `window` a whole browser window."""

    group: ClassVar[str] = "screen: browser"

    kind: Literal["browser"] = "browser"
    url: str = setting("about:blank", "page to open first", common=True)
    headed: bool = setting(False, "show the browser window", common=True)
    window: bool = setting(
        False, "operate a whole browser window, with its own tabs, address bar and dialogs", common=True
    )
    scale: float = setting(1.0, "device scale factor", gt=0, le=4)
    restarts: int = setting(1, "how often to restart a browser that crashed, at the page where it was", ge=0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.window and self.headed:
            raise ValueError("--window is visible already: leave out --headed, or name a --display to show it on")
        if not self.window and self.display is not None:
            raise ValueError("--display shows a whole browser window: add --window")
        if self.grant_folder and not self.window:
            raise ValueError("--grant-folder is for a whole browser window: add --window")
        if (self.clipboard or self.clipboard_text) and not self.window:
            raise ValueError("--clipboard and --clipboard-text are for a whole browser window: add --window")
        if self.sandbox == "require" and (not self.window or self.display is not None):
            raise ValueError("--sandbox require is for a whole browser window on a display of its own: add --window")
        return self

    @property
    def takes_over(self) -> str:
        """See `ScreenConfig`."""
        return "the mouse and keyboard of a real screen" if self.display is not None else ""

    @property
    def default_rules(self) -> str:
        """See `ScreenConfig`: an attached browser has what its user is signed in to."""
        return "careful" if self.cdp is not None or self.takes_over else ""

    def build(self, out: Path | None = None) -> Env:
        """See `ScreenConfig`."""
        from ..browser import BrowserEnv  # needs the browser extra
        from ..browser.launch.identity import check_downloads

        size = parse_size(self.screen)
        settings = self
        if out is not None and self.downloads is None:
            settings = self.model_copy(update={"downloads": str(out / "downloads")})
        try:
            if self.downloads is not None:
                check_downloads(Path(self.downloads))
            if not self.window:
                return BrowserEnv(
                    self.url, viewport=size, scale=self.scale, headless=not self.headed, settings=settings
                )
            from ..browser.window.env import BrowserWindowEnv  # needs the desktop extra too

            interrupts = self.interrupts() if self.display is not None else None
            return BrowserWindowEnv(
                self.url,
                screen=size,
                scale=self.scale,
                display=self.display,
                settings=settings,
                interrupts=interrupts,
                sandbox=self.programs_sandbox(),
                clipboard=self.clipboard_settings,
            )
        except ValueError as error:
            raise self._named(error) from error

    def _named(self, error: ValueError) -> ValueError:
        """`error` with the name of the setting instead of that of the field, if it starts with one."""
        field, _, problem = str(error).partition(" ")
        names = {one.path[-1]: one.name for one in type(self).settings().values()}
        return SettingError(names[field], problem) if field in names else error
