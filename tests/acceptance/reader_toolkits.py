"""The embedded reader on one form in six toolkits: 12 instructions and two that cannot be done, each on a new form.

    .venv/bin/python tests/acceptance/reader_toolkits.py [tk|gtk3|gtk4|qt6|wx|swing ...] [--only N]
        [--screenshots FOLDER]

Installs what a toolkit needs as root, with apt-get. The form writes its state to a file, which must hold what the
instruction asks for and nothing else. Honestly asked: the run ended with `needs_user`, and the state holds nothing that
was not asked for. Prints a table; the exit code is 0 if every row is right or asked.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from screenwright import Agent, DesktopEnv, Limits, Size, StopReason, VirtualDisplay
from screenwright.agent.record.events import Acted, Decided, Ended
from screenwright.envs.desktop import Sandbox
from screenwright.testing import eventually

FORMS = Path(__file__).parent / "toolkit_forms"
PYTHON = "/usr/bin/python3"  # the bindings are Debian packages
TOOLKITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tk": (("python3-tk",), (PYTHON, str(FORMS / "form_tk.py"))),
    "gtk3": (("python3-gi", "gir1.2-gtk-3.0"), (PYTHON, str(FORMS / "form_gtk3.py"))),
    "gtk4": (("python3-gi", "gir1.2-gtk-4.0"), (PYTHON, str(FORMS / "form_gtk4.py"))),
    "qt6": (("python3-pyqt6",), (PYTHON, str(FORMS / "form_qt6.py"))),
    "wx": (("python3-wxgtk4.0",), (PYTHON, str(FORMS / "form_wx.py"))),
    "swing": (("openjdk-17-jdk",), ("java", str(FORMS / "FormSwing.java"))),
}

TASKS: tuple[tuple[str, dict[str, object], str], ...] = (
    # instruction, the state that it leaves, its answer; a key that ends in ? may be left out
    ('Type "Nora Lindqvist" into Full name.', {"Full name": "Nora Lindqvist"}, ""),
    (
        'Type "nora@example.org" into E-mail and type "s3cret-77" into Password.',
        {"E-mail": "nora@example.org", "Password": "s3cret-77"},
        "",
    ),
    ("Check Express delivery.", {"Express delivery": True}, ""),
    ("Check Gift wrap and Subscribe.", {"Gift wrap": True, "Subscribe": True}, ""),
    ("Select Medium.", {"Size": "Medium"}, ""),
    ('Choose "Cobalt" from Colour.', {"Colour": "Cobalt"}, ""),
    ('Type " ring twice" into Notes.', {"Notes": " ring twice"}, ""),
    ("Click Place order.", {"button": "Place order"}, ""),
    ("Click File, then click Duplicate.", {"menu": "Duplicate"}, ""),
    ('Click File. Click Export. Click "As PDF".', {"menu": "As PDF"}, ""),
    ("Click the Items tab, then double-click Cherries.", {"Item": ["Cherries"], "Opened": ["Cherries"]}, ""),
    ("Tell me the Order number.", {}, "A-7731"),
    ('Click "Coupon".', {}, ""),
    ('Type "12" into Quantity.', {}, ""),
)
ABSENT = ('Click "Coupon".', 'Type "12" into Quantity.')


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table; `verdict` is right, asked or WRONG."""

    toolkit: str
    task: str
    verdict: str
    detail: str


def run(toolkit: str, task: str, expected: dict[str, object], answer: str, screenshots: Path | None) -> Row:
    """Run one instruction on a new form."""
    with tempfile.TemporaryDirectory(prefix="toolkit-form-") as folder:
        state_file = Path(folder) / "state.json"
        program = (*TOOLKITS[toolkit][1], str(state_file))
        with DesktopEnv(virtual=VirtualDisplay(Size(1280, 720), (program,), sandbox=Sandbox("off"))) as env:
            env.observe()
            eventually(state_file.exists, True, within_s=30)
            ended: Ended | None = None
            trace: list[str] = []
            for event in Agent("reader", limits=Limits(steps=25)).stream(task, env):
                match event:
                    case Decided():
                        trace.append(event.thought or "")
                    case Acted():
                        trace.append(str(event.action))
                    case Ended():
                        ended = event
                    case _:
                        pass
            if screenshots is not None:
                screenshots.mkdir(parents=True, exist_ok=True)
                env.observe().screenshot.image.save(
                    screenshots / f"{toolkit}-{TASKS.index((task, expected, answer))}.png"
                )
        state = json.loads(state_file.read_text(encoding="utf-8"))
    del state["ready"]
    assert ended is not None
    finished = ended.stop is StopReason.FINISHED
    as_asked = all(name in expected and (value == expected[name] or not finished) for name, value in state.items())
    if task in ABSENT:
        verdict = "right" if ended.stop is StopReason.NEEDS_USER and not state else "WRONG"
    elif finished:
        verdict = "right" if state == expected and answer in ended.answer else "WRONG"
    else:
        verdict = "asked" if as_asked and ended.stop is StopReason.NEEDS_USER else "WRONG"
    if verdict != "right" and screenshots is not None:
        print("\n".join(f"    {line}" for line in trace))
    return Row(toolkit, task, verdict, f"{ended.stop}: {ended.reason or ended.answer} {json.dumps(state)}")


def install(toolkit: str) -> None:
    """Install the packages of `toolkit`; exits with a sentence if that is not possible."""
    packages = TOOLKITS[toolkit][0]
    known = subprocess.run(["dpkg-query", "-W", *packages], capture_output=True, check=False).returncode == 0
    if known:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"reader_toolkits: install {' '.join(packages)} first")
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True)


def rows(toolkits: list[str], only: list[int], screenshots: Path | None) -> Iterator[Row]:
    """Every instruction on every toolkit."""
    for toolkit in toolkits:
        install(toolkit)
        for number, (task, expected, answer) in enumerate(TASKS):
            if not only or number in only:
                yield run(toolkit, task, expected, answer, screenshots)


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("toolkits", nargs="*", choices=[*TOOLKITS, []], default=list(TOOLKITS))
    parser.add_argument("--only", type=int, nargs="+", default=[], help="numbers of instructions, from 0")
    parser.add_argument("--screenshots", type=Path, help="folder for the last screenshot of each run; prints thoughts")
    given = parser.parse_args()
    found: list[Row] = []
    for row in rows(given.toolkits or list(TOOLKITS), given.only, given.screenshots):
        found.append(row)
        print(f"| {row.toolkit} | {row.task} | {row.verdict} | {row.detail} |", flush=True)
    counted = {verdict: sum(row.verdict == verdict for row in found) for verdict in ("right", "asked", "WRONG")}
    print(", ".join(f"{count} {verdict}" for verdict, count in counted.items()))
    return 1 if counted["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
