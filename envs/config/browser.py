"""The settings of `--env browser`."""

from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from ..env import Env
from .desktop import UserAtScreen
from .node import SettingError, setting
from .screen import parse_size


class BrowserConfig(UserAtScreen):
    """A browser page, or with `window` a whole browser window."""

    group: ClassVar[str] = "screen: browser"

    kind: Literal["browser"] = "browser"
    url: str = setting("about:blank", "page to open first", common=True)
    headed: bool = setting(False, "show the browser window", common=True)
    window: bool = setting(
        False, "operate a whole browser window, with its own tabs, address bar and dialogs", common=True
    )
    scale: float = setting(1.0, "device scale factor", gt=0, le=4)
    browser: Literal["chromium", "firefox", "webkit"] = setting("chromium", "browser to start")
    profile: str | None = setting(None, "folder that keeps cookies and logins between runs")
    storage_state: str | None = setting(None, "file to load cookies and storage from")
    save_storage: str | None = setting(None, "file to save cookies and storage to at the end")
    allow_host: tuple[str, ...] = setting(
        (), "allow connections to this host and its subdomains, and to no other host; repeatable"
    )
    upload_from: tuple[str, ...] = setting((), "folder whose files may be uploaded; repeatable")
    dialogs: Literal["ask", "rule"] = setting(
        "ask", "ask: draw dialogs for the model to answer; rule: accept alerts and decline all others"
    )
    tab_strip: bool = setting(False, "draw the tabs and the address along the upper edge")
    locale: str | None = setting(None, "language and formats, such as de-DE")
    timezone: str | None = setting(None, "time zone, such as Europe/Berlin")
    dark: bool = setting(False, "emulate prefers-color-scheme: dark")
    geolocation: str | None = setting(
        None, "location to report to pages, as LATITUDE,LONGITUDE; negative ones as --geolocation=-33.9,18.4"
    )
    user_agent: str | None = setting(None, "user agent to report")
    proxy: str | None = setting(None, "proxy for all traffic, such as http://HOST:PORT")
    cdp: str | None = setting(
        None, "attach to a running Chromium at its DevTools address, such as http://127.0.0.1:9222"
    )
    restarts: int = setting(1, "how often to restart a browser that crashed, at the page where it was", ge=0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.window and self.headed:
            raise ValueError("--window is visible already: leave out --headed, or name a --display to show it on")
        if not self.window and self.display is not None:
            raise ValueError("--display shows a whole browser window: add --window")
        return self

    @property
    def takes_over(self) -> str:
        """See `ScreenConfig`."""
        return "the mouse and keyboard of a real screen" if self.display is not None else ""

    def build(self, out: Path | None = None) -> Env:
        """See `ScreenConfig`."""
        from ..browser import BrowserEnv, BrowserSettings  # needs the browser extra
        from ..browser.launch.identity import parse_geolocation

        size = parse_size(self.screen)
        settings: dict[str, Any] = {
            one.name: getattr(self, one.name) for one in fields(BrowserSettings) if one.name in type(self).model_fields
        }
        settings["geolocation"] = None if self.geolocation is None else parse_geolocation(self.geolocation)
        settings["downloads"] = None if out is None else str(out / "downloads")
        wanted = BrowserSettings(**settings, engine=self.browser, allow_hosts=self.allow_host)
        try:
            if not self.window:
                return BrowserEnv(self.url, viewport=size, scale=self.scale, headless=not self.headed, settings=wanted)
            from ..browser.window.env import BrowserWindowEnv  # needs the desktop extra too

            interrupts = self.interrupts() if self.display is not None else None
            return BrowserWindowEnv(
                self.url, screen=size, scale=self.scale, display=self.display, settings=wanted, interrupts=interrupts
            )
        except ValueError as error:
            raise self._named(error) from error

    def _named(self, error: ValueError) -> ValueError:
        """`error` with the name of the setting instead of that of the argument, if it starts with one."""
        name, _, problem = str(error).partition(" ")
        name = {"engine": "browser", "allow_hosts": "allow_host"}.get(name, name)
        return SettingError(name, problem) if name in type(self).model_fields else error
