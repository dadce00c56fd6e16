"""The identity that pages see (locale, time zone, geolocation, proxy, ...) and the state a browser keeps."""

import os
import re
import socket
import tempfile
import zoneinfo
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypedDict
from urllib.parse import unquote, urlsplit

from playwright.async_api import BrowserContext, Geolocation, ProxySettings, ViewportSize
from pydantic import BaseModel, ConfigDict, ValidationError

from screenwright._files import read_file

from ...config.browser_settings import BrowserSettings
from ...env import EnvUnavailable
from ...geometry import Size
from .view import View

_LOCALE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
_ADDRESS = re.compile(r"^(https?|wss?)://[^/\s]+", re.IGNORECASE)
_PROXY_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks5": 1080}
_PROXY_SYNTAX = "write it as http://HOST:PORT or socks5://HOST:PORT"

_NEEDS_DEVTOOLS = (
    "storage_state", "save_storage", "geolocation", "user_agent", "proxy", "cdp", "engine", "allow_hosts", "dialogs",
    "tab_strip", "har", "download_limit_mb",
)  # fmt: skip
_CHROMIUM_ONLY = ("switches", "allow_hosts", "ignore_certificates")
_FIXED_BY_CDP = (
    "engine", "executable", "switches", "profile", "storage_state", "save_storage", "locale", "timezone", "dark",
    "geolocation", "user_agent", "proxy", "allow_hosts", "har", "ignore_certificates", "pass_env",
)  # fmt: skip


class ContextOptions(TypedDict):
    """Options of a Playwright browser context."""

    viewport: ViewportSize
    device_scale_factor: float
    locale: str | None
    timezone_id: str | None
    color_scheme: Literal["dark", "light"]
    geolocation: Geolocation | None
    user_agent: str | None
    record_har_path: str | None
    record_har_content: Literal["omit"] | None


def context_options(page: Size, view: View, settings: BrowserSettings) -> ContextOptions:
    """The options for pages of the size `page` in CSS pixels."""
    location = parse_geolocation(settings.geolocation) if settings.geolocation else None
    return ContextOptions(
        viewport=ViewportSize(width=page.width, height=page.height),
        device_scale_factor=view.scale,
        locale=settings.locale,
        timezone_id=settings.timezone,
        color_scheme="dark" if settings.dark else "light",
        geolocation=Geolocation(latitude=location[0], longitude=location[1]) if location else None,
        user_agent=settings.user_agent,
        record_har_path=settings.har,
        record_har_content="omit" if settings.har else None,
    )


# -- validation of settings


def check_identity(settings: BrowserSettings) -> None:
    """Validate `settings` before a browser is started.

    Raises:
        ValueError: one line that says what is wrong and what to write instead.
    """
    if settings.locale is not None and not _LOCALE.match(settings.locale):
        raise ValueError(f"{settings.locale!r} is not a locale: write one such as de-DE")
    _check_timezone(settings.timezone)
    if settings.geolocation is not None:
        parse_geolocation(settings.geolocation)
    if settings.user_agent is not None and not (settings.user_agent.isascii() and settings.user_agent.isprintable()):
        raise ValueError("the user agent must be one line of ASCII characters")
    if settings.user_agent == "":
        raise ValueError("the user agent is empty: leave it out to keep the browser's own")
    if settings.proxy is not None:
        parse_proxy(settings.proxy)
    if settings.storage_state is not None:
        check_storage(Path(settings.storage_state))
    if settings.save_storage is not None:
        _check_writable(Path(settings.save_storage))
    if settings.har is not None:
        _check_writable(Path(settings.har))
    for folder in settings.upload_from:
        if not Path(folder).is_dir():
            raise ValueError(f"the upload folder {folder} does not exist: create it, or name another one")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise ValueError(f"the upload folder {folder} cannot be read: Permission denied")
    for host in settings.ignore_certificates:
        parse_host(host)
    _check_attached(settings)
    _check_engine(settings)


def parse_geolocation(text: str) -> tuple[float, float]:
    """Latitude and longitude in degrees, from text such as `52.52,13.4`.

    Raises:
        ValueError: it is not a location; one line.
    """
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not a location: write LATITUDE,LONGITUDE such as 52.52,13.4") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{text} is not a location: latitudes are from -90 to 90, longitudes from -180 to 180")
    return latitude, longitude


def parse_proxy(text: str) -> ProxySettings:
    """A proxy from text such as `http://user:password@proxy.example:3128`; the default scheme is HTTP.

    Raises:
        ValueError: Chromium cannot use it; one line, without the password.
    """
    parts = urlsplit(text if "://" in text else f"http://{text}")
    scheme = parts.scheme.lower()
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"the port of the proxy must be a number up to 65535: {_PROXY_SYNTAX}") from None
    if scheme not in _PROXY_PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"the proxy {without_password(text)!r} cannot be used: {_PROXY_SYNTAX}")
    if scheme.startswith("socks") and parts.username:
        raise ValueError("Chromium cannot sign in to a SOCKS proxy: use one without a password, or an HTTP proxy")
    name = f"[{host}]" if ":" in host else host
    proxy = ProxySettings(server=f"{scheme}://{name}:{port or _PROXY_PORTS[scheme]}")
    if parts.username:
        proxy["username"], proxy["password"] = unquote(parts.username), unquote(parts.password or "")
    return proxy


def parse_host(text: str) -> tuple[str, int]:
    """Name and port of a host such as `localhost:8443`.

    Raises:
        ValueError: it is not a host; one line.
    """
    try:
        parts = urlsplit(f"https://{text}")
        if parts.hostname and parts.netloc == text:
            return parts.hostname, parts.port or 443
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a host: write one such as localhost:8443")


def without_password(proxy: str) -> str:
    """`proxy` without user name and password, for display."""
    scheme, mark, rest = proxy.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def proxy_of(settings: BrowserSettings) -> ProxySettings | None:
    """The proxy to start the browser with; with a firewall, the firewall uses it instead."""
    if settings.proxy is None or settings.allow_hosts:
        return None
    return parse_proxy(settings.proxy)


def identity_facts(settings: BrowserSettings) -> dict[str, str]:
    """The settings that are set, for the record; without passwords."""
    facts = {
        "browser": "" if settings.engine == "chromium" else settings.engine,
        "attached to": without_password(settings.cdp) if settings.cdp else "",
        "profile": settings.profile or "",
        "storage state": settings.storage_state or "",
        "locale": settings.locale or "",
        "timezone": settings.timezone or "",
        "dark": "true" if settings.dark else "",
        "geolocation": settings.geolocation or "",
        "proxy": without_password(settings.proxy) if settings.proxy else "",
        "user agent": settings.user_agent or "",
        "certificates not checked": ", ".join(settings.ignore_certificates),
    }
    return {name: value for name, value in facts.items() if value}


def _check_timezone(timezone: str | None) -> None:
    known = zoneinfo.available_timezones()  # empty if the system has no time zone data
    if timezone is not None and known and timezone not in known:
        raise ValueError(f"there is no time zone {timezone!r}: write one such as Europe/Berlin")


def _check_attached(settings: BrowserSettings) -> None:
    """Reject settings that would change a running browser for its other tabs."""
    if settings.cdp is None:
        return
    if not _ADDRESS.match(settings.cdp):
        raise ValueError(f"{settings.cdp!r} is not the address of a browser: write it as http://127.0.0.1:9222")
    if name := _first_changed(settings, _FIXED_BY_CDP):
        raise ValueError(f"{name} cannot be changed in a running browser: leave it out, or start a browser instead")


def check_window(settings: BrowserSettings) -> None:
    """Reject settings that need DevTools; a browser window is controlled through its display alone.

    Raises:
        ValueError: one line that names the setting.
    """
    if name := _first_changed(settings, _NEEDS_DEVTOOLS):
        raise ValueError(f"{name} cannot be set for a browser window: leave it out, or use a page")


def _check_engine(settings: BrowserSettings) -> None:
    """Reject settings that only Chromium supports."""
    if settings.engine != "chromium" and (name := _first_changed(settings, _CHROMIUM_ONLY)):
        raise ValueError(f"{name} works with Chromium only: leave it out, or use chromium")


def _first_changed(settings: BrowserSettings, names: tuple[str, ...]) -> str:
    """The first of `names` that does not have its default value; empty if all have."""
    defaults = BrowserSettings()
    return next((name for name in names if getattr(settings, name) != getattr(defaults, name)), "")


# -- cookies, storage and profiles


class _Cookie(BaseModel):
    """The required fields of a cookie."""

    model_config = ConfigDict(extra="allow")
    name: str
    value: str


class _Origin(BaseModel):
    model_config = ConfigDict(extra="allow")
    origin: str


class _Storage(BaseModel):
    model_config = ConfigDict(extra="allow")
    cookies: list[_Cookie]
    origins: list[_Origin]


def check_storage(file: Path) -> None:
    """Check that `file` holds a storage state.

    Raises:
        ValueError: it cannot be read or has another format; one line.
    """
    try:
        _Storage.model_validate_json(read_file(file))
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}; a run with --save-storage writes such a file") from error
    except ValidationError as error:
        raise ValueError(f"{file} is not a storage state: --save-storage and Playwright write them") from error


async def save_storage(context: BrowserContext, file: Path) -> None:
    """Write cookies, local storage and IndexedDB to `file`, atomically and readable by this user only.

    Raises:
        OSError: it cannot be written.
        playwright.async_api.Error: the browser is gone.
    """
    handle, part = tempfile.mkstemp(prefix=".storage-", dir=file.parent)  # mode 0600: it contains logins
    os.close(handle)
    try:
        await context.storage_state(path=part, indexed_db=True)
        Path(part).chmod(0o600)
        Path(part).replace(file)
    finally:
        Path(part).unlink(missing_ok=True)


def _check_writable(file: Path) -> None:
    if file.is_dir() or not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise ValueError(f"{file} cannot be written: name a file in an existing, writable folder")


def check_downloads(folder: Path) -> None:
    """Check that downloads can be saved in `folder`, which is created with the first one.

    Raises:
        ValueError: they cannot; one line.
    """
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.access(path, os.F_OK))
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise ValueError(f"downloads cannot be saved in {folder}: name a writable folder, or one that can be created")


def check_profile(profile: Path) -> None:
    """Create the profile folder if needed, and check that no other browser uses it.

    Raises:
        EnvUnavailable: it is in use, or the folder cannot be created; one line.
    """
    try:
        profile.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvUnavailable(f"{profile} cannot be used as a profile: {error.strerror}") from error
    if owner := _owner_of(profile):
        raise EnvUnavailable(f"the profile {profile} is in use by {owner}: close it, or name another folder")


def _owner_of(profile: Path) -> str:
    """The browser that uses `profile`, or empty. Its lock links to `HOST-PID`, and remains after a crash."""
    with suppress(OSError):
        host, _, number = str((profile / "SingletonLock").readlink()).rpartition("-")
        if host != socket.gethostname():
            return f"a browser on {host} (if there is none, delete SingletonLock in it)"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str((profile / "SingletonSocket").resolve()))
        return f"another browser, process {number}"
    return ""
