"""What the presets allow, ask about and deny."""

from collections.abc import Callable

import pytest

from screenwright.agent.guard.rules import Verdict
from screenwright.agent.guard.rules_file import PRESETS, load_rules
from screenwright.agent.guard.situation import Place, Situation
from screenwright.agent.guard.task_words import TaskWords
from screenwright.envs.actions import Action, Click, Hotkey, Navigate, Type
from screenwright.envs.geometry import ScreenPoint

HERE = ScreenPoint(10, 20)
TASK = TaskWords.of("On https://shop.example: my PIN is 446004; write to ann@shop.example.")


def reading(text: str | None) -> Callable[[ScreenPoint], str | None]:
    return lambda point: text


@pytest.mark.parametrize(
    ("action", "target"),
    [
        (Type("leave it at the door"), ""),
        (Type("ann@shop.example\n"), "E-mail"),
        (Click(HERE), "Save"),
        (Click(HERE), "Mark as read"),
        (Click(HERE), "Passwords"),
        (Navigate("https://shop.example/search?q=delete+a+file"), ""),
        (Navigate("shop.example/docs/install"), ""),
        (Hotkey(("ctrl", "v")), ""),
        (Hotkey(("enter",)), "Search"),
    ],
)
def test_careful_does_not_ask_about_ordinary_work_on_the_site_of_the_task(action: Action, target: str) -> None:
    place = Place.of("https://www.shop.example/orders")
    situation = Situation(action, place, task=TASK, home="www.shop.example", pointer=HERE, read_target=reading(target))
    assert load_rules("careful").decide(situation).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("title", "is_asked"),
    [
        ("Terminal", True),
        ("Terminal - kim@host: ~", True),
        ("kim@host: ~/notes", True),
        ("~ : bash - Konsole", True),
        ("Run this in a terminal.txt - Mousepad", False),
    ],
)
def test_careful_asks_about_typing_in_windows_titled_like_terminals(title: str, is_asked: bool) -> None:
    decision = load_rules("careful").decide(Situation(Type("hello"), Place.of(title)))
    assert decision.verdict is (Verdict.ASK if is_asked else Verdict.ALLOW)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_answers_what_holds_keys_or_ends_the_session(preset: str) -> None:
    situation = Situation(Hotkey(("ctrl", "alt", "f3")))
    assert load_rules(preset).decide(situation).verdict in (Verdict.DENY, Verdict.ASK)
