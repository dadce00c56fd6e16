"""The rarer settings of a browser."""

from dataclasses import dataclass
from typing import Literal

from ...geometry import Size


@dataclass(frozen=True, slots=True)
class View:
    """What is seen of a browser: `screen` in CSS pixels, each of them `scale` pixels of the screenshot."""

    screen: Size
    scale: float = 1.0
    headless: bool = True


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """What is rarely set. `None` leaves a thing as Chromium has it.

    `executable` is the Chromium to start; `profile` a folder that keeps cookies and logins from run to run;
    `switches` are added to Chromium's command line. Settling gives up after `settle_limit_s`, after going to another
    page `load_limit_s`.

    Who the browser is to pages: `locale` such as `de-DE`, `timezone` such as `Europe/Berlin`, `dark` colours,
    `geolocation` as degrees of latitude and longitude that every page may know, `user_agent`, and `proxy` as
    `http://user:password@host:port`. It begins with the cookies and storage of the file `storage_state` and writes its
    own to `save_storage` in the end. `cdp` is the DevTools address of a Chromium that runs already: a tab of our own is
    worked in it, and nothing of the identity can be set. `engine` may be another browser of Playwright's.

    `dialogs` says who answers what pages ask: `ask` draws it on the screenshot, to be answered by clicks and keys;
    `rule` reads alerts, declines everything else, and tells of it. `tab_strip` draws the tabs and the address along the
    upper edge, as a browser's window has them. Files for upload are taken from the folders `upload_from` only, none by
    default. `downloads` is the folder for downloads, by default one that is gone with the browser; a download over
    `download_limit_mb` is called off.

    The traffic of all pages is written to the file `har` when the browser is closed, without the bodies of answers.

    With `allow_hosts` nothing else can be reached: not by pages, not by whoever works them. A name stands for all names
    below it too; see `Rule.parse` for what else may stand there.
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
