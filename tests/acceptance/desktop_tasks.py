"""Tasks in real programs, each checked by its files and windows, under two window managers and screen sizes.

    PYTHONPATH=tests/helpers .venv/bin/python tests/acceptance/desktop_tasks.py [--tasks editor,calc]
        [--managers openbox,icewm] [--sizes 1280x720] [--screenshots FOLDER]

The steps are scripted; the embedded reader locates every target on the screenshot. Needs the programs of
`desktop_programs.py`; names missing packages.
"""

# ruff: noqa: RUF001 -- strings of many scripts

import argparse
import os
import re
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from desktop_programs import chromium, office, require
from PIL import Image

from screenwright import Agent
from screenwright.agent.reader.matching import find_checkboxes, find_fields
from screenwright.agent.reader.steps import Target
from screenwright.agent.reader.vision.perception import read_image
from screenwright.agent.reader.vision.screen import Screen, ScreenControl
from screenwright.envs.actions import Action, Button, Click, Direction, Drag, Hotkey, Scroll, Type
from screenwright.envs.desktop import DesktopEnv, Sandbox, VirtualDisplay
from screenwright.envs.env import EnvError
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

SIZES = ("1280x720", "1920x1080")
MANAGERS = ("openbox", "icewm")
_TRIES = 4
_TEXT = "The red house by the red bridge.\nA second line: naïve café, Привет, 你好.\n"


class TargetMissing(Exception):
    """The target of a step is not on the screen."""


@dataclass
class Operator:
    """Operates a screen through text located by the reader. `methods` are the typing methods that were used."""

    env: DesktopEnv
    agent: Agent
    folder: Path
    methods: set[str] = field(default_factory=set[str])
    steps: int = 0

    def find(self, text: str) -> ScreenPoint:
        """The point of `text`, in the reader's syntax: `the second "OK" button`."""
        for left in reversed(range(_TRIES)):
            shot = self.env.observe().screenshot
            found = self.agent.ground(shot, text) or self._find_enlarged(shot.image, text)
            if found is not None:
                return found
            if left:
                time.sleep(0.5)
        raise TargetMissing(text)

    def _find_enlarged(self, image: Image.Image, text: str) -> ScreenPoint | None:
        """Search the center and the top left at twice the size: the reader misses small text on large dark areas."""
        width, height = image.width // 2, image.height // 2
        for left, top in ((width // 2, height // 2), (0, 0)):
            part = image.crop((left, top, left + width, top + height))
            found = self.agent.ground(part.resize((part.width * 2, part.height * 2)), text)
            if found is not None:
                return ScreenPoint(left + found.x / 2, top + found.y / 2)
        return None

    def click(self, text: str, count: int = 1, button: Button = Button.LEFT) -> None:
        """Click on `text`."""
        self.do(Click(self.find(text), button, count))

    def field(self, text: str) -> None:
        """Click into the field labelled `text`."""
        self.do(Click(self._find_control(find_fields, text)))

    def tick(self, text: str) -> None:
        """Click the checkbox labelled `text`."""
        self.do(Click(self._find_control(find_checkboxes, text)))

    def _find_control(self, find: Callable[[Screen, Target], list[ScreenControl]], text: str) -> ScreenPoint:
        for _ in range(_TRIES):
            found = find(read_image(self.env.observe().screenshot.image), Target(text))
            if found:
                return ScreenPoint(*found[0].area.centre)
            time.sleep(0.5)
        raise TargetMissing(text)

    def drag(self, text: str, onto: str) -> None:
        """Drag one element onto another."""
        self.do(Drag((self.find(text), self.find(onto))))

    def keys(self, *names: str) -> None:
        """Press keys together."""
        self.do(Hotkey(names))

    def write(self, text: str, submit: bool = False) -> None:
        """Type where the focus is."""
        self.do(Type(text, submit))

    def do(self, action: Action) -> None:
        """Execute one action."""
        done = self.env.execute(action)
        self.steps += 1
        if done.method:
            self.methods.add(done.method)

    def variables(self) -> dict[str, str]:
        """The environment of programs on this display."""
        assert self.env.address is not None
        return os.environ | {"DISPLAY": str(self.env.address.name), "XAUTHORITY": str(self.env.address.authority)}


def eventually(read: Callable[[], object], expected: object, within_s: float = 10.0) -> str:
    """An empty text once `read()` returns `expected`; else the difference."""
    end = time.monotonic() + within_s
    found: object = None
    while time.monotonic() < end:
        try:
            found = read()
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            found = error
        if found == expected:
            return ""
        time.sleep(0.1)
    return f"{found!r} instead of {expected!r}"


def editor(user: Operator) -> str:
    """Mousepad: write, save as, find and replace, save."""
    file = user.folder / "letter.txt"
    user.env.start(("mousepad", "--disable-server"))
    user.do(Click(center(user)))
    user.write(_TEXT)
    user.click("File")
    user.click("Save As...")
    user.keys("ctrl", "a")
    user.write(str(file), submit=True)
    wrong = eventually(lambda: file.read_text(encoding="utf-8"), _TEXT)
    user.click("Search")
    user.click("Find and Replace...")
    user.field("Search for")
    user.write("red")
    user.field("Replace with")
    user.write("grün")
    user.click("Replace")
    user.click("Replace")
    user.click("Replace")
    user.click("Close")
    user.keys("ctrl", "s")
    wrong = wrong or eventually(lambda: file.read_text(encoding="utf-8"), _TEXT.replace("red", "grün"))
    titles = [window.title for window in user.env.windows()]
    return wrong or ("" if any("letter.txt" in title for title in titles) else f"windows: {titles}")


def calculator(user: Operator) -> str:
    """galculator: 789 + 456 by its buttons; the result is copied from its menu."""
    user.env.start(("galculator",))
    for digit in ("7", "8", "9"):
        user.click(digit)
    user.keys("+")
    for digit in ("4", "5", "6"):
        user.click(digit)
    user.keys("enter")
    user.click("Edit")
    user.click("Copy")
    xclip = ["xclip", "-selection", "clipboard", "-out"]

    def copied() -> str:
        return subprocess.run(xclip, env=user.variables(), capture_output=True, text=True, check=False).stdout

    return eventually(copied, "1245")


def calc(user: Operator) -> str:
    """LibreOffice Calc: a table, a formula, sorted by its menu, saved."""
    file = user.folder / "table.ods"
    user.env.start(office("--calc"))
    user.do(Click(center(user)))
    user.keys("ctrl", "home")
    user.write("Town\tPeople\nOslo\t717\nBern\t134\nKyïv\t2952\n")
    user.click("Bern")
    user.click("Data")
    user.click("Sort Ascending")
    user.keys("ctrl", "home")
    for _ in range(4):
        user.keys("down")
    user.write("All\t=SUM(B2:B4)", submit=True)
    user.keys("ctrl", "s")
    user.keys("ctrl", "a")
    user.write(str(file), submit=True)
    expected = ["Town", "People", "Bern", "134", "Kyïv", "2952", "Oslo", "717", "All", "3803"]
    return eventually(lambda: paragraphs(file), expected)


def writer(user: Operator) -> str:
    """LibreOffice Writer: a text, find and replace in its dialog, saved."""
    file = user.folder / "letter.odt"
    user.env.start(office("--writer", as_typed=True))
    user.do(Click(center(user)))
    user.write("A red house.\nПривет, red bridge.")
    user.click("Edit")
    user.click("Find and Replace...")
    user.write("red")
    user.field("Replace:")
    user.write("grün")
    user.click("Replace All")
    user.keys("enter")
    user.keys("escape")
    user.keys("escape")
    user.keys("ctrl", "s")
    user.keys("ctrl", "a")
    user.write(str(file), submit=True)
    return eventually(lambda: paragraphs(file), ["A grün house.", "Привет, grün bridge."])


def files(user: Operator) -> str:
    """PCManFM: make a folder, rename a file, move it by dragging, delete another."""
    for name in ("draft.txt", "useless.txt"):
        (user.folder / "desk").mkdir(exist_ok=True)
        (user.folder / "desk" / name).write_text(name)
    user.env.start(("pcmanfm", str(user.folder / "desk")))
    last = user.find("useless.txt")
    user.do(Click(ScreenPoint(last.x, last.y + 120), Button.RIGHT))  # an empty part of the folder
    user.click("Create New")
    user.click("Folder")
    user.write("Parcels", submit=True)
    user.click("draft.txt")
    user.keys("f2")
    user.keys("ctrl", "a")
    user.write("final.txt", submit=True)
    user.drag("final.txt", "Parcels")
    user.click("useless.txt")
    user.keys("shift", "delete")
    user.keys("enter")

    def contents() -> list[str]:
        desk = user.folder / "desk"
        return sorted(str(path.relative_to(desk)) for path in desk.rglob("*"))

    return eventually(contents, ["Parcels", "Parcels/final.txt"])


def terminal(user: Operator) -> str:
    """xterm: commands with quotes and other scripts, a here-document, interrupting what runs."""
    file = user.folder / "out.txt"
    user.env.start(("xterm", "-geometry", "110x30+20+20"))
    user.write(f"cd '{user.folder}' && sleep 600", submit=True)
    user.keys("ctrl", "c")
    user.write("cat >out.txt <<'END'\nit's \"100%\" {right} & naïve\nПривет, 你好 😀\nEND\n")
    user.write("wc -l <out.txt >>out.txt", submit=True)
    return eventually(lambda: file.read_text(encoding="utf-8"), 'it\'s "100%" {right} & naïve\nПривет, 你好 😀\n2\n')


_PAGE = """<!doctype html><meta charset=utf-8><title>Order</title><style>body{font:18px sans-serif;margin:30px}
#a,#b{display:inline-block;width:200px;height:60px;border:2px solid;margin:10px;padding:8px}</style><h1>Order</h1>
<form onsubmit="report({name:n.value,express:e.checked,size:s.value});return false">
<p>Name <input id=n size=30><p><label><input type=checkbox id=e> Express</label>
<p>Size <select id=s><option>Small<option>Medium<option>Large</select><p><button>Send it</button></form>
<div id=a draggable=true>Parcel</div><div id=b>Truck</div><div style=height:1500px></div><button
onclick="report({seen:scrollY>0})">At the bottom</button><script>
const report = values => fetch('/report', {method:'POST', body:JSON.stringify(values)});
a.ondragstart = event => event.dataTransfer.setData('text', 'parcel');
b.ondragover = event => event.preventDefault();
b.ondrop = event => { event.preventDefault(); report({dropped:event.dataTransfer.getData('text')}); };</script>"""


def browser(user: Operator) -> str:
    """A Chromium window: a form with a list drawn by Chromium itself, HTML5 drag and drop, scrolling."""
    reported: dict[str, object] = {}

    def respond(request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            reported.update(request.json())
        return HttpResponse(_PAGE.encode())

    with LocalServer(respond) as server:
        user.env.start(chromium(user.folder / "profile", "--start-maximized", "about:blank"))
        user.keys("ctrl", "l")
        user.write(f"{server.url}/", submit=True)
        user.field("Name")
        user.write("Zoë Привет")
        user.tick("Express")
        user.click("Small")
        user.click("Large")
        user.click("Send it")
        user.drag("Parcel", "Truck")
        user.do(Scroll(Direction.DOWN, 40, center(user)))
        user.click("At the bottom")
        expected = {"name": "Zoë Привет", "express": True, "size": "Large", "dropped": "parcel", "seen": True}
        return eventually(lambda: dict(reported), expected)


def paragraphs(file: Path) -> list[str]:
    """The texts of an OpenDocument file, in order."""
    with zipfile.ZipFile(file) as packed:
        content = packed.read("content.xml").decode("utf-8")
    return [re.sub(r"<[^>]*>", "", text) for text in re.findall(r"<text:p[^>]*>(.*?)</text:p>", content)]


def center(user: Operator) -> ScreenPoint:
    """The center of the screen."""
    size = user.env.observe().screenshot.size
    return ScreenPoint(size.width / 2, size.height / 2)


TASKS: dict[str, Callable[[Operator], str]] = {
    "editor": editor, "calculator": calculator, "calc": calc, "writer": writer, "files": files, "terminal": terminal,
    "chromium": browser,
}  # fmt: skip


@dataclass(frozen=True)
class TaskResult:
    """The result of a task; `wrong` is empty if it passed."""

    wrong: str
    steps: int
    seconds: float


def run(task: str, manager: str, size: str, screenshots: Path | None) -> TaskResult:
    """Run a task on its own display."""
    width, height = (int(part) for part in size.split("x"))
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="desktop-task-") as folder,
        DesktopEnv(virtual=VirtualDisplay(Size(width, height), window_manager=manager, sandbox=Sandbox("off"))) as env,
    ):
        user = Operator(env, Agent("reader"), Path(folder))
        try:
            env.observe()
            wrong = TASKS[task](user)
        except (TargetMissing, EnvError) as error:
            wrong = f"{type(error).__name__}: {error}"
        if screenshots is not None:
            screenshots.mkdir(parents=True, exist_ok=True)
            env.observe().screenshot.image.save(screenshots / f"{task}-{manager}-{size}.png")
    return TaskResult(wrong, user.steps, time.monotonic() - started)


def main() -> None:
    """Run the tasks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--managers", default=",".join(MANAGERS))
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--screenshots", type=Path, help="folder for the last screenshot of each task")
    given = parser.parse_args()
    managers, sizes = given.managers.split(","), given.sizes.split(",")
    require(["Xvfb", *managers, "mousepad", "galculator", "xclip", "soffice", "pcmanfm", "xterm", "chromium"])
    setups = [(manager, size) for manager in managers for size in sizes]
    rows: list[str] = []
    right = 0
    for task in given.tasks.split(","):
        cells: list[str] = []
        for manager, size in setups:
            outcome = run(task, manager, size, given.screenshots)
            right += not outcome.wrong
            cells.append("wrong" if outcome.wrong else f"right, {outcome.steps} actions, {outcome.seconds:.0f} s")
            print(f"{task} {manager} {size}: {outcome.wrong or 'right'}, {outcome.steps} actions", flush=True)
        rows.append(f"| {task} | {' | '.join(cells)} |")
    print(f"\n| task | {' | '.join(f'{manager}, {size}' for manager, size in setups)} |")
    print("|---" * (len(setups) + 1) + "|")
    print("\n".join(rows))
    print(f"\nright: {right} of {len(setups) * len(given.tasks.split(','))}")


if __name__ == "__main__":
    main()
