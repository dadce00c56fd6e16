"""Replay by pixels on changed desktop programs: how many runs are right, diverged or wrong.

    .venv/bin/python eval/bench/replay_desktops.py [--only FORM ...] [--toolkits tk gtk3] [--changes CHANGE ...]

Six forms in Tk and in GTK 3 are each recorded once on a virtual desktop of 1280x720, and then performed again,
unchanged and with each change: a dark theme, other sizes of texts, another screen, a moved window, an inserted row; the
target removed, hidden, or there twice. The program reports what was clicked and typed; see `replay_trial.py` for the
outcomes.
GTK 3 needs the Debian packages python3-gi and gir1.2-gtk-3.0.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from replay_trial import Recorder, judged, print_totals

from screenwright import Agent, DesktopEnv, Limits, Size, VirtualDisplay
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.record.events import Stepped
from screenwright.agent.record.trajectory import read_run
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import recipe_of
from screenwright.envs.desktop import Sandbox
from screenwright.testing import eventually

PROGRAMS = Path(__file__).parent / "replay_programs"
PYTHON = "/usr/bin/python3"  # the bindings are Debian packages
Cell = dict[str, str]
NORMAL = Size(1280, 720)

CHANGES: dict[str, tuple[dict[str, object], Size]] = {
    "unchanged": ({}, NORMAL),
    "dark": ({"dark": True}, NORMAL),
    "texts 1.25": ({"scale": 1.25}, NORMAL),
    "texts 0.85": ({"scale": 0.85}, NORMAL),
    "small screen": ({}, Size(1000, 640)),
    "large screen": ({}, Size(1680, 1000)),
    "moved": ({"move": [420, 130]}, NORMAL),
    "inserted": ({"insert": True}, NORMAL),
    "dark moved 1.15": ({"dark": True, "move": [300, 20], "scale": 1.15}, Size(1440, 900)),
    "removed": ({"remove": ""}, NORMAL),
    "hidden": ({"hide": ""}, NORMAL),
    "twice": ({"twice": ""}, NORMAL),
}


@dataclass(frozen=True)
class Form:
    """Rows of controls. A step is a control to click, or `=text` to type; `target` is removed, hidden or doubled."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    steps: tuple[str, ...]
    target: str


def _label(text: str) -> Cell:
    return {"kind": "label", "text": text}


def _cell(kind: str, name: str, text: str = "", group: str = "") -> Cell:
    return {"kind": kind, "id": name, "text": text, "group": group}


_PEOPLE = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov")
_OPTIONS = ("Notify by e-mail", "Weekly summary", "Show my status", "Reduce motion")

FORMS = (
    Form(
        "form",
        (
            (_label("Name"), _cell("entry", "name")),
            (_label("E-mail"), _cell("entry", "email")),
            (_label("City"), _cell("entry", "city")),
            (_cell("button", "save", "Save"), _cell("button", "cancel", "Cancel")),
        ),
        ("name", "=Ada Lovelace", "city", "=London", "save"),
        "save",
    ),
    Form(
        "table",
        tuple(
            (_label(name), _cell("button", f"edit{i}", "Edit"), _cell("button", f"delete{i}", "Delete"))
            for i, name in enumerate(_PEOPLE)
        ),
        ("delete2", "edit3"),
        "delete2",
    ),
    Form(
        "checks",
        tuple((_label(name), _cell("check", f"check{i}", "on")) for i, name in enumerate(_OPTIONS)),
        ("check1", "check3"),
        "check3",
    ),
    Form(
        "radios",
        (
            (_label("Size"), *(_cell("radio", one.lower(), one, "size") for one in ("Small", "Medium", "Large"))),
            (_label("Colour"), *(_cell("radio", one.lower(), one, "colour") for one in ("Red", "Cobalt", "Green"))),
            (_cell("button", "apply", "Apply"), _cell("button", "reset", "Reset")),
        ),
        ("medium", "cobalt", "apply"),
        "cobalt",
    ),
    Form(
        "keypad",
        (
            *(
                tuple(_cell("button", f"key{digit}", str(digit)) for digit in row)
                for row in ((7, 8, 9), (4, 5, 6), (1, 2, 3))
            ),
            (_cell("button", "plus", "+"), _cell("button", "equals", "=")),
        ),
        ("key7", "plus", "key5", "equals"),
        "key5",
    ),
    Form(
        "search",
        (
            (_cell("button", "open", "Open"), _cell("button", "all", "Open all"), _cell("button", "close", "Close")),
            (_label("Search"), _cell("entry", "search"), _cell("button", "go", "Search")),
            (_label("Replace with"), _cell("entry", "with"), _cell("button", "one", "Replace")),
        ),
        ("search", "=green tea", "go", "all"),
        "all",
    ),
)


class Program:
    """A form as a program on a virtual desktop."""

    def __init__(self, form: Form, toolkit: str, changes: dict[str, object], size: Size, folder: Path) -> None:
        spec, self.file = folder / "spec.json", folder / "state.json"
        targeted = {name: form.target if value == "" else value for name, value in changes.items()}
        spec.write_text(json.dumps({"title": form.name.title(), "rows": form.rows, **targeted}))
        self.file.unlink(missing_ok=True)
        program = (PYTHON, str(PROGRAMS / f"form_{toolkit}.py"), str(spec), str(self.file))
        self.display = VirtualDisplay(size, (program,), sandbox=Sandbox("off"))

    @contextmanager
    def open(self) -> Generator[DesktopEnv]:
        """The screen, once the program has reported its controls."""
        with DesktopEnv(virtual=self.display) as env:
            env.observe()
            eventually(lambda: bool(self.file.exists() and self.state["rects"]), True, within_s=30)
            yield env

    @property
    def state(self) -> dict[str, dict[str, object]]:
        """What it reports now."""
        found: dict[str, dict[str, object]] = json.loads(self.file.read_text())
        return found


def trial(form: Form, toolkit: str, changes: list[str], folder: Path) -> Iterator[tuple[str, str, str, float]]:
    """Record the form and perform it with each change: the change, the outcome, the reason, seconds per step."""
    program = Program(form, toolkit, {}, NORMAL, folder)
    recorded = folder / f"{form.name} {toolkit}"
    with program.open() as env:
        Agent(policy=Recorder(form.steps, lambda: program.state["rects"])).run(form.name, env, out=recorded)
    recipe, wanted = recipe_of(read_run(recorded)), program.state
    for change in changes:
        options, size = CHANGES[change]
        program = Program(form, toolkit, options, size, folder)
        agent = Agent(policy=ReplayPolicy(recipe, wait_s=1.5), limits=Limits(steps=None), supervision=NO_INTERVENTION)
        out = folder / f"{form.name} {toolkit} {change}"
        with program.open() as env:
            result = agent.run(form.name, env, out=out)
        steps = [event.total_s for event in read_run(out).events if isinstance(event, Stepped)]
        outcome = judged(program.state, wanted, result.stop, change)
        yield change, outcome, result.reason, sum(steps) / max(1, len(steps))


def main() -> None:
    """Run the trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[form.name for form in FORMS])
    parser.add_argument("--toolkits", nargs="*", default=["tk", "gtk3"])
    parser.add_argument("--changes", nargs="*", default=list(CHANGES))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    totals: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for form in (one for one in FORMS if one.name in args.only):
            for toolkit in args.toolkits:
                for change, outcome, reason, seconds in trial(form, toolkit, args.changes, folder):
                    totals[change, outcome] += 1
                    print(
                        f"{form.name:8} {toolkit:5} {change:16} {outcome:12} {seconds:5.2f} s/step  {reason}",
                        flush=True,
                    )
    print_totals(totals, args.changes)


if __name__ == "__main__":
    main()
