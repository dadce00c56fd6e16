"""Secrets on a remote screen, where only pixels tell what shows them."""

from pathlib import Path

import pytest
from ocr import text_on
from vnc_machine import vnc_machine

from screenwright import (
    Action,
    Agent,
    ApprovalAnswer,
    Click,
    Observed,
    Scope,
    ScreenPoint,
    ScriptedPolicy,
    Secret,
    Type,
    Wait,
    read_run,
)
from screenwright.envs.vnc import VncEnv
from screenwright.testing import eventually

pytestmark = [pytest.mark.desktop, pytest.mark.reader]

VALUE = "hunter-Two&7"
TERMINAL = ("xterm", "-fa", "Monospace", "-fs", "14", "-geometry", "40x12+0+0", "-e", "cat")


def test_what_a_terminal_shows_of_a_secret_is_masked_in_all_later_pictures(tmp_path: Path) -> None:
    steps: list[tuple[Action, ...]] = [
        (Click(ScreenPoint(100, 100)),),
        (Type("me {{bank}}", submit=True),),  # the terminal shows it twice
        (Type("another line", submit=True),),
        (Wait(1),),
    ]
    with vnc_machine(TERMINAL) as machine, VncEnv(machine.address) as env:
        eventually(lambda: env.observe().screenshot.image.getpixel((200, 200)), (255, 255, 255))
        agent = Agent(
            policy=ScriptedPolicy(steps),
            secrets=[Secret("bank", VALUE)],
            approver=lambda request: ApprovalAnswer(True, Scope.RUN),
        )
        agent.run("Go", env, out=tmp_path / "run")
        raw = text_on(env.observe().screenshot)
    assert "unter" in raw  # it can be read without masks
    shown = [
        text_on(event.observation.screenshot)
        for event in read_run(tmp_path / "run").events
        if isinstance(event, Observed)
    ]
    assert "another line" in shown[-1]
    assert not [text for text in shown if "unter" in text or "Two" in text]
    assert VALUE not in (tmp_path / "run/events.jsonl").read_text()
