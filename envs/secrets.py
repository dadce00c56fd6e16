"""Secrets: texts such as passwords that are typed, and that no prompt, record or terminal may contain.

A model writes the handle of a secret, `{{bank}}`, in the text of a `Type`. Everything that is recorded, shown or sent
holds the handle; the value takes its place only while it is typed, where the secret is bound. A `SecretVault` holds the
secrets of an episode, and its `redact` puts the handles back wherever a value comes out again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from itertools import chain, count
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import SecretStr

from .redaction import Redaction, T

HANDLE = re.compile(r"\{\{\s*([A-Za-z]\w*(?:-\w+)*)\s*\}\}")
"""The handle of a secret in a text."""

MIN_SECRET = 4
"""Characters of the shortest secret: a shorter one would be found everywhere in texts."""

ANYWHERE = "*"
"""The host of a secret that may be typed on any page."""

_NAME = re.compile(r"[A-Za-z]\w*(?:-\w+)*")
_HOST = re.compile(r"(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?|\[[0-9a-fA-F:.]+\]|\*|https?://[^/?#@\s]+")
_PROGRAM = "program:"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is typed without being shown: the model writes `{{name}}`.

    `value` is never part of the representation. With `totp` it is the key of a one-time code (base32, or an otpauth
    URI), and each typing types the code of that moment. `bound_to` is where it may be typed: the host of a page, such
    as `bank.example`, or `*.bank.example` for its subdomains too, always over https or on this machine; an origin, such
    as `http://intranet.example:8080`; on a desktop a program, such as `program:xterm`. A secret that is not bound
    cannot be typed into a page, and on a desktop the user is asked each time.

    Raises:
        ValueError: the name, the value or the place is not possible; the message does not contain the value.
    """

    name: str
    value: SecretStr | str = field(repr=False)
    bound_to: str = ""
    totp: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot name a secret: use letters, digits, - and _, and a letter first")
        value = self.value if isinstance(self.value, SecretStr) else SecretStr(self.value)
        object.__setattr__(self, "value", value)
        if len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"the secret {self.name} is shorter than {MIN_SECRET} characters")
        if self.bound_to.startswith(_PROGRAM):
            if not self.program:
                raise ValueError(f"the secret {self.name} is bound to a program without a name")
        elif self.bound_to and not _HOST.fullmatch(_ascii(self.bound_to)):
            raise ValueError(f"the secret {self.name} is bound to {self.bound_to!r}, which is not a host")
        if self.totp:
            self.reveal()

    @property
    def handle(self) -> str:
        """What the model writes."""
        return f"{{{{{self.name}}}}}"

    @property
    def program(self) -> str:
        """The program that it is bound to, in lower case; empty if none."""
        is_program = self.bound_to.startswith(_PROGRAM)
        return self.bound_to.removeprefix(_PROGRAM).strip().lower() if is_program else ""

    @property
    def host(self) -> str:
        """The host that it is bound to; empty if none."""
        return "" if self.bound_to.startswith(_PROGRAM) else self.bound_to

    def key(self) -> str:
        """The value itself; of a one-time code the key that it is made from."""
        return self.value.get_secret_value() if isinstance(self.value, SecretStr) else self.value

    def reveal(self) -> str:
        """The text to type now. Call `SecretVault.reveal` instead, which remembers codes.

        Raises:
            ValueError: the key of a one-time code is not one.
        """
        if not self.totp:
            return self.key()
        from pyotp import parse_uri  # needs the secrets extra
        from pyotp.totp import TOTP

        try:
            key = self.key()
            if not key.startswith("otpauth://"):
                return TOTP(key.replace(" ", "")).now()
            code = parse_uri(key)
            if isinstance(code, TOTP):
                return code.now()
        except ValueError:
            pass
        raise ValueError(f"the secret {self.name} is not the key of a one-time code: use base32 or an otpauth:// URI")

    def refusal_at(self, origin: str) -> str:
        """Why it may not be typed into a document of `origin`, such as `https://bank.example`; empty if it may."""
        host = self.host
        if host == ANYWHERE:
            return ""
        if not host:
            return f"{self.handle} was not typed: it is not bound to a host"
        here = _origin(origin)
        if here is None:
            return f"{self.handle} was not typed: it belongs to {host}, and the focus is not in a page of a host"
        scheme, found, _ = here
        if "://" in host:
            where = f"it belongs to {host}, and the focus is in a page of {_shown(here)}"
            return "" if here == _origin(host) else f"{self.handle} was not typed: {where}"
        wanted = _ascii(host)
        if found != wanted.removeprefix("*.") and not (wanted.startswith("*.") and found.endswith(wanted[1:])):
            return f"{self.handle} was not typed: it belongs to {host}, and the focus is in a page of {found}"
        if scheme != "https" and not _is_loopback(found):
            return f"{self.handle} was not typed: the page of {found} is not encrypted"
        return ""


class SecretVault:
    """The secrets of an episode. With `learns`, what is typed into a password field becomes one.

    Raises:
        ValueError: two secrets have the same name.
    """

    def __init__(self, secrets: Iterable[Secret] = (), *, learns: bool = False) -> None:
        self.learns = learns
        self.notices: list[str] = []
        self._secrets: dict[str, Secret] = {}
        self._codes: dict[str, str] = {}
        """The one-time codes that were typed, and their handles."""
        for secret in secrets:
            if secret.name in self._secrets:
                raise ValueError(f"two secrets are named {secret.name}")
            self._secrets[secret.name] = secret
        self._redaction = Redaction(self.values)

    def __bool__(self) -> bool:
        return bool(self._secrets)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets."""
        return tuple(self._secrets.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the secrets."""
        return tuple(self._secrets)

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """The values to keep out of texts and pictures, each with its handle; the longest first."""
        values = [*((one.key(), one.handle) for one in self.secrets), *self._codes.items()]
        return tuple(sorted(dict(values).items(), key=lambda item: -len(item[0])))

    def split(self, text: str) -> tuple["str | Secret", ...]:
        """The parts of `text` in order: texts, and the secrets whose handles are between them."""
        parts: list[str | Secret] = []
        end = 0
        for found in HANDLE.finditer(text):
            secret = self._secrets.get(found[1])
            if secret is not None:
                parts += [text[end : found.start()], secret]
                end = found.end()
        return tuple(part for part in (*parts, text[end:]) if part != "")

    def named_in(self, text: str) -> tuple[Secret, ...]:
        """The secrets whose handles are in `text`."""
        return tuple(part for part in self.split(text) if isinstance(part, Secret))

    def unknown_in(self, text: str) -> tuple[str, ...]:
        """The handles in `text` that no secret has; none if there are no secrets, since then it is a plain text."""
        return tuple(found[0] for found in HANDLE.finditer(text) if found[1] not in self._secrets) if self else ()

    def reveal(self, secret: Secret) -> str:
        """The text to type for `secret`, which is kept out of texts from now on."""
        value = secret.reveal()
        if value not in dict(self.values):
            self._codes[value] = secret.handle
            self._redaction = Redaction(self.values)
        return value

    def learn(self, text: str, origin: str) -> None:
        """Treat `text`, which was typed into a password field of `origin`, as a secret of it from now on."""
        if not self.learns or len(text) < MIN_SECRET or text in dict(self.values) or self.named_in(text):
            return
        name, here = self._next_name(), _origin(origin)
        secret = self._secrets[name] = Secret(name, text, _shown(here) if here is not None else ANYWHERE)
        self._redaction = Redaction(self.values)
        self.notices.append(
            f"a password was typed. From now on it is hidden as {secret.handle}; if the task or the model wrote it, "
            "the task and the reply still contain it. With --secret the model never gets a password"
        )

    @property
    def next_handle(self) -> str:
        """The handle of the next secret that is learned."""
        return f"{{{{{self._next_name()}}}}}"

    def _next_name(self) -> str:
        numbered = (f"password-{number}" for number in count(2))
        return next(name for name in chain(["password"], numbered) if name not in self._secrets)

    def take_notices(self) -> tuple[str, ...]:
        """Remove and return the messages for the user."""
        notices, self.notices = tuple(self.notices), []
        return notices

    def redact(self, value: T) -> T:
        """A copy of `value`, a text or a dataclass with texts at any depth, with handles in place of values."""
        return self._redaction(value) if self else value

    def redact_error(self, error: BaseException) -> None:
        """Put handles in place of values in `error` and in what caused it, in place."""
        seen: set[int] = set()
        current: BaseException | None = error
        while self and current is not None and id(current) not in seen:
            seen.add(id(current))
            current.args = self.redact(current.args)
            for name, held in list(getattr(current, "__dict__", {}).items()):
                if (clean := self.redact(held)) is not held:
                    setattr(current, name, clean)
            current = current.__cause__ or current.__context__


@runtime_checkable
class TypesSecrets(Protocol):
    """Optional protocol: an `Env` that types secrets itself.

    It replaces the handles in a `Type` where the secrets are bound, and masks what shows them in its screenshots. Any
    other `Env` gets the values typed, and the part of the screen that changed is masked.
    """

    def use_secrets(self, vault: SecretVault) -> None:
        """Type and mask the secrets of `vault` from now on."""
        ...


@lru_cache(maxsize=64)
def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode().lower().rstrip(".") if not host.isascii() else host.lower().rstrip(".")
    except UnicodeError:
        return ""


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address; None if its origin is opaque."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            return None
        return parts.scheme, _ascii(parts.hostname), parts.port or _PORTS[parts.scheme]
    except ValueError:
        return None


def _shown(origin: tuple[str, str, int]) -> str:
    scheme, host, port = origin
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{'' if port == _PORTS[scheme] else f':{port}'}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
