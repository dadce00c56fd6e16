"""What rules look at: an action, where it happens, and what happened before it in this run."""

import posixpath
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from urllib.parse import unquote, unquote_plus, urlsplit

from ...envs.actions import (
    Action,
    ButtonDown,
    Click,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Navigate,
    Scroll,
    Type,
    Wait,
    points_of,
)
from ...envs.env import ActionRefused
from ...envs.geometry import ScreenPoint
from ...envs.keys import MODIFIERS, canonical_key
from ..core.describe import type_name
from .target_words import comparable
from .task_words import TaskWords, bare_host, compact
from .text_class import TextClass, recipients, text_classes

_DOWNLOADED = re.compile(
    r"\.(?:zip|gz|bz2|xz|7z|rar|tar|tgz|exe|msi|dmg|pkg|deb|rpm|appimage|apk|iso|bin|jar|sh|bat|ps1|docx?|xlsx?|pptx?|"
    r"od[tsp]|csv|whl)$",
    re.IGNORECASE,
)


_NO_HOST = re.compile(r"\s*(file(?=:)|[a-z][a-z0-9+.-]*(?=:(?!//|\d)))", re.IGNORECASE)
"""The scheme of an address without a host, such as `data:`; `localhost:8080` is none."""

_ADDRESS = re.compile(
    r"^\s*(?:https?://(?:[^\s/?#@]*@)?([^\s/?#:]+)|((?:[\w-]+\.)+[a-z]{2,})(?::\d+)?/)\S*\s*$", re.IGNORECASE
)
"""A line that is an address: the host with a scheme, or with a path."""

_TEXT = "text"
"""Stands for the characters that are typed; there is no key of this name."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an action happens: the host and path of a page, or the title of a window; the others are empty."""

    host: str = ""
    path: str = ""
    title: str = ""

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, location: str) -> "Place":
        """The place of an observation's location. What browsers treat as equal is equal: case, slashes, `..`."""
        if "://" not in location:
            return cls(title=location)
        try:
            parts = urlsplit("".join(location.split()).replace("\\", "/"))
            host = (parts.hostname or "").rstrip(".")
        except ValueError:  # such as an unclosed [
            return cls(path=location)
        path = posixpath.normpath("/" + unquote(parts.path).lstrip("/"))
        return cls(_ascii(host), path)


def _ascii(host: str) -> str:
    with suppress(UnicodeError):
        return host.encode("idna").decode().lower()
    return host.lower()


@dataclass(frozen=True)
class Situation:
    """An action before it is carried out.

    `held` are the modifiers that earlier actions hold, `typed` is the text typed so far into the same place,
    `performed` counts the earlier actions by type, and `pointer` is where the pointer was left. `pressed` is the text
    that was under the last click, which may have the focus. `task` is what the task names, and `home` the host where
    the run starts. `read_target` reads the text at a point of the screenshot; it returns None if texts cannot be
    read.
    """

    action: Action
    place: Place = Place()
    program: str = ""
    asks_for_file: bool = False
    held: frozenset[str] = frozenset()
    typed: str = ""
    performed: Mapping[str, int] = field(default_factory=dict[str, int])
    pointer: ScreenPoint | None = None
    pressed: str = ""
    task: TaskWords = TaskWords()
    home: str = ""
    read_target: Callable[[ScreenPoint], str | None] = field(default=lambda point: None, compare=False)

    @cached_property
    def type(self) -> str:
        """The type of the action, such as `key_down`."""
        return type_name(type(self.action))

    @cached_property
    def where(self) -> Place:
        """The page or window that the action concerns: of a navigation, its destination."""
        if not isinstance(self.action, Navigate):
            return self.place
        url = self.action.url.strip()
        return Place.of(url if "://" in url else f"https://{url}")

    @cached_property
    def text_classes(self) -> frozenset[TextClass]:
        """The classes of the text that is typed, together with what was typed before it.

        Of an address, whether it contains a secret of the task.
        """
        if isinstance(self.action, Navigate):
            is_secret = self.task.count_secrets(unquote_plus(self.action.url)) > 0
            return frozenset({TextClass.PASSWORD}) if is_secret else frozenset()
        text = typed_by(self.action)
        if not text:
            return frozenset()
        found = text_classes(self.typed + text) | text_classes(text.strip())
        if self.task.count_secrets(self.typed + text) > self.task.count_secrets(self.typed):
            found |= {TextClass.PASSWORD}
        line = self.typed.rpartition("\n")[2]
        if any(compact(comparable(one)) not in compact(self.task.text) for one in recipients(line + text)):
            found |= {TextClass.RECIPIENT}
        return found

    @cached_property
    def is_elsewhere(self) -> bool:
        """Whether the page has another host than that where the run starts and those that the task names.

        Their subdomains are not elsewhere. A typed address counts as that address, since it may go into an address bar.
        Addresses without a host are elsewhere, such as `data:`, but for local files and empty pages.
        """
        if isinstance(self.action, Navigate) and (scheme := _NO_HOST.match(self.action.url)):
            return scheme[1].lower() not in ("file", "about")
        known = (*self.task.hosts, *((bare_host(self.home),) if self.home else ()))
        hosts = [self.where.host]
        if text := typed_by(self.action):
            line = (self.typed + text).rstrip("\n").rpartition("\n")[2]
            hosts += [host for found in _ADDRESS.findall(line) for host in found]
        return any(not _is_below(bare_host(host), known) for host in hosts if host)

    @cached_property
    def combinations(self) -> tuple[frozenset[str], ...]:
        """The keys that are pressed, each with the modifiers held at that time."""
        match self.action:
            case Hotkey(names):
                pressed = [plain_key(key) for key in names]
            case KeyDown(key):
                pressed = [plain_key(key)]
            case Type(text, submit):
                keys = {"enter": submit or "\n" in text, "tab": "\t" in text, _TEXT: bool(text.strip())}
                pressed = [key for key, is_pressed in keys.items() if is_pressed]
            case _:
                return ()
        modifiers = [key for key in pressed if key in MODIFIERS]
        others = [key for key in pressed if key not in MODIFIERS] or modifiers[-1:]
        return tuple(frozenset({key, *modifiers, *self.held}) for key in others)

    @cached_property
    def presses(self) -> bool:
        """Whether the action presses what is at its point, or with Enter or Space what has the focus."""
        match self.action:
            case Click() | LongPress() | Drag() | ButtonDown():
                return True
            case _:
                return any(keys & {"enter", "space"} for keys in self.combinations)

    @cached_property
    def acts(self) -> bool:
        """Whether the action can change anything, as all but waiting, looking and releasing."""
        return not isinstance(self.action, Wait | Move | Scroll | KeyUp)

    @cached_property
    def opens_file(self) -> bool:
        """Whether the action opens an address that browsers download instead of showing."""
        return isinstance(self.action, Navigate) and _DOWNLOADED.search(self.where.path) is not None

    @cached_property
    def target(self) -> str | None:
        """The text at the points of the action, or where the pointer is; None if it cannot be read."""
        points = points_of(self.action) or ((self.pointer,) if self.pointer is not None else ())
        texts = [self.read_target(point) for point in dict.fromkeys((points[0], points[-1]))] if points else []
        return None if None in texts else " ".join(filter(None, texts))

    @cached_property
    def target_words(self) -> str | None:
        """`target` as it is compared with words; for keys with the text under the last click, which has the focus.

        Of an address, the words of its path: of the last part, or of all if there is a query.
        """
        if isinstance(self.action, Navigate):
            path = self.where.path if "?" in self.action.url else self.where.path.rpartition("/")[2]
            return comparable(re.sub(r"[\W_]+", " ", path))
        if self.target is None:
            return None
        return comparable(self.target if points_of(self.action) else f"{self.target} {self.pressed}")


def _is_below(host: str, known: tuple[str, ...]) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in known)


def typed_by(action: Action) -> str:
    """The text that an action types, key presses of single characters included."""
    match action:
        case Type(text, submit):
            return text + ("\n" if submit else "")
        case Hotkey((key,)) | KeyDown(key):
            plain = plain_key(key)
            return {"enter": "\n", "space": " "}.get(plain, plain if len(plain) == 1 else "")
        case Hotkey(("shift" | "rightshift", key)) if len(key) == 1:
            return key.upper()
        case _:
            return ""


@lru_cache(maxsize=1024)
def plain_key(key: str) -> str:
    """The canonical name of a key, the same for both sides of the keyboard."""
    with suppress(ActionRefused):
        key = canonical_key(key)
    return key.removeprefix("right") if key in MODIFIERS else key
