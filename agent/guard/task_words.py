"""What a task names: hosts, and texts that it calls a password, a PIN, a recovery phrase or a key."""

import re
from dataclasses import dataclass
from functools import lru_cache

from .target_words import comparable, target_words, words_pattern

_URL_HOST = re.compile(r"\bhttps?://(?:[^\s/?#@]*@)?(\[[^\]]+\]|[^\s/?#:\"'<>)]+)", re.IGNORECASE)
_BARE_HOST = re.compile(r"(?<![@\w.-])((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+)(?![\w@])", re.IGNORECASE)
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab'\u2018`](.{3,200}?)[\"\u201d\u201c\u00bb'\u2019`]")
_SENTENCE_END = re.compile(r"[.!?;。](?:\s|$)")
_NAMED = re.compile(r"(?:^|\s)(?:is|ist|lautet|est|es|e|sao|jest|ar|is:|是|为|は)\s+(\S{3,})|^\s*[:=]\s*(\S{3,})")
_MARKED = re.compile(r"[\d#$%&*+!^~|\\]|\w[:@_-]\w")
"""What a password has and an ordinary word has not."""

_REACH = 120
_SHORT = 4
"""Secrets that are shorter count only as whole words."""


@dataclass(frozen=True, slots=True)
class TaskWords:
    """The names in a task, as they are compared: `hosts` without `www.`, and `secrets` without spaces."""

    text: str = ""
    hosts: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, task: str) -> "TaskWords":
        """The names in `task`."""
        hosts = [*_URL_HOST.findall(task), *_BARE_HOST.findall(task)]
        return cls(comparable(task), frozenset(bare_host(host) for host in hosts), tuple(_secrets(comparable(task))))

    def count_secrets(self, text: str) -> int:
        """How often a secret occurs in `text`, whatever its case and spaces."""
        words = comparable(text)
        whole = compact(words)
        return sum(
            whole.count(one) if len(one) >= _SHORT else len(re.findall(rf"(?<!\w){re.escape(one)}(?!\w)", words))
            for one in self.secrets
        )


def bare_host(host: str) -> str:
    """`host` in lower case, without `www.`."""
    return host.lower().rstrip(".").removeprefix("www.")


def compact(text: str) -> str:
    """`text` without spaces."""
    return "".join(text.split())


@lru_cache(maxsize=1)
def _label() -> re.Pattern[str]:
    return words_pattern(target_words()["secret"])


def _secrets(task: str) -> list[str]:
    found: dict[str, None] = {}
    for label in _label().finditer(task):
        rest = _SENTENCE_END.split(task[label.end() : label.end() + _REACH])[0]
        if quoted := _QUOTED.search(rest):
            found[compact(quoted[1])] = None
            continue
        named = _NAMED.search(rest)
        words = [named[1] or named[2]] if named else []
        words += [word for word in rest.split() if _MARKED.search(word)]
        for word in words[:1]:
            if len(plain := word.strip(",.;:!?()\"'")) > 2:
                found[plain] = None
    return [*found]
