"""Literal instructions in English, read into steps: imperative sentences about what can be seen on a screen.

Each rule below is a general form of sentence. What fits none of them is `NotUnderstood`, never guessed at.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from ...envs.actions import Direction
from ...envs.env import ActionRefused
from ...envs.keys import NAMED, split_keys
from .names import QUOTE, label_of, labels_of, pairs_of
from .steps import (
    Await,
    Choose,
    DragOnto,
    GoTo,
    Label,
    LookIn,
    NotUnderstood,
    Pause,
    Pick,
    Press,
    Rotate,
    SkipUnless,
    Step,
    Strike,
    Tell,
    Thing,
    Tick,
    Write,
)

_LONGEST_PAUSE_S = 60.0
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|(?<![\w])\'([^\']*)\'(?![\w])')
_NUMBERS = re.compile(r"^\s*\d+[.)]\s+", re.MULTILINE)
_VERBS = (
    "click|press|hit|tap|push|double|right|type|enter|write|input|put|fill|set|select|choose|pick|check|tick|uncheck|"
    "untick|scroll|drag|go|wait|tell|read|report|say|give|submit|open|close|expand|focus|find|navigate|switch|visit"
)
_SENTENCES = re.compile(r"[.;!?](?=\s|$)|\n+")
_BREAKS = re.compile(
    rf",?\s+(?:and\s+)?then,?\s+|,\s*(?:and\s+)?(?=(?:{_VERBS})\b)|\s+and\s+(?=(?:{_VERBS})\b)", re.IGNORECASE
)
_FILLER = re.compile(
    r"^(?:and\b|then\b|next\b|now\b|first\b|finally\b|please\b|after that\b|afterwards\b|also\b|[,\s])+", re.IGNORECASE
)
_FIND = re.compile(r"(?:^|(?<=,\s)|(?<=then\s))find\s+and\s+", re.IGNORECASE)
_IF = re.compile(
    r"^(?:if|when)\s+(?:you\s+(?:can\s+)?(?:see|find)\s+|there\s+(?:is|are)\s+)?(?P<seen>.+?)"
    r"(?:\s+(?:is|are)\s+(?:visible|seen|shown|there)|\s+(?:appears?|shows?(?:\s+up)?))?"
    r"\s*,\s*(?:then\s+)?(?P<then>.+?)(?:\s*[,:]?\s+(?:otherwise|else|if\s+not),?\s+(?P<other>.+))?$",
    re.IGNORECASE | re.DOTALL,
)
_ELSE = re.compile(r"^(?:otherwise|else|if\s+not),?\s+(?P<other>.+)$", re.IGNORECASE | re.DOTALL)
_COLOURS = "red|green|blue|yellow|orange|purple|pink|gr[ea]y|black|white|brown|cyan|magenta|coloured|colored"
_JUDGED = re.compile(
    r"\b(?:cheap\w*|expensive|best|worst|most|least|larg(?:er|est)|smallest|bigg(?:er|est)|highest|lowest|newest|oldest|"
    r"longest|shortest|as\s+(?:many|much)|similar|relevant|nearest|closest|fastest|sum|total\s+of|average|triangles?|"
    rf"(?:{_COLOURS})\s+\w+|colou?r)\b",
    re.IGNORECASE,
)
"""What has to be judged, or seen in another way than by reading, unless it is quoted. A colour alone may be a name."""
_DESCRIBED = re.compile(
    r"^(?:your|my|his|her|their|the\s+(?:\w+\s+){1,2}(?:of|from|that|which|in|on|for))\s"
    r"|^the\s+(?:\w+\s+)+(?:below|above|shown|displayed)$|^the\s+following\b",
    re.IGNORECASE,
)
"""A text that is described rather than given, unless it is quoted: `the sum of 17 and 25`, `your name`."""

_SAYS_WHERE = re.compile(r",\s.*\b(?:with|to|in|into)\b|\binto\b|\bin\s+the\b", re.IGNORECASE)
"""A text that goes on to say where it belongs, in words that were not understood, unless it is quoted."""

Made: TypeAlias = "Step | tuple[Step, ...] | None"


def read_instructions(text: str) -> tuple[Step, ...]:
    """The steps that `text` asks for, in order. Quoted words are taken as they stand."""
    masked, held = _mask(_NUMBERS.sub("", text))
    steps: list[Step] = []
    for sentence in _SENTENCES.split(masked):
        bare = _bare(sentence)
        otherwise = _ELSE.match(bare)
        if otherwise and steps and isinstance(steps[-1], SkipUnless):  # the other half of the condition before
            branch = _sentence(otherwise["other"], held)
            steps[-1] = SkipUnless(None, len(branch))
            steps += branch
        elif bare:
            steps += _sentence(bare, held)
    return tuple(_referred(step for step in steps if step != SkipUnless(None, 0)))


def label_in(description: str) -> Label:
    """The name in a description of one thing: `the second "Save" button`, `Search field`."""
    masked, held = _mask(description)
    beside = re.match(r"^(?P<what>.+?)\s+(?:next\s+to|beside|for|labell?ed|of)\s+(?P<label>.+)$", masked, re.IGNORECASE)
    if beside and (kind := label_of(beside["what"], held)).thing in (Thing.FIELD, Thing.TICK, Thing.LIST):
        named = label_of(beside["label"], held)
        return Label(named.text, max(kind.ordinal, named.ordinal), kind.thing)
    return label_of(masked, held)


def _sentence(sentence: str, held: list[str]) -> list[Step]:
    """The steps of one sentence; a condition is followed by what leaves out the branch that does not hold.

    One without an `otherwise` ends in a `SkipUnless` of nothing, to which the next sentence may add one.
    """
    sentence = _FIND.sub("", sentence)
    condition = _IF.match(sentence)
    if condition is None:
        return [step for clause in _BREAKS.split(sentence) if _bare(clause) for step in _clause(_bare(clause), held)]
    seen = label_of(condition["seen"], held)
    then = _sentence(_bare(condition["then"]), held)
    other = _sentence(_bare(condition["other"]), held) if condition["other"] else []
    return [SkipUnless(seen, len(then) + 1), *then, SkipUnless(None, len(other)), *other]


def _referred(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps, with what was named last in the place of `it`."""
    named: Label | None = None
    for step in steps:
        label = _named(step)
        if label is None or named is None or label.text.lower() != "it":
            yield step
            named = label or named
        elif isinstance(step, Press | Pick | Tick):
            yield replace(step, label=named)
        else:
            yield replace(step, field=named) if isinstance(step, Write) else step


def _named(step: Step) -> Label | None:
    """What `it` means after a step."""
    match step:
        case Press(label) | Pick(label) | Tick(label) | Await(label) | SkipUnless(label):
            return label
        case Rotate(_, label) | Write(_, label) | Choose(_, label):
            return label
        case _:
            return None


def _bare(clause: str) -> str:
    return _FILLER.sub("", clause.strip(" ,")).strip(" ,")


def _clause(clause: str, held: list[str]) -> tuple[Step, ...]:
    for pattern, make in _RULES:
        match = pattern.fullmatch(clause)
        if match and all(_is_one_thing(name, part) for name, part in match.groupdict().items()):
            made = make(_Parts(match, held))
            if made is not None:
                return made if isinstance(made, tuple) else (made,)
    return (NotUnderstood(_unmask(clause, held)),)


def _is_one_thing(name: str, part: str | None) -> bool:
    """Whether a part of a sentence names one thing or one text; what names several is for somebody cleverer.

    Parts whose names end in `s` may be several; what has to be judged is no name.
    """
    quoted = len(QUOTE.findall(part or ""))
    bare = QUOTE.sub("", part or "").strip()
    if (
        name in ("what", "whats", "entry", "entries", "thing", "target", "until")
        and not quoted
        and _JUDGED.search(bare)
    ):
        return False
    if name.endswith("s"):
        return True
    if quoted > 1:
        return False
    if name == "text":
        if not quoted and (_DESCRIBED.match(bare) or (bare.lower().startswith("the ") and _JUDGED.search(bare))):
            return False
        return not (quoted and bare) and not _SAYS_WHERE.search(bare)
    if quoted and re.search(r"\band\b|,", bare, re.IGNORECASE):
        return False
    return not re.search(r",|\bwith\b(?!\s+the\s+(?:text|label|name))|\binto\b", bare, re.IGNORECASE)


class _Parts:
    """The named parts of a sentence."""

    def __init__(self, match: re.Match[str], held: list[str]) -> None:
        self._match = match
        self._held = held

    def raw(self, name: str) -> str:
        """A part as it is, quotes still taken out."""
        return (self._match.groupdict().get(name) or "").strip()

    def text(self, name: str) -> str:
        """A part as it stands, quotes taken off."""
        return _unmask(self.raw(name), self._held).strip()

    def has(self, name: str) -> bool:
        """Whether the sentence has that part."""
        return bool(self.raw(name))

    def label(self, name: str) -> Label:
        """A part as the name of a thing."""
        return label_of(self.raw(name), self._held)

    def labels(self, name: str) -> tuple[Label, ...]:
        """A part as the names of several things."""
        return labels_of(self.raw(name), self._held)

    def pairs(self, name: str) -> tuple[tuple[Label, str], ...]:
        """A part as things and the texts for them; empty if it is no such list."""
        return pairs_of(self.raw(name), self._held)

    def last_quoted(self, name: str) -> str | None:
        """The quoted text that a part ends in, if it does."""
        found = re.search(r"\x00(\d+)\x00$", self.raw(name))
        return self._held[int(found[1])] if found else None


def _mask(text: str) -> tuple[str, list[str]]:
    """`text` with what is quoted taken out, so that no rule looks into it, and what was taken out."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(next(group for group in match.groups() if group is not None))
        return f"\x00{len(held) - 1}\x00"

    return _QUOTED.sub(hold, text), held


def _unmask(text: str, held: list[str]) -> str:
    return QUOTE.sub(lambda match: held[int(match.group(1))], text)


_LIKELIER_BUTTONS = {"help", "select", "execute", "clear", "stop", "sleep", "accept", "final", "convert", "compose"}
"""Keys that hardly any keyboard has, and words that many buttons bear."""


def _strike(parts: _Parts) -> Made:
    """Keys, if they are some; else this is no such sentence. A single letter is as likely a button."""
    raw = re.sub(r"\s+(?:key|keys)$", "", re.sub(r"^the\s+", "", parts.text("keys"), flags=re.I), flags=re.I)
    try:
        keys = split_keys(raw)
    except ActionRefused:
        return None
    return Strike(keys) if len(keys) > 1 or (NAMED - _LIKELIER_BUTTONS).issuperset(keys) else None


def _write(parts: _Parts) -> Made:
    text = parts.text("text")
    case = parts.text("case").lower()
    text = text.lower() if case == "lower" else text.upper() if case in ("upper", "capital") else text
    return Write(text, parts.label("field") if parts.has("field") else None)


def _write_in_each(parts: _Parts) -> Made:
    text = parts.last_quoted("texts")
    return None if text is None else tuple(Write(text, Label("", ordinal, Thing.FIELD)) for ordinal in (1, 2))


def _write_pairs(parts: _Parts) -> Made:
    return tuple(Write(text, Label(label.text, 1, Thing.FIELD)) for label, text in parts.pairs("texts")) or None


def _press(count: int = 1, *, right: bool = False) -> Callable[[_Parts], Made]:
    def make(parts: _Parts) -> Made:
        label = parts.label("what")
        return Press(label, count, right) if label.text or label.thing else None

    return make


def _picks(parts: _Parts) -> Made:
    labels = [label for label in parts.labels("whats") if label.text or label.thing]
    if [label.text.lower() for label in labels] == ["nothing"]:
        return (SkipUnless(None, 0),)
    if len(labels) == 1:
        return Pick(labels[0])
    return tuple(Pick(label) for label in labels) or None


def _ticks(*, on: bool) -> Callable[[_Parts], Made]:
    return lambda parts: tuple(Tick(label, on=on) for label in parts.labels("whats") if label.text) or None


def _chooses(parts: _Parts) -> Made:
    source = parts.label("source")
    return tuple(Choose(label, source) for label in parts.labels("entries") if label.text) or None


def _turn(parts: _Parts) -> Made:
    direction = Direction((parts.text("way") or "down").lower())
    return Rotate(direction, parts.label("until") if parts.has("until") else None)


def _go(parts: _Parts) -> Made:
    address = parts.text("address")
    return GoTo(address) if re.fullmatch(r"\w+://\S+|(?:[\w-]+\.)+[a-z]{2,}(?:[:/?]\S*)?|about:\w+", address) else None


_PLACES = {"tab": Thing.TAB, "sec": Thing.SECTION, "pan": Thing.SECTION, "fil": Thing.ICON, "fol": Thing.ICON}


def _look_in(parts: _Parts) -> Made:
    return LookIn(_PLACES[parts.text("place")[:3].lower()])


def _rule(pattern: str, make: Callable[[_Parts], Made]) -> tuple[re.Pattern[str], Callable[[_Parts], Made]]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), make


_TYPE = r"(?:type|enter|write|input|put)"
_CLICK = r"(?:click|press|hit|tap|push)"
_SEEN = r"(?:\s+(?:is|are)\s+(?:visible|seen|shown)|\s+(?:appears?|shows?))?"
_RULES = (
    _rule(
        r"(?:switch|go|look|click|search|navigate)\s+(?:between|through|in|into)\s+(?:all\s+)?(?:the\s+)?(?:\w+\s+)?"
        r"(?P<place>tabs|sections|panels|file\s+tree|folders?)(?:\s+below)?,?(?:\s+to\s+find.*)?",
        _look_in,
    ),
    _rule(
        r"(?:expand|open)\s+(?:all\s+)?the\s+(?P<place>sections|panels|folders)(?:\s+below)?,?(?:\s+to\s+find.*)?",
        _look_in,
    ),
    _rule(
        rf"{_TYPE}\s+(?P<texts>.+?)\s+(?:in|into|in to)\s+(?:both|the\s+two)\s+(?:text\s+|input\s+)?"
        r"(?:fields|boxes|inputs)",
        _write_in_each,
    ),
    _rule(
        rf"{_TYPE}\s+(?P<texts>.+?)(?:\s+(?:in|into|in to)\s+(?:the\s+)?(?:\w+\s+)?(?:fields|boxes|inputs|form))?",
        _write_pairs,
    ),
    _rule(
        rf"{_TYPE}\s+(?P<text>\x00\d+\x00)\s+(?:in|with)\s+(?:all\s+)?(?P<case>lower|upper|capital)\s*(?:case)?\s*(?:letters)?"
        r"(?:\s+(?:in|into|in to|as|for)\s+(?P<field>.+?))?",
        _write,
    ),
    _rule(rf"{_TYPE}\s+(?P<text>\x00\d+\x00|\S+(?: \S+)*?)\s+(?:in|into|in to|as|for)\s+(?P<field>.+?)", _write),
    _rule(rf"{_TYPE}\s+(?P<text>.+?)(?P<field>)", _write),
    _rule(r"(?:fill(?:\s+in)?|set)\s+(?P<field>.+?)\s+(?:with|to)\s+(?P<text>.+?)", _write),
    _rule(r"double[- ]click\s+(?:on\s+)?(?P<what>.+)", _press(2)),
    _rule(r"right[- ]click\s+(?:on\s+)?(?P<what>.+)", _press(right=True)),
    _rule(r"(?:press|hit|use|strike)\s+(?P<keys>.+)", _strike),
    _rule(r"(?:close|dismiss)\s+(?P<whole>.+?)\s+by\s+(?:clicking|pressing)\s+(?:on\s+)?(?P<what>.+)", _press()),
    _rule(
        r"(?:close|dismiss)\s+(?:the\s+|this\s+)?(?:\w+\s+)?(?:dialog(?:ue)?|window|pop-?up|message|box)(?:\s+box)?",
        lambda parts: Press(Label("x", 1, Thing.ICON)),
    ),
    _rule(r"expand\s+(?:the\s+)?section(?:\s+below)?", lambda parts: Press(Label("", 1, Thing.SECTION))),
    _rule(r"(?:expand|unfold)\s+(?P<what>.+)", _press()),
    _rule(r"focus\s+(?:into|on|in|inside)?\s*(?P<what>.+)", _press()),
    _rule(rf"{_CLICK}\s+(?:on\s+|into\s+|in\s+)?(?P<what>.+)", _press()),
    _rule(r"(?:select|choose|pick)\s+(?P<entries>.+?)\s+(?:from|in|under)\s+(?P<source>.+)", _chooses),
    _rule(r"(?:select|choose|pick)\s+(?P<whats>.+)", _picks),
    _rule(r"(?:uncheck|untick|turn off|disable)\s+(?P<whats>.+)", _ticks(on=False)),
    _rule(r"(?:check|tick|turn on|enable)\s+(?P<whats>.+)", _ticks(on=True)),
    _rule(
        rf"scroll(?:\s+(?P<way>up|down|left|right))?\s+(?:to|until)\s+(?:you\s+(?:see|find|reach)\s+)?(?P<until>.+?){_SEEN}",
        _turn,
    ),
    _rule(r"scroll(?:\s+(?P<way>up|down|left|right))?(?P<until>)", _turn),
    _rule(
        r"drag\s+(?P<thing>.+?)\s+(?:onto|on to|to|into|over)\s+(?P<target>.+)",
        lambda parts: DragOnto(parts.label("thing"), parts.label("target")),
    ),
    _rule(r"(?:go|navigate|browse)\s+to\s+(?:the\s+(?:address|page|site|url)\s+)?(?P<address>\S+)", _go),
    _rule(r"(?:open|visit)\s+(?:the\s+(?:address|page|site|url)\s+)?(?P<address>\S+)", _go),
    _rule(
        r"wait\s+(?:for\s+)?(?P<length>\d+(?:\.\d+)?)\s+(?:seconds?|s)",
        lambda parts: Pause(min(float(parts.text("length")), _LONGEST_PAUSE_S)),
    ),
    _rule(rf"wait\s+(?:for|until)\s+(?P<what>.+?){_SEEN}", lambda parts: Await(parts.label("what"))),
    _rule(
        r"(?:tell me|tell|read out|read|report|say|give me|answer with)\s+"
        r"(?:what\s+(?:is|stands\s+at|follows)\s+)?(?P<what>.+)",
        lambda parts: Tell(parts.label("what")),
    ),
    _rule(r"(?:open|go\s+to|visit)\s+(?P<what>.+)", _press()),
    _rule(r"submit(?:\s+.*)?(?P<what>)", lambda parts: Press(Label("Submit"))),
)
