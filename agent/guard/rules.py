"""Rules as data: which actions are allowed, asked about, denied, or end the run. The first rule that matches decides.

    rules = RuleSet.model_validate({"rule": [{"do": "ask", "target": ["pay"]}], "default": "allow"})
    rules.decide(Situation(Click(ScreenPoint(10, 20)))).verdict

`decide` is a pure function of the rules and the situation, and has a result for every situation.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ...envs.actions import ActionIn, points_of
from ...envs.env import ActionRefused
from ...envs.keys import MODIFIERS, canonical_key
from ..core.approvals import Scope
from ..core.describe import type_name
from .situation import Place, Situation, plain_key
from .target_words import comparable, target_words, words_pattern
from .text_class import TextClass

ACTION_TYPES = tuple(type_name(kind) for kind in get_args(ActionIn))


class Verdict(StrEnum):
    """What happens to an action: it is allowed, asked about, denied, or ends the run."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"
    STOP = "stop"


def _one_of(kind: str, known: "tuple[str, ...] | dict[str, tuple[str, ...]]") -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"{name!r} is not a {kind}: use one of {', '.join(known)}")
        return name

    return AfterValidator(check)


_RANGE = re.compile(r"f(\d{1,2})\.\.f?(\d{1,2})")


def _combination(pattern: str) -> str:
    """Check a combination such as `ctrl+alt+f1..f12`."""
    *modifiers, last = re.split(r"\+(?=.)", pattern.strip().lower())
    for name in modifiers:
        if plain_key(name) not in MODIFIERS:
            raise ValueError(f"{name!r} in {pattern!r} is not a modifier: use ctrl, alt, shift or super")
    try:
        if last != "*" and not _RANGE.fullmatch(last):
            canonical_key(last)
    except ActionRefused as error:
        raise ValueError(f"{error}; a combination is like ctrl+c, ctrl+alt+f1..f12 or alt+*") from error
    return "+".join((*map(plain_key, modifiers), last))


ActionType: TypeAlias = Annotated[str, _one_of("action", ACTION_TYPES)]
TargetMeaning: TypeAlias = Annotated[str, _one_of("meaning", target_words())]
KeyCombination: TypeAlias = Annotated[str, AfterValidator(_combination)]
Pattern: TypeAlias = Annotated[str, Field(min_length=1, max_length=500)]


def _condition(description: str) -> Any:
    """A condition that is a list; without it, it holds."""
    return Field(default=(), description=description, min_length=1)


class Rule(BaseModel):
    """One rule: it matches an action if every condition that is given holds; of a list, one value must match."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    do: Verdict = Field(description="what happens: allow, ask, deny or stop")
    name: str = Field(
        default="", description="name in questions and records (default: the number of the rule)", max_length=80
    )
    actions: tuple[ActionType, ...] = _condition("types of actions, such as click or type")
    text: tuple[TextClass, ...] = _condition(
        "classes of typed text: secret, password, card_number, command, recipient or any"
    )
    keys: tuple[KeyCombination, ...] = _condition("key combinations, such as ctrl+alt+f1..f12 or alt+*")
    host: tuple[Pattern, ...] = _condition("hosts of the page, with their subdomains; * is any page")
    elsewhere: bool | None = Field(
        default=None, description="true: neither the host where the run starts, nor one that the task names"
    )
    path: tuple[Pattern, ...] = _condition("paths of the page, such as /checkout*; * is any text")
    title: tuple[Pattern, ...] = _condition("titles of the active window, such as *Terminal*")
    program: tuple[Pattern, ...] = _condition("programs of the active window, such as xterm")
    region: tuple[int, int, int, int] | None = Field(
        default=None,
        description="left, top, right and bottom in pixels of the screenshot; an action has a point inside",
    )
    target: tuple[TargetMeaning, ...] = _condition(
        f"meanings of the text under the point, in 15 languages: {', '.join(target_words())}"
    )
    target_text: tuple[Pattern, ...] = _condition("words in the text under the point, in any case")
    transfer: tuple[Literal["upload", "download"], ...] = _condition(
        "upload: a file chooser is open, or the text under the point; download: that text, or the address of a file"
    )
    more_than: int | None = Field(
        default=None, description="matches after this many actions of these types have been carried out", ge=0
    )
    scope: Scope = Field(
        default=Scope.RUN, description="with ask: how long an approval may hold at most: once, host or run"
    )
    reason: str = Field(default="", description="the reason that the model gets and the question shows", max_length=500)

    @model_validator(mode="after")
    def _check(self) -> "Rule":
        if self.do is not Verdict.ASK and "scope" in self.model_fields_set:
            raise ValueError('scope belongs to a rule with do = "ask"')
        if self.region is not None and not (self.region[0] < self.region[2] and self.region[1] < self.region[3]):
            raise ValueError("region is left, top, right, bottom, with left < right and top < bottom")
        return self

    @property
    def reads_target(self) -> bool:
        """Whether the rule needs the text under the point."""
        return bool(self.target or self.target_text)

    def matches(self, situation: Situation) -> bool | None:
        """Whether all conditions hold; None if that depends on a text that cannot be read. The text is read last."""
        if not (
            (not self.actions or situation.type in self.actions)
            and (not self.text or not situation.text_classes.isdisjoint(self.text))
            and (not self.keys or self._matches_keys(situation.combinations))
            and self._matches_place(situation.where, situation.program)
            and (self.elsewhere is None or situation.is_elsewhere is self.elsewhere)
            and (self.region is None or self._is_inside(situation))
            and (self.more_than is None or self._count(situation) > self.more_than)
        ):
            return False
        found = [self._matches_transfer(situation)] if self.transfer else []
        if self.reads_target and False not in found:
            found.append(self._matches_target(situation))
        return False if False in found else None if None in found else True

    def _matches_keys(self, combinations: tuple[frozenset[str], ...]) -> bool:
        """Allowing needs exactly the modifiers of a combination, for all keys; otherwise more may be held."""
        found = [any(_is_combination(keys, one, self.do) for one in self.keys) for keys in combinations]
        return bool(found) and (all(found) if self.do is Verdict.ALLOW else any(found))

    def _matches_place(self, place: Place, program: str) -> bool:
        return (
            (not self.host or (bool(place.host) and any(_matches_host(place.host, one) for one in self.host)))
            and (not self.path or any(fnmatchcase(place.path, one) for one in self.path))
            and (not self.title or any(fnmatchcase(place.title.lower(), one.lower()) for one in self.title))
            and (not self.program or any(fnmatchcase(program.lower(), one.lower()) for one in self.program))
        )

    def _is_inside(self, situation: Situation) -> bool:
        assert self.region is not None
        left, top, right, bottom = self.region
        inside = [left <= one.x < right and top <= one.y < bottom for one in points_of(situation.action)]
        return bool(inside) and (all(inside) if self.do is Verdict.ALLOW else any(inside))

    def _count(self, situation: Situation) -> int:
        return sum(count for kind, count in situation.performed.items() if not self.actions or kind in self.actions)

    def _matches_target(self, situation: Situation) -> bool | None:
        if not situation.presses and situation.type not in self.actions:
            return False
        return _finds(self._target_pattern, situation.target_words)

    def _matches_transfer(self, situation: Situation) -> bool | None:
        if "upload" in self.transfer and situation.asks_for_file and situation.acts:
            return True
        if "download" in self.transfer and situation.opens_file:
            return True
        return _finds(self._transfer_pattern, situation.target_words) if situation.presses else False

    @cached_property
    def _target_pattern(self) -> re.Pattern[str]:
        words = [word for meaning in self.target for word in target_words()[meaning]]
        return words_pattern((*words, *map(comparable, self.target_text)))

    @cached_property
    def _transfer_pattern(self) -> re.Pattern[str]:
        return words_pattern(tuple(word for meaning in self.transfer for word in target_words()[meaning]))


@dataclass(frozen=True, slots=True)
class RuleDecision:
    """What the rules decided: the verdict, the rule's name, its reason, and how long an approval may hold.

    `rule` is `default` if none matched. `by_target` if the text under the point was read, so that the decision holds
    only as long as that text is there.
    """

    verdict: Verdict
    rule: str
    reason: str = ""
    scope: Scope = Scope.RUN
    by_target: bool = False


class RuleSet(BaseModel):
    """An ordered list of rules, and the verdict if none of them matches."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    default: Verdict = Field(default=Verdict.ASK, description="what happens to an action that no rule matches")
    rule: tuple[Rule, ...] = Field(default=(), description="the rules, in order", max_length=1000)

    def decide(self, situation: Situation) -> RuleDecision:
        """The decision of the first rule that matches.

        A rule about a text that cannot be read asks instead of denying or stopping, and never allows.
        """
        read = False
        for number, rule in enumerate(self.rule, 1):
            matches = rule.matches(situation)
            read = read or "target" in situation.__dict__  # the cached property was used
            if matches or (matches is None and rule.do is not Verdict.ALLOW):
                verdict = rule.do if matches else Verdict.ASK
                reason = rule.reason if matches else f"{rule.reason} (the text there cannot be read)".strip()
                return RuleDecision(verdict, rule.name or f"rule {number}", reason, rule.scope, read)
        return RuleDecision(self.default, "default", by_target=read)

    def asking(self) -> "RuleSet":
        """The same rules, which ask where they would allow."""
        ask = {"do": Verdict.ASK}
        rules = tuple(rule.model_copy(update=ask) if rule.do is Verdict.ALLOW else rule for rule in self.rule)
        default = Verdict.ASK if self.default is Verdict.ALLOW else self.default
        return RuleSet(default=default, rule=rules)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what the rules mean: comments and layout do not count, the lists of words do."""
        used = {meaning for rule in self.rule for meaning in (*rule.target, *rule.transfer)}
        words = {meaning: target_words()[meaning] for meaning in sorted(used)}
        content = json.dumps([self.model_dump(mode="json"), words], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


@cache
def _parsed(pattern: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modifiers of a combination, and the keys that complete it; none of them if any key does."""
    *modifiers, last = re.split(r"\+(?=.)", pattern)
    if last == "*":
        return frozenset(modifiers), frozenset()
    if found := _RANGE.fullmatch(last):
        return frozenset(modifiers), frozenset(f"f{number}" for number in range(int(found[1]), int(found[2]) + 1))
    return frozenset(modifiers), frozenset({canonical_key(last)})


def _is_combination(keys: frozenset[str], pattern: str, do: Verdict) -> bool:
    modifiers, completing = _parsed(pattern)
    rest = keys - modifiers
    if not rest or not modifiers <= keys or (do is Verdict.ALLOW and len(rest) > 1):
        return False
    return not completing or not completing.isdisjoint((rest - MODIFIERS) or rest)


@lru_cache(maxsize=4096)
def _matches_host(host: str, pattern: str) -> bool:
    wanted = pattern.lower().removeprefix("*.")
    return fnmatchcase(host, wanted) or fnmatchcase(host, f"*.{wanted}")


def _finds(pattern: re.Pattern[str], text: str | None) -> bool | None:
    return None if text is None else pattern.search(text) is not None
