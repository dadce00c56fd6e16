"""OpenCUA's code: parsed as calls, in order, and never executed."""

import pytest

from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.dialects.opencua import OpenCua
from screenwright.envs.actions import (
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Hotkey,
    KeyDown,
    Move,
    Scroll,
    Type,
    Wait,
)

P, Q = ModelPoint(10, 20), ModelPoint(30, 40)


def reply_with(code: str) -> str:
    return f"## Thought:\nSo.\n\n## Action:\nDo it.\n\n## Code:\n```python\n{code}\n```"


@pytest.mark.parametrize(
    ("code", "moves"),
    [
        ("pyautogui.click(x=10, y=20)", (Click(P),)),
        ("pyautogui.click(10, 20)", (Click(P),)),
        ("pyautogui.click(x=10, y=20, clicks=2, button='right')", (Click(P, Button.RIGHT, 2),)),
        ("pyautogui.tripleClick(10, 20)", (Click(P, count=3),)),
        (
            "import pyautogui\nimport time\n\npyautogui.press('enter')  # go\ntime.sleep(1.5)",
            (Hotkey(("enter",)), Wait(1.5)),
        ),
        (
            "pyautogui.press(['a', 'b']); pyautogui.press('tab', presses=2)",
            tuple(Hotkey((key,)) for key in ("a", "b", "tab", "tab")),
        ),
        ("pyautogui.press('tab', 2)", (Hotkey(("tab",)), Hotkey(("tab",)))),
        (
            "pyautogui.hotkey('ctrl', 'c')\npyautogui.hotkey(['ctrl', 'v'])",
            (Hotkey(("ctrl", "c")), Hotkey(("ctrl", "v"))),
        ),
        ("pyautogui.moveTo(10, 20)\npyautogui.dragTo(30, 40, button='left')", (Drag((P, Q)),)),
        ("pyautogui.moveTo(10, 20)", (Move(P),)),
        ("pyautogui.dragTo(30, 40)", (ButtonDown(), Move(Q), ButtonUp(Button.LEFT, Q))),
        (
            "pyautogui.scroll(-3)\npyautogui.hscroll(2, x=10, y=20)",
            (Scroll(Direction.DOWN, 3), Scroll(Direction.RIGHT, 2, P)),
        ),
        ("pyautogui.write('it\\'s')", (Type("it's"),)),
        (
            "pyautogui.write(message=\"it's\", interval=0.05)\npyautogui.press('enter')",
            (Type("it's"), Hotkey(("enter",))),
        ),
        ('pyautogui.typewrite("""a\n\'b\'""")', (Type("a\n'b'"),)),
        ("pyautogui.write('``` # no')", (Type("``` # no"),)),
        ("pyautogui.keyDown('shift')", (KeyDown("shift"),)),
        ("computer.wait()", (Wait(),)),
        ("computer.terminate(status='success', answer='42')", (Finish("42"),)),
        ("computer.terminate(status='failure')", (GiveUp(),)),
    ],
)
def test_code_is_parsed_as_actions(code: str, moves: tuple[ModelMove, ...]) -> None:
    assert OpenCua().parse(reply_with(code)) == Reply(moves, "So.")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("x = 5", "bad_syntax"),
        ("for _ in range(3): pyautogui.click(1, 2)", "bad_syntax"),
        ("os.system('reboot')", "unknown_action"),
        ("__import__('os').system('reboot')", "bad_syntax"),
        ("eval('1')", "unknown_action"),
        ("pyautogui.click(1 + 1, 2)", "bad_syntax"),
        ("pyautogui.click()", "missing_point"),
        ("pyautogui.press('tab', presses=1000)", "bad_argument"),
        ("pyautogui.write('never", "truncated"),
        ("# nothing", "no_action"),
    ],
)
def test_code_with_anything_but_calls_is_rejected(code: str, kind: str) -> None:
    found = OpenCua().parse(reply_with("pyautogui.click(1, 2)\n" + code if kind != "no_action" else code))
    assert isinstance(found, ParseFailure)
    assert found.kind == kind


def test_code_without_headings_is_parsed() -> None:
    assert OpenCua().parse("```python\npyautogui.click(10, 20)\n```") == Reply((Click(P),))


def test_text_without_code_is_no_action() -> None:
    found = OpenCua().parse("## Thought:\nI wonder.\n\n## Action:\nNothing yet.")
    assert isinstance(found, ParseFailure)
    assert found.kind == "no_action"
