"""Parses hosts as browsers do: every spelling of a name or address becomes one canonical form, or an error.

Follows the WHATWG URL standard, section "Host parsing", whose IPv4 parser accepts one to four decimal, octal or
hexadecimal numbers.
"""

import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Address: TypeAlias = IPv4Address | IPv6Address
Host: TypeAlias = str | Address
"""A name in lower-case ASCII form without a trailing dot, or an address."""

_LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NAT64 = 0x0064_FF9B << 96
_GLOBAL_UNICAST = 0b001


class HostError(ValueError):
    """The text is not a host; the message is one line that says why."""


def read_host(text: str) -> Host:
    """The host that a browser would connect to for `text`; IPv6 addresses are in brackets.

    Raises:
        HostError: a browser would reject it.
    """
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    name = _ascii(text).removesuffix(".")
    if not name:
        raise HostError("a host is missing")
    if _ends_in_number(name):
        return _ipv4(name)
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise HostError(f"{text!r} is not a host")
    return name


def is_local_name(name: str) -> bool:
    """Whether `name` is this machine itself (RFC 6761)."""
    return name == "localhost" or name.endswith(".localhost")


def is_public(address: Address) -> bool:
    """Whether `address` is on the public internet; if it embeds an IPv4 address, that one decides."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    embedded = _embedded(address)
    if embedded is not None:
        return is_public(embedded)
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


def _ascii(text: str) -> str:
    """`text` in lower case, with international names in Punycode."""
    if text.isascii():
        return text.lower()
    import idna

    try:
        return idna.encode(text, uts46=True, std3_rules=False).decode()
    except idna.IDNAError as error:
        raise HostError(f"{text!r} is not a host") from error


def _ends_in_number(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.isdecimal() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _ipv4(name: str) -> IPv4Address:
    parts = [_number(part, name) for part in name.split(".")]
    *leading, last = parts
    if len(parts) > 4 or any(part > 255 for part in leading) or last >= 256 ** (5 - len(parts)):
        raise HostError(f"{name!r} is not an address")
    return IPv4Address(sum(part << 8 * (3 - index) for index, part in enumerate(leading)) + last)


def _number(part: str, name: str) -> int:
    digits, base = part, 10
    if part.startswith("0x"):
        digits, base = part[2:] or "0", 16
    elif len(part) > 1 and part.startswith("0"):
        digits, base = part[1:], 8
    try:
        if not digits.isalnum():  # int() also accepts signs and underscores
            raise ValueError
        return int(digits, base)
    except ValueError:
        raise HostError(f"{name!r} is not an address") from None


def _ipv6(text: str) -> Address:
    try:
        if "%" in text:  # a zone, which browsers reject
            raise ValueError
        return IPv6Address(text)
    except ValueError:
        raise HostError(f"{text!r} is not an address") from None


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to `address` reach: IPv4-mapped, 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    if int(address) >> 32 == _NAT64 >> 32:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
