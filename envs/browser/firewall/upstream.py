"""The proxy behind the firewall, if any: HTTP, HTTPS (RFC 9110, CONNECT) or SOCKS5 (RFC 1928, RFC 1929)."""

import asyncio
import base64
import ssl
from dataclasses import dataclass
from typing import Self, TypeAlias
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed has no entry for it

from .hosts import Host

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

CHUNK = 2**18
"""Bytes to read at once."""

_PORTS = {"http": 80, "https": 443, "socks5": 1080}
_RESPONSE_S = 30.0

# SOCKS5 codes
SOCKS_VERSION = 5
NO_AUTHENTICATION, _USER_AND_PASSWORD = 0, 2
CONNECT = 1
DOMAIN_NAME = 3
ADDRESS_BYTES = {1: 4, 4: 16}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy that all traffic goes through. It resolves the names, so that only names can be checked here."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""
    no_proxy: str = ""

    @classmethod
    def parse(cls, text: str, no_proxy: str = "") -> Self:
        """Parse a proxy setting such as `http://user:password@proxy.example:3128`, except for the hosts in `no_proxy`.

        Raises:
            ValueError: it is not one; one line.
        """
        parts = urlsplit(text if "://" in text else f"http://{text}")
        scheme = parts.scheme.lower()
        if scheme not in _PORTS or not parts.hostname:
            shown = text.rpartition("@")[2]  # without a password
            raise ValueError(
                f"the proxy {shown!r} cannot be used behind a firewall: write http://, https:// or socks5://"
            )
        port = parts.port or _PORTS[scheme]
        return cls(scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), no_proxy)

    def bypasses(self, host: Host) -> bool:
        """Whether `host` is reached without this proxy, by the syntax of the variable NO_PROXY."""
        return bool(self.no_proxy) and bool(proxy_bypass_environment(str(host), {"no": self.no_proxy}))

    @property
    def takes_absolute_form(self) -> bool:
        """Whether a plain HTTP request is sent to it with its absolute URL instead of through a tunnel."""
        return self.scheme != "socks5"

    def absolute_form(self, head: bytes, host: str, port: int) -> bytes:
        """`head` of a plain HTTP request to `host` as an HTTP proxy expects it.

        It closes the connection, since the head of a second request on it would not be rewritten.
        """
        fields, end, body = head.partition(b"\r\n\r\n")
        request, *fields_sent = fields.split(b"\r\n")
        method, _, rest = request.partition(b" ")
        dropped = (b"connection:", b"proxy-")
        kept = [field for field in fields_sent if not field.lower().startswith(dropped)]
        where = (host if port == 80 else f"{host}:{port}").encode()
        first = method + b" http://" + where + rest
        return b"\r\n".join([first, *kept, b"Connection: close", *self._credentials()]) + end + body

    def _credentials(self) -> list[bytes]:
        """The header field that signs in, if there is a user."""
        if not self.user:
            return []
        return [b"Proxy-Authorization: Basic " + base64.b64encode(f"{self.user}:{self.password}".encode())]

    async def connect(self) -> Streams:
        """Connect to the proxy itself.

        Raises:
            OSError: it cannot be reached.
        """
        secure = ssl.create_default_context() if self.scheme == "https" else None
        try:
            async with asyncio.timeout(_RESPONSE_S):
                return await asyncio.open_connection(self.host, self.port, ssl=secure)
        except OSError as error:
            raise OSError(f"the proxy {self.host}:{self.port} cannot be reached") from error

    async def tunnel(self, host: str, port: int) -> Streams:
        """Connect to `host` at `port` through the proxy.

        Raises:
            OSError: the proxy, or `host` from there, cannot be reached.
        """
        streams = await self.connect()
        open_tunnel = self._connect_socks if self.scheme == "socks5" else self._connect_http
        try:
            async with asyncio.timeout(_RESPONSE_S):
                await open_tunnel(streams, host, port)
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            streams[1].close()
            raise OSError(f"the proxy {self.host}:{self.port} did not connect to {host}") from error
        except BaseException:
            streams[1].close()
            raise
        return streams

    async def _connect_http(self, streams: Streams, host: str, port: int) -> None:
        reader, writer = streams
        head = [f"CONNECT {host}:{port} HTTP/1.1".encode(), f"Host: {host}:{port}".encode(), *self._credentials()]
        writer.write(b"\r\n".join(head) + b"\r\n\r\n")
        _, _, status = (await reader.readuntil(b"\r\n\r\n")).partition(b" ")
        if not status.startswith(b"2"):
            raise OSError(f"HTTP status {status[:3].decode('ascii', 'replace')}")

    async def _connect_socks(self, streams: Streams, host: str, port: int) -> None:
        reader, writer = streams
        method = _USER_AND_PASSWORD if self.user else NO_AUTHENTICATION
        writer.write(bytes([SOCKS_VERSION, 1, method]))
        if await reader.readexactly(2) != bytes([SOCKS_VERSION, method]):
            raise OSError("the proxy requires another authentication method")
        if self.user:
            user, password = self.user.encode(), self.password.encode()
            writer.write(bytes([1, len(user), *user, len(password), *password]))
            if (await reader.readexactly(2))[1] != 0:
                raise OSError("the proxy rejected the user name or password")
        name = host.strip("[]").encode()
        writer.write(bytes([SOCKS_VERSION, CONNECT, 0, DOMAIN_NAME, len(name), *name]) + port.to_bytes(2, "big"))
        reply = await reader.readexactly(4)
        if reply[1] != 0:
            raise OSError(f"SOCKS error {reply[1]}")
        length = ADDRESS_BYTES.get(reply[3]) or (await reader.readexactly(1))[0]
        await reader.readexactly(length + 2)
