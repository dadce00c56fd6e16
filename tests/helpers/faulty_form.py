"""One form with a chosen fault, in memory, as a page and as a Tk program: a field `Name`, a button `Save`, a status.

The healthy form shows `Saved` and the name after a click on the button. Faults: `dead` (the button does nothing),
`disabled`, `equal` (a dead button of the same name comes first), `deaf` (the field accepts no text). In memory also
`dead clock` (the button does nothing, and a clock is running) and `late` (the form shows the result only later), and in
memory and as a page `dead hover` (the button does nothing but look otherwise under the pointer).
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from PIL import Image, ImageDraw, ImageFont

from screenwright import (
    Action,
    ActionRefused,
    ActionResult,
    Click,
    Env,
    EnvInfo,
    EnvLost,
    Hotkey,
    Move,
    Navigate,
    Observation,
    ScreenPoint,
    Screenshot,
    Size,
    Type,
    Wait,
)

SIZE = Size(640, 400)
NAME, SAVE, SECOND_SAVE = ScreenPoint(220, 40), ScreenPoint(80, 110), ScreenPoint(260, 110)
TEXT = "Adalbert"


class Stage(Protocol):
    """A form on some screen."""

    env: Env

    def show(self, fault: str) -> None:
        """Show an empty form with that fault."""
        ...

    def saved(self) -> str:
        """The name that was saved; empty if none was."""
        ...


class MemoryForm:
    """The form in memory."""

    def __init__(self) -> None:
        self.env: Env = self
        self.show("")

    def show(self, fault: str) -> None:
        self.fault, self.text, self.name = fault, "", ""
        self.focused = self.selected = False
        self.seconds = 0
        self.last: Action | None = None
        self.pointer = ScreenPoint(0, 0)

    def saved(self) -> str:
        return self.name

    def info(self) -> EnvInfo:
        return EnvInfo("form", "Pillow", {})

    def observe(self) -> Observation:
        image = Image.new("RGB", (SIZE.width, SIZE.height), "white")
        pen, font = ImageDraw.Draw(image), ImageFont.load_default(17)
        pen.text((20, 30), "Name", fill="black", font=font)
        pen.rectangle((100, 25, 340, 55), outline="#707070")
        pen.text((108, 30), self.text, fill="black", font=font)
        for at in (SAVE, SECOND_SAVE) if self.fault == "equal" else (SAVE,):
            is_hovered = self.fault == "dead hover" and _is_at(self.pointer, at, 60, 17)
            fill = "#dddddd" if is_hovered else "#eeeeee"
            pen.rectangle((at.x - 60, at.y - 17, at.x + 60, at.y + 17), fill=fill, outline="#707070")
            ink = "#aaaaaa" if self.fault == "disabled" else "black"
            pen.text((at.x - 19, at.y - 10), "Save", fill=ink, font=font)
        is_shown = self.name and (self.fault != "late" or isinstance(self.last, Wait))
        pen.text((20, 170), f"Saved {self.name}" if is_shown else "", fill="black", font=font)
        if "clock" in self.fault:
            self.seconds += 1
            pen.text((500, 370), f"12:00:{self.seconds:02}", fill="black", font=font)
        return Observation(Screenshot(image), location="form")

    def execute(self, action: Action) -> ActionResult:
        self.last = action
        match action:
            case Move(at):
                self.pointer = at
            case Click(at):
                self.pointer = at
                self.focused, self.selected = _is_at(at, NAME, 120, 15), False
                works = SECOND_SAVE if self.fault == "equal" else SAVE
                if _is_at(at, works, 60, 17) and self.fault not in ("dead", "dead clock", "dead hover", "disabled"):
                    self.name = self.text
            case Hotkey(("ctrl", "a")):
                self.selected = self.focused
            case Type(text) if self.focused and self.fault != "deaf":
                self.text = text if self.selected else self.text + text
            case _:
                pass
        return ActionResult(0.0)

    def release(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _is_at(point: ScreenPoint, middle: ScreenPoint, dx: float, dy: float) -> bool:
    return abs(point.x - middle.x) <= dx and abs(point.y - middle.y) <= dy


PAGE = """<!doctype html><meta charset=utf-8><title>Form</title>
<style>* { all: unset } style, script, title, head { display: none } body, div { display: block; font: 17px sans-serif }
div, input, button { position: absolute; box-sizing: border-box }
input { left: 100px; top: 25px; width: 240px; height: 30px; border: 1px solid #707070; padding: 0 6px; cursor: text }
button { top: 93px; width: 120px; height: 34px; border: 1px solid #707070; background: #eee; text-align: center }
button[disabled] { color: #aaa }
.hover button:hover { background: #ddd }</style>
<body><div style="left: 20px; top: 30px">Name</div><input id=name>
<button id=first style="left: 20px">Save</button><button id=second style="left: 200px" hidden>Save</button>
<div id=status style="left: 20px; top: 165px"></div>
<script>
const fault = new URLSearchParams(location.search).get("fault");
const [field, first, second, result] = ["name", "first", "second", "status"].map(id => document.getElementById(id));
const save = () => { result.textContent = "Saved " + field.value; location.hash = field.value };
if (fault != "equal") second.remove();
const working = fault == "equal" ? second : first;
document.body.classList.toggle("hover", fault == "dead hover");
if (!fault?.startsWith("dead")) working.onclick = save;
if (fault == "disabled") first.disabled = true;
if (fault == "deaf") field.onkeydown = event => event.preventDefault();
if (fault == "deaf") field.onbeforeinput = event => event.preventDefault();
</script>"""


class PageForm:
    """The form as a page; `env` shows it in a browser that several tests share."""

    def __init__(self, env: Env, folder: Path) -> None:
        self.env = env
        self.page = folder / "form.html"
        self.page.write_text(PAGE)

    def show(self, fault: str) -> None:
        self.env.execute(Navigate("about:blank"))
        self.env.execute(Navigate(f"{self.page.as_uri()}?fault={fault}"))

    def saved(self) -> str:
        return self.env.observe().location.partition("#")[2]


PROGRAM = """
import sys, tkinter
root = tkinter.Tk()
root.attributes("-fullscreen", True)
root.configure(bg="white")
font = ("DejaVu Sans", 12)
saved = ""

def show(fault):
    global saved
    saved = ""
    for child in root.winfo_children():
        child.destroy()
    tkinter.Label(root, text="Name", bg="white", font=font).place(x=20, y=28)
    field = tkinter.Entry(root, font=font, bg="white", relief="solid", bd=1, highlightthickness=0)
    field.place(x=100, y=25, width=240, height=30)
    field.bind("<Control-a>", lambda event: (field.select_range(0, "end"), "break")[1])
    status = tkinter.Label(root, bg="white", font=font)
    status.place(x=20, y=165)

    def save():
        global saved
        saved = field.get()
        status["text"] = "Saved " + saved

    for index in range(2 if fault == "equal" else 1):
        works = fault != "dead" and (fault != "equal" or index == 1)
        button = tkinter.Button(root, text="Save", font=font, bg="#eeeeee", activebackground="#eeeeee", relief="solid",
            bd=1, highlightthickness=0, disabledforeground="#aaaaaa", takefocus=0, command=save if works else lambda: 0)
        button.place(x=20 + 180 * index, y=93, width=120, height=34)
        if fault == "disabled":
            button["state"] = "disabled"
    if fault == "deaf":
        field.configure(validate="key", validatecommand=(root.register(lambda: False),))
    root.update()

def command(file, mask):
    line = sys.stdin.readline()
    if not line:
        root.destroy()
        return
    verb, _, fault = line.strip().partition(" ")
    if verb == "show":
        show(fault)
    print("saved " + saved, flush=True)

show("")
root.tk.createfilehandler(sys.stdin, tkinter.READABLE, command)
root.mainloop()
"""


class TkForm:
    """The form as a Tk program on the display of `env`."""

    def __init__(self, env: Env, display: dict[str, str]) -> None:
        self.env = env
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **display},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.show("")

    def show(self, fault: str) -> None:
        self._ask(f"show {fault}")

    def saved(self) -> str:
        return self._ask("saved")

    def _ask(self, line: str) -> str:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(f"{line}\n")
        self.program.stdin.flush()
        return self.program.stdout.readline().removeprefix("saved ").strip()

    def close(self) -> None:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.close()
        self.program.wait(60)
        self.program.stdout.close()


@dataclass
class FaultyEnv:
    """Passes everything on to `env`, but refuses actions that `refuses`, and is lost after `lose_after` actions."""

    env: Env
    restarted: Callable[[], None] = lambda: None
    refuses: Callable[[Action], bool] = lambda action: False
    lose_after: int | None = None

    def __post_init__(self) -> None:
        self._done = 0

    def info(self) -> EnvInfo:
        return self.env.info()

    def observe(self) -> Observation:
        if self._done == self.lose_after:
            raise EnvLost("the program crashed")
        return self.env.observe()

    def execute(self, action: Action) -> ActionResult:
        if self.refuses(action):
            raise ActionRefused("this button cannot be reached")
        result = self.env.execute(action)
        self._done += 1
        return result

    def restart(self) -> str:
        self.lose_after = None
        self.restarted()
        return "Unsaved text is lost."

    def release(self) -> None:
        self.env.release()

    def close(self) -> None:
        """The screen is shared by several tests."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
