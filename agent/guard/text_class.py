"""What kind of text is typed: like a password, a card number, or a command line. Judged by its form alone."""

import re
from enum import StrEnum

from ...envs.secrets import HANDLE

_SEPARATORS = re.compile(r"[ \-.]")
_CARD = re.compile(r"(?<![\d])\d(?:[ \-.]?\d){12,18}(?!\d)")
_NOT_SECRET = re.compile(
    r"\w+://|[\w.+-]+@[\w-]+\.\w|[/~.]{0,2}/|\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}$|www\.", re.IGNORECASE
)
"""Starts of addresses, paths and dates, which mix characters as passwords do."""

_EMAIL = re.compile(r"[\w.+%-]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.IGNORECASE | re.ASCII)
_PASSWORD_LENGTHS = range(8, 129)
_LONG_PASSWORD = 12
_COMMANDS = (
    "apt-get|apt|bash|chmod|chown|cp|crontab|curl|dd|docker|eval|exec|iptables|killall|ln|mkdir|mkfs|mount|mv|nc|npm|"
    "npx|passwd|perl|pip|pkill|powershell|pwsh|python3|python|reboot|rmdir|rm|rsync|ruby|scp|sed|sh|shutdown|ssh|sudo|"
    "systemctl|taskkill|telnet|tmux|umount|unzip|useradd|usermod|vim|visudo|vi|wget|xdg-open|zsh"
)
_PLAIN_WORDS = "cat|cd|del|env|export|find|format|git|kill|ls|net|reg|screen|su|tar|tee|touch"
"""Commands that are also the first word of ordinary texts, so that one needs an option or a path after it."""

_PATH = r"\s*(?:[\w.~/-]*/)?"
_END = r"(?:\.exe)?(?=\s|$)"
_COMMAND = re.compile(
    rf"{_PATH}(?:{_COMMANDS}){_END}|{_PATH}(?:{_PLAIN_WORDS}){_END}\s+(?:-{{1,2}}\w|[~.]{{0,2}}/|/\w)"
)
_SHELL = re.compile(
    r"\$\(|`[^`]+`|\|\s*(?:ba|z|da)?sh\b|&&\s*\S|\|\|\s*\S|;\s*rm\b|2>&1|>\s*/\w|\\x[0-9a-f]{2}|:\(\)\s*\{"
)


class TextClass(StrEnum):
    """A class of typed text.

    `SECRET`: holds the handle of a secret, such as `{{bank}}`, which the other classes disregard.
    `PASSWORD`: one word of 8 to 128 characters that mixes three kinds of characters (lower case, upper case, digits,
    others), or two kinds from 12 characters on, and is no address, path or date; or what the task calls a password, a
    PIN, a recovery phrase or a key. `CARD_NUMBER`: 13 to 19 digits that pass the Luhn check. `COMMAND`: starts with a
    known command, or holds the operators of a shell. `RECIPIENT`: an e-mail address or an IBAN that the task does not
    contain. `ANY`: any text.
    """

    SECRET = "secret"  # noqa: S105 -- the name of a class, not a secret
    PASSWORD = "password"  # noqa: S105 -- the name of a class, not a password
    CARD_NUMBER = "card_number"
    COMMAND = "command"
    RECIPIENT = "recipient"
    ANY = "any"


def text_classes(text: str) -> frozenset[TextClass]:
    """The classes of `text`; none if it is empty."""
    if not text:
        return frozenset()
    text, handles = HANDLE.subn("", text)
    tests = {
        TextClass.SECRET: handles > 0,
        TextClass.PASSWORD: any(map(_is_password_like, text.split()[-1:])),
        TextClass.CARD_NUMBER: _holds_card_number(text),
        TextClass.COMMAND: any(map(_is_command, text.splitlines())),
    }
    return frozenset({TextClass.ANY, *(one for one, holds in tests.items() if holds)})


def recipients(text: str) -> list[str]:
    """The e-mail addresses and IBANs in `text`."""
    accounts = [found[0] for found in _IBAN.finditer(text) if _passes_mod_97(found[0])]
    return [*_EMAIL.findall(text), *accounts]


def _passes_mod_97(account: str) -> bool:
    """The check of ISO 13616."""
    plain = account.replace(" ", "").upper()
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1


def _is_password_like(word: str) -> bool:
    if len(word) not in _PASSWORD_LENGTHS or _NOT_SECRET.match(word):
        return False
    others = any(not one.isalnum() for one in word[:-1])  # a final mark belongs to a sentence
    kinds = any(map(str.islower, word)) + any(map(str.isupper, word)) + any(map(str.isdigit, word)) + others
    return kinds >= 3 or (kinds == 2 and len(word) >= _LONG_PASSWORD and any(map(str.isdigit, word)))


def _holds_card_number(text: str) -> bool:
    return any(_passes_luhn(_SEPARATORS.sub("", found[0])) for found in _CARD.finditer(text))


def _passes_luhn(digits: str) -> bool:
    """The check of ISO/IEC 7812-1, annex B."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _is_command(line: str) -> bool:
    return _COMMAND.match(line) is not None or _SHELL.search(line) is not None
