"""What no browser opens unless it is granted: local files, the browser's own pages, link-local addresses.

It holds without any setting, for the model, pages, redirects and new tabs. `rules.py` restricts hosts further.
"""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from pydantic_core import Url

from ...config.browser_settings import Grant
from .hosts import Address, Host, embedded, read_host

METADATA_NAMES = (
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
)
"""Names by which cloud machines reach the service that hands out their credentials."""

_METADATA_ADDRESSES = frozenset(map(ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16")))
_LINK_LOCAL = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"))
_SCHEME = re.compile(r"^\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_WEB_SCHEMES = ("http", "https", "ws", "wss")
_EMPTY = ("about:blank", "about:srcdoc", "chrome://newtab/", "chrome://new-tab-page/")
_UNFENCED = ("data", "blob", "chrome-error", "chrome-extension", *_WEB_SCHEMES)
_BROWSER_PAGES = ["chrome://*", "chrome-untrusted://*", "devtools://*", "view-source:*"]


@dataclass(frozen=True, slots=True)
class Fence:
    """The fence around a browser that was opened at `start`, which the user chose: it is granted as well.

    A start page in a local file grants the folder of that file, and all other start pages only themselves.
    """

    grants: tuple[Grant, ...] = ()
    start: str = "about:blank"
    refused_host: ClassVar[str] = "a link-local or cloud metadata address"
    refused_address: ClassVar[str] = "at a link-local or cloud metadata address"

    def refusal(self, url: str) -> str | None:
        """Why `url` may not be opened, for the model; None if it may. Names are not resolved; see `check`."""
        scheme = _scheme(url)
        if scheme in _WEB_SCHEMES:
            host = _host(url)
            blocked = host is not None and is_link_local(host) and host != _host(self.start)
            return _LINK_LOCAL_REFUSAL if blocked and "link-local" not in self.grants else None
        if scheme == "file":
            return None if "file" in self.grants or self._is_in_start_folder(url) else _FILE_REFUSAL
        if scheme in _UNFENCED or url.lower().partition("#")[0] in _EMPTY or url == self.start:
            return None
        if scheme == "javascript":
            return "javascript: addresses are blocked"
        return (
            None
            if "browser-pages" in self.grants
            else f"{scheme or 'such'}: addresses are blocked{_grant('browser-pages')}"
        )

    def check(self, url: str) -> str | None:
        """As `refusal`; a name that resolves to a link-local address is refused too. Asks the system's resolver."""
        if reason := self.refusal(url):
            return reason
        host = _host(url)
        if not isinstance(host, str) or "link-local" in self.grants or host == _host(self.start):
            return None
        with suppress(OSError, UnicodeError):  # the browser reports that it cannot be reached
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            return _LINK_LOCAL_REFUSAL if any(_is_link_local_text(str(entry[4][0])) for entry in found) else None
        return None

    def blocks_address(self, url: str, address: str) -> bool:
        """Whether a response to `url` that came from `address` may not be shown."""
        return "link-local" not in self.grants and _is_link_local_text(address) and _host(url) != _host(self.start)

    def allows(self, host: Host, port: int) -> bool:
        """Whether `host` may be reached; see `ConnectionRules`."""
        return "link-local" in self.grants or not is_link_local(host) or host == _host(self.start)

    def allows_address(self, host: str, address: Address, port: int) -> bool:
        """Whether the name `host` may be reached at `address`; see `ConnectionRules`."""
        return self.allows(address, port) or host == _host(self.start)

    def summary(self) -> str:
        """What may be reached, as a sentence for the model."""
        return "--grant link-local allows it"

    def blocklist(self) -> dict[str, list[str]]:
        """The same for a browser window, as the lists of Chromium's policies `URLBlocklist` and `URLAllowlist`."""
        blocked = [] if "file" in self.grants else ["file://*"]
        blocked += [] if "browser-pages" in self.grants else _BROWSER_PAGES
        allowed = ["chrome://newtab", "chrome://new-tab-page", "chrome://print"]
        if _scheme(self.start) == "file":
            allowed.append(self.start if self.start.endswith("/") else self.start.rpartition("/")[0] + "/")
        elif _scheme(self.start) not in _UNFENCED and self.start not in _EMPTY:
            allowed.append(self.start)
        return {"url_blocklist": blocked, "url_allowlist": allowed}

    def switches(self) -> tuple[str, ...]:
        """Chromium's switches: no request resolves a link-local address or a metadata name."""
        if "link-local" in self.grants:
            return ()
        own = _host(self.start)
        patterns = [name for name in METADATA_NAMES if name != own] + [
            pattern for pattern in _RESOLVER_PATTERNS if not (own is not None and is_link_local(own))
        ]
        return (f"--host-resolver-rules={', '.join(f'MAP {pattern} ~NOTFOUND' for pattern in patterns)}",)

    def start_folder(self) -> Path | None:
        """The folder that a start page in a local file grants; None for other start pages."""
        start = _path(self.start) if _scheme(self.start) == "file" else None
        return None if start is None else (start if start.is_dir() else start.parent).resolve()

    def _is_in_start_folder(self, url: str) -> bool:
        folder, file = self.start_folder(), _path(url)
        return folder is not None and file is not None and file.resolve().is_relative_to(folder)


def is_link_local(host: Host) -> bool:
    """Whether `host` is a link-local address, in IPv4, IPv6 or IPv4 within IPv6, or a name of a metadata service."""
    if isinstance(host, str):
        return host in METADATA_NAMES
    address: Address = (embedded(host) if isinstance(host, IPv6Address) else None) or host
    return address in _METADATA_ADDRESSES or any(address in network for network in _LINK_LOCAL)


def _is_link_local_text(address: str) -> bool:
    """`is_link_local` of an address as a resolver writes it, perhaps with a zone."""
    try:
        return is_link_local(ip_address(address.partition("%")[0].strip("[]")))
    except ValueError:
        return False


def _grant(name: Grant) -> str:
    return f"; the user can grant them with --grant {name}"


_FILE_REFUSAL = f"file: addresses are blocked{_grant('file')}"
_LINK_LOCAL_REFUSAL = f"link-local and cloud metadata addresses are blocked{_grant('link-local')}"
_RESOLVER_PATTERNS = (
    "169.254.*.*", "fe8?:*:*", "fe9?:*:*", "fea?:*:*", "feb?:*:*", "::ffff:a9fe:*", "64:ff9b::a9fe:*", "2002:a9fe:*",
    *sorted(map(str, _METADATA_ADDRESSES)),
)  # fmt: skip
"""Chromium writes an address in its canonical form before it compares."""


def _scheme(url: str) -> str:
    found = _SCHEME.match(url)
    return found.group(1).lower() if found else ""


def _host(url: str) -> Host | None:
    if _scheme(url) not in _WEB_SCHEMES:
        return None
    try:
        return read_host(Url(url.strip()).host or "")
    except ValueError:
        return None


def _path(url: str) -> Path | None:
    """The path of a `file:` URL on this machine; None if it names another."""
    parts = urlsplit(url.strip().replace("\\", "/"))
    if parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path)
    return Path(path) if path.startswith("/") and "\0" not in path else None
