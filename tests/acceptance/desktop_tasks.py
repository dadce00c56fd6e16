"""Real tasks on real programs, each checked in the files and windows that it leaves, on two managers and sizes.

    .venv/bin/python tests/acceptance/desktop_tasks.py [--tasks editor,calc] [--managers openbox,icewm]
        [--sizes 1280x720] [--pictures FOLDER]

The steps are scripted in words; every place that is clicked is read off the screenshot by the embedded reader. Needs
the programs of `desktop_programs.py`: it says what to install.
"""

# ruff: noqa: RUF001 -- strings of many scripts

import argparse
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from desktop_programs import chromium, office, require
from PIL import Image

from screenwright import Agent
from screenwright.agent.reader.matching import find_checkbox, find_field
from screenwright.agent.reader.steps import Target
from screenwright.agent.reader.vision.perception import read_image
from screenwright.agent.reader.vision.screen import Screen, ScreenControl
from screenwright.envs.actions import Action, Button, Click, Direction, Drag, Hotkey, Scroll, Type
from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.envs.env import EnvError
from screenwright.envs.geometry import ScreenPoint, Size

SIZES = ("1280x720", "1920x1080")
MANAGERS = ("openbox", "icewm")
_TRIES = 4
_TEXT = "The red house by the red bridge.\nA second line: naïve café, Привет, 你好.\n"


class NotSeen(Exception):
    """What a step names is not on the screen."""


@dataclass
class Hand:
    """Works a screen by what can be read on it. `methods` are the ways in which texts were typed."""

    env: DesktopEnv
    agent: Agent
    folder: Path
    methods: set[str] = field(default_factory=set[str])
    steps: int = 0

    def find(self, text: str) -> ScreenPoint:
        """Where the reader sees `text`, in the words of its instructions: `the second "OK" button`."""
        for left in reversed(range(_TRIES)):
            shot = self.env.observe().screenshot
            found = self.agent.ground(shot, text) or self._closer(shot.image, text)
            if found is not None:
                return found
            if left:
                time.sleep(0.5)
        raise NotSeen(text)

    def _closer(self, image: Image.Image, text: str) -> ScreenPoint | None:
        """A second look at the middle and the top left, twice as large: what is small on much black is overlooked."""
        width, height = image.width // 2, image.height // 2
        for left, top in ((width // 2, height // 2), (0, 0)):
            part = image.crop((left, top, left + width, top + height))
            found = self.agent.ground(part.resize((part.width * 2, part.height * 2)), text)
            if found is not None:
                return ScreenPoint(left + found.x / 2, top + found.y / 2)
        return None

    def click(self, text: str, count: int = 1, button: Button = Button.LEFT) -> None:
        """Click where `text` stands."""
        self.do(Click(self.find(text), button, count))

    def field(self, text: str) -> None:
        """Click into the field that `text` names."""
        self.do(Click(self._seen(find_field, text)))

    def tick(self, text: str) -> None:
        """Click the box that `text` names."""
        self.do(Click(self._seen(find_checkbox, text)))

    def _seen(self, look: Callable[[Screen, Target], ScreenControl | None], text: str) -> ScreenPoint:
        for _ in range(_TRIES):
            found = look(read_image(self.env.observe().screenshot.image), Target(text))
            if found is not None:
                return ScreenPoint(*found.area.centre)
            time.sleep(0.5)
        raise NotSeen(text)

    def drag(self, text: str, onto: str) -> None:
        """Drag one thing onto another."""
        self.do(Drag((self.find(text), self.find(onto))))

    def keys(self, *names: str) -> None:
        """Press keys together."""
        self.do(Hotkey(names))

    def write(self, text: str, submit: bool = False) -> None:
        """Type where the focus is."""
        self.do(Type(text, submit))

    def do(self, action: Action) -> None:
        """Carry out one action."""
        done = self.env.execute(action)
        self.steps += 1
        if done.method:
            self.methods.add(done.method)

    def variables(self) -> dict[str, str]:
        """What a program on this display is started with."""
        assert self.env.address is not None
        return os.environ | {"DISPLAY": str(self.env.address.name), "XAUTHORITY": str(self.env.address.authority)}


def eventually(read: Callable[[], object], expected: object, within_s: float = 10.0) -> str:
    """Nothing once `read()` is `expected`; else what it was."""
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


def editor(hand: Hand) -> str:
    """Mousepad: write, save as, find and replace, save."""
    file = hand.folder / "letter.txt"
    hand.env.start(("mousepad", "--disable-server"))
    hand.do(Click(middle(hand)))
    hand.write(_TEXT)
    hand.click("File")
    hand.click("Save As...")
    hand.keys("ctrl", "a")
    hand.write(str(file), submit=True)
    wrong = eventually(lambda: file.read_text(encoding="utf-8"), _TEXT)
    hand.click("Search")
    hand.click("Find and Replace...")
    hand.field("Search for")
    hand.write("red")
    hand.field("Replace with")
    hand.write("grün")
    hand.click("Replace")
    hand.click("Replace")
    hand.click("Replace")
    hand.click("Close")
    hand.keys("ctrl", "s")
    wrong = wrong or eventually(lambda: file.read_text(encoding="utf-8"), _TEXT.replace("red", "grün"))
    titles = [window.title for window in hand.env.windows()]
    return wrong or ("" if any("letter.txt" in title for title in titles) else f"windows: {titles}")


def calculator(hand: Hand) -> str:
    """galculator: 789 + 456 by its buttons; the result is copied from its menu."""
    hand.env.start(("galculator",))
    for digit in ("7", "8", "9"):
        hand.click(digit)
    hand.keys("+")
    for digit in ("4", "5", "6"):
        hand.click(digit)
    hand.keys("enter")
    hand.click("Edit")
    hand.click("Copy")
    xclip = ["xclip", "-selection", "clipboard", "-out"]

    def copied() -> str:
        return subprocess.run(xclip, env=hand.variables(), capture_output=True, text=True, check=False).stdout

    return eventually(copied, "1245")


def calc(hand: Hand) -> str:
    """LibreOffice Calc: a table, a formula, sorted by its menu, saved."""
    file = hand.folder / "table.ods"
    hand.env.start(office("--calc"))
    hand.do(Click(middle(hand)))
    hand.keys("ctrl", "home")
    hand.write("Town\tPeople\nOslo\t717\nBern\t134\nKyïv\t2952\n")
    hand.click("Bern")
    hand.click("Data")
    hand.click("Sort Ascending")
    hand.keys("ctrl", "home")
    for _ in range(4):
        hand.keys("down")
    hand.write("All\t=SUM(B2:B4)", submit=True)
    hand.keys("ctrl", "s")
    hand.keys("ctrl", "a")
    hand.write(str(file), submit=True)
    expected = ["Town", "People", "Bern", "134", "Kyïv", "2952", "Oslo", "717", "All", "3803"]
    return eventually(lambda: paragraphs(file), expected)


def writer(hand: Hand) -> str:
    """LibreOffice Writer: a text, find and replace in its dialog, saved."""
    file = hand.folder / "letter.odt"
    hand.env.start(office("--writer", as_typed=True))
    hand.do(Click(middle(hand)))
    hand.write("A red house.\nПривет, red bridge.")
    hand.click("Edit")
    hand.click("Find and Replace...")
    hand.write("red")
    hand.field("Replace:")
    hand.write("grün")
    hand.click("Replace All")
    hand.keys("enter")
    hand.keys("escape")
    hand.keys("escape")
    hand.keys("ctrl", "s")
    hand.keys("ctrl", "a")
    hand.write(str(file), submit=True)
    return eventually(lambda: paragraphs(file), ["A grün house.", "Привет, grün bridge."])


def files(hand: Hand) -> str:
    """PCManFM: make a folder, rename a file, move it by dragging, delete another."""
    for name in ("draft.txt", "useless.txt"):
        (hand.folder / "desk").mkdir(exist_ok=True)
        (hand.folder / "desk" / name).write_text(name)
    hand.env.start(("pcmanfm", str(hand.folder / "desk")))
    last = hand.find("useless.txt")
    hand.do(Click(ScreenPoint(last.x, last.y + 120), Button.RIGHT))  # where the folder is empty
    hand.click("Create New")
    hand.click("Folder")
    hand.write("Parcels", submit=True)
    hand.click("draft.txt")
    hand.keys("f2")
    hand.keys("ctrl", "a")
    hand.write("final.txt", submit=True)
    hand.drag("final.txt", "Parcels")
    hand.click("useless.txt")
    hand.keys("shift", "delete")
    hand.keys("enter")

    def there() -> list[str]:
        desk = hand.folder / "desk"
        return sorted(str(path.relative_to(desk)) for path in desk.rglob("*"))

    return eventually(there, ["Parcels", "Parcels/final.txt"])


def terminal(hand: Hand) -> str:
    """xterm: commands with quotes and other scripts, a here-document, interrupting what runs."""
    file = hand.folder / "out.txt"
    hand.env.start(("xterm", "-geometry", "110x30+20+20"))
    hand.write(f"cd '{hand.folder}' && sleep 600", submit=True)
    hand.keys("ctrl", "c")
    hand.write("cat >out.txt <<'END'\nit's \"100%\" {right} & naïve\nПривет, 你好 😀\nEND\n")
    hand.write("wc -l <out.txt >>out.txt", submit=True)
    return eventually(lambda: file.read_text(encoding="utf-8"), 'it\'s "100%" {right} & naïve\nПривет, 你好 😀\n2\n')


_PAGE = """<!doctype html><meta charset=utf-8><title>Order</title><style>body{font:18px sans-serif;margin:30px}
#a,#b{display:inline-block;width:200px;height:60px;border:2px solid;margin:10px;padding:8px}</style><h1>Order</h1>
<form onsubmit="tell({name:n.value,express:e.checked,size:s.value});return false">
<p>Name <input id=n size=30><p><label><input type=checkbox id=e> Express</label>
<p>Size <select id=s><option>Small<option>Medium<option>Large</select><p><button>Send it</button></form>
<div id=a draggable=true>Parcel</div><div id=b>Truck</div><div style=height:1500px></div><button
onclick="tell({seen:scrollY>0})">At the bottom</button><script>
const tell = what => fetch('/told', {method:'POST', body:JSON.stringify(what)});
a.ondragstart = event => event.dataTransfer.setData('text', 'parcel');
b.ondragover = event => event.preventDefault();
b.ondrop = event => { event.preventDefault(); tell({dropped:event.dataTransfer.getData('text')}); };</script>"""


def browser(hand: Hand) -> str:
    """A Chromium window: a form with a list drawn by Chromium itself, HTML5 drag and drop, scrolling."""
    told: dict[str, object] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, told))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        hand.env.start(chromium(hand.folder / "profile", "--start-maximized", "about:blank"))
        hand.keys("ctrl", "l")
        hand.write(f"http://127.0.0.1:{server.server_port}/", submit=True)
        hand.field("Name")
        hand.write("Zoë Привет")
        hand.tick("Express")
        hand.click("Small")
        hand.click("Large")
        hand.click("Send it")
        hand.drag("Parcel", "Truck")
        hand.do(Scroll(Direction.DOWN, 40, middle(hand)))
        hand.click("At the bottom")
        expected = {"name": "Zoë Привет", "express": True, "size": "Large", "dropped": "parcel", "seen": True}
        return eventually(lambda: dict(told), expected)
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Shows the page, and keeps what it tells."""

    def __init__(self, told: dict[str, object], *rest: object) -> None:
        self.told = told
        super().__init__(*rest)

    def do_GET(self) -> None:
        """The page."""
        self._answer(_PAGE.encode())

    def do_POST(self) -> None:
        """What the page tells."""
        self.told.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer(b"")

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def paragraphs(file: Path) -> list[str]:
    """The texts of an OpenDocument file, in order."""
    with zipfile.ZipFile(file) as packed:
        content = packed.read("content.xml").decode("utf-8")
    return [re.sub(r"<[^>]*>", "", text) for text in re.findall(r"<text:p[^>]*>(.*?)</text:p>", content)]


def middle(hand: Hand) -> ScreenPoint:
    """The middle of the screen."""
    size = hand.env.observe().screenshot.size
    return ScreenPoint(size.width / 2, size.height / 2)


TASKS: dict[str, Callable[[Hand], str]] = {
    "editor": editor, "calculator": calculator, "calc": calc, "writer": writer, "files": files, "terminal": terminal,
    "chromium": browser,
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a task went; `wrong` is empty if it is right."""

    wrong: str
    steps: int
    seconds: float


def tried(task: str, manager: str, size: str, pictures: Path | None) -> Outcome:
    """Do a task on a display of its own."""
    width, height = (int(part) for part in size.split("x"))
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="desktop-task-") as folder,
        DesktopEnv(virtual=VirtualDisplay(Size(width, height), window_manager=manager)) as env,
    ):
        hand = Hand(env, Agent("reader"), Path(folder))
        try:
            env.observe()
            wrong = TASKS[task](hand)
        except (NotSeen, EnvError) as error:
            wrong = f"{type(error).__name__}: {error}"
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            env.observe().screenshot.image.save(pictures / f"{task}-{manager}-{size}.png")
    return Outcome(wrong, hand.steps, time.monotonic() - started)


def main() -> None:
    """Do the tasks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--managers", default=",".join(MANAGERS))
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--pictures", type=Path, help="a folder for the last screen of each task")
    given = parser.parse_args()
    managers, sizes = given.managers.split(","), given.sizes.split(",")
    require(["Xvfb", *managers, "mousepad", "galculator", "xclip", "soffice", "pcmanfm", "xterm", "chromium"])
    places = [(manager, size) for manager in managers for size in sizes]
    rows: list[str] = []
    right = 0
    for task in given.tasks.split(","):
        cells: list[str] = []
        for manager, size in places:
            outcome = tried(task, manager, size, given.pictures)
            right += not outcome.wrong
            cells.append("wrong" if outcome.wrong else f"right, {outcome.steps} actions, {outcome.seconds:.0f} s")
            print(f"{task} {manager} {size}: {outcome.wrong or 'right'}, {outcome.steps} actions", flush=True)
        rows.append(f"| {task} | {' | '.join(cells)} |")
    print(f"\n| task | {' | '.join(f'{manager}, {size}' for manager, size in places)} |")
    print("|---" * (len(places) + 1) + "|")
    print("\n".join(rows))
    print(f"\nright: {right} of {len(places) * len(given.tasks.split(','))}")


if __name__ == "__main__":
    main()
