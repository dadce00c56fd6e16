"""Parses references to elements: `the second "Save" button`, `the password field`, `a, b and c`."""

import re

from .steps import ElementType, Target

_ORDINALS = {
    **{name: number for number, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), 1)},
    **{name: number for number, name in enumerate(("seventh", "eighth", "ninth", "tenth"), 7)},
    "last": -1,
}
_ELEMENT_TYPES = {
    ElementType.BUTTON: "buttons?",
    ElementType.LINK: "(?:hyper)?links?",
    ElementType.TAB: "tabs?",
    ElementType.CHECKBOX: r"check\s?box(?:es)?|radio\s?buttons?|radio|options?|switch",
    ElementType.LIST: r"(?:drop-?\s?down|scroll|select(?:ion)?)\s*(?:list|menu|box)|list|drop-?\s?down|combo\s?box",
    ElementType.FIELD: r"(?:(?:text|input|entry|search)\s*)+(?:field|box|area)s?|text\s*(?:field|box|area|input)s?"
    "|inputs?|field|text|box",
    ElementType.ICON: "icons?",
    ElementType.SECTION: "sections?|panels?|accordion",
}
_OTHER_NOUNS = r"menu item|menu|entry|item|page|folder or file|folder|file|row|cell|word|label|heading|picture of"
_ANY_NOUN = "|".join((*_ELEMENT_TYPES.values(), _OTHER_NOUNS))
_ARTICLE = re.compile(r"^(?:on\s+)?(?:the|a|an|your|its|any)\s+", re.IGNORECASE)
_CALLED = r"(?:called|named|labell?ed|titled|that\s+says|that\s+reads|with\s+the\s+(?:text|label|name)|with|saying)"
_BEFORE = r"(?:buttons?|links?|check\s?box(?:es)?|radio\s?buttons?|radio|options?|icons?|menu item|word)"
"""Nouns that may directly precede a name: `button ONE`."""

QUOTE = re.compile(r"\x00(\d+)\x00")
"""The placeholder of a quoted text, masked so that no rule matches inside it."""


def target_of(raw: str, quotes: list[str]) -> Target:
    """The target that `raw` refers to, without article, ordinal and element type; `quotes` are the masked texts."""
    text = _ARTICLE.sub("", raw.strip())
    ordinal, text = _ordinal(text)
    quoted = QUOTE.search(text)
    if quoted:
        return Target(quotes[int(quoted.group(1))], ordinal, _element_type_in(QUOTE.sub("", text)))
    if re.fullmatch(_ANY_NOUN, text, re.IGNORECASE) and (element_type := _element_type_in(text)) is not None:
        return Target("", ordinal, element_type)
    called = re.match(rf"^(?P<kind>{_ANY_NOUN})\s+{_CALLED}\s+(?:the\s+)?(?P<name>.+)$", text, re.IGNORECASE)
    if called is None:
        called = re.match(rf"^(?P<kind>{_BEFORE})\s+(?P<name>\S.*)$", text, re.IGNORECASE)
    if called is None:
        called = re.match(rf"^(?P<name>.+?)\s+(?P<kind>{_ANY_NOUN})$", text, re.IGNORECASE)
    if called is not None:
        return Target(called["name"].strip(), ordinal, _element_type_in(called["kind"]))
    return Target(text.strip(), ordinal)


def targets_of(raw: str, quotes: list[str]) -> tuple[Target, ...]:
    """The targets of an enumeration such as `a, b and c`; a single one if it is not an enumeration."""
    parts = [part for part in re.split(r",\s*(?:and\s+)?|\s+and\s+(?=\x00)|(?<=\x00)\s+and\s+", raw) if part.strip()]
    if len(parts) > 1 and not QUOTE.search(raw):
        parts[-1:] = re.split(r"\s+and\s+", parts[-1])
    return tuple(target_of(part, quotes) for part in parts)


def text_pairs_of(raw: str, quotes: list[str]) -> tuple[tuple[Target, str], ...]:
    """Targets with their texts, as in `the username "kim" and the password "x1"`; empty for any other form."""
    pairs: list[tuple[Target, str]] = []
    for part in re.split(r",\s*(?:and\s+)?|\s+and\s+", raw.strip()):
        found = re.fullmatch(r"(?P<name>[A-Za-z][\w ]*?)\s+\x00(?P<number>\d+)\x00", part.strip())
        if found is None:
            return ()
        pairs.append((target_of(found["name"], quotes), quotes[int(found["number"])]))
    return tuple(pairs) if len(pairs) > 1 else ()


def _ordinal(text: str) -> tuple[int | None, str]:
    first, _, rest = text.partition(" ")
    number = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", first, re.IGNORECASE)
    if rest and number:
        return int(number[1]), rest
    if rest and first.lower() in _ORDINALS:
        return _ORDINALS[first.lower()], rest
    return None, text


def _element_type_in(text: str) -> ElementType | None:
    bare = text.strip().lower()
    for element_type, pattern in _ELEMENT_TYPES.items():
        if re.search(rf"(?:^|\s)(?:{pattern})(?:$|\s)", bare):
            return element_type
    return None
