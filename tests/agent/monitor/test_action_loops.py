"""Loop detection from actions and screens."""

from collections.abc import Sequence

import pytest

from screenwright import Action, Click, Direction, ScreenPoint, Scroll, Type, Wait
from screenwright.agent.monitor.action_loops import ActionLoop, StepActions, find_loop, same_actions


def click(x: float, y: float = 100) -> Click[ScreenPoint]:
    return Click(ScreenPoint(x, y))


def detect(actions: Sequence[Action], screens: str) -> ActionLoop | None:
    """The loop in `actions`; each letter of `screens` identifies a screen, the last one follows the last action."""
    assert len(screens) == len(actions) + 1
    steps = [StepActions((action,)) for action in actions]
    return find_loop(steps, lambda one, other: screens[one] == screens[other])


def weight(actions: Sequence[Action], screens: str) -> float:
    loop = detect(actions, screens)
    return 0.0 if loop is None else loop.weight


A, B, C = click(10), click(200), click(400)


def test_repeated_action_without_effect_weighs_one_per_repetition() -> None:
    assert [weight([A] * count, "x" * (count + 1)) for count in (1, 2, 3, 8)] == [1, 2, 3, 8]


def test_points_within_a_few_pixels_are_the_same_target() -> None:
    assert weight([click(10), click(14), click(8)], "xxxx") == 3
    assert weight([click(10), click(30), click(50)], "xxxx") == 1


def test_other_text_direction_or_number_of_actions_is_another_step() -> None:
    down: Action = Scroll(Direction.DOWN)
    up: Action = Scroll(Direction.UP)
    assert not same_actions(StepActions((down,)), StepActions((up,)))
    assert not same_actions(StepActions((Type("a"),)), StepActions((Type("b"),)))
    assert not same_actions(StepActions((A,)), StepActions((A, A)))
    assert same_actions(StepActions((down,)), StepActions((Scroll(Direction.DOWN),)))


def test_repeated_action_that_changes_the_screen_is_no_loop() -> None:
    assert detect([A] * 12, "abcdefghijklm") is None


def test_screen_change_restarts_the_count() -> None:
    assert weight([A] * 5, "xxxyyy") == 2


@pytest.mark.parametrize(
    ("actions", "screens", "rounds"),
    [([A, B], "xy", 3), ([A, B, C], "xyz", 3), ([A, B], "xx", 3), ([A], "xy", 6)],
    ids=["two", "three", "two without effect", "one action that toggles"],
)
def test_cycle_weighs_three_after_its_third_round(actions: list[Action], screens: str, rounds: int) -> None:
    repeated = actions * rounds
    history = (screens * 9)[: len(repeated) + 1]
    assert weight(repeated, history) == 3
    assert weight(repeated[:-1], history[:-1]) < 3
    assert weight([*repeated, actions[0]], (screens * 9)[: len(repeated) + 2]) == 4


def test_alternating_actions_on_new_screens_are_no_loop() -> None:
    assert detect([A, B] * 4, "abcdefghi") is None


def test_cycle_starts_with_its_own_steps() -> None:
    loop = detect([C, A, B, A, B, A, B], "wxyxyxyx")
    assert loop is not None
    assert (loop.length, len(loop.steps)) == (2, 6)


def test_wait_weighs_a_quarter_and_a_sixth_on_an_animated_screen() -> None:
    assert weight([Wait()] * 12, "x" * 13) == 3
    waits = [StepActions((Wait(),), animated=True)] * 18
    loop = find_loop(waits, lambda one, other: True)
    assert loop is not None
    assert loop.weight == pytest.approx(3)


def test_screens_are_compared_only_where_actions_match() -> None:
    asked: list[tuple[int, int]] = []

    def same(one: int, other: int) -> bool:
        asked.append((one, other))
        return False

    find_loop([StepActions((click(50 * index),)) for index in range(12)], same)
    assert asked == [(11, 12)]


def test_loop_describes_itself() -> None:
    assert str(detect([A] * 3, "xxxx")) == (
        "the same action was repeated 3 times without changing the screen: click at 10, 100"
    )
    assert str(detect([A, B] * 3, "xyxyxyx")) == (
        "the same 2 actions led back to the same screen 3 times: click at 10, 100, then click at 200, 100"
    )
