"""Parses literal English instructions, imperative sentences about visible elements, into steps.

Each rule in `_RULES` is one sentence form. A sentence that matches none becomes an `UnparsedStep`; nothing is guessed.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...envs.actions import Direction, Hotkey, Navigate, Wait
from ...envs.env import ActionRefused
from ...envs.keys import NAMED, split_keys
from .steps import (
    ActionStep,
    CheckStep,
    ChooseStep,
    ClickStep,
    DragStep,
    ElementType,
    ReadStep,
    ScrollStep,
    SearchInStep,
    SkipUnlessVisible,
    Step,
    Target,
    TypeStep,
    UnparsedStep,
    WaitForStep,
)
from .targets import QUOTE, target_of, targets_of, text_pairs_of

_MAX_WAIT_S = 60.0
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|(?<![\w])\'([^\']*)\'(?![\w])')
_NUMBERS = re.compile(r"^\s*\d+[.)]\s+", re.MULTILINE)  # the numbers of a numbered list
_VERBS = (
    "click|press|hit|tap|push|double|right|type|enter|write|input|put|fill|set|select|choose|pick|check|tick|uncheck|"
    "untick|scroll|drag|go|wait|tell|read|report|say|give|submit|open|close|expand|focus|find|navigate|switch|visit"
)
_SENTENCES = re.compile(r"[.;!?](?=\s|$)|\n+")
_URL = re.compile(r"\w+://\S+|(?:[\w-]+\.)+[a-z]{2,}(?:[:/?]\S*)?|about:\w+")
_BREAKS = re.compile(
    rf",?\s+(?:and\s+)?then,?\s+|,\s*(?:and\s+)?(?=(?:{_VERBS})\b)|\s+and\s+(?=(?:{_VERBS})\b)", re.IGNORECASE
)
_FILLER = re.compile(
    r"^(?:and\b|then\b|next\b|now\b|first\b|finally\b|please\b|after that\b|afterwards\b|also\b|[,\s])+", re.IGNORECASE
)
_FIND = re.compile(r"(?:^|(?<=,\s)|(?<=then\s))find\s+and\s+", re.IGNORECASE)  # find and click X means click X
_IF = re.compile(
    r"^(?:if|when)\s+(?:you\s+(?:can\s+)?(?:see|find)\s+|there\s+(?:is|are)\s+)?(?P<seen>.+?)"
    r"(?:\s+(?:is|are)\s+(?:visible|seen|shown|there)|\s+(?:appears?|shows?(?:\s+up)?))?"
    r"\s*,\s*(?:then\s+)?(?P<then>.+?)(?:\s*[,:]?\s+(?:otherwise|else|if\s+not),?\s+(?P<other>.+))?$",
    re.IGNORECASE | re.DOTALL,
)
_ELSE = re.compile(r"^(?:otherwise|else|if\s+not),?\s+(?P<other>.+)$", re.IGNORECASE | re.DOTALL)
_COLOURS = "red|green|blue|yellow|orange|purple|pink|gr[ea]y|black|white|brown|cyan|magenta|coloured|colored"
_NEEDS_JUDGEMENT = re.compile(
    r"\b(?:cheap\w*|expensive|best|worst|most|least|larg(?:er|est)|smallest|bigg(?:er|est)|highest|lowest|newest|oldest|"
    r"longest|shortest|as\s+(?:many|much)|similar|relevant|nearest|closest|fastest|sum|total\s+of|average|triangles?|"
    rf"(?:{_COLOURS})\s+\w+|colou?r)\b",
    re.IGNORECASE,
)
"""Unquoted text that needs judgement or more than OCR. A colour on its own may be a name."""
_DESCRIBED = re.compile(
    r"^(?:your|my|his|her|their|the\s+(?:\w+\s+){1,2}(?:of|from|that|which|in|on|for))\s"
    r"|^the\s+(?:\w+\s+)+(?:below|above|shown|displayed)$|^the\s+following\b",
    re.IGNORECASE,
)
"""An unquoted description of the text to type, instead of the text itself: `the sum of 17 and 25`, `your name`."""

_HAS_LOCATION = re.compile(r",\s.*\b(?:with|to|in|into)\b|\binto\b|\bin\s+the\b", re.IGNORECASE)
"""Unquoted text that ends in an unparsed location."""

ParsedSteps: TypeAlias = "Step | tuple[Step, ...] | None"


def read_instructions(text: str) -> tuple[Step, ...]:
    """Parse `text` into steps, in order. Quoted texts are taken literally."""
    masked, quotes = _mask_quotes(_NUMBERS.sub("", text))
    steps: list[Step] = []
    for sentence in _SENTENCES.split(masked):
        bare = _strip_fillers(sentence)
        otherwise = _ELSE.match(bare)
        if otherwise and steps and isinstance(steps[-1], SkipUnlessVisible):  # the else branch of the previous sentence
            branch = _parse_sentence(otherwise["other"], quotes)
            steps[-1] = SkipUnlessVisible(None, len(branch))
            steps += branch
        elif bare:
            steps += _parse_sentence(bare, quotes)
    return tuple(_resolve_pronouns(step for step in steps if step != SkipUnlessVisible(None, 0)))


_LABELLED = (ElementType.FIELD, ElementType.CHECKBOX, ElementType.LIST)


def parse_target(description: str) -> Target:
    """Parse a description of one element: `the second "Save" button`, `Search field`."""
    masked, quotes = _mask_quotes(description)
    match = re.match(r"^(?P<what>.+?)\s+(?:next\s+to|beside|for|labell?ed|of)\s+(?P<label>.+)$", masked, re.IGNORECASE)
    if match and (kind := target_of(match["what"], quotes)).element_type in _LABELLED:
        named = target_of(match["label"], quotes)
        return Target(named.text, kind.ordinal or named.ordinal, kind.element_type)
    return target_of(masked, quotes)


def _parse_sentence(sentence: str, quotes: list[str]) -> list[Step]:
    """The steps of one sentence; a condition becomes two branches, each after a `SkipUnlessVisible`.

    Without an `otherwise`, the second branch is empty, and the next sentence may fill it.
    """
    sentence = _FIND.sub("", sentence)
    condition = _IF.match(sentence)
    if condition is None:
        return [
            step
            for clause in _BREAKS.split(sentence)
            if _strip_fillers(clause)
            for step in _parse_clause(_strip_fillers(clause), quotes)
        ]
    seen = target_of(condition["seen"], quotes)
    then = _parse_sentence(_strip_fillers(condition["then"]), quotes)
    other = _parse_sentence(_strip_fillers(condition["other"]), quotes) if condition["other"] else []
    return [SkipUnlessVisible(seen, len(then) + 1), *then, SkipUnlessVisible(None, len(other)), *other]


def _resolve_pronouns(steps: Iterable[Step]) -> Iterator[Step]:
    """Replace `it` by the target that was mentioned last."""
    named: Target | None = None
    for step in steps:
        target = _referent(step)
        if target is None or named is None or target.text.lower() != "it":
            yield step
            named = target or named
        elif isinstance(step, ClickStep | CheckStep):
            yield replace(step, target=named)
        else:
            yield replace(step, field=named) if isinstance(step, TypeStep) else step


def _referent(step: Step) -> Target | None:
    """The target that `it` refers to after `step`."""
    match step:
        case ClickStep(target) | CheckStep(target) | WaitForStep(target):
            return target
        case SkipUnlessVisible(target) | ScrollStep(_, target) | TypeStep(_, target) | ChooseStep(_, target):
            return target
        case _:
            return None


def _strip_fillers(clause: str) -> str:
    return _FILLER.sub("", clause.strip(" ,")).strip(" ,")


def _parse_clause(clause: str, quotes: list[str]) -> tuple[Step, ...]:
    for pattern, make in _RULES:
        match = re.fullmatch(pattern, clause, re.IGNORECASE | re.DOTALL)
        if match and all(_is_literal(name, part) for name, part in match.groupdict().items()):
            parsed = make(_Groups(match.groupdict(), quotes))
            if parsed is not None:
                return parsed if isinstance(parsed, tuple) else (parsed,)
    return (UnparsedStep(_unmask_quotes(clause, quotes)),)


def _is_literal(name: str, part: str | None) -> bool:
    """Whether a group of a rule is one literal target or text; groups whose names end in `s` may hold several."""
    quoted = len(QUOTE.findall(part or ""))
    bare = QUOTE.sub("", part or "").strip()
    if (
        name in ("what", "whats", "entry", "entries", "dragged", "destination", "until")
        and not quoted
        and _NEEDS_JUDGEMENT.search(bare)
    ):
        return False
    if name.endswith("s"):
        return True
    if quoted > 1:
        return False
    if name == "text":
        is_judged = bare.lower().startswith("the ") and _NEEDS_JUDGEMENT.search(bare)
        if not quoted and (_DESCRIBED.match(bare) or is_judged):
            return False
        return not (quoted and bare) and not _HAS_LOCATION.search(bare)
    if quoted and re.search(r"\band\b|,", bare, re.IGNORECASE):
        return False
    return not re.search(r",|\bwith\b(?!\s+the\s+(?:text|label|name))|\binto\b", bare, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Groups:
    """The named groups of a matched rule, and the quoted texts that are masked in them."""

    named: dict[str, str | None]
    quotes: list[str]

    def __getitem__(self, name: str) -> str:
        """The group with quoted texts still masked; empty if it did not match."""
        return (self.named.get(name) or "").strip()

    def text(self, name: str) -> str:
        """The group with quoted texts restored, without quotation marks."""
        return _unmask_quotes(self[name], self.quotes)

    def target(self, name: str) -> Target:
        """The group as a target."""
        return target_of(self[name], self.quotes)

    def targets(self, name: str) -> tuple[Target, ...]:
        """The group as one or more targets that have a text or a type."""
        found = targets_of(self[name], self.quotes)
        return tuple(target for target in found if target.text or target.element_type)


def _mask_quotes(text: str) -> tuple[str, list[str]]:
    """Replace quoted texts by placeholders, so that no rule matches inside them; returns the texts too."""
    quotes: list[str] = []

    def mask(match: re.Match[str]) -> str:
        quotes.append(next(group for group in match.groups() if group is not None))
        return f"\x00{len(quotes) - 1}\x00"

    return _QUOTED.sub(mask, text), quotes


def _unmask_quotes(text: str, quotes: list[str]) -> str:
    return QUOTE.sub(lambda match: quotes[int(match.group(1))], text)


_SUBMIT_VERBS = ("login", "log in", "sign in", "submit")
"""Without quotes and capitals a verb, not the label of a button."""

_BUTTON_KEYS = {"help", "select", "execute", "clear", "stop", "sleep", "accept", "final", "convert", "compose"}
"""Key names that are more likely the label of a button."""


def _hotkey(groups: _Groups) -> ParsedSteps:
    """A key combination; None if the text has no key names, or is more likely the label of a button."""
    raw = re.sub(r"\s+(?:key|keys)$", "", re.sub(r"^the\s+", "", groups.text("keys"), flags=re.I), flags=re.I)
    try:
        keys = split_keys(raw)
    except ActionRefused:
        return None
    return ActionStep(Hotkey(keys)) if len(keys) > 1 or (NAMED - _BUTTON_KEYS).issuperset(keys) else None


def _type(groups: _Groups) -> ParsedSteps:
    text = groups.text("text")
    case = groups.text("case").lower()
    text = text.lower() if case == "lower" else text.upper() if case in ("upper", "capital") else text
    return TypeStep(text, groups.target("field") if groups["field"] else None)


def _type_in_each(groups: _Groups) -> ParsedSteps:
    text = re.search(r"\x00(\d+)\x00$", groups["texts"])
    if text is None:
        return None
    quoted = groups.quotes[int(text[1])]
    return tuple(TypeStep(quoted, Target("", ordinal, ElementType.FIELD)) for ordinal in (1, 2))


def _type_pairs(groups: _Groups) -> ParsedSteps:
    pairs = text_pairs_of(groups["texts"], groups.quotes)
    return tuple(TypeStep(text, Target(target.text, None, ElementType.FIELD)) for target, text in pairs) or None


def _click(count: int = 1, *, right: bool = False) -> Callable[[_Groups], ParsedSteps]:
    def make(groups: _Groups) -> ParsedSteps:
        target = groups.target("what")
        if groups["what"] in _SUBMIT_VERBS:
            target = replace(target, element_type=ElementType.SUBMIT)
        return ClickStep(target, count, right) if target.text or target.element_type else None

    return make


def _select(groups: _Groups) -> ParsedSteps:
    targets = groups.targets("whats")
    if [target.text.lower() for target in targets] == ["nothing"]:
        return (SkipUnlessVisible(None, 0),)
    return tuple(ClickStep(target, select=True) for target in targets) or None


def _checks(*, on: bool) -> Callable[[_Groups], ParsedSteps]:
    return lambda groups: tuple(CheckStep(target, on=on) for target in groups.targets("whats") if target.text) or None


def _choose(groups: _Groups) -> ParsedSteps:
    source = groups.target("source")
    return tuple(ChooseStep(target, source) for target in groups.targets("entries") if target.text) or None


def _scroll(groups: _Groups) -> ParsedSteps:
    direction = Direction((groups.text("way") or "down").lower())
    return ScrollStep(direction, groups.target("until") if groups["until"] else None)


def _navigate(groups: _Groups) -> ParsedSteps:
    address = groups.text("address")
    return ActionStep(Navigate(address)) if _URL.fullmatch(address) else None


_CONTAINERS = {
    "tab": ElementType.TAB,
    "sec": ElementType.SECTION,
    "pan": ElementType.SECTION,
    "fil": ElementType.ICON,
    "fol": ElementType.ICON,
}


def _search_in(groups: _Groups) -> ParsedSteps:
    return SearchInStep(_CONTAINERS[groups.text("place")[:3].lower()])


_TYPE = r"(?:type|enter|write|input|put)"
_CLICK = r"(?:click|press|hit|tap|push)"
_SEEN = r"(?:\s+(?:is|are)\s+(?:visible|seen|shown)|\s+(?:appears?|shows?))?"
_RULES: tuple[tuple[str, Callable[[_Groups], ParsedSteps]], ...] = (
    (
        r"(?:switch|go|look|click|search|navigate)\s+(?:between|through|in|into)\s+(?:all\s+)?(?:the\s+)?(?:\w+\s+)?"
        r"(?P<place>tabs|sections|panels|file\s+tree|folders?)(?:\s+below)?,?(?:\s+to\s+find.*)?",
        _search_in,
    ),
    (
        r"(?:expand|open)\s+(?:all\s+)?the\s+(?P<place>sections|panels|folders)(?:\s+below)?,?(?:\s+to\s+find.*)?",
        _search_in,
    ),
    (
        rf"{_TYPE}\s+(?P<texts>.+?)\s+(?:in|into|in to)\s+(?:both|the\s+two)\s+(?:text\s+|input\s+)?"
        r"(?:fields|boxes|inputs)",
        _type_in_each,
    ),
    (
        rf"{_TYPE}\s+(?P<texts>.+?)(?:\s+(?:in|into|in to)\s+(?:the\s+)?(?:\w+\s+)?(?:fields|boxes|inputs|form))?",
        _type_pairs,
    ),
    (
        rf"{_TYPE}\s+(?P<text>\x00\d+\x00)\s+(?:in|with)\s+(?:all\s+)?(?P<case>lower|upper|capital)\s*(?:case)?\s*(?:letters)?"
        r"(?:\s+(?:in|into|in to|as|for)\s+(?P<field>.+?))?",
        _type,
    ),
    (rf"{_TYPE}\s+(?P<text>\x00\d+\x00|\S+(?: \S+)*?)\s+(?:in|into|in to|as|for)\s+(?P<field>.+?)", _type),
    (rf"{_TYPE}\s+(?P<text>.+?)(?P<field>)", _type),
    (r"(?:fill(?:\s+in)?|set)\s+(?P<field>.+?)\s+(?:with|to)\s+(?P<text>.+?)", _type),
    (r"double[- ]click\s+(?:on\s+)?(?P<what>.+)", _click(2)),
    (r"right[- ]click\s+(?:on\s+)?(?P<what>.+)", _click(right=True)),
    (r"(?:press|hit|use|strike)\s+(?P<keys>.+)", _hotkey),
    (r"(?:close|dismiss)\s+(?P<whole>.+?)\s+by\s+(?:clicking|pressing)\s+(?:on\s+)?(?P<what>.+)", _click()),
    (
        r"(?:close|dismiss)\s+(?:the\s+|this\s+)?(?:\w+\s+)?(?:dialog(?:ue)?|window|pop-?up|message|box)(?:\s+box)?",
        lambda groups: ClickStep(Target("x", 1, ElementType.ICON)),
    ),
    (r"expand\s+(?:the\s+)?section(?:\s+below)?", lambda groups: ClickStep(Target("", 1, ElementType.SECTION))),
    (r"(?:expand|unfold)\s+(?P<what>.+)", _click()),
    (r"focus\s+(?:into|on|in|inside)?\s*(?P<what>.+)", _click()),
    (rf"{_CLICK}\s+(?:on\s+|into\s+|in\s+)?(?P<what>.+)", _click()),
    (r"(?:select|choose|pick)\s+(?P<entries>.+?)\s+(?:from|in|under)\s+(?P<source>.+)", _choose),
    (r"(?:select|choose|pick)\s+(?P<whats>.+)", _select),
    (r"(?:uncheck|untick|turn off|disable)\s+(?P<whats>.+)", _checks(on=False)),
    (r"(?:check|tick|turn on|enable)\s+(?P<whats>.+)", _checks(on=True)),
    (
        rf"scroll(?:\s+(?P<way>up|down|left|right))?\s+(?:to|until)\s+(?:you\s+(?:see|find|reach)\s+)?(?P<until>.+?){_SEEN}",
        _scroll,
    ),
    (r"scroll(?:\s+(?P<way>up|down|left|right))?(?P<until>)", _scroll),
    (
        r"drag\s+(?P<dragged>.+?)\s+(?:onto|on to|to|into|over)\s+(?P<destination>.+)",
        lambda groups: DragStep(groups.target("dragged"), groups.target("destination")),
    ),
    (r"(?:go|navigate|browse)\s+to\s+(?:the\s+(?:address|page|site|url)\s+)?(?P<address>\S+)", _navigate),
    (r"(?:open|visit)\s+(?:the\s+(?:address|page|site|url)\s+)?(?P<address>\S+)", _navigate),
    (
        r"wait\s+(?:for\s+)?(?P<length>\d+(?:\.\d+)?)\s+(?:seconds?|s)",
        lambda groups: ActionStep(Wait(min(float(groups["length"]), _MAX_WAIT_S))),
    ),
    (rf"wait\s+(?:for|until)\s+(?P<what>.+?){_SEEN}", lambda groups: WaitForStep(groups.target("what"))),
    (
        r"(?:tell me|tell|read out|read|report|say|give me|answer with)\s+"
        r"(?:what\s+(?:is|stands\s+at|follows)\s+)?(?P<what>.+)",
        lambda groups: ReadStep(groups.target("what")),
    ),
    (r"(?:open|go\s+to|visit)\s+(?P<what>.+)", _click()),
    (r"submit(?:\s+.*)?(?P<what>)", lambda groups: ClickStep(Target("", None, ElementType.SUBMIT))),
)
