"""Secrets on a desktop: in a terminal that repeats them, and in a password field that can show its text."""

import subprocess
import sys
from pathlib import Path

import pytest
from ocr import text_on
from virtual_displays import virtual_display

from screenwright import (
    Acted,
    Action,
    Agent,
    Click,
    DesktopEnv,
    Observed,
    ScreenPoint,
    ScriptedPolicy,
    Secret,
    Size,
    Type,
    read_run,
)

pytestmark = [pytest.mark.desktop, pytest.mark.reader]

VALUE = "hunter-Two&7é"
ENTRY = """import tkinter
window = tkinter.Tk(className="Vault")
window.geometry("300x150+330+10")
entry = tkinter.Entry(window, show="*", width=24)
entry.pack()
label = tkinter.Label(window)
label.pack()
entry.bind("<KeyRelease>", lambda _: label.config(text="It is " + entry.get()))
tkinter.Button(window, text="Show", command=lambda: entry.config(show="")).pack()
window.mainloop()
"""


def test_a_terminal_and_a_password_field_show_the_handle(tmp_path: Path) -> None:
    (tmp_path / "entry.py").write_text(ENTRY)
    programs = (
        ("xterm", "-fa", "Monospace", "-fs", "12", "-geometry", "28x10+0+0", "-e", "cat"),
        (system_python(), str(tmp_path / "entry.py")),
    )
    steps: list[tuple[Action, ...]] = [
        (Click(ScreenPoint(100, 100)),),
        (Type("me {{bank}}", submit=True),),  # the terminal shows it twice
        (Type("another line", submit=True),),
        (Type("{{vault}}"),),  # belongs to the other program
        (Click(ScreenPoint(480, 41)),),
        (Type("{{vault}}"),),
        (Click(ScreenPoint(480, 90)),),  # Show
    ]
    secrets = [Secret("bank", VALUE, "program:xterm"), Secret("vault", VALUE, "program:vault")]
    with DesktopEnv(virtual=virtual_display(Size(640, 360), programs)) as env:
        Agent(policy=ScriptedPolicy(steps), secrets=secrets).run("Go", env, out=tmp_path / "run")
        raw = text_on(env.observe().screenshot)
        assert env.address is not None
        clipboard = subprocess.run(
            ["xclip", "-o", "-selection", "clipboard"],
            env={"DISPLAY": str(env.address.name)},
            capture_output=True,
            check=False,
        )
    events = read_run(tmp_path / "run").events
    refused = [event.refused for event in events if isinstance(event, Acted) and event.refused]
    assert refused == ["{{vault}} was not typed: it belongs to the program vault, and 'xterm' is active"]
    assert "unter" in raw  # it can be read without masks
    shown = [text_on(event.observation.screenshot) for event in events if isinstance(event, Observed)]
    assert not [text for text in shown if "unter" in text or "wo&7" in text]
    assert "another line" in shown[-1]
    assert VALUE.encode() not in clipboard.stdout
    assert VALUE[:-1] not in (tmp_path / "run/events.jsonl").read_text()


def system_python() -> str:
    """A Python with Tk."""
    return "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
