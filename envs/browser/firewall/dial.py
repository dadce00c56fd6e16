"""Opens connections that the firewall allows: by name rule, then by the addresses that the name resolves to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

from .hosts import Address, Host, is_local_name, plain, url_host
from .http import LONGEST_HEAD
from .rules import Firewall, spot
from .upstream import Upstream

CONNECT_S = 10.0
_MOST_ADDRESSES = 6
_LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Resolver: TypeAlias = Callable[[str], Awaitable[tuple[Address, ...]]]
"""The addresses of a name, best first; raises OSError if it has none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A connection that the firewall did not let through: where to, with the port if that is unusual, and why."""

    where: str
    why: str


class ConnectionRefused(Exception):
    """The firewall does not let this through."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


class Dialer:
    """Opens connections to what `firewall` allows: directly, to an address that was checked, or through `upstream`."""

    def __init__(self, firewall: Firewall, upstream: Upstream | None, resolve: Resolver) -> None:
        self._firewall = firewall
        self._resolve = resolve
        self._upstream = upstream

    def way(self, host: Host) -> Upstream | None:
        """The proxy on the way to `host`; there is none to this machine itself."""
        is_here = is_local_name(host) if isinstance(host, str) else plain(host).is_loopback
        return None if is_here else self._upstream

    def check(self, host: Host, port: int) -> None:
        """Refuse what no rule names.

        Raises:
            Refused: no rule names `host` at `port`.
        """
        if not self._firewall.allows(host, port):
            raise ConnectionRefused(Refusal(spot(host, port), "outside the allowed hosts"))

    async def open(self, host: Host, port: int) -> Streams:
        """A connection to `host` at `port`.

        Raises:
            Refused: no rule names it, or its name leads to a private address that no rule names.
            OSError: it cannot be reached.
        """
        self.check(host, port)
        if upstream := self.way(host):
            return await upstream.tunnel(url_host(host), port)
        trouble = OSError("it has no address")
        for address in (await self._addresses(host, port))[:_MOST_ADDRESSES]:
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(str(address), port, limit=LONGEST_HEAD)
            except TimeoutError:
                trouble = OSError("it does not answer")
            except OSError as error:
                trouble = error
        raise trouble

    async def _addresses(self, host: Host, port: int) -> tuple[Address, ...]:
        """Where `host` may be connected to. It is these that are connected to, so that no second look-up can differ."""
        if not isinstance(host, str):
            return (host,)
        if is_local_name(host):
            return _LOOPBACK
        async with asyncio.timeout(CONNECT_S):
            found = await self._resolve(host)
        admitted = tuple([address for address in found if self._firewall.admits(host, address, port)])
        if found and not admitted:
            raise ConnectionRefused(Refusal(spot(host, port), f"at a private address ({found[0]})"))
        return admitted


async def resolve(name: str) -> tuple[Address, ...]:
    """The addresses of `name` as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    addresses: list[Address] = []
    for *_, place in found:
        with suppress(ValueError):  # one with a zone, which is never a public one
            addresses.append(ip_address(place[0]))
    return tuple(dict.fromkeys(addresses))
