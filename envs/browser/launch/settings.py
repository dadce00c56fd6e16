"""Settings of a browser."""

from dataclasses import dataclass
from typing import Literal

from ...geometry import Size


@dataclass(frozen=True, slots=True)
class View:
    """The visible area: `screen` in CSS pixels, each of them `scale` screenshot pixels wide."""

    screen: Size
    scale: float = 1.0
    headless: bool = True


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """Optional settings; `None` keeps Chromium's default.

    `executable` is the Chromium to start, `profile` a folder that keeps cookies and logins between runs, and
    `switches` are added to Chromium's command line. Waiting for a page to settle ends after `settle_limit_s`, after a
    navigation `load_limit_s`.

    Identity: `locale` such as `de-DE`, `timezone` such as `Europe/Berlin`, `dark` colour scheme, `geolocation` as
    latitude and longitude in degrees (granted to every page), `user_agent`, and `proxy` as
    `http://user:password@host:port`. Cookies and storage are loaded from the file `storage_state` and written to
    `save_storage` at the end. `cdp` is the DevTools address of a running Chromium: we open a tab in it, and the
    identity cannot be set. `engine` selects another of Playwright's browsers.

    `dialogs` selects how dialogs are answered: with `ask` they are drawn on the screenshot and answered by clicks and
    keys; with `rule` alerts are accepted, everything else is declined, and both are reported as facts. `tab_strip`
    draws the tabs and the address bar at the top. Uploads are limited to files in the folders `upload_from`, none by
    default. `downloads` is the download folder, by default a temporary one; a download over `download_limit_mb` is
    canceled.

    The traffic of all pages is written to the file `har` when the browser is closed, without response bodies.

    With `allow_hosts`, all other hosts are blocked, for pages and for navigation. A name includes its subdomains; see
    `Rule.parse` for the syntax.
    """

    executable: str | None = None
    profile: str | None = None
    locale: str | None = None
    timezone: str | None = None
    dark: bool = False
    geolocation: tuple[float, float] | None = None
    user_agent: str | None = None
    proxy: str | None = None
    storage_state: str | None = None
    save_storage: str | None = None
    cdp: str | None = None
    engine: Literal["chromium", "firefox", "webkit"] = "chromium"
    switches: tuple[str, ...] = ()
    dialogs: Literal["ask", "rule"] = "ask"
    tab_strip: bool = False
    upload_from: tuple[str, ...] = ()
    downloads: str | None = None
    download_limit_mb: int = 1000
    har: str | None = None
    allow_hosts: tuple[str, ...] = ()
    settle_limit_s: float = 5.0
    load_limit_s: float = 15.0
