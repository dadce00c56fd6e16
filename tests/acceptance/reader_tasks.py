"""The embedded reader through `screenwright run`: ten tasks on pages, ten in programs, ten that it cannot do.

    .venv/bin/python tests/acceptance/reader_tasks.py [pages|programs|beyond ...]

Pages are checked by what they report to their server, programs by their files. A task that the reader cannot do must
end with a question or as infeasible, without any click. Prints a table; the exit code is 0 if every row is right.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

_STEPS = "25"
_TIMEOUT_S = 240

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
<div class=row>Reference: KX-2047</div><div class=row id=log>&nbsp;</div>
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
  thing.addEventListener("click", event => {
    event.preventDefault();
    pressed.push(thing.id);
    log.textContent = pressed.length + " clicks";
    report();
  });
report();
</script>"""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The stop reason and answer of a run, and its numbers of clicks and steps."""

    stop: str
    answer: str
    clicks: int
    steps: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    group: str
    task: str
    right: bool
    result: RunResult


class Site:
    """Serves the page and stores its last report."""

    def __init__(self) -> None:
        self.state: dict[str, object] = {}
        self._server = LocalServer(self._respond)
        self.url = f"{self._server.url}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            self.state = request.json()
        return HttpResponse(PAGE.encode())


Check = Callable[[dict[str, object], str], bool]
"""Whether a page's state and the answer are right."""


def _is(**expected: object) -> Check:
    return lambda state, answer: all(state.get(name) == value for name, value in expected.items())


PAGES: tuple[tuple[str, Check], ...] = (
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
    # task, program (FOLDER is a new folder), the file to check, and a pattern that it must contain
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


def run(task: str, folder: Path, *options: str) -> RunResult:
    """Run `screenwright run TASK`, recorded in `folder`."""
    command = [sys.executable, "-m", "screenwright", "run", "--model", "reader", "--json", "--steps", _STEPS]
    try:
        ended = subprocess.run(
            [*command, "--out", str(folder), *options, task],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return RunResult(f"not finished after {_TIMEOUT_S} s", "", 0, 0)
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    last = events[-1] if events else {}
    if last.get("event") != "ended":
        return RunResult(f"exit {ended.returncode}: {ended.stderr.strip()[-200:]}", "", 0, 0)
    acted = [event["action"]["type"] for event in events if event["event"] == "acted"]
    return RunResult(last["stop"], last["answer"], acted.count("click"), last["steps"])


def pages(folder: Path) -> Iterator[Row]:
    """The tasks on pages."""
    for number, (task, check) in enumerate(PAGES):
        with Site() as site:
            result = run(task, folder / f"page-{number}", "--env", "browser", "--url", site.url)
            yield Row("page", task, result.stop == "finished" and check(site.state, result.answer), result)


def programs(folder: Path) -> Iterator[Row]:
    """The tasks in desktop programs."""
    for number, (task, program, name, pattern) in enumerate(PROGRAMS):
        work = folder / f"work-{number}"
        work.mkdir()
        (work / "note.txt").touch()
        (work / "old.txt").write_text("as it was")
        asks = work / "asks"
        asks.write_text(ASKS.format(python=_python_with_tk(), folder=str(work)))
        asks.chmod(0o755)
        command = program.replace("FOLDER", str(work))
        options = ("--env", "desktop", "--virtual", "--sandbox", "off", "--program", command)
        result = run(task, folder / f"program-{number}", *options)
        content = (work / name).read_text() if (work / name).exists() else ""
        yield Row("program", task, result.stop == "finished" and re.search(pattern, content) is not None, result)


def beyond(folder: Path) -> Iterator[Row]:
    """The tasks that the reader cannot do."""
    for number, task in enumerate(BEYOND):
        with Site() as site:
            result = run(task, folder / f"beyond-{number}", "--env", "browser", "--url", site.url)
            yield Row("beyond", task, result.stop in ("needs_user", "infeasible") and result.clicks == 0, result)


def _python_with_tk() -> str:
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import tkinter"], capture_output=True, check=False).returncode == 0:
            return python
    sys.exit("reader_tasks: no Python with tkinter: apt-get install python3-tk")


GROUPS: dict[str, Callable[[Path], Iterator[Row]]] = {"pages": pages, "programs": programs, "beyond": beyond}


def main(chosen: list[str]) -> int:
    """Run the chosen groups, or all; returns the exit code."""
    unknown = [name for name in chosen if name not in GROUPS]
    if unknown:
        print(f"reader_tasks: no group {unknown[0]!r}; there are {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="reader-tasks-") as folder:
        for name in chosen or GROUPS:
            for row in GROUPS[name](Path(folder)):
                rows.append(row)
                result = row.result
                verdict = "right" if row.right else "WRONG"
                print(
                    f"| {row.group} | {row.task} | {verdict} | {result.stop} | {result.steps} | {result.clicks} |",
                    flush=True,
                )
    print(f"{sum(row.right for row in rows)} of {len(rows)} right")
    return 0 if all(row.right for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
