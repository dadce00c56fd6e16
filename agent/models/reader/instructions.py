"""Literal instructions in English, read into steps: imperative sentences about what can be seen on a screen.

Each rule below is a general form of sentence. What fits none of them is `NotUnderstood`, never guessed at.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ....envs.actions import Direction
from ....envs.env import ActionRefused
from ....envs.keys import NAMED, split_keys


@dataclass(frozen=True, slots=True)
class Label:
    """How a thing on the screen is called; `ordinal` says which, from 1, where several are called so."""

    text: str
    ordinal: int = 1

    def __str__(self) -> str:
        return f"{self.text!r}" if self.ordinal == 1 else f"{self.text!r} number {self.ordinal}"


@dataclass(frozen=True, slots=True)
class Press:
    """Click on something: `count` times, or with the right button."""

    label: Label
    count: int = 1
    right: bool = False

    def __str__(self) -> str:
        return f"{'right ' if self.right else 'double ' if self.count == 2 else ''}click {self.label}"


@dataclass(frozen=True, slots=True)
class Write:
    """Type a text, into a field if one is named."""

    text: str
    field: Label | None = None

    def __str__(self) -> str:
        return f"type {self.text!r}" + (f" into {self.field}" if self.field else "")


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose an entry of a drop-down list."""

    entry: Label
    source: Label

    def __str__(self) -> str:
        return f"choose {self.entry} from {self.source}"


@dataclass(frozen=True, slots=True)
class Tick:
    """Bring a check box or radio button into a state."""

    label: Label
    on: bool = True

    def __str__(self) -> str:
        return f"{'check' if self.on else 'uncheck'} {self.label}"


@dataclass(frozen=True, slots=True)
class Strike:
    """Press keys together."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"press {'+'.join(self.keys)}"


@dataclass(frozen=True, slots=True)
class Turn:
    """Scroll, until something is seen if `until` is given."""

    direction: Direction
    until: Label | None = None

    def __str__(self) -> str:
        return f"scroll {self.direction}" + (f" until {self.until} is seen" if self.until else "")


@dataclass(frozen=True, slots=True)
class DragOnto:
    """Drag one thing onto another."""

    thing: Label
    target: Label

    def __str__(self) -> str:
        return f"drag {self.thing} onto {self.target}"


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until something is seen."""

    label: Label

    def __str__(self) -> str:
        return f"wait for {self.label}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so many seconds."""

    seconds: float

    def __str__(self) -> str:
        return f"wait {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Tell:
    """Say what stands at a label."""

    label: Label

    def __str__(self) -> str:
        return f"tell {self.label}"


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A sentence that is none of the above."""

    sentence: str

    def __str__(self) -> str:
        return f"not understood: {self.sentence!r}"


Step: TypeAlias = Press | Write | Choose | Tick | Strike | Turn | DragOnto | Await | Pause | Tell | NotUnderstood

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "last": -1}
_KINDS = (
    "buttons?|links?|tabs?|menus?|menu item|icons?|check ?box(?:es)?|radio button|radio|option|entry|item|field|"
    "text field|text ?box|input|text area|box|drop-?down|drop-?down list|list|page|section"
)
_LONGEST_PAUSE_S = 60.0
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|(?<![\w])\'([^\']*)\'(?![\w])')
_NUMBERS = re.compile(r"^\s*\d+[.)]\s+", re.MULTILINE)
_HELD = re.compile(r"\x00(\d+)\x00")
_VERBS = (
    "click|press|hit|tap|push|double|right|type|enter|write|input|put|fill|set|select|choose|pick|check|tick|uncheck|"
    "untick|scroll|drag|go|wait|tell|read|report|say|give|submit|open"
)
_BREAKS = re.compile(
    rf"[.;!?](?=\s|$)|\n+|,?\s+(?:and\s+)?then,?\s+|,\s*(?:and\s+)?(?=(?:{_VERBS})\b)|\s+and\s+(?=(?:{_VERBS})\b)",
    re.IGNORECASE,
)


def read_instructions(text: str) -> tuple[Step, ...]:
    """The steps that `text` asks for, in order. Quoted words are taken as they stand."""
    masked, held = _mask(_NUMBERS.sub("", text))
    clauses = (clause.strip(" ,") for clause in _BREAKS.split(masked))
    return tuple(_read_clause(_without_filler(clause), held) for clause in clauses if _without_filler(clause))


def label_in(description: str) -> Label:
    """The name in a description of one thing: `the second "Save" button`, `Search field`."""
    masked, held = _mask(description)
    whole = re.fullmatch(r"(?P<what>.*)", masked, re.DOTALL)
    assert whole is not None
    return _Parts(whole, held).label("what")


def _without_filler(clause: str) -> str:
    return re.sub(
        r"^(?:and\b|then\b|next\b|now\b|first\b|finally\b|please\b|after that\b|also\b|[,\s])+",
        "",
        clause,
        flags=re.I,
    ).strip()


def _read_clause(clause: str, held: list[str]) -> Step:
    for pattern, make in _RULES:
        match = pattern.fullmatch(clause)
        if match and all(_is_one_thing(name, part) for name, part in match.groupdict().items()):
            step = make(_Parts(match, held))
            if step is not None:
                return step
    return NotUnderstood(_unmask(clause, held))


def _is_one_thing(name: str, part: str | None) -> bool:
    """Whether a part of a sentence names one thing or one text; what names several is for somebody cleverer."""
    quoted = len(_HELD.findall(part or ""))
    if quoted > 1:
        return False
    bare = _HELD.sub("", part or "").strip()
    if name == "text":
        return not (quoted and bare) and not re.search(r",\s.*\b(?:with|to|in|into)\b", bare, re.IGNORECASE)
    if quoted and re.search(r"\band\b|,", bare, re.IGNORECASE):
        return False
    return name == "keys" or not re.search(r",|\bwith\b|\binto\b", bare, re.IGNORECASE)


class _Parts:
    """The named parts of a sentence."""

    def __init__(self, match: re.Match[str], held: list[str]) -> None:
        self._match = match
        self._held = held

    def text(self, name: str) -> str:
        """A part as it stands, quotes taken off."""
        return _unmask(self._match.group(name) or "", self._held).strip()

    def has(self, name: str) -> bool:
        """Whether the sentence has that part."""
        return bool(self._match.groupdict().get(name))

    def label(self, name: str) -> Label:
        """A part as the name of a thing: articles, kinds and ordinals taken off."""
        raw = (self._match.group(name) or "").strip()
        quoted = _HELD.search(raw)
        ordinal = 1
        words = re.sub(r"^(?:on\s+)?(?:the|a|an|your|its)\s+", "", raw, flags=re.I)
        first, _, rest = words.partition(" ")
        if first.lower() in _ORDINALS and rest:
            ordinal, words = _ORDINALS[first.lower()], rest
        if quoted:
            return Label(self._held[int(quoted.group(1))], ordinal)
        words = re.sub(rf"^(?:{_KINDS})\s+(?:called|named|labelled|labeled|that says)\s+", "", words, flags=re.I)
        bare = re.sub(rf"\s+(?:{_KINDS})$", "", words, flags=re.I)
        return Label(bare.strip(), ordinal)


def _mask(text: str) -> tuple[str, list[str]]:
    """`text` with what is quoted taken out, so that no rule looks into it, and what was taken out."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(next(group for group in match.groups() if group is not None))
        return f"\x00{len(held) - 1}\x00"

    return _QUOTED.sub(hold, text), held


def _unmask(text: str, held: list[str]) -> str:
    return _HELD.sub(lambda match: held[int(match.group(1))], text)


_LIKELIER_BUTTONS = {"help", "select", "execute", "clear", "stop", "sleep", "accept", "final", "convert", "compose"}
"""Keys that hardly any keyboard has, and words that many buttons bear."""


def _strike(parts: _Parts) -> Step | None:
    """Keys, if they are some; else this is no such sentence. A single letter is as likely a button."""
    raw = re.sub(r"\s+(?:key|keys)$", "", re.sub(r"^the\s+", "", parts.text("keys"), flags=re.I), flags=re.I)
    try:
        keys = split_keys(raw)
    except ActionRefused:
        return None
    return Strike(keys) if len(keys) > 1 or (NAMED - _LIKELIER_BUTTONS).issuperset(keys) else None


def _write(parts: _Parts) -> Step:
    return Write(parts.text("text"), parts.label("field") if parts.has("field") else None)


def _press(count: int = 1, *, right: bool = False) -> Callable[[_Parts], Step | None]:
    return lambda parts: Press(parts.label("what"), count, right) if parts.label("what").text else None


def _turn(parts: _Parts) -> Step:
    direction = Direction((parts.text("way") or "down").lower())
    return Turn(direction, parts.label("until") if parts.has("until") else None)


def _rule(
    pattern: str, make: Callable[[_Parts], Step | None]
) -> tuple[re.Pattern[str], Callable[[_Parts], Step | None]]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), make


_RULES = (
    _rule(
        r"(?:type|enter|write|input|put)\s+(?P<text>\x00\d+\x00|\S+(?: \S+)*?)\s+"
        r"(?:in|into|in to|as|for)\s+(?P<field>.+?)",
        _write,
    ),
    _rule(r"(?:type|enter|write|input|put)\s+(?P<text>.+?)(?P<field>)", _write),
    _rule(r"(?:fill(?:\s+in)?|set)\s+(?P<field>.+?)\s+(?:with|to)\s+(?P<text>.+?)", _write),
    _rule(r"double[- ]click\s+(?:on\s+)?(?P<what>.+)", _press(2)),
    _rule(r"right[- ]click\s+(?:on\s+)?(?P<what>.+)", _press(right=True)),
    _rule(r"(?:press|hit|use|strike)\s+(?P<keys>.+)", _strike),
    _rule(r"(?:click|press|hit|tap|push)\s+(?:on\s+)?(?P<what>.+)", _press()),
    _rule(
        r"(?:select|choose|pick)\s+(?P<what>.+?)\s+(?:from|in|under)\s+(?P<source>.+)",
        lambda parts: Choose(parts.label("what"), parts.label("source")),
    ),
    _rule(r"(?:select|choose|pick)\s+(?P<what>.+)", _press()),
    _rule(r"(?:uncheck|untick|turn off|disable)\s+(?P<what>.+)", lambda parts: Tick(parts.label("what"), on=False)),
    _rule(r"(?:check|tick|turn on|enable)\s+(?P<what>.+)", lambda parts: Tick(parts.label("what"))),
    _rule(
        r"scroll(?:\s+(?P<way>up|down|left|right))?\s+(?:to|until)\s+(?:you\s+(?:see|find|reach)\s+)?"
        r"(?P<until>.+?)(?:\s+(?:is|are)\s+(?:visible|seen|shown)|\s+(?:appears?|shows?))?",
        _turn,
    ),
    _rule(r"scroll(?:\s+(?P<way>up|down|left|right))?(?P<until>)", _turn),
    _rule(
        r"drag\s+(?P<thing>.+?)\s+(?:onto|on to|to|into|over)\s+(?P<target>.+)",
        lambda parts: DragOnto(parts.label("thing"), parts.label("target")),
    ),
    _rule(
        r"wait\s+(?:for\s+)?(?P<seconds>\d+(?:\.\d+)?)\s+(?:seconds?|s)",
        lambda parts: Pause(min(float(parts.text("seconds")), _LONGEST_PAUSE_S)),
    ),
    _rule(
        r"wait\s+(?:for|until)\s+(?P<what>.+?)(?:\s+(?:is|are)\s+(?:visible|seen|shown)|\s+(?:appears?|shows?))?",
        lambda parts: Await(parts.label("what")),
    ),
    _rule(
        r"(?:tell me|tell|read out|read|report|say|give me|answer with)\s+"
        r"(?:what\s+(?:is|stands\s+at|follows)\s+)?(?P<what>.+)",
        lambda parts: Tell(parts.label("what")),
    ),
    _rule(r"open\s+(?P<what>.+)", _press()),
    _rule(r"submit(?:\s+.*)?(?P<what>)", lambda parts: Press(Label("Submit"))),
)
