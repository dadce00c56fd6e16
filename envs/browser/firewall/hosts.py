"""Hosts as browsers read them: every spelling of a name or an address becomes one form, or an error.

The rules are those of the WHATWG URL standard, section "Host parsing", whose IPv4 parser takes decimal, octal and
hexadecimal numbers and one to four of them.
"""

import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Address: TypeAlias = IPv4Address | IPv6Address
Host: TypeAlias = str | Address
"""A name in lower case, in its ASCII form and without the dot at its end; or an address."""

LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NAT64 = 0x0064_FF9B << 96
_GLOBAL_UNICAST = 0b001


class HostError(ValueError):
    """This is not a host; the message is one line that says why."""


def read_host(text: str) -> Host:
    """The host that a browser would go to for `text`, which may be an IPv6 address in brackets.

    Raises:
        HostError: a browser would go nowhere.
    """
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    name = _ascii(text).removesuffix(".")
    if not name:
        raise HostError("a host is missing")
    if _ends_in_a_number(name):
        return _ipv4(name)
    if len(name) > LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise HostError(f"{text!r} is not a host")
    return name


def is_local_name(name: str) -> bool:
    """Whether `name` stands for this machine itself, as RFC 6761 has it."""
    return name == "localhost" or name.endswith(".localhost")


def is_public(address: Address) -> bool:
    """Whether `address` is one of the internet at large; one that carries another address is as private as that is."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    return int(address) >> 125 == _GLOBAL_UNICAST and address.is_global


def plain(address: Address) -> Address:
    """`address`, or the IPv4 address that an IPv4-mapped one is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_public_suffix(name: str) -> bool:
    """Whether anyone may register names below `name`, as below `com`, `co.uk` or `github.io`."""
    below = f"any.{name}"  # a suffix itself where the list has `*.name`
    return _suffixes().publicsuffix(name) == name or _suffixes().publicsuffix(below) == below


def url_host(host: Host) -> str:
    """`host` as it stands in an address."""
    return f"[{host}]" if isinstance(host, IPv6Address) else str(host)


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False)


def _ascii(text: str) -> str:
    """`text` in lower case and with international names in Punycode."""
    if text.isascii():
        return text.lower()
    import idna

    try:
        return idna.encode(text, uts46=True, std3_rules=False).decode()
    except idna.IDNAError as error:
        raise HostError(f"{text!r} is not a host") from error


def _ends_in_a_number(name: str) -> bool:
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
        if not digits.isalnum():  # int() takes signs and underscores too
            raise ValueError
        return int(digits, base)
    except ValueError:
        raise HostError(f"{name!r} is not an address") from None


def _ipv6(text: str) -> Address:
    try:
        if "%" in text:  # a zone, which browsers do not take
            raise ValueError
        return IPv6Address(text)
    except ValueError:
        raise HostError(f"{text!r} is not an address") from None


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to `address` end up at, by mapping, 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    if int(address) >> 32 == _NAT64 >> 32:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
