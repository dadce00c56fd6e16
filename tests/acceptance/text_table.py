"""Types strings into real programs with several keyboard layouts and checks what arrived.

    PYTHONPATH=tests/helpers .venv/bin/python tests/acceptance/text_table.py [--programs mousepad,xterm]
        [--layouts us,de,ru,us+ru+gr] [--screen x11|tigervnc|tightvnc|x11vnc|sway]
        [--methods screenwright,pyautogui,xdotool] [--strings accents,emoji]

Each program shows an empty document on its own display. The result is read from the file that it saves, from the
terminal's other end, or from the server of a page. Of layouts joined by `+` the last one is current. A text that is
refused counts as right. Needs setxkbmap, xdotool and the programs; names missing packages.
"""

# ruff: noqa: RUF001 -- strings of many scripts

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from desktop_programs import chromium, office, require
from text_screens import NEEDED, TextScreen, open_screen

from screenwright.envs.actions import Click, Hotkey, Type
from screenwright.envs.env import Env, EnvError
from screenwright.envs.geometry import ScreenPoint
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

STRINGS = {
    "ASCII symbols": 'Hello, "World"! (a+b)*{c}[d] ~^|\\<>@#$%&_=;:\'?/`-',
    "200 ASCII": "The quick brown fox jumps over the lazy dog; 0123456789 times. " * 4,
    "accents": "naïve café façade Zürich Ångström œuvre Ærø ß ñ ¿¡ «» € “q” – …",
    "Cyrillic": "Съешь же ещё этих мягких французских булок, да выпей чаю № 5",
    "Chinese": "你好，世界。",
    "60 Chinese": "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏"
    "闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光",
    "emoji": "😀 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 end",
    "combining": "e\u0301 a\u0308 Z\u0335 हिन्दी ก็",
    "lines, tabs": "first\n\tsecond\n\nthird\tend",
    "mixed lines": "Grüße\n\tПривет — 你好\n\nplain",
}
STRINGS["200 ASCII"] = STRINGS["200 ASCII"][:200]
STRINGS["60 Chinese"] = STRINGS["60 Chinese"][:60]
METHODS = ("screenwright", "pyautogui", "xdotool")
LAYOUTS = ("us", "de", "ru", "us+ru+gr", "us+ru+gr+de")
MIDDLE = ScreenPoint(640, 400)
_PAGE = """<!doctype html><meta charset=utf-8><title>page</title><style>body{margin:0}
textarea{width:100vw;height:90vh;border:0}</style><textarea id=t autofocus spellcheck=false></textarea><script>
let turn = 0;
t.addEventListener('input', () => fetch('/report', {method: 'POST', body: JSON.stringify([++turn, t.value])}));
t.addEventListener('keydown', event => { if (event.key === 'Tab' && !event.ctrlKey && !event.altKey) {
  event.preventDefault(); t.setRangeText('\\t', t.selectionStart, t.selectionEnd, 'end');
  t.dispatchEvent(new Event('input')); } });</script>"""


@dataclass
class Program:
    """A program with an empty document. `read` returns the document's text; `reset` empties it."""

    command: tuple[str, ...]
    read: Callable[[Env], str]
    reset: Callable[[Env], None]
    close: Callable[[], None] = field(default=lambda: None)


def _empty(env: Env) -> None:
    env.execute(Hotkey(("ctrl", "a")))
    env.execute(Hotkey(("delete",)))


def _saving(command: tuple[str, ...], file: Path) -> Program:
    """A program that saves its text file with ctrl+s."""

    def read(env: Env) -> str:
        before = file.stat().st_mtime_ns
        env.execute(Hotkey(("ctrl", "s")))
        end = time.monotonic() + 4
        while file.stat().st_mtime_ns == before and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.1)
        return file.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff")

    return Program(command, read, _empty)


def mousepad(folder: Path) -> Program:
    """GTK 3."""
    file = folder / "text.txt"
    file.write_text("")
    return _saving(("mousepad", "--disable-server", str(file)), file)


def featherpad(folder: Path) -> Program:
    """Qt 5."""
    file = folder / "text.txt"
    file.write_text("")
    settings = folder / "featherpad" / "fp.conf"
    settings.parent.mkdir()
    settings.write_text("[text]\nnoIndent=true\n")  # it indents typed lines otherwise
    return _saving(("env", f"XDG_CONFIG_HOME={folder}", "featherpad", "--standalone", str(file)), file)


def writer(folder: Path) -> Program:
    """LibreOffice with GTK 3, without autocorrection."""
    file = folder / "text.txt"
    file.write_text("")
    return _saving(office("--writer", "--infilter=Text (encoded):UTF8,LF,,,", str(file), as_typed=True), file)


XTERM = ("xterm", "-u8", "-geometry", "200x50+0+0", "-e")


def terminal(folder: Path, emulator: tuple[str, ...] = XTERM) -> Program:
    """A program in a terminal that reads single keys."""
    file = folder / "text.txt"
    file.write_text("")
    file.chmod(0o666)
    start = [0]

    def read(_: Env) -> str:
        time.sleep(0.3)
        return file.read_bytes()[start[0] :].decode("utf-8", "replace")

    def reset(_: Env) -> None:
        start[0] = file.stat().st_size

    inner = f"stty -icanon -echo -isig -ixon; exec tee {file}"
    return Program((*emulator, "sh", "-c", inner), read, reset)


def browser(folder: Path) -> Program:
    """A text area on a page in a Chromium window; Tab inserts a tab, as in web editors."""
    latest = (0, "")

    def respond(request: HttpRequest) -> HttpResponse:
        nonlocal latest
        if request.method == "POST":
            turn, text = request.json()
            latest = max(latest, (turn, text))  # reports may arrive out of order
        return HttpResponse(_PAGE.encode())

    server = LocalServer(respond)

    def read(_: Env) -> str:
        time.sleep(0.3)
        return latest[1]

    command = chromium(folder / "profile", "--start-maximized", f"{server.url}/")
    return Program(command, read, _empty, server.close)


def foot(folder: Path) -> Program:
    """A terminal for Wayland."""
    made = terminal(folder, ())
    return replace(made, command=("foot", "sh", "-c", f"'{made.command[-1]}'"))


def emacs(folder: Path) -> Program:
    """Its own toolkit; ctrl+v scrolls there."""
    file = folder / "text.txt"
    file.write_text("")

    def read(env: Env) -> str:
        for key in ("x", "s"):
            env.execute(Hotkey(("ctrl", key)))
        return file.read_text(encoding="utf-8", errors="replace")

    def reset(env: Env) -> None:
        env.execute(Hotkey(("ctrl", "x")))
        env.execute(Type("h"))
        env.execute(Hotkey(("ctrl", "w")))

    options = ("--eval", "(progn (electric-indent-mode -1) (setq require-final-newline nil make-backup-files nil))")
    return Program(("emacs", "-Q", *options, str(file)), read, reset)


PROGRAMS: dict[str, Callable[[Path], Program]] = {
    "mousepad": mousepad, "xterm": terminal, "foot": foot, "featherpad": featherpad, "writer": writer,
    "chromium": browser, "emacs": emacs,
}  # fmt: skip
_NEEDED = {"writer": "soffice"}


@contextmanager
def opened(kind: str, name: str, layout: str) -> Iterator[tuple[TextScreen, Program]]:
    """A screen with the keyboard layout and the program, its document focused."""
    with tempfile.TemporaryDirectory(prefix="text-table-") as folder:
        Path(folder).chmod(0o777)  # sway does not run as root
        program = PROGRAMS[name](Path(folder))
        try:
            with open_screen(kind, layout) as screen:
                screen.env.observe()
                screen.start(program.command)
                screen.local.execute(Click(MIDDLE))
                yield screen, program
        finally:
            program.close()


def type_text(screen: TextScreen, method: str, text: str) -> str:
    """Type `text` with a method; returns how, or the error."""
    if method == "screenwright":
        try:
            return screen.env.execute(Type(text)).method
        except EnvError as error:
            return f"refused: {error}"
    if method == "xdotool":
        command = ["xdotool", "type", "--file", "-"]
        given = text
    else:
        command = [sys.executable, "-c", "import sys, pyautogui; pyautogui.write(sys.stdin.read())"]
        given = text
    done = subprocess.run(
        command, env=os.environ | screen.variables, input=given.encode(), timeout=60, check=False, capture_output=True
    )
    return "" if done.returncode == 0 else "failed"


def check(screen: TextScreen, program: Program, method: str, text: str) -> tuple[bool, str, float, str]:
    """Whether `text` arrived, how it was typed, the seconds it took, and what arrived."""
    program.reset(screen.local)
    started = time.monotonic()
    how = type_text(screen, method, text)
    took = time.monotonic() - started
    found = program.read(screen.local)
    for _ in range(3):
        if _same(found, text):
            break
        time.sleep(0.4)
        found = program.read(screen.local)
    return _same(found, text) or how.startswith("refused"), how, took, found


def _same(found: str, text: str) -> bool:
    """Whether the document equals `text`; many programs append a line break to a file."""
    return found == text or found == text + "\n"


def run(
    kind: str, name: str, layout: str, methods: list[str], strings: list[str]
) -> Iterator[tuple[str, str, bool, str]]:
    """Check each string with each method: method, name of the string, whether it was right, how it was typed."""
    with opened(kind, name, layout) as (screen, program):
        for method in methods:
            for title in strings:
                right, how, took, found = check(screen, program, method, STRINGS[title])
                print(
                    f"  {kind} {name} {layout} {method} {title}: {'ok' if right else 'WRONG'} {how} {took:.2f} s",
                    flush=True,
                )
                if not right and method == "screenwright":
                    print(f"    wanted {STRINGS[title]!r}\n    found  {found!r}", flush=True)
                yield method, title, right, how


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--screen", default="x11", choices=tuple(NEEDED), help="kind of the screen")
    parser.add_argument("--programs", default=",".join(name for name in PROGRAMS if name != "foot"))
    parser.add_argument("--layouts", default=",".join(LAYOUTS))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--strings", default=",".join(STRINGS))
    given = parser.parse_args()
    programs, layouts = given.programs.split(","), given.layouts.split(",")
    methods = given.methods.split(",")
    strings = [title for title in STRINGS if any(part and part in title for part in given.strings.split(","))]
    if given.strings == ",".join(STRINGS):
        strings = list(STRINGS)
    others = ["xdotool"] if "xdotool" in methods else []
    require([NEEDED[given.screen], "openbox", "setxkbmap", *others, *(_NEEDED.get(name, name) for name in programs)])
    cells: dict[tuple[str, str, str, str], tuple[bool, str]] = {}
    for name in programs:
        for layout in layouts:
            for method, title, right, how in run(given.screen, name, layout, methods, strings):
                cells[method, name, layout, title] = (right, how)
    for method in methods:
        print(f"\n{method}: right of {len(strings)} strings\n\n| program | {' | '.join(layouts)} | wrong |")
        print("|---" * (len(layouts) + 2) + "|")
        for name in programs:
            counts = [sum(cells[method, name, layout, title][0] for title in strings) for layout in layouts]
            wrong = [t for t in strings if not all(cells[method, name, layout, t][0] for layout in layouts)]
            print(f"| {name} | {' | '.join(map(str, counts))} | {', '.join(wrong)} |")
    if "screenwright" in methods:
        print(f"\nhow Screenwright typed\n\n| string | {' | '.join(layouts)} |\n" + "|---" * (len(layouts) + 1) + "|")
        for title in strings:
            ways = [sorted({cells["screenwright", name, layout, title][1] for name in programs}) for layout in layouts]
            print(f"| {title} | {' | '.join(', '.join(way) for way in ways)} |")


if __name__ == "__main__":
    main()
