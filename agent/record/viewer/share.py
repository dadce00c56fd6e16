"""A copy of a recorded run to show to others, without what was typed and what names people, pages and servers.

Masked are typed texts, titles, addresses, hosts, home folders, and the values in facts, wherever they occur in a text
of the run. In the screenshots, what changed while a text was typed is covered from then on, and with a reader also each
line that shows a masked text. What else a screenshot shows is left as it is.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from html import escape
from typing import TypeAlias, TypeVar
from urllib.parse import quote, urlsplit

from ....envs.actions import Action, CallFunction, Type
from ....envs.geometry import Box
from ....envs.masks import Mask, TypedMasks, paint
from ....envs.redaction import Redaction
from ....envs.screenshot import Screenshot
from ...core.change import Change, ChangeKind
from ..events import Acted, Decided, Event, Intended, Observed, Resumed, UserActed
from ..trajectory import event_to_json

LineReader: TypeAlias = Callable[[Screenshot], Iterable[tuple[str, Box]]]
"""Returns the lines of text of a screenshot with their boxes."""

TYPED, VALUE, TITLE, FOLDER = "[typed text]", "[value]", "[title]", "[folder]"
_MIN_TEXT = 3
"""Characters of the shortest text that is replaced where it occurs: a shorter one is part of other words."""

_MIN_WORD = 5
"""Letters that a line of a screenshot has in common with a masked text at least."""

_URL = re.compile(r"[a-z][a-z+.-]*://[^\s\"'\\<>)\]}]+", re.IGNORECASE)
_FOLDER = re.compile(r"(?:/home|/Users|[A-Z]:\\\\Users|/root)[/\\]+[^\s\"'/\\]+")
_E = TypeVar("_E", bound=Event)


def mask_events(events: Sequence[Event], read_lines: LineReader | None = None) -> list[Event]:
    """A masked copy of `events`; `read_lines` finds masked texts in screenshots too."""
    values = _values(events)
    redact = Redaction(sorted(values.items(), key=lambda item: -len(item[0])), _forms)
    pictures = _Pictures([_letters(value) for value in values], read_lines)
    return [pictures.mask(_without_inputs(redact(_without_facts(event)))) for event in events]


def _values(events: Iterable[Event]) -> dict[str, str]:
    """The texts to replace and their replacements: typed texts last, since they may be part of others."""
    values: dict[str, str] = {}
    hosts: dict[str, str] = {}
    for event in events:
        text = event_to_json(event).decode()
        for url in _URL.findall(text):
            _add_url(url, hosts, values)
        values |= dict.fromkeys(_FOLDER.findall(text), FOLDER)
        if isinstance(event, Observed | UserActed):
            seen = event.observation
            values |= dict.fromkeys((one for fact in seen.facts for one in fact.quoted), VALUE)
            if seen.location and not _URL.match(seen.location):
                values[seen.location] = TITLE
        for action in _actions_of(event):
            values |= dict.fromkeys(_inputs(action), TYPED)
    return {text: name for text, name in values.items() if len(text) >= _MIN_TEXT}


def _actions_of(event: Event) -> tuple[Action, ...]:
    """The actions that `event` begins with."""
    match event:
        case Decided(actions=actions):
            return actions
        case UserActed(action=action):
            return (action,)
        case _:
            return ()


def _add_url(url: str, hosts: dict[str, str], values: dict[str, str]) -> None:
    """Replace an address by its scheme and a number for its host, and the host where it stands alone."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    except ValueError:
        scheme, host = "", ""
    name = hosts.setdefault(host, f"[host {len(hosts) + 1}]")
    values[url] = f"{scheme}://{name}/"
    if host:
        values |= dict.fromkeys((host, host.removeprefix("www.")), name)


def _inputs(action: Action) -> list[str]:
    """The texts of an action that come from the task or the user."""
    match action:
        case Type(text=text):
            return [text, *(line for line in text.splitlines() if line != text)]
        case CallFunction(arguments=arguments):
            return [arguments]
        case _:
            return []


def _forms(text: str) -> str:
    """A pattern for the forms of a text in replies, addresses and descriptions."""
    forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    forms |= {quote(text), quote(text, safe=""), quote(text).replace("%20", "+"), escape(text)}
    return "(?i:" + "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) + ")"


def _without_facts(event: _E) -> _E:
    """The values of facts, also short ones."""
    if not isinstance(event, Observed | UserActed):
        return event
    seen = event.observation
    facts = tuple(replace(fact, quoted=(VALUE,) * len(fact.quoted)) for fact in seen.facts)
    return replace(event, observation=replace(seen, facts=facts, location=_location(seen.location)))


def _location(location: str) -> str:
    return location if _URL.match(location) or not location else TITLE


def _without_inputs(event: Event) -> Event:
    """Typed texts, also short ones."""
    match event:
        case Decided(actions=actions):
            return replace(event, actions=tuple(map(_without_input, actions)))
        case Intended(action=action) | UserActed(action=action):
            return replace(event, action=_without_input(action))
        case Acted(action=action, result=result):
            result = replace(result, output=VALUE) if result is not None and result.output else result
            return replace(event, action=_without_input(action), result=result)
        case Resumed(unconfirmed=action) if action is not None:
            return replace(event, unconfirmed=_without_input(action))
        case _:
            return event


def _without_input(action: Action) -> Action:
    match action:
        case Type():
            return replace(action, text=TYPED)
        case CallFunction():
            return replace(action, arguments=VALUE)
        case _:
            return action


class _Pictures:
    """Masks the screenshots of a run, in order. `texts` are the letters and digits of the texts to cover."""

    def __init__(self, texts: Iterable[str], read_lines: LineReader | None) -> None:
        self._texts = [text for text in texts if len(text) >= _MIN_WORD]
        self._read_lines = read_lines
        self._typed = TypedMasks()
        self._before: Screenshot | None = None
        """The last screenshot, if a text was typed on it."""
        self._last: Screenshot | None = None

    def mask(self, event: Event) -> Event:
        """`event` with its screenshot masked."""
        match event:
            case Observed(observation=seen, change=change):
                self._last = seen.screenshot
                masked = self._masked(seen.screenshot, change)
                masked.release()  # a run has hundreds
                return replace(event, observation=replace(seen, screenshot=masked))
            case UserActed(observation=seen, action=action):
                shown = self.mask(Observed(event.step, seen, (), None, 0.0))
                assert isinstance(shown, Observed)
                self._before = self._last if isinstance(action, Type) else None
                return replace(event, observation=shown.observation)
            case Decided(actions=actions) if any(isinstance(action, Type) for action in actions):
                self._before = self._last
            case _:
                pass
        return event

    def _masked(self, screenshot: Screenshot, change: Change | None) -> Screenshot:
        is_new_page = change is not None and change.kind is ChangeKind.WHOLE
        if self._before is not None and not (is_new_page and self._read_lines is not None):
            self._typed.begin(self._before, TYPED)
        self._before = None
        masked = self._typed.apply(screenshot)
        self._typed.end()
        lines = self._read_lines(screenshot) if self._read_lines is not None else ()
        return paint(masked, [Mask(box, "") for text, box in lines if self._is_shown(text)])

    def _is_shown(self, line: str) -> bool:
        """Whether a line shows a masked text, or is the visible part of a longer one."""
        found = _letters(line)
        return len(found) >= _MIN_WORD and any(text in found or found in text for text in self._texts)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
