"""The firewall rules of a browser: the hosts that its pages may reach. Everything else is blocked, local files too.

`proxy.py` checks every connection against them.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import ClassVar, Self, TypeAlias

from pydantic_core import Url

from .hosts import Address, Host, HostError, is_local_name, is_public, is_public_suffix, read_host, unmapped, url_host

Network: TypeAlias = IPv4Network | IPv6Network

_PORT = re.compile(r":([0-9]{1,5})\Z")
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):", re.IGNORECASE)


class FirewallError(ValueError):
    """An invalid allowed host; the message is one line that says what to write instead."""


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """Allows `host` at `port`, or at every port if that is None.

    A name includes its subdomains; a network its addresses.
    """

    host: str | Network
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `example.org`, `localhost:8080`, `192.0.2.7`, `[::1]:8080` or `10.0.0.0/8`.

        Raises:
            FirewallError: it is none of these, or a public suffix such as `co.uk`.
        """
        host = text.strip()
        if "://" in host or host.startswith("*") or any(mark in host for mark in "@?#\\"):
            raise FirewallError(_not_a_host(text))
        network = _network(host)
        if network is not None:
            return cls(network)
        port: int | None = None
        if match := _PORT.search(host):
            host, port = host[: match.start()], int(match.group(1))
            if not 0 < port < 65536:
                raise FirewallError(f"{text!r} cannot be allowed: there is no port {port}")
        return cls(_name_or_network(host, text), port)

    def covers(self, host: Host, port: int) -> bool:
        """Whether this rule allows `host` at `port`."""
        if self.port not in (None, port):
            return False
        if isinstance(self.host, str):
            return isinstance(host, str) and (host == self.host or host.endswith(f".{self.host}"))
        return not isinstance(host, str) and unmapped(host) in self.host

    def __str__(self) -> str:
        if isinstance(self.host, str):
            host = self.host
        elif self.host.num_addresses == 1:
            host = url_host(self.host.network_address)
        else:
            host = str(self.host)
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Firewall:
    """The hosts that may be reached. All others are blocked for every kind of request."""

    rules: tuple[FirewallRule, ...]
    refused_host: ClassVar[str] = "outside the allowed hosts"
    refused_address: ClassVar[str] = "at a private address"

    @classmethod
    def parse(cls, texts: tuple[str, ...]) -> Self:
        """Parse `BrowserSettings.allow_hosts`.

        Raises:
            FirewallError: one of them is invalid.
        """
        return cls(tuple(FirewallRule.parse(text) for text in texts))

    def allows(self, host: Host, port: int) -> bool:
        """Whether a rule allows `host` at `port`. Check the addresses of a name with `allows_address`."""
        return any(rule.covers(host, port) for rule in self.rules)

    def allows_address(self, host: str, address: Address, port: int) -> bool:
        """Whether the allowed name `host` may resolve to `address`; a private address needs a rule of its own.

        Otherwise the owner of an allowed domain could point the browser at machines in the private network.
        """
        if is_local_name(host):
            return unmapped(address).is_loopback
        return is_public(address) or self.allows(address, port)

    def refusal(self, url: str) -> str | None:
        """Why `url` may not be opened, for the model; None if it may."""
        if url.lower() == "about:blank":
            return None
        found = _SCHEME.match(url)
        scheme = found.group(1).lower() if found else ""
        if scheme not in ("http", "https"):
            return f"{scheme or 'such'} addresses are blocked; {self.summary()}"
        try:
            parts = Url(url)
            host, port = read_host(parts.host or ""), parts.port or 0
        except ValueError:
            return f"{url} is not a valid address"
        if self.allows(host, port):
            return None
        return f"{host_and_port(host, port)} is outside the allowed hosts; {self.summary()}"

    def summary(self) -> str:
        """The allowed hosts as a sentence, for the model."""
        return f"only these hosts can be reached: {self}"

    def __str__(self) -> str:
        return ", ".join(map(str, self.rules))


def host_and_port(host: Host, port: int) -> str:
    """`host`, with `port` unless that is a default one."""
    return url_host(host) if port in (80, 443) else f"{url_host(host)}:{port}"


def _network(text: str) -> Network | None:
    """`text` as a network, or as a single address; None if it is neither."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return ip_network(bare)
    except ValueError:
        if "/" in text and re.fullmatch(r"[0-9a-f:.]+/[0-9]+", text, re.IGNORECASE):
            raise FirewallError(f"{text!r} cannot be allowed: it is not a network, such as 10.0.0.0/8") from None
        return None


def _name_or_network(bare: str, text: str) -> str | Network:
    """Parse `bare`, which is `text` without its port."""
    if "/" in bare:
        raise FirewallError(_not_a_host(text))
    if (network := _network(bare)) is not None:
        return network
    try:
        host = read_host(bare)
    except HostError as error:
        raise FirewallError(f"{text!r} cannot be allowed: {error}") from error
    if not isinstance(host, str):
        raise FirewallError(f"{text!r} cannot be allowed: write the address as {host}")
    if not is_local_name(host) and is_public_suffix(host):
        raise FirewallError(
            f"{text!r} cannot be allowed: anyone can register names below it; name one, such as my.{host}"
        )
    return host


def _not_a_host(text: str) -> str:
    bare = text.strip().partition("://")[2] or text.strip()
    bare = re.split(r"[/?#\\]", bare.rpartition("@")[2])[0].removeprefix("*.").removeprefix("*")
    try:
        hint = f"; write {FirewallRule.parse(bare)}, which includes its subdomains"
    except FirewallError:
        hint = ""
    return f"{text!r} cannot be allowed: it is not a host{hint}"
