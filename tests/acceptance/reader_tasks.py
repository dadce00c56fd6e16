"""What the reader does through `screenwright run`: ten tasks on pages, ten on programs, ten that it cannot do.

    python tests/acceptance/reader_tasks.py [pages|programs|beyond ...]

A page is checked by what it reports to the server that it came from, a program by the files that it leaves. A task that
the reader cannot do must end with a question or as infeasible, and without one click. Prints a table; ends with 0 if
everything is as it should be.
"""

import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_STEPS = "25"
_LONGEST_S = 240

PAGE = """<!doctype html><meta charset=utf-8><title>Order</title>
<style>body{font:16px sans-serif;margin:24px} label,p,button{margin:6px 0} .row{margin:10px 0}
input[type=text],select{font:inherit;width:220px;padding:4px} button{font:inherit;padding:4px 14px;margin-right:8px}
#far{margin-top:1400px}</style>
<h2>Order form</h2>
<div class=row><label>Customer <input type=text id=customer></label></div>
<div class=row><label>City <input type=text id=city value=Oslo></label></div>
<div class=row><label><input type=checkbox id=gift> Gift wrap</label></div>
<div class=row><label><input type=checkbox id=express checked> Express delivery</label></div>
<div class=row><label><input type=radio name=pay id=card> Pay by card</label>
<label><input type=radio name=pay id=invoice> Pay by invoice</label></div>
<div class=row><label>Colour <select id=colour><option>Amber<option>Cobalt<option>Olive</select></label></div>
<div class=row><button id=save>Save</button><button id=cancel>Cancel</button><a href="#" id=help>Help centre</a></div>
<div class=row>Reference: KX-2047</div>
<div class=row>Row one <button id=delete1>Delete</button></div>
<div class=row>Row two <button id=delete2>Delete</button></div>
<div id=far><button id=accept>Accept terms</button></div>
<script>
const pressed = [];
function report() {
  const state = {pressed};
  for (const field of document.querySelectorAll("input,select"))
    state[field.id] = field.type == "text" || field.tagName == "SELECT" ? field.value : field.checked;
  fetch("/state", {method: "POST", body: JSON.stringify(state)});
}
document.addEventListener("input", report); document.addEventListener("change", report);
for (const thing of document.querySelectorAll("button,a"))
  thing.addEventListener("click", event => { event.preventDefault(); pressed.push(thing.id); report(); });
report();
</script>"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: why, what it answered, how many clicks it made, how many steps it took."""

    stop: str
    answer: str
    clicks: int
    steps: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    group: str
    task: str
    right: bool
    ran: Ran


class Site:
    """Serves the page on this machine, and holds what it reported last."""

    def __init__(self) -> None:
        self.state: dict[str, object] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(PAGE.encode())

            def do_POST(self) -> None:
                site.state = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    @contextmanager
    def serving(self) -> Iterator["Site"]:
        """The site, up until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


Holds = Callable[[dict[str, object], str], bool]
"""Whether a page's state and the answer are as asked."""


def _is(**wanted: object) -> Holds:
    return lambda state, answer: all(state.get(name) == value for name, value in wanted.items())


PAGES: tuple[tuple[str, Holds], ...] = (
    ('Type "Nora Lindqvist" into Customer.', _is(customer="Nora Lindqvist")),
    ('Enter "Bergen" in the City field and click Save.', _is(city="Bergen", customer="", pressed=["save"])),
    ("Check Gift wrap and then click Save.", _is(gift=True, pressed=["save"])),
    ("Uncheck Express delivery.", _is(express=False)),
    ("Select Pay by invoice.", _is(invoice=True)),
    ('Choose "Cobalt" from Colour, then press the Save button.', _is(colour="Cobalt", pressed=["save"])),
    ("Click the second Delete button.", _is(pressed=["delete2"])),
    ('Click on the link "Help centre".', _is(pressed=["help"])),
    ('Scroll down until you see "Accept terms" and click it.', _is(pressed=["accept"])),
    ("Tell me the Reference.", lambda state, answer: "KX-2047" in answer),
)


PROGRAMS: tuple[tuple[str, str, str, str], ...] = (
    # task, program (FOLDER stands for a fresh folder), the file to look into, and what must stand there
    ('Type "milk and bread". Press ctrl+s.', "mousepad FOLDER/note.txt", "note.txt", r"milk and bread"),
    ('Type "first line". Press Enter. Type "second line". Press ctrl+s.', "mousepad FOLDER/note.txt", "note.txt",
     r"first line\nsecond line"),
    ('Type "from the menu". Click File. Click Save.', "mousepad FOLDER/note.txt", "note.txt", r"from the menu"),
    ('Press ctrl+a, type "all new" and press ctrl+s.', "mousepad FOLDER/old.txt", "old.txt", r"\Aall new"),
    ('Type "twice". Click Edit, then click "Select All". Press ctrl+c. Press End. Press ctrl+v. Press ctrl+s.',
     "mousepad FOLDER/note.txt", "note.txt", r"twicetwice"),
    ('Press ctrl+End, type " the end" and press ctrl+s.', "mousepad FOLDER/old.txt", "old.txt", r"the end"),
    ('Type "echo hello > said.txt" and press Enter.', "xterm -fa Monospace -fs 14 -e sh -c 'cd FOLDER; exec sh'",
     "said.txt", r"hello"),
    ('Type "mkdir box". Press Enter. Type "ls > listed.txt". Press Enter.',
     "xterm -fa Monospace -fs 14 -e sh -c 'cd FOLDER; exec sh'", "listed.txt", r"box"),
    ('Wait for "Name please". Type "Ada". Press Enter.',
     "xterm -fa Monospace -fs 14 -e sh -c 'sleep 2; echo Name please; read n; echo $n > FOLDER/name.txt'",
     "name.txt", r"Ada"),
    ('Click the Yes button.', "FOLDER/asks", "asked.txt", r"yes"),
)  # fmt: skip

ASKS = """#!{python}
import tkinter, pathlib
root = tkinter.Tk()
root.geometry("420x160+60+60")
tkinter.Label(root, text="Keep the changes?", font=("DejaVu Sans", 14)).pack(pady=16)
for word in ("Yes", "No"):
    tkinter.Button(root, text=word, font=("DejaVu Sans", 14), width=8,
        command=lambda word=word: pathlib.Path({folder!r}, "asked.txt").write_text(word.lower()),
    ).pack(side="left", padx=40)
root.mainloop()
"""


BEYOND = (
    "Order the cheapest of the things in stock.",
    "Click the button that is the capital of France.",
    "Click the red circle.",
    "Enter the sum of 17 and 25 into Customer.",
    "Select the words similar to big.",
    "Work out which payment has the lower fee and use it.",
    "Make the form nicer.",
    "Click the largest button.",
    "Reply to the most recent complaint politely.",
    "Select the colour of the sky.",
)


def run(task: str, folder: Path, *options: str) -> Ran:
    """How `screenwright run TASK` ended, recorded in `folder`."""
    command = [sys.executable, "-m", "screenwright", "run", "--model", "reader", "--json", "--steps", _STEPS]
    try:
        ended = subprocess.run(
            [*command, "--out", str(folder), *options, task],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran(f"not over after {_LONGEST_S} s", "", 0, 0)
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    last = events[-1] if events else {}
    if last.get("event") != "ended":
        return Ran(f"exit {ended.returncode}: {ended.stderr.strip()[-200:]}", "", 0, 0)
    acted = [event["action"]["type"] for event in events if event["event"] == "acted"]
    return Ran(last["stop"], last["answer"], acted.count("click"), last["steps"])


def pages(folder: Path) -> Iterator[Row]:
    """The tasks on a page, checked by what the page reported."""
    for number, (task, holds) in enumerate(PAGES):
        with Site().serving() as site:
            ran = run(task, folder / f"page-{number}", "--env", "browser", "--url", site.url)
            yield Row("page", task, ran.stop == "finished" and holds(site.state, ran.answer), ran)


def programs(folder: Path) -> Iterator[Row]:
    """The tasks on desktop programs, checked by the files that they leave."""
    for number, (task, program, name, wanted) in enumerate(PROGRAMS):
        work = folder / f"work-{number}"
        work.mkdir()
        (work / "note.txt").touch()
        (work / "old.txt").write_text("as it was")
        asks = work / "asks"
        asks.write_text(ASKS.format(python=_python_with_tk(), folder=str(work)))
        asks.chmod(0o755)
        command = program.replace("FOLDER", str(work))
        options = ("--env", "desktop", "--virtual", "--program", command)
        ran = run(task, folder / f"program-{number}", *options)
        left = (work / name).read_text() if (work / name).exists() else ""
        yield Row("program", task, ran.stop == "finished" and re.search(wanted, left) is not None, ran)


def beyond(folder: Path) -> Iterator[Row]:
    """The tasks that it cannot do: each is to end with a question or as infeasible, before any click."""
    for number, task in enumerate(BEYOND):
        with Site().serving() as site:
            ran = run(task, folder / f"beyond-{number}", "--env", "browser", "--url", site.url)
            yield Row("beyond", task, ran.stop in ("needs_user", "infeasible") and ran.clicks == 0, ran)


def _python_with_tk() -> str:
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import tkinter"], capture_output=True, check=False).returncode == 0:
            return python
    sys.exit("reader_tasks: no python with tkinter here: apt-get install python3-tk")


GROUPS: dict[str, Callable[[Path], Iterator[Row]]] = {"pages": pages, "programs": programs, "beyond": beyond}


def main(chosen: list[str]) -> int:
    """Run the groups chosen, or all; 0 if every row is right."""
    unknown = [name for name in chosen if name not in GROUPS]
    if unknown:
        print(f"reader_tasks: no group {unknown[0]!r}; there are {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="reader-tasks-") as folder:
        for name in chosen or GROUPS:
            for row in GROUPS[name](Path(folder)):
                rows.append(row)
                ran = row.ran
                verdict = "right" if row.right else "WRONG"
                print(f"| {row.group} | {row.task} | {verdict} | {ran.stop} | {ran.steps} | {ran.clicks} |", flush=True)
    print(f"{sum(row.right for row in rows)} of {len(rows)} as they should be")
    return 0 if all(row.right for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
