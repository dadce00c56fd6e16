"""The input of a person becomes actions."""

import pytest

from screenwright import Action, Button, Click, Direction, Drag, Hotkey, LongPress, ScreenPoint, Scroll, Type
from screenwright.agent.demonstration.grouping import Grouping
from screenwright.envs.demonstration import KeyInput, PersonInput, PointerInput, TextInput, WheelInput

A, B = ScreenPoint(100, 100), ScreenPoint(300, 200)


def click(at: ScreenPoint, time_s: float, button: Button = Button.LEFT, held_s: float = 0.05) -> list[PersonInput]:
    return [PointerInput("press", at, time_s, button), PointerInput("release", at, time_s + held_s, button)]


def keys(text: str, time_s: float = 0.0, *, hidden: bool = False) -> list[PersonInput]:
    """The keys of `text`, a tenth of a second apart; names of keys stand in angle brackets."""
    events: list[PersonInput] = []
    names = text.replace("<", "\0<").replace(">", "\0").split("\0")
    for part in names:
        for key in [part[1:]] if part.startswith("<") else part:
            typed = key if len(key) == 1 else ""
            events.append(
                KeyInput(
                    "" if hidden and typed else key.lower(),
                    "" if hidden else typed,
                    True,
                    time_s,
                    hidden and bool(typed),
                )
            )
            time_s += 0.1
    return events


def held(*names: str, inside: list[PersonInput]) -> list[PersonInput]:
    first, last = inside[0].time_s - 0.01, inside[-1].time_s + 0.01
    return [
        *(KeyInput(one, "", True, first) for one in names),
        *inside,
        *(KeyInput(one, "", False, last) for one in names),
    ]


def wheel(time_s: float, notches: float = 1.0, direction: Direction = Direction.DOWN) -> PersonInput:
    return WheelInput(direction, notches, A, time_s)


@pytest.mark.parametrize(
    ("events", "actions"),
    [
        (click(A, 0), [Click(A)]),
        (click(A, 0, Button.RIGHT), [Click(A, Button.RIGHT)]),
        ([*click(A, 0), *click(A, 0.2)], [Click(A, count=2)]),
        ([*click(A, 0), *click(A, 0.2), *click(A, 0.4), *click(A, 0.6)], [Click(A, count=3), Click(A)]),
        ([*click(A, 0), *click(A, 2)], [Click(A), Click(A)]),
        ([*click(A, 0), *click(B, 0.2)], [Click(A), Click(B)]),
        ([*click(A, 0), *click(A, 0.2, Button.RIGHT)], [Click(A), Click(A, Button.RIGHT)]),
        (click(A, 0, held_s=1.24), [LongPress(A, 1.2)]),
        (held("ctrl", "shift", inside=click(A, 0)), [Click(A, modifiers=("ctrl", "shift"))]),
        (
            [PointerInput("press", A, 0), PointerInput("move", B, 0.1), PointerInput("release", B, 0.2)],
            [Drag((A, B))],
        ),
        (
            [*click(A, 0), PointerInput("press", A, 0.2), PointerInput("release", B, 0.4)],
            [Click(A), Drag((A, B))],
        ),
        ([PointerInput("release", A, 0)], []),
        (keys("Green tea"), [Type("Green tea")]),
        (keys("tex<backspace>a<enter>"), [Type("tea", submit=True)]),
        (keys("a<backspace><backspace>"), [Hotkey(("backspace",))]),
        (keys("Ada<tab>Grace"), [Type("Ada"), Hotkey(("tab",)), Type("Grace")]),
        ([*click(A, 0), *keys("Ada", 0.3), *click(B, 1)], [Click(A), Type("Ada"), Click(B)]),
        ([*keys("Ada"), *keys("Grace", 3)], [Type("Ada"), Type("Grace")]),
        (keys("<enter>"), [Hotkey(("enter",))]),
        (held("shift", inside=keys("A")), [Type("A")]),
        (held("ctrl", inside=keys("s")), [Hotkey(("ctrl", "s"))]),
        (held("ctrl", "shift", inside=keys("<left>")), [Hotkey(("ctrl", "shift", "left"))]),
        ([KeyInput("super", "", True, 0), KeyInput("super", "", False, 0.1)], [Hotkey(("super",))]),
        ([KeyInput("shift", "", True, 0), KeyInput("shift", "", False, 0.1)], []),
        ([TextInput("from the clipboard", 0), *keys("!", 0.1)], [Type("from the clipboard!")]),
        ([wheel(0), wheel(0.1), wheel(0.2)], [Scroll(Direction.DOWN, 3, A)]),
        ([wheel(0, 0.2), wheel(0.1, 0.1)], [Scroll(Direction.DOWN, 1, A)]),
        ([wheel(0), wheel(0.1, 2, Direction.UP)], [Scroll(Direction.DOWN, 1, A), Scroll(Direction.UP, 2, A)]),
        ([wheel(0), *click(A, 0.5)], [Scroll(Direction.DOWN, 1, A), Click(A)]),
    ],
)
def test_input_is_grouped_into_actions(events: list[PersonInput], actions: list[Action]) -> None:
    grouping = Grouping()
    found = [done.action for event in events for done in (*grouping.flush(event.time_s), *grouping.feed(event))]
    assert [*found, *(done.action for done in grouping.finish())] == actions
    assert grouping.is_idle


def test_password_is_a_handle_and_none_of_its_characters_is_kept() -> None:
    grouping = Grouping()
    events = [*keys("Ada<tab>"), *keys("hunter2<backspace>!", 1, hidden=True), *keys("<enter>", 2.2)]
    found = [done for event in events for done in grouping.feed(event)]
    assert [done.action for done in found] == [Type("Ada"), Hotkey(("tab",)), Type("{{password}}", submit=True)]
    assert [done.hidden for done in found] == [False, False, True]


def test_action_starts_with_its_first_input_and_a_click_ends_when_no_second_one_follows() -> None:
    grouping = Grouping()
    for event in click(A, 5.0):
        assert [*grouping.feed(event)] == []
    assert [*grouping.flush(5.3)] == []
    (done,) = grouping.flush(5.7)
    assert (done.action, done.started_s) == (Click(A), 5.0)


def drag(path: list[ScreenPoint]) -> Drag[ScreenPoint]:
    moves: list[PersonInput] = [PointerInput("move", at, index / 100) for index, at in enumerate(path)]
    grouping = Grouping()
    events = [PointerInput("press", path[0], 0), *moves, PointerInput("release", path[-1], 9)]
    (done,) = [done.action for event in events for done in grouping.feed(event)]
    assert isinstance(done, Drag)
    return done


def test_path_of_a_drag_keeps_its_ends_and_where_it_bends() -> None:
    across = [ScreenPoint(100 + n, 100 + n % 3) for n in range(200)]
    down = [ScreenPoint(299, 100 + n) for n in range(100)]
    assert drag(across).path == (across[0], across[-1])
    assert drag([*across, *down]).path == (across[0], down[0], down[-1])
    assert drag([A, B, A]).path == (A, B, A)
    zigzag = [ScreenPoint(100 + 20 * n, 100 + 50 * (n % 2)) for n in range(50)]
    assert (drag(zigzag).path[0], drag(zigzag).path[-1], len(drag(zigzag).path)) == (zigzag[0], zigzag[-1], 20)
