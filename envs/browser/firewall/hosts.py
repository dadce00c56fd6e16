"""Parses hosts as browsers do: every spelling of a name or address becomes one canonical form, or an error."""

import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, TypeAlias

from pydantic_core import Url

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Address: TypeAlias = IPv4Address | IPv6Address
Host: TypeAlias = str | Address
"""A name in lower-case ASCII form without a trailing dot, or an address."""

_LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_DELIMITER = re.compile(r"[\x00-\x20\x7f/?#@%\\]")
"""Characters that a URL parser strips, decodes, or takes for the end of the host."""
_NAT64 = 0x0064_FF9B << 96
_GLOBAL_UNICAST = 0b001


class HostError(ValueError):
    """The text is not a host; the message is one line that says why."""


def read_host(text: str) -> Host:
    """The host that a browser would connect to for `text`; IPv6 addresses are in brackets.

    Raises:
        HostError: a browser would reject it.
    """
    if text in ("", "."):
        raise HostError("a host is missing")
    is_ipv6 = text.startswith("[") and text.endswith("]")
    if _DELIMITER.search(text) or (":" in text and not is_ipv6):
        raise HostError(f"{text!r} is not a host")
    try:
        name = (Url(f"http://{text}/").host or "").removesuffix(".")  # Url follows the WHATWG URL standard
    except ValueError:
        raise HostError(f"{text!r} is not a host") from None
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.split(".")):
            raise HostError(f"{text!r} is not a host") from None
        return name


def is_local_name(name: str) -> bool:
    """Whether `name` is this machine itself (RFC 6761)."""
    return name == "localhost" or name.endswith(".localhost")


def is_public(address: Address) -> bool:
    """Whether `address` is on the public internet; if it embeds an IPv4 address, that one decides."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    inner = embedded(address)
    if inner is not None:
        return is_public(inner)
    return int(address) >> 125 == _GLOBAL_UNICAST and address.is_global


def unmapped(address: Address) -> Address:
    """`address`, with an IPv4-mapped IPv6 address converted to IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_public_suffix(name: str) -> bool:
    """Whether anyone can register names below `name`, such as `com`, `co.uk` or `github.io`."""
    below = f"any.{name}"  # itself a suffix if the list has `*.name`
    return _suffixes().publicsuffix(name) == name or _suffixes().publicsuffix(below) == below


def url_host(host: Host) -> str:
    """`host` as written in a URL."""
    return f"[{host}]" if isinstance(host, IPv6Address) else str(host)


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False)


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to `address` reach: IPv4-mapped, 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    if int(address) >> 32 == _NAT64 >> 32:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
