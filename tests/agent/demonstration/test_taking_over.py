"""What a user does who has taken over, put together to actions that are recorded."""

import pytest

from screenwright import Action, Click, FakeEnv, Hotkey, ScreenPoint, Scroll, Type
from screenwright.agent.demonstration.taking_over import TakingOver, may_type_password, types_text
from screenwright.agent.loop.control import UserAction
from screenwright.envs.actions import Direction

AT, ELSEWHERE = ScreenPoint(50, 50), ScreenPoint(400, 300)
SEEN = FakeEnv().observe()


def recorded(*done: Action | float, hidden: bool = False) -> list[Action]:
    """What is recorded of these actions; a number is a pause in seconds."""
    hands, now_s, found = TakingOver(), 100.0, list[UserAction]()
    for one in done:
        if isinstance(one, int | float):
            now_s += one
            found += hands.flush(now_s)
        else:
            found += hands.add(UserAction(SEEN, one, 0.0), now_s, hidden=hidden)
    return [one.action for one in (*found, *hands.finish())]


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ([Type("green"), Type(" te"), Type("a")], [Type("green tea")]),
        ([Type("teq"), Hotkey(("backspace",)), Type("a"), Hotkey(("enter",))], [Type("tea", submit=True)]),
        ([Type("a"), Hotkey(("backspace",)), Click(AT)], [Click(AT)]),
        ([Hotkey(("backspace",)), Type("a")], [Hotkey(("backspace",)), Type("a")]),
        ([Type("a", submit=True), Type("b")], [Type("a", submit=True), Type("b")]),
        ([Type("a"), 3.0, Type("b")], [Type("a"), Type("b")]),
        ([Type("a"), Click(AT), Type("b")], [Type("a"), Click(AT), Type("b")]),
        ([Click(AT), Click(AT)], [Click(AT), Click(AT)]),
        ([Scroll(Direction.DOWN, 2, AT), Scroll(Direction.DOWN, 1, AT)], [Scroll(Direction.DOWN, 3, AT)]),
        ([Scroll(Direction.DOWN, 2, AT), Scroll(Direction.UP, 1, AT)], None),
        ([Scroll(Direction.DOWN, 2, AT), Scroll(Direction.DOWN, 1, ELSEWHERE)], None),
        ([Hotkey(("ctrl", "a")), Hotkey(("enter",))], None),
    ],
)
def test_texts_and_scrolling_are_put_together(done: list[Action | float], expected: list[Action] | None) -> None:
    assert recorded(*done) == (done if expected is None else expected)


def test_a_password_is_one_handle_however_it_is_typed() -> None:
    typed: list[Action] = [
        Type("hun"),
        Type("te"),
        Hotkey(("alt", "3")),
        Hotkey(("backspace",)),
        Type("r2"),
        Hotkey(("enter",)),
    ]
    assert recorded(*typed, hidden=True) == [Type("{{password}}", submit=True)]
    assert recorded(Click(AT), Type("hunter2"), hidden=True) == [Click(AT), Type("{{password}}")]


def test_two_passwords_have_two_handles() -> None:
    assert recorded(Type("hunter2"), Hotkey(("tab",)), Type("other-3"), Click(AT), Type("third"), hidden=True) == [
        Type("{{password}}"),
        Hotkey(("tab",)),
        Type("{{password-2}}"),
        Click(AT),
        Type("{{password-3}}"),
    ]


def test_password_that_is_typed_with_a_pause_is_one() -> None:
    paused = Type("hunt"), 3.0, Hotkey(("backspace",)), 3.0, Type("er2"), 3.0, Hotkey(("enter",))
    assert recorded(*paused, hidden=True) == [Type("{{password}}"), Hotkey(("enter",))]
    assert recorded(Type("hunt"), 3.0, Type("er2", submit=True), hidden=True) == [
        Type("{{password}}"),
        Hotkey(("enter",)),
    ]


def test_a_text_before_a_password_is_kept() -> None:
    hands = TakingOver()
    found = [*hands.add(UserAction(SEEN, Type("Ada")), 1.0), *hands.add(UserAction(SEEN, Type("x")), 1.1, hidden=True)]
    assert [one.action for one in (*found, *hands.finish())] == [Type("Ada"), Type("{{password}}")]


@pytest.mark.parametrize(
    ("action", "types"),
    [
        (Type("a"), True),
        (Hotkey(("a",)), True),
        (Hotkey(("alt", "a")), True),
        (Hotkey(("ctrl", "a")), False),
        (Hotkey(("tab",)), False),
        (Hotkey(()), False),
        (Click(AT), False),
    ],
)
def test_shortcuts_type_nothing(action: Action, types: bool) -> None:
    assert types_text(action) is types


def test_a_screen_that_does_not_know_its_fields_may_ask_for_a_password() -> None:
    assert not may_type_password(FakeEnv())

    class Unknown(FakeEnv):
        asks_for_password = None  # type: ignore[assignment]

    assert may_type_password(Unknown()) is True
