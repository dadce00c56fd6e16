"""A reply that asks for too much is refused with the bound, by every dialect, before a list of that length is built."""

import tracemalloc

import pytest

from screenwright.agent.core.decision import Finish, ParseFailure, Reply
from screenwright.agent.dialects.registry import dialect_named, dialect_names
from screenwright.envs.actions import Wait
from screenwright.envs.bounds import MAX_ACTIONS, OutOfBounds


@pytest.mark.parametrize(
    ("dialect", "reply", "bound"),
    [
        ("ui-tars-1.5", "Action: long_press(start_box='(5,5)', time='999999999')", "must be 0 to 60"),
        ("ui-tars-1.5", "Action: scroll(start_box='(5,5)', direction='down', amount=999999999)", "must be 0 to 1000"),
        ("ui-tars-1.5", "Action: wait(time=100000000)", "must be 0 to 600"),
        ("ui-tars-1.5", f"Action: hotkey(key='{'a ' * 600}')", "must be at most 10"),
        ("opencua", "## Code:\n```python\npyautogui.click(x=5, y=5, clicks=100000000)\n```", "must be 1 to 10"),
        ("opencua", "## Code:\n```python\npyautogui.press('a', presses=100000000)\n```", "must be 1 to 100"),
        ("opencua", f"## Code:\n```python\npyautogui.press({['a'] * 60}, presses=100)\n```", "must be 1 to 100"),
        ("opencua", "## Code:\n```python\n" + "pyautogui.press('a', presses=50)\n" * 12 + "```", "must be at most 100"),
        ("opencua", "## Code:\n```python\n" + "pyautogui.press('a')\n" * 101 + "```", "more than 100 actions"),
        (
            "qwen3-vl",
            '<tool_call>{"name": "computer_use", "arguments": {"action": "wait"}}</tool_call>' * 101,
            "than 100",
        ),
    ],
)
def test_a_reply_out_of_bounds_is_answered_with_the_bound(dialect: str, reply: str, bound: str) -> None:
    failure = dialect_named(dialect).parse(reply)
    assert isinstance(failure, ParseFailure), failure
    assert bound in failure.message


@pytest.mark.parametrize("name", dialect_names())
def test_a_reply_of_millions_of_actions_builds_no_list(name: str) -> None:
    reply = "Action: " + "wait()\n\n" * 1_000_000
    dialect = dialect_named(name)
    tracemalloc.start()
    try:
        failure = dialect.parse(reply)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert failure == ParseFailure(
        "bad_argument", len(reply), f"the characters of a reply must be at most 500000, not {len(reply)}"
    )
    assert peak < 1_000_000


def test_a_reply_has_a_bounded_number_of_moves() -> None:
    Reply((*(Wait(0.0) for _ in range(MAX_ACTIONS - 1)), Finish()))
    with pytest.raises(OutOfBounds, match="at most 100, not 101"):
        Reply(tuple(Wait(0.0) for _ in range(MAX_ACTIONS + 1)))
