"""Completes addresses as people and models write them."""

import re

from ...env import ActionRefused

_SCHEMES = ("http", "https", "file", "about", "data", "blob", "chrome")
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST = re.compile(r"^(\[[0-9a-f:]+\]|[\w-]+(\.[\w-]+)*\.?)(:\d+)?([/?#]|$)", re.IGNORECASE)
_LOCAL = re.compile(r"^(localhost|127\.[\d.]+|\[::1\])(:\d+)?([/?#]|$)", re.IGNORECASE)


def full_address(text: str) -> str:
    """`text` with a scheme: `https:` if it has none, `http:` for this machine itself.

    Raises:
        ActionRefused: it is not an address, or has another scheme, such as `javascript:`.
    """
    address = text.strip()
    if _LOCAL.match(address):
        return f"http://{address}"
    host = _HOST.match(address)
    if host and (host.group(3) or "." in host.group(1) or ":" in host.group(1)):
        return f"https://{address}"
    scheme = _SCHEME.match(address)
    if scheme and scheme.group(1).lower() in _SCHEMES:
        return address
    raise ActionRefused(f"{text!r} is not a valid address; write one such as https://example.org/page")


def start_address(text: str) -> str:
    """As `full_address`; unchanged if it is not an address, which is reported when it is opened."""
    try:
        return full_address(text)
    except ActionRefused:
        return text
