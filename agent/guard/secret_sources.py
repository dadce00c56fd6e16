"""Where secrets come from: references such as `bank=env:BANK_PW@bank.example`, which never contain the value."""

import getpass
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from screenwright._files import MIB, read_file

from ...envs.secrets import Secret

_TOTP = "totp:"
_FORM = "should have the form NAME=SOURCE@HOST, such as bank=env:BANK_PW@bank.example"


class SecretError(ValueError):
    """A secret cannot be had; the message is one line without its value."""


def load_secret(reference: str, environ: Mapping[str, str] = os.environ) -> Secret:
    """The secret that `NAME=SOURCE@PLACE` refers to; SOURCE may start with `totp:`, and @PLACE may be left out.

    The sources are `env:VARIABLE`, `file:PATH` (without the line break at the end), `keyring:SERVICE/USER`, and
    `prompt:`, which asks in the terminal. The place is what follows the last `@`; see `Secret.bound_to`.

    Raises:
        SecretError: the reference is malformed, or there is nothing where it points.
        ImportError: the extra for a keyring or a one-time code is not installed.
    """
    name, _, rest = reference.partition("=")
    source, at, place = rest.rpartition("@")
    source = source if at else rest
    totp, source = source.startswith(_TOTP), source.removeprefix(_TOTP)
    kind, colon, where = source.partition(":")
    read = _SOURCES.get(kind)
    if not rest or not colon or read is None:  # what was given may be the value itself, so it is not repeated
        kinds = ", ".join(f"{one}:" for one in _SOURCES)
        raise SecretError(f"{_FORM}; sources are {kinds}")
    try:
        return Secret(name, read(name, where, environ), place if at else "", totp)
    except SecretError:
        raise
    except ValueError as error:
        raise SecretError(str(error)) from error


def load_secrets(references: Iterable[str], environ: Mapping[str, str] = os.environ) -> tuple[Secret, ...]:
    """The secrets of several references; raises as `load_secret`, also if two have the same name."""
    secrets = tuple(load_secret(one, environ) for one in references)
    names = [one.name for one in secrets]
    if len({*names}) < len(names):
        raise SecretError(f"two secrets have the same name: {', '.join(names)}")
    return secrets


def _from_variable(name: str, where: str, environ: Mapping[str, str]) -> str:
    if not environ.get(where):
        raise SecretError(f"{name}: the variable {where or '(no name)'} is not set, or is empty")
    return environ[where]


def _from_file(name: str, where: str, environ: Mapping[str, str]) -> str:
    try:
        return read_file(Path(where).expanduser(), MIB).decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise SecretError(f"{name}: cannot read {where or 'a file without a name'}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SecretError(f"{name}: {where} is not a text in UTF-8") from None


def _from_keyring(name: str, where: str, environ: Mapping[str, str]) -> str:
    import keyring  # needs the secrets extra
    from keyring.errors import KeyringError

    service, _, user = where.rpartition("/")
    if not service or not user:
        raise SecretError(f"{name}: name the entry of the keyring as keyring:SERVICE/USER")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise SecretError(f"{name}: the keyring cannot be read: {error}") from error
    if not value:
        raise SecretError(f"{name}: the keyring has no entry of the service {service} for the user {user}")
    return value


def _from_terminal(name: str, where: str, environ: Mapping[str, str]) -> str:
    if not sys.stdin.isatty():
        raise SecretError(f"{name}: prompt: asks in a terminal, and there is none; name another source")
    try:
        return getpass.getpass(f"secret {name}: ")
    except EOFError as error:
        raise SecretError(f"{name}: no value was entered") from error


_SOURCES: dict[str, Callable[[str, str, Mapping[str, str]], str]] = {
    "env": _from_variable,
    "file": _from_file,
    "keyring": _from_keyring,
    "prompt": _from_terminal,
}
