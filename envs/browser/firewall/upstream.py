"""The proxy behind the firewall, if any: HTTP, HTTPS (RFC 9110, CONNECT) or SOCKS5 (RFC 1928, RFC 1929)."""

import asyncio
import base64
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

import h11

from .http import LONGEST_HEAD, Fields, HttpPeer, Streams

_PORTS = {"http": 80, "https": 443, "socks5": 1080}
_RESPONSE_S = 30.0

# SOCKS5 codes
_VERSION = 5
_NO_AUTHENTICATION, _USER_AND_PASSWORD = 0, 2
_CONNECT = 1
_DOMAIN_NAME = 3
_ADDRESS_BYTES = {1: 4, 4: 16}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy that all traffic goes through. It resolves the names, so that only names can be checked here."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a proxy setting such as `http://user:password@proxy.example:3128`.

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
        return cls(scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))

    @property
    def takes_absolute_form(self) -> bool:
        """Whether a plain HTTP request is sent to it with its absolute URL instead of through a tunnel."""
        return self.scheme != "socks5"

    @property
    def credentials(self) -> Fields:
        """The header field that signs in, if there is a user."""
        if not self.user:
            return []
        secret = base64.b64encode(f"{self.user}:{self.password}".encode())
        return [(b"Proxy-Authorization", b"Basic " + secret)]

    async def connect(self) -> Streams:
        """Connect to the proxy itself.

        Raises:
            OSError: it cannot be reached.
        """
        secure = ssl.create_default_context() if self.scheme == "https" else None
        try:
            async with asyncio.timeout(_RESPONSE_S):
                return await asyncio.open_connection(self.host, self.port, ssl=secure, limit=LONGEST_HEAD)
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
        except (OSError, h11.ProtocolError, asyncio.IncompleteReadError) as error:
            streams[1].close()
            raise OSError(f"the proxy {self.host}:{self.port} did not connect to {host}") from error
        except BaseException:
            streams[1].close()
            raise
        return streams

    async def _connect_http(self, streams: Streams, host: str, port: int) -> None:
        target = f"{host}:{port}".encode()
        request = h11.Request(method=b"CONNECT", target=target, headers=[(b"Host", target), *self.credentials])
        proxy = HttpPeer(h11.CLIENT, streams)
        await proxy.send(request, h11.EndOfMessage())
        response = await proxy.receive_response()
        if response is None or not 200 <= response.status_code < 300:
            raise h11.RemoteProtocolError("no tunnel")

    async def _connect_socks(self, streams: Streams, host: str, port: int) -> None:
        reader, writer = streams
        method = _USER_AND_PASSWORD if self.user else _NO_AUTHENTICATION
        writer.write(bytes([_VERSION, 1, method]))
        if await reader.readexactly(2) != bytes([_VERSION, method]):
            raise OSError("the proxy requires another authentication method")
        if self.user:
            user, password = self.user.encode(), self.password.encode()
            writer.write(bytes([1, len(user), *user, len(password), *password]))
            if (await reader.readexactly(2))[1] != 0:
                raise OSError("the proxy rejected the user name or password")
        name = host.strip("[]").encode()
        writer.write(bytes([_VERSION, _CONNECT, 0, _DOMAIN_NAME, len(name), *name]) + port.to_bytes(2, "big"))
        reply = await reader.readexactly(4)
        if reply[1] != 0:
            raise OSError(f"SOCKS error {reply[1]}")
        length = _ADDRESS_BYTES.get(reply[3]) or (await reader.readexactly(1))[0]
        await reader.readexactly(length + 2)
