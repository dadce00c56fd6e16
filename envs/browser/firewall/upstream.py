"""The proxy behind the firewall, where there is one: HTTP, HTTPS (RFC 9110, CONNECT) or SOCKS5 (RFC 1928, RFC 1929)."""

import asyncio
import base64
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from .http import LONGEST_HEAD, BadMessage, Head

_PORTS = {"http": 80, "https": 443, "socks5": 1080}
_ANSWER_S = 30.0
_NO_LOGIN, _LOGIN = 0, 2
_BY_NAME = 3
_ADDRESS_BYTES = {1: 4, 4: 16}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy that everything goes through; it looks up the names, so that only they can be checked here."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """A proxy as settings name it, such as `http://user:password@proxy.example:3128`.

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
    def takes_whole_addresses(self) -> bool:
        """Whether a plain HTTP request goes there as it is, with its whole address."""
        return self.scheme != "socks5"

    @property
    def login(self) -> tuple[tuple[bytes, bytes], ...]:
        """The field that signs in, if there is a user."""
        if not self.user:
            return ()
        secret = base64.b64encode(f"{self.user}:{self.password}".encode())
        return ((b"Proxy-Authorization", b"Basic " + secret),)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the proxy itself.

        Raises:
            OSError: it cannot be reached.
        """
        secure = ssl.create_default_context() if self.scheme == "https" else None
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await asyncio.open_connection(self.host, self.port, ssl=secure, limit=LONGEST_HEAD)
        except OSError as error:
            raise OSError(f"the proxy {self.host}:{self.port} cannot be reached") from error

    async def tunnel(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection through the proxy to `host` at `port`.

        Raises:
            OSError: the proxy, or `host` from there, cannot be reached.
        """
        reader, writer = await self.connect()
        ask = self._ask_socks if self.scheme == "socks5" else self._ask_http
        try:
            async with asyncio.timeout(_ANSWER_S):
                await ask(reader, writer, host, port)
        except (OSError, BadMessage, asyncio.IncompleteReadError) as error:
            writer.close()
            raise OSError(f"the proxy {self.host}:{self.port} did not connect to {host}") from error
        except BaseException:
            writer.close()
            raise
        return reader, writer

    async def _ask_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        place = f"{host}:{port}".encode()
        writer.write(Head((b"CONNECT", place, b"HTTP/1.1"), ((b"Host", place),), closes=False).write(*self.login))
        answer = await Head.read(reader)
        if answer is None or not answer.start[1].startswith(b"2"):
            raise BadMessage

    async def _ask_socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
    ) -> None:
        way = _LOGIN if self.user else _NO_LOGIN
        writer.write(bytes([5, 1, way]))
        if await reader.readexactly(2) != bytes([5, way]):
            raise BadMessage
        if self.user:
            user, password = self.user.encode(), self.password.encode()
            writer.write(bytes([1, len(user), *user, len(password), *password]))
            if (await reader.readexactly(2))[1] != 0:
                raise BadMessage
        name = host.strip("[]").encode()
        writer.write(bytes([5, 1, 0, _BY_NAME, len(name), *name]) + port.to_bytes(2, "big"))
        answer = await reader.readexactly(4)
        if answer[1] != 0:
            raise BadMessage
        length = _ADDRESS_BYTES.get(answer[3]) or (await reader.readexactly(1))[0]
        await reader.readexactly(length + 2)
