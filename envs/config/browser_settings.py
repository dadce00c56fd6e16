"""The settings that describe a browser, however it is used."""

from typing import Literal, TypeAlias

from .node import ENV_HELP, Config, setting

Grant: TypeAlias = Literal["file", "browser-pages", "link-local"]


class BrowserSettings(Config):
    """Optional settings of a browser; `None` keeps its own default.

    `BrowserEnv` checks them before a browser is started. With `allow_hosts`, all other hosts are blocked, for pages and
    for navigation; see `Rule.parse` for the syntax.
    """

    engine: Literal["chromium", "firefox", "webkit"] = setting("chromium", "browser to start", name="browser")
    executable: str | None = setting(None, "browser program to start")
    switches: tuple[str, ...] = setting(
        (), "switch for Chromium's command line, as --switch=--mute-audio; repeatable", name="switch"
    )
    pass_env: tuple[str, ...] = setting((), ENV_HELP)
    cdp: str | None = setting(
        None, "attach to a running Chromium at its DevTools address, such as http://127.0.0.1:9222"
    )
    profile: str | None = setting(None, "folder that keeps cookies and logins between runs")
    storage_state: str | None = setting(None, "file to load cookies and storage from")
    save_storage: str | None = setting(None, "file to save cookies and storage to at the end")
    locale: str | None = setting(None, "language and formats, such as de-DE")
    timezone: str | None = setting(None, "time zone, such as Europe/Berlin")
    dark: bool = setting(False, "emulate prefers-color-scheme: dark")
    geolocation: str | None = setting(
        None, "location to report to pages, as LATITUDE,LONGITUDE; negative ones as --geolocation=-33.9,18.4"
    )
    user_agent: str | None = setting(None, "user agent to report")
    proxy: str | None = setting(None, "proxy for all traffic, such as http://USER:PASSWORD@HOST:PORT")
    allow_hosts: tuple[str, ...] = setting(
        (), "allow connections to this host and its subdomains, and to no other host; repeatable", name="allow_host"
    )
    grants: tuple[Grant, ...] = setting(
        (),
        "allow addresses that are blocked otherwise: file, browser-pages (chrome: and the like), or link-local (also "
        "cloud metadata); repeatable",
        name="grant",
    )
    ignore_certificates: tuple[str, ...] = setting(
        (), "open this host, such as localhost:8443, whatever its certificate; repeatable", name="ignore_certificate"
    )
    dialogs: Literal["ask", "rule"] = setting(
        "ask", "ask: draw dialogs for the model to answer; rule: accept alerts and decline all others"
    )
    tab_strip: bool = setting(False, "draw the tabs and the address along the upper edge")
    upload_from: tuple[str, ...] = setting((), "folder whose files may be uploaded; repeatable")
    downloads: str | None = setting(None, "folder for downloads (default: in the folder of the run)")
    download_limit_mb: int = setting(1000, "cancel a download that grows beyond this size", gt=0)
    har: str | None = setting(None, "file to write the traffic of all pages to at the end, without response bodies")
    settle_limit_s: float = setting(5.0, "longest wait for a page to settle after an action", ge=0)
    load_limit_s: float = setting(15.0, "longest wait for a page to load", ge=0)
