"""What is a circle and what is not: told by the deeds and the screens between them."""

from collections.abc import Sequence

import pytest

from screenwright import Action, Click, Direction, ScreenPoint, Scroll, Type, Wait
from screenwright.agent.monitor.action_loops import ActionLoop, StepActions, find_loop, same_actions


def click(x: float, y: float = 100) -> Click[ScreenPoint]:
    return Click(ScreenPoint(x, y))


def circle(actions: Sequence[Action], screens: str) -> ActionLoop | None:
    """The circle of deeds, where each letter stands for what a look showed; one look more than there are deeds."""
    assert len(screens) == len(actions) + 1
    deeds = [StepActions((action,)) for action in actions]
    return find_loop(deeds, lambda one, other: screens[one] == screens[other])


def weight(actions: Sequence[Action], screens: str) -> float:
    found = circle(actions, screens)
    return 0.0 if found is None else found.weight


A, B, C = click(10), click(200), click(400)


def test_the_same_action_on_a_screen_that_stays_weighs_as_often_as_it_was_done() -> None:
    assert [weight([A] * count, "x" * (count + 1)) for count in (1, 2, 3, 8)] == [1, 2, 3, 8]


def test_points_within_a_few_pixels_are_the_same_place() -> None:
    assert weight([click(10), click(14), click(8)], "xxxx") == 3
    assert weight([click(10), click(30), click(50)], "xxxx") == 1


def test_other_text_another_direction_another_button_are_other_deeds() -> None:
    down: Action = Scroll(Direction.DOWN)
    up: Action = Scroll(Direction.UP)
    assert not same_actions(StepActions((down,)), StepActions((up,)))
    assert not same_actions(StepActions((Type("a"),)), StepActions((Type("b"),)))
    assert not same_actions(StepActions((A,)), StepActions((A, A)))
    assert same_actions(StepActions((down,)), StepActions((Scroll(Direction.DOWN),)))


def test_the_same_action_whose_screen_changes_each_time_is_no_circle() -> None:
    assert circle([A] * 12, "abcdefghijklm") is None


def test_a_change_breaks_the_count() -> None:
    assert weight([A] * 5, "xxxyyy") == 2


@pytest.mark.parametrize(
    ("actions", "screens", "rounds"),
    [([A, B], "xy", 3), ([A, B, C], "xyz", 3), ([A, B], "xx", 3), ([A], "xy", 6)],
    ids=["two", "three", "two that do nothing", "one that goes to and fro"],
)
def test_a_cycle_weighs_three_at_its_third_round(actions: list[Action], screens: str, rounds: int) -> None:
    deeds = actions * rounds
    history = (screens * 9)[: len(deeds) + 1]
    assert weight(deeds, history) == 3
    assert weight(deeds[:-1], history[:-1]) < 3
    assert weight([*deeds, actions[0]], (screens * 9)[: len(deeds) + 2]) == 4


def test_to_and_fro_over_screens_that_go_on_is_no_circle() -> None:
    assert circle([A, B] * 4, "abcdefghi") is None


def test_a_cycle_begins_where_its_deeds_do() -> None:
    found = circle([C, A, B, A, B, A, B], "wxyxyxyx")
    assert found is not None
    assert (found.length, len(found.deeds)) == (2, 6)


def test_waiting_counts_a_quarter_and_a_sixth_while_something_moves() -> None:
    assert weight([Wait()] * 12, "x" * 13) == 3
    moving = [StepActions((Wait(),), moving=True)] * 18
    found = find_loop(moving, lambda one, other: True)
    assert found is not None
    assert found.weight == pytest.approx(3)


def test_screens_are_compared_only_where_the_deeds_agree() -> None:
    asked: list[tuple[int, int]] = []

    def same(one: int, other: int) -> bool:
        asked.append((one, other))
        return False

    find_loop([StepActions((click(50 * index),)) for index in range(12)], same)
    assert asked == [(11, 12)]


def test_a_circle_says_what_was_seen() -> None:
    assert str(circle([A] * 3, "xxxx")) == (
        "the same action 3 times in a row changed nothing on the screen: click at 10, 100"
    )
    assert str(circle([A, B] * 3, "xyxyxyx")) == (
        "the same 2 actions in turn led back to the same screen 3 times: click at 10, 100, then click at 200, 100"
    )
