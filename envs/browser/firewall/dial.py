"""Opens connections that the firewall allows: by name rule, then by the addresses that the name resolves to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import ClassVar, Protocol, TypeAlias

from .hosts import Address, Host, is_local_name, unmapped, url_host
from .rules import host_and_port
from .upstream import Streams, Upstream

CONNECT_S = 10.0
_MAX_ADDRESSES = 6
_LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class ConnectionRules(Protocol):
    """Which connections a browser may make."""

    refused_host: ClassVar[str]
    """Why `allows` refuses a host, such as "outside the allowed hosts"."""
    refused_address: ClassVar[str]
    """Where a host is that `allows_address` refuses, such as "at a private address"."""

    def allows(self, host: Host, port: int) -> bool:
        """Whether `host` may be reached at `port`, as far as its name tells."""
        ...

    def allows_address(self, host: str, address: Address, port: int) -> bool:
        """Whether the allowed name `host` may be reached at `address`."""
        ...

    def summary(self) -> str:
        """What may be reached, as a sentence for the model."""
        ...


Resolver: TypeAlias = Callable[[str], Awaitable[tuple[Address, ...]]]
"""Returns the addresses of a name, in order of preference; raises OSError if it has none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A connection that the firewall refused: the host, with its port if that is unusual, and the reason."""

    where: str
    why: str


class ConnectionRefused(Exception):
    """The firewall does not allow this connection."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


class Dialer:
    """Opens connections that `rules` allow, directly to an address that was checked or through `upstream`."""

    def __init__(self, rules: ConnectionRules, upstream: Upstream | None, resolve: Resolver) -> None:
        self._rules = rules
        self._resolve = resolve
        self._upstream = upstream

    def upstream_for(self, host: Host) -> Upstream | None:
        """The proxy to reach `host` through; None for this machine itself."""
        is_local = is_local_name(host) if isinstance(host, str) else unmapped(host).is_loopback
        return None if is_local or self._upstream is None or self._upstream.bypasses(host) else self._upstream

    def check(self, host: Host, port: int) -> None:
        """Check the rules.

        Raises:
            ConnectionRefused: no rule allows `host` at `port`.
        """
        if not self._rules.allows(host, port):
            raise ConnectionRefused(Refusal(host_and_port(host, port), self._rules.refused_host))

    async def open(self, host: Host, port: int) -> Streams:
        """Connect to `host` at `port`.

        Raises:
            ConnectionRefused: no rule allows it, or its name resolves only to private addresses that no rule allows.
            OSError: it cannot be reached.
        """
        self.check(host, port)
        if upstream := self.upstream_for(host):
            return await upstream.tunnel(url_host(host), port)
        failure = OSError("it has no address")
        for address in (await self._addresses(host, port))[:_MAX_ADDRESSES]:
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(str(address), port)
            except TimeoutError:
                failure = OSError("it did not respond")
            except OSError as error:
                failure = error
        raise failure

    async def _addresses(self, host: Host, port: int) -> tuple[Address, ...]:
        """The allowed addresses of `host`. We connect to exactly these, which prevents DNS rebinding."""
        if not isinstance(host, str):
            return (host,)
        if is_local_name(host):
            return _LOOPBACK
        async with asyncio.timeout(CONNECT_S):
            found = await self._resolve(host)
        allowed = tuple([address for address in found if self._rules.allows_address(host, address, port)])
        if found and not allowed:
            raise ConnectionRefused(Refusal(host_and_port(host, port), f"{self._rules.refused_address} ({found[0]})"))
        return allowed


async def resolve(name: str) -> tuple[Address, ...]:
    """The addresses of `name` according to the system's resolver."""
    infos = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    addresses: list[Address] = []
    for *_, sockaddr in infos:
        with suppress(ValueError):  # an address with a zone, which is never public
            addresses.append(ip_address(sockaddr[0]))
    return tuple(dict.fromkeys(addresses))
