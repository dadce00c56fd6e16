"""Who a browser is to the pages it opens: what it is told of language, place and proxy, and what it remembers."""

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

from ...env import EnvUnavailable
from ...geometry import Size
from .settings import BrowserSettings, View

_LOCALE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
_ADDRESS = re.compile(r"^(https?|wss?)://[^/\s]+", re.IGNORECASE)
_PROXY_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks5": 1080}
_PROXY_FORM = "write it as http://HOST:PORT or socks5://HOST:PORT"


class ContextOptions(TypedDict):
    """What a Playwright browser context is made with."""

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
    place = settings.geolocation
    return ContextOptions(
        viewport=ViewportSize(width=page.width, height=page.height),
        device_scale_factor=view.scale,
        locale=settings.locale,
        timezone_id=settings.timezone,
        color_scheme="dark" if settings.dark else "light",
        geolocation=Geolocation(latitude=place[0], longitude=place[1]) if place else None,
        user_agent=settings.user_agent,
        record_har_path=settings.har,
        record_har_content="omit" if settings.har else None,
    )


# -- what may be asked for


def check_identity(settings: BrowserSettings) -> None:
    """Refuse what no browser can be, before any is started.

    Raises:
        ValueError: one line that says what is wrong and what to write instead.
    """
    if settings.locale is not None and not _LOCALE.match(settings.locale):
        raise ValueError(f"{settings.locale!r} is no locale: write one such as de-DE")
    _check_timezone(settings.timezone)
    if settings.geolocation is not None:
        _check_place(*settings.geolocation)
    if settings.user_agent is not None and not (settings.user_agent.isascii() and settings.user_agent.isprintable()):
        raise ValueError("a user agent is one line of ASCII characters")
    if settings.user_agent == "":
        raise ValueError("the user agent is empty: leave it out to keep the browser's own")
    if settings.proxy is not None:
        read_proxy(settings.proxy)
    if settings.storage_state is not None:
        check_storage(Path(settings.storage_state))
    if settings.save_storage is not None:
        _check_can_be_written(Path(settings.save_storage))
    _check_attached(settings)
    _check_engine(settings)


def read_place(text: str) -> tuple[float, float]:
    """Latitude and longitude in degrees, written as `52.52,13.4`.

    Raises:
        ValueError: it is no place on Earth; one line.
    """
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is no place: write LATITUDE,LONGITUDE such as 52.52,13.4") from None
    _check_place(latitude, longitude)
    return latitude, longitude


def read_proxy(text: str) -> ProxySettings:
    """A proxy written as `http://user:password@proxy.example:3128`; HTTP where no scheme is written.

    Raises:
        ValueError: it is none that Chromium can use; one line, without the password.
    """
    parts = urlsplit(text if "://" in text else f"http://{text}")
    scheme = parts.scheme.lower()
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"the proxy's port is no number up to 65535: {_PROXY_FORM}") from None
    if scheme not in _PROXY_PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"the proxy {without_password(text)!r} cannot be used: {_PROXY_FORM}")
    if scheme.startswith("socks") and parts.username:
        raise ValueError("Chromium signs in to no SOCKS proxy: use one without a password, or an HTTP proxy")
    name = f"[{host}]" if ":" in host else host
    proxy = ProxySettings(server=f"{scheme}://{name}:{port or _PROXY_PORTS[scheme]}")
    if parts.username:
        proxy["username"], proxy["password"] = unquote(parts.username), unquote(parts.password or "")
    return proxy


def without_password(proxy: str) -> str:
    """`proxy` as it may be shown."""
    scheme, mark, rest = proxy.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def proxy_of(settings: BrowserSettings) -> ProxySettings | None:
    """The proxy to start the browser with. Behind a firewall it is the firewall that goes through it."""
    if settings.proxy is None or settings.allow_hosts:
        return None
    return read_proxy(settings.proxy)


def identity_facts(settings: BrowserSettings) -> dict[str, str]:
    """What is set, in words that may stand in a record: no passwords, nothing that a login hangs on."""
    facts = {
        "browser": "" if settings.engine == "chromium" else settings.engine,
        "attached to": without_password(settings.cdp) if settings.cdp else "",
        "profile": settings.profile or "",
        "storage state": settings.storage_state or "",
        "locale": settings.locale or "",
        "timezone": settings.timezone or "",
        "dark": "true" if settings.dark else "",
        "geolocation": ",".join(f"{degrees:g}" for degrees in settings.geolocation or ()),
        "proxy": without_password(settings.proxy) if settings.proxy else "",
        "user agent": settings.user_agent or "",
    }
    return {name: value for name, value in facts.items() if value}


def _check_timezone(timezone: str | None) -> None:
    known = zoneinfo.available_timezones()  # empty where the system has no time zones
    if timezone is not None and known and timezone not in known:
        raise ValueError(f"there is no time zone {timezone!r}: write one such as Europe/Berlin")


def _check_place(latitude: float, longitude: float) -> None:
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(
            f"{latitude:g},{longitude:g} is no place: latitudes go from -90 to 90, longitudes from -180 to 180"
        )


def _check_attached(settings: BrowserSettings) -> None:
    """A browser that runs already has its identity; what would change it for the tabs of others is refused."""
    if settings.cdp is None:
        return
    if not _ADDRESS.match(settings.cdp):
        raise ValueError(f"{settings.cdp!r} is no address of a browser: write it as http://127.0.0.1:9222")
    own = {
        "engine": settings.engine != "chromium",
        "executable": settings.executable,
        "switches": settings.switches,
        "profile": settings.profile,
        "storage_state": settings.storage_state,
        "save_storage": settings.save_storage,
        "locale": settings.locale,
        "timezone": settings.timezone,
        "dark": settings.dark,
        "geolocation": settings.geolocation,
        "user_agent": settings.user_agent,
        "proxy": settings.proxy,
        "allow_hosts": settings.allow_hosts,
    }
    if name := next((name for name, is_set in own.items() if is_set), ""):
        raise ValueError(f"a browser that runs already is as it is: leave out {name}, or start one without cdp")


def check_window(settings: BrowserSettings) -> None:
    """Refuse what a whole browser, worked through its display alone, cannot be told.

    Raises:
        ValueError: one line that names it.
    """
    unknown = {
        "storage_state": settings.storage_state,
        "save_storage": settings.save_storage,
        "geolocation": settings.geolocation,
        "user_agent": settings.user_agent,
        "proxy": settings.proxy,
        "cdp": settings.cdp,
        "engine": settings.engine != "chromium",
        "allow_hosts": settings.allow_hosts,
        "dialogs": settings.dialogs != "ask",
        "tab_strip": settings.tab_strip,
    }
    if name := next((name for name, is_set in unknown.items() if is_set), ""):
        raise ValueError(f"{name} cannot be set for a whole browser in a window: leave it out, or work a page")


def _check_engine(settings: BrowserSettings) -> None:
    """What only Chromium does."""
    own = {"switches": settings.switches, "allow_hosts": settings.allow_hosts}
    if settings.engine != "chromium" and (name := next((name for name, is_set in own.items() if is_set), "")):
        raise ValueError(f"{name} works with Chromium only: leave it out, or use chromium")


# -- what is remembered


class _Cookie(BaseModel):
    """Of a cookie only what it cannot do without."""

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
    """Refuse a `file` that holds no storage state.

    Raises:
        ValueError: it is not there, or something else; one line.
    """
    try:
        _Storage.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}; save_storage writes such a file") from error
    except ValidationError as error:
        raise ValueError(f"{file} is no storage state: save_storage writes one, as Playwright does") from error


async def save_storage(context: BrowserContext, file: Path) -> None:
    """Write cookies, local storage and IndexedDB to `file`, for this user's eyes only; whole or not at all.

    Raises:
        OSError: it cannot be written.
        playwright.async_api.Error: the browser is gone.
    """
    handle, part = tempfile.mkstemp(prefix=".storage-", dir=file.parent)  # 0600: logins are in it
    os.close(handle)
    try:
        await context.storage_state(path=part, indexed_db=True)
        Path(part).chmod(0o600)
        Path(part).replace(file)
    finally:
        Path(part).unlink(missing_ok=True)


def _check_can_be_written(file: Path) -> None:
    if file.is_dir() or not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise ValueError(f"{file} cannot be written: name a file in a folder that is there")


def check_profile(profile: Path) -> None:
    """Make the folder, and refuse one that another browser works with.

    Raises:
        EnvUnavailable: it is in use, or no folder can be there; one line.
    """
    try:
        profile.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvUnavailable(f"{profile} cannot be a profile: {error.strerror}") from error
    if user := _user_of(profile):
        raise EnvUnavailable(f"the profile {profile} is in use by {user}: close that, or name another folder")


def _user_of(profile: Path) -> str:
    """Who works with `profile`; empty if nobody does. Its lock is a link to `HOST-PID`, and may outlive its owner."""
    with suppress(OSError):
        host, _, number = str((profile / "SingletonLock").readlink()).rpartition("-")
        if host != socket.gethostname():
            return f"a browser on {host} (if there is none, delete SingletonLock in it)"
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str((profile / "SingletonSocket").resolve()))
        return f"another browser, process {number}"
    return ""
