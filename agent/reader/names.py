"""How sentences name things: `the second "Save" button`, `the password field`, `a, b and c`."""

import re

from .steps import Label, Thing

_ORDINALS = {
    **{name: number for number, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), 1)},
    **{name: number for number, name in enumerate(("seventh", "eighth", "ninth", "tenth"), 7)},
    "last": -1,
}
_THINGS = {
    Thing.BUTTON: "buttons?",
    Thing.LINK: "(?:hyper)?links?",
    Thing.TAB: "tabs?",
    Thing.TICK: r"check\s?box(?:es)?|radio\s?buttons?|radio|options?|switch",
    Thing.LIST: r"(?:drop-?\s?down|scroll|select(?:ion)?)\s*(?:list|menu|box)|list|drop-?\s?down|combo\s?box",
    Thing.FIELD: r"(?:(?:text|input|entry|search)\s*)+(?:field|box|area)s?|text\s*(?:field|box|area|input)s?"
    "|inputs?|field|text|box",
    Thing.ICON: "icons?",
    Thing.SECTION: "sections?|panels?|accordion",
}
_OTHERS = r"menu item|menu|entry|item|page|folder or file|folder|file|row|cell|word|label|heading|picture of"
_ANY = "|".join((*_THINGS.values(), _OTHERS))
_ARTICLE = re.compile(r"^(?:on\s+)?(?:the|a|an|your|its|any)\s+", re.IGNORECASE)
_CALLED = r"(?:called|named|labell?ed|titled|that\s+says|that\s+reads|with\s+the\s+(?:text|label|name)|with|saying)"
_BEFORE = r"(?:buttons?|links?|check\s?box(?:es)?|radio\s?buttons?|radio|options?|icons?|menu item|word)"
"""What may stand right before a name, with nothing between: `button ONE`."""

QUOTE = re.compile(r"\x00(\d+)\x00")
"""A quoted part, taken out of a sentence so that no rule looks into it."""


def label_of(raw: str, held: list[str]) -> Label:
    """The thing that `raw` names: articles, kinds and ordinals taken off; `held` has what was quoted."""
    words = _ARTICLE.sub("", raw.strip())
    ordinal, words = _ordinal(words)
    quoted = QUOTE.search(words)
    if quoted:
        return Label(held[int(quoted.group(1))], ordinal, _thing_in(QUOTE.sub("", words)))
    if re.fullmatch(_ANY, words, re.IGNORECASE) and (thing := _thing_in(words)) is not None:
        return Label("", ordinal, thing)
    called = re.match(rf"^(?P<kind>{_ANY})\s+{_CALLED}\s+(?:the\s+)?(?P<name>.+)$", words, re.IGNORECASE)
    if called is None:
        called = re.match(rf"^(?P<kind>{_BEFORE})\s+(?P<name>\S.*)$", words, re.IGNORECASE)
    if called is None:
        called = re.match(rf"^(?P<name>.+?)\s+(?P<kind>{_ANY})$", words, re.IGNORECASE)
    if called is not None:
        return Label(called["name"].strip(), ordinal, _thing_in(called["kind"]))
    return Label(words.strip(), ordinal)


def labels_of(raw: str, held: list[str]) -> tuple[Label, ...]:
    """The things that an enumeration names: `a, b and c`; one if it is none."""
    parts = [part for part in re.split(r",\s*(?:and\s+)?|\s+and\s+(?=\x00)|(?<=\x00)\s+and\s+", raw) if part.strip()]
    if len(parts) > 1 and not QUOTE.search(raw):
        parts[-1:] = re.split(r"\s+and\s+", parts[-1])
    return tuple(label_of(part, held) for part in parts)


def pairs_of(raw: str, held: list[str]) -> tuple[tuple[Label, str], ...]:
    """Things and the texts for them, `the username "kim" and the password "x1"`; empty if `raw` is no such list."""
    pairs: list[tuple[Label, str]] = []
    for part in re.split(r",\s*(?:and\s+)?|\s+and\s+", raw.strip()):
        found = re.fullmatch(r"(?P<name>[A-Za-z][\w ]*?)\s+\x00(?P<number>\d+)\x00", part.strip())
        if found is None:
            return ()
        pairs.append((label_of(found["name"], held), held[int(found["number"])]))
    return tuple(pairs) if len(pairs) > 1 else ()


def _ordinal(words: str) -> tuple[int, str]:
    first, _, rest = words.partition(" ")
    number = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", first, re.IGNORECASE)
    if rest and number:
        return int(number[1]), rest
    if rest and first.lower() in _ORDINALS:
        return _ORDINALS[first.lower()], rest
    return 1, words


def _thing_in(words: str) -> Thing | None:
    bare = words.strip().lower()
    for thing, pattern in _THINGS.items():
        if re.search(rf"(?:^|\s)(?:{pattern})(?:$|\s)", bare):
            return thing
    return None
