"""What holds for all rules in all situations."""

import string
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.guard.rules import ACTION_TYPES, Rule, RuleSet, Verdict
from screenwright.agent.guard.rules_file import load_rules
from screenwright.agent.guard.situation import Place, Situation
from screenwright.agent.guard.target_words import target_words
from screenwright.agent.guard.task_words import TaskWords
from screenwright.agent.guard.text_class import TextClass
from screenwright.envs.actions import (
    Action,
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from screenwright.envs.geometry import ScreenPoint


def reading(text: str | None) -> Callable[[ScreenPoint], str | None]:
    return lambda point: text


WORDS = st.sampled_from(["Pay now", "Cancel", "Löschen", "送信", "OK", "Sign in", "Upload", "", "Payload"])
KEYS = st.sampled_from(
    ["ctrl", "alt", "shift", "super", "rightalt", "enter", "tab", "f1", "f12", "a", "+", "down", "space"]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["4111111111111111", "sudo rm -rf /", "Tr0ub4dor&3", "hello", "\n", "cat /etc/passwd"]),
)
POINTS = st.builds(ScreenPoint, st.integers(-5, 2000), st.integers(-5, 2000))
URLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["https://bank.example/pay", "about:blank", "file:///etc/passwd", "https://[", "x.example/a.zip"]),
)
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(Click, POINTS, st.sampled_from(Button), st.integers(1, 3)),
    st.builds(Move, POINTS),
    st.builds(Drag, st.tuples(POINTS, POINTS)),
    st.builds(Scroll, st.sampled_from(Direction), st.integers(0, 9), st.none() | POINTS),
    st.builds(Type, TEXTS, st.booleans()),
    st.builds(Hotkey, st.lists(KEYS, max_size=4).map(tuple)),
    st.builds(KeyDown, KEYS),
    st.builds(KeyUp, KEYS),
    st.builds(ButtonDown, st.sampled_from(Button), st.none() | POINTS),
    st.builds(ButtonUp, st.sampled_from(Button), st.none() | POINTS),
    st.builds(LongPress, POINTS),
    st.builds(Wait),
    st.builds(Navigate, URLS),
    st.builds(Back),
    st.builds(OpenApp, st.text(max_size=9)),
    st.builds(Home),
)
SITUATIONS = st.builds(
    Situation,
    action=ACTIONS,
    place=st.builds(Place.of, URLS | st.sampled_from(["kim@host: ~", "Terminal", "Inbox"])),
    program=st.sampled_from(["", "xterm", "firefox"]),
    asks_for_file=st.booleans(),
    held=st.frozensets(st.sampled_from(["ctrl", "alt", "shift"])),
    typed=TEXTS,
    performed=st.dictionaries(st.sampled_from(ACTION_TYPES), st.integers(0, 1000)),
    pointer=st.none() | POINTS,
    pressed=st.just("") | WORDS,
    task=st.sampled_from([TaskWords(), TaskWords.of("On bank.example, my PIN is 4711.")]),
    home=st.sampled_from(["", "example", "bank.example"]),
    read_target=st.builds(reading, st.none() | WORDS),
)


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(values, min_size=1, max_size=3)


RULES = st.fixed_dictionaries(
    {"do": st.sampled_from(Verdict)},
    optional={
        "actions": some(st.sampled_from(ACTION_TYPES)),
        "text": some(st.sampled_from(TextClass)),
        "keys": some(st.sampled_from(["ctrl+alt+f1..f12", "alt+*", "enter", "ctrl+c", "down", "super"])),
        "host": some(st.sampled_from(["*", "example", "bank.example"])),
        "path": some(st.sampled_from(["/pay*", "*"])),
        "elsewhere": st.booleans(),
        "title": some(st.sampled_from(["*Terminal*", "inbox"])),
        "program": some(st.sampled_from(["xterm", "*"])),
        "region": st.just((0, 0, 1000, 1000)),
        "target": some(st.sampled_from([*target_words()])),
        "target_text": some(st.text(string.ascii_letters, min_size=1)),
        "transfer": some(st.sampled_from(["upload", "download"])),
        "more_than": st.integers(0, 500),
    },
).map(Rule.model_validate)
RULE_SETS = st.builds(RuleSet, default=st.sampled_from(Verdict), rule=st.lists(RULES, max_size=6).map(tuple))


@given(RULE_SETS, SITUATIONS)
def test_every_situation_has_one_decision_and_always_the_same(rule_set: RuleSet, situation: Situation) -> None:
    decision = rule_set.decide(situation)
    assert decision.verdict in Verdict
    assert rule_set.decide(replace(situation)) == decision


@given(RULE_SETS, SITUATIONS)
def test_rules_after_the_first_match_do_not_count(rule_set: RuleSet, situation: Situation) -> None:
    decision = rule_set.decide(situation)
    if decision.rule == "default":
        assert not any(rule.matches(situation) for rule in rule_set.rule)
        return
    number = int(decision.rule.removeprefix("rule "))
    shorter = RuleSet(default=Verdict.STOP, rule=rule_set.rule[:number])
    assert shorter.decide(replace(situation)) == decision
    assert not any(rule.matches(situation) for rule in rule_set.rule[: number - 1])


@pytest.mark.parametrize(
    ("strict", "permissive"), [("read-only", "careful"), ("careful", "trusted"), ("confirm", "trusted")]
)
@given(situation=SITUATIONS)
def test_what_a_strict_preset_allows_a_more_permissive_one_allows(
    strict: str, permissive: str, situation: Situation
) -> None:
    if load_rules(strict).decide(situation).verdict is Verdict.ALLOW:
        assert load_rules(permissive).decide(replace(situation)).verdict is Verdict.ALLOW
