"""A firewall around a browser: which hosts its pages may reach. Everything else is closed, files and networks included.

The rules are here, `proxy.py` holds every connection to them.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self, TypeAlias
from urllib.parse import urlsplit

from .hosts import Address, Host, HostError, is_local_name, is_public, is_public_suffix, plain, read_host, url_host

Network: TypeAlias = IPv4Network | IPv6Network

_PORT = re.compile(r":([0-9]{1,5})\Z")
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class FirewallError(ValueError):
    """A host that may not be allowed like this; the message is one line that says what to write instead."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Allows `host` at `port`, at every port if that is None.

    A name stands for all names below it too; a network for the addresses in it.
    """

    host: str | Network
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `--allow-host` takes: `example.org`, `localhost:8080`, `192.0.2.7`, `[::1]:8080`, `10.0.0.0/8`.

        Raises:
            FirewallError: it is none of these, or would allow the names of everybody, as `co.uk` would.
        """
        wanted = text.strip()
        if "://" in wanted or wanted.startswith("*") or any(mark in wanted for mark in "@?#\\"):
            raise FirewallError(_not_a_host(text))
        network = _network(wanted)
        if network is not None:
            return cls(network)
        port = _PORT.search(wanted)
        bare = wanted[: port.start()] if port else wanted
        number = int(port.group(1)) if port else None
        if number is not None and not 0 < number < 65536:
            raise FirewallError(f"{text!r} cannot be allowed: there is no port {number}")
        return cls(_named(bare, text), number)

    def covers(self, host: Host, port: int) -> bool:
        """Whether this rule names `host` at `port`."""
        return self.port in (None, port) and self.names(host)

    def names(self, host: Host) -> bool:
        """Whether this rule names `host` at some port."""
        if isinstance(self.host, str):
            return isinstance(host, str) and (host == self.host or host.endswith(f".{self.host}"))
        return not isinstance(host, str) and plain(host) in self.host

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
    """The hosts that may be reached. Every other one is closed, whatever asks for it."""

    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, texts: tuple[str, ...]) -> Self:
        """The firewall that `BrowserSettings.allow_hosts` asks for.

        Raises:
            FirewallError: one of them may not be allowed like this.
        """
        return cls(tuple(Rule.parse(text) for text in texts))

    def allows(self, host: Host, port: int) -> bool:
        """Whether a rule names `host` at `port`. Where a name leads is another question: see `admits`."""
        return any(rule.covers(host, port) for rule in self.rules)

    def admits(self, host: str, address: Address, port: int) -> bool:
        """Whether the allowed name `host` may lead to `address`: a private one has to be allowed by itself.

        Otherwise whoever keeps the names of an allowed domain could lead the browser to machines behind the firewall.
        """
        if is_local_name(host):
            return plain(address).is_loopback
        return is_public(address) or self.allows(address, port)

    def refusal(self, url: str) -> str | None:
        """Why `url` may not be gone to, in words for the model, None if it may."""
        if url.lower() == "about:blank":
            return None
        found = _SCHEME.match(url)
        scheme = found.group(1).lower() if found else ""
        if scheme not in ("http", "https"):
            return f"{scheme or 'such'} addresses are closed here; {self.reach()}"
        try:
            parts = urlsplit(url.replace("\\", "/"))
            host, port = read_host(_host_of(parts.netloc)), parts.port or _PORTS[scheme]
        except ValueError:
            return f"{url} is not an address that can be gone to"
        if self.allows(host, port):
            return None
        return f"{_spot(host, port, scheme)} is outside the allowed hosts; {self.reach()}"

    def reach(self) -> str:
        """What may be reached, in words."""
        return f"only these hosts can be reached: {self}"

    def __str__(self) -> str:
        return ", ".join(map(str, self.rules))


def spot(host: Host, port: int) -> str:
    """`host`, with `port` where that says something."""
    return url_host(host) if port in (80, 443) else f"{url_host(host)}:{port}"


def _spot(host: Host, port: int, scheme: str) -> str:
    return url_host(host) if port == _PORTS[scheme] else f"{url_host(host)}:{port}"


def _host_of(netloc: str) -> str:
    """The host of `user:password@host:port`, an IPv6 address in its brackets."""
    return _PORT.sub("", netloc.rpartition("@")[2]).removesuffix(":")


def _network(text: str) -> Network | None:
    """The network that `text` is, or the one address."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return ip_network(bare)
    except ValueError:
        if "/" in text and re.fullmatch(r"[0-9a-f:.]+/[0-9]+", text, re.IGNORECASE):
            raise FirewallError(f"{text!r} cannot be allowed: it is not a network, such as 10.0.0.0/8") from None
        return None


def _named(bare: str, text: str) -> str | Network:
    """The name or address `bare`, what is left of `text` without its port."""
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
        hint = f"; write {Rule.parse(bare)}, which stands for all names below it too"
    except FirewallError:
        hint = ""
    return f"{text!r} cannot be allowed: it is not a host{hint}"
