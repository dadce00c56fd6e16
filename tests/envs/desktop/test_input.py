"""Text, clipboard, mouse and windows of a virtual desktop; the programs report what they receive."""

# ruff: noqa: RUF001 -- strings of many scripts

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import x_clipboard
from paths import ROOT, STAGE
from virtual_displays import virtual_display
from Xlib.display import Display

from screenwright import Agent
from screenwright.envs.actions import (
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Hotkey,
    Move,
    OpenApp,
    Scroll,
    Type,
)
from screenwright.envs.desktop import DesktopEnv, Sandbox, VirtualDisplay
from screenwright.envs.desktop.x11.clipboard import XClipboard
from screenwright.envs.desktop.x11.connection import Window, connect
from screenwright.envs.desktop.x11.ping import Ping
from screenwright.envs.desktop.x11.selection import Content
from screenwright.envs.env import ActionRefused, EnvUnavailable
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.input.keysyms import character_of, symbol_of
from screenwright.envs.keys import NAMED
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer
from screenwright.testing import eventually

pytestmark = pytest.mark.desktop

PROGRAM = STAGE
FIELD, PAD = ScreenPoint(200, 135), ScreenPoint(240, 300)
NO_KEYSYM = {"recents", "fn", "accept", "final"}


class Received:
    """The input that the stage program received."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "received.json"
        self.program = ("/usr/bin/python3", str(PROGRAM), str(self.file))

    def items(self, name: str) -> list[object]:
        found = self.all()[name]
        assert isinstance(found, list)
        return list(found)

    def all(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.file.read_text(encoding="utf-8"))
        return found


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Received:
    return Received(tmp_path_factory.mktemp("input"))


@pytest.fixture(scope="module")
def env(received: Received) -> Iterator[DesktopEnv]:
    with DesktopEnv(virtual=virtual_display(Size(640, 480), (received.program,))) as opened:
        opened.observe()
        yield opened


def variables(env: DesktopEnv) -> dict[str, str]:
    assert env.address is not None
    return x_clipboard.variables(env.address)


def clear_field(env: DesktopEnv, received: Received) -> None:
    env.execute(Click(FIELD))
    env.execute(Hotkey(("ctrl", "a")))
    env.execute(Hotkey(("backspace",)))
    eventually(lambda: received.all()["text"], "")


def test_a_modifier_that_another_program_left_pressed_does_not_change_text(env: DesktopEnv, received: Received) -> None:
    from Xlib import X
    from Xlib.ext import xtest

    clear_field(env, received)
    assert env.address is not None
    other = connect(env.address)
    xtest.fake_input(other, X.KeyPress, other.keysym_to_keycode(symbol_of("shift")))
    other.sync()
    env.execute(Type("aB1"))
    eventually(lambda: received.all()["text"], "aB1")
    other.close()


@pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
@pytest.mark.parametrize("size", [5_000, 700_000])
def test_an_image_on_the_clipboard_is_restored(
    env: DesktopEnv, received: Received, size: int, pastes_in_tk: None
) -> None:
    image_bytes = os.urandom(size)
    xclip = ["xclip", "-selection", "clipboard", "-target", "image/png"]
    assert env.address is not None
    x_clipboard.copy(env.address, image_bytes, "image/png")
    clear_field(env, received)
    assert env.execute(Type("Привет")).method == "paste"
    eventually(lambda: received.all()["text"], "Привет")
    env.execute(Hotkey(("shift",)))  # restores at once
    found = subprocess.run([*xclip, "-out"], env=variables(env), capture_output=True, check=True, timeout=60)
    assert found.stdout == image_bytes


def copied(env: DesktopEnv) -> bytes:
    """The text on the clipboard, as another program reads it."""
    command = ["xclip", "-selection", "clipboard", "-out"]
    return subprocess.run(command, env=variables(env), stdout=subprocess.PIPE, check=True, timeout=60).stdout


def copy(env: DesktopEnv, text: str, selection: str = "CLIPBOARD") -> None:
    """Put `text` on the clipboard from another program; returns when it owns the clipboard, without reading it."""
    assert env.address is not None
    x_clipboard.copy(env.address, text.encode(), selection=selection)


@pytest.fixture
def clipboard(env: DesktopEnv) -> Iterator[XClipboard]:
    assert env.address is not None
    clipboard = XClipboard(env.address, keep_content=False)
    yield clipboard
    clipboard.close()


@pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
def test_text_of_another_program_that_may_have_been_pasted_is_reported(env: DesktopEnv, clipboard: XClipboard) -> None:
    with pytest.raises(ActionRefused, match="another program changed the clipboard"):
        clipboard.paste("Привет", lambda: copy(env, "other"), lambda: None)


@pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
def test_a_clipboard_manager_with_the_same_text_is_not_an_error(env: DesktopEnv, clipboard: XClipboard) -> None:
    assert clipboard.paste("Привет", lambda: copy(env, "Привет"), lambda: None)


@pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
@pytest.mark.parametrize(("other", "kept"), [("other", "other"), ("Привет", "before")])
def test_a_clipboard_taken_by_another_program_before_the_paste_is_reclaimed(
    env: DesktopEnv, received: Received, monkeypatch: pytest.MonkeyPatch, pastes_in_tk: None, other: str, kept: str
) -> None:
    take, takes = vars(XClipboard)["_take"], list[str]()

    def taken(self: XClipboard, text: str, selections: tuple[str, ...]) -> Content:
        before: Content = take(self, text, selections)
        takes.append(text)
        if len(takes) == 1:
            copy(env, other)
        return before

    monkeypatch.setattr(XClipboard, "_take", taken)
    copy(env, "before")
    clear_field(env, received)
    assert env.execute(Type("Привет")).method == "paste"
    assert takes == ["Привет"] * 2
    eventually(lambda: received.all()["text"], "Привет")
    env.execute(Hotkey(("shift",)))  # restores at once
    assert copied(env) == kept.encode()


@pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
def test_a_request_that_arrives_while_the_clipboard_sends_is_answered(
    env: DesktopEnv, clipboard: XClipboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = Display.sync

    def slow_sync(display: Display) -> None:
        sync(display)
        time.sleep(0.02)  # the next program's request arrives
        sync(display)  # and is read while sending

    def fetch() -> None:
        command, where = ["xclip", "-selection", "clipboard", "-out"], variables(env)
        for hundredth in range(8):
            time.sleep(hundredth / 100)
            fetched.append(subprocess.run(command, env=where, capture_output=True, check=True, timeout=60).stdout)

    fetched = list[bytes]()
    monkeypatch.setattr(Display, "sync", slow_sync)
    assert clipboard.paste("text", fetch, lambda: True)
    assert fetched == [b"text"] * 8


@pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
def test_a_lost_primary_selection_does_not_count_as_clipboard_text(env: DesktopEnv, clipboard: XClipboard) -> None:
    copy(env, "before")
    with pytest.raises(ActionRefused, match="another program changed the clipboard"):
        clipboard.paste("Привет", lambda: copy(env, "other", "PRIMARY"), lambda: None, primary=True)
    assert copied(env) == b"before"


@pytest.mark.parametrize("text", ["a\x07b", "\x1b[A", "half \ud83d"])
def test_control_characters_are_refused_and_nothing_is_typed(env: DesktopEnv, received: Received, text: str) -> None:
    clear_field(env, received)
    with pytest.raises(ActionRefused, match="cannot be typed"):
        env.execute(Type(text))
    assert received.all()["text"] == ""


def test_a_move_with_a_held_button_drags_in_small_steps(env: DesktopEnv, received: Received) -> None:
    before = len(received.items("drag"))  # Tk merges motion events on a busy machine: test_gestures.py counts the steps
    env.execute(ButtonDown(Button.LEFT, ScreenPoint(60, 220)))
    env.execute(Move(ScreenPoint(260, 320)))
    env.execute(ButtonUp(Button.LEFT))
    eventually(lambda: received.items("drag")[-1:], [[220, 120]])
    assert len(received.items("drag")) - before > 2


def test_a_click_and_a_press_at_one_position_are_not_a_double_click(env: DesktopEnv, received: Received) -> None:
    env.execute(Click(ScreenPoint(300, 380)))
    doubles = received.all()["doubles"]
    env.execute(ButtonDown(Button.LEFT, ScreenPoint(301, 380)))
    env.execute(ButtonUp(Button.LEFT))
    env.execute(Click(ScreenPoint(300, 381)))
    assert received.all()["doubles"] == doubles


def test_every_key_has_a_keysym_or_is_refused() -> None:
    for name in NAMED - NO_KEYSYM:
        assert symbol_of(name) > 0
    for name in NO_KEYSYM:
        with pytest.raises(ActionRefused, match="has no key"):
            symbol_of(name)


def test_legacy_keysyms_map_to_the_characters_that_x_defines() -> None:
    # from keysymdef.h
    known = {0x6C6: "ф", 0x6E6: "Ф", 0x6A3: "ё", 0x6B0: "№", 0x7E1: "α", 0x7F2: "\u03c3", 0xCE0: "א", 0x1B1: "ą",
             0x20AC: "€", 0xDA1: "ก", 0x41: "", 0xFF0D: "", 0x5C7: "ا"}  # fmt: skip
    assert {symbol: character_of(symbol) for symbol in known} == known


def test_windows_and_the_active_window_are_listed(env: DesktopEnv) -> None:
    assert [window.title for window in env.windows()] == ["Stage"]
    env.start(("xterm", "-T", "Second"))
    try:
        assert {window.title for window in env.windows()} == {"Stage", "Second"}
        active = env.active_window()
        assert active is not None
        assert (active.title, active.classes) == ("Second", ("xterm", "xterm"))
        assert env.execute(OpenApp("Stage")).method == "focused"
        eventually(lambda: (env.active_window() or Window(0)).title, "Stage")
        assert env.execute(OpenApp("xterm")).method == "focused"
        eventually(lambda: (env.active_window() or Window(0)).title, "Second")
    finally:
        env.execute(Type("exit", submit=True))
    eventually(lambda: [window.title for window in env.windows()], ["Stage"])


def test_an_unknown_program_cannot_be_started(env: DesktopEnv) -> None:
    with pytest.raises(EnvUnavailable, match="no-such-program"):
        env.start(("no-such-program",))


def check_that_a_program_answers(env: DesktopEnv) -> None:
    assert env.address is not None
    ping = Ping(env.address)
    try:
        window = env.active_window()
        assert window is not None
        assert ping.answered(window, 10.0) is True
        ping.give_up_on(window)
        assert ping.answered(window, 10.0) is None
        assert ping.answered(None, 10.0) is None
        assert ping.answered(Window(0x7FFFFFF), 0.1) is None
    finally:
        ping.close()


def test_enter_accepts_a_path_typed_into_a_save_dialog(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    agent = Agent("reader")
    with DesktopEnv(virtual=virtual_display(programs=(("mousepad", "--disable-server"),))) as env:
        env.execute(Click(ScreenPoint(640, 400)))
        env.execute(Type("first\n\tПривет, 你好\n"))
        for label in ("File", "Save As..."):
            place = agent.ground(env.observe().screenshot, label)
            assert place is not None
            env.execute(Click(place))
        env.execute(Hotkey(("ctrl", "a")))
        env.execute(Type(str(file), submit=True))
        eventually(lambda: file.exists() and file.read_text(encoding="utf-8"), "first\n\tПривет, 你好\n")
        eventually(lambda: "letter.txt" in env.observe().location, True)
        check_that_a_program_answers(env)


PAGE = """<!doctype html><meta charset=utf-8><title>page</title><style>body{margin:0;width:6000px;height:6000px}
div{position:absolute;width:150px;height:100px;border:1px solid}</style>
<div id=a draggable=true style="left:50px;top:50px">a</div><div id=b style="left:400px;top:50px">b</div>
<div id=c style="left:50px;top:250px">c</div><script>
const received = {dropped: 0, singles: 0, doubles: 0, triples: 0, held: '', x: 0, y: 0, moves: 0};
let sent = Promise.resolve();  // one request after another, since the server handles each on a thread
const send = () => { const body = JSON.stringify(received);
  sent = sent.then(() => fetch('/received', {method: 'POST', body})); };
b.ondragover = event => { received.moves++; event.preventDefault(); };
a.ondragstart = event => event.dataTransfer.setData('text', 'a');
b.ondrop = event => { event.preventDefault(); received.dropped++; send(); };
c.onclick = event => { received.singles++; if (event.detail === 3) received.triples++;
  received.held = [event.ctrlKey && 'ctrl', event.shiftKey && 'shift'].filter(x => x).join('+'); send(); };
c.ondblclick = () => { received.doubles++; send(); };
onscroll = () => { received.x = scrollX; received.y = scrollY; send(); };
requestAnimationFrame(() => requestAnimationFrame(send));</script>"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium: apt-get install chromium")
def test_a_page_in_a_browser_window_receives_mouse_input(tmp_path: Path) -> None:
    received: dict[str, object] = {}

    def respond(request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            received.update(request.json())
        return HttpResponse(PAGE.encode())

    server = LocalServer(respond)
    command = (
        "chromium", f"--app={server.url}/", f"--user-data-dir={tmp_path}", "--no-first-run",
        "--no-sandbox", "--password-store=basic", "--kiosk", "--disable-component-update",
    )  # fmt: skip
    a, b, c = ScreenPoint(120, 100), ScreenPoint(470, 100), ScreenPoint(120, 300)
    with server, DesktopEnv(virtual=VirtualDisplay(sandbox=Sandbox("off"))) as env:
        env.start(command)
        eventually(lambda: received.get("dropped"), 0)  # painted: an empty window may have looked settled
        env.execute(Drag((a, b)))
        eventually(lambda: received.get("dropped"), 1)
        env.execute(Click(c))
        env.execute(Click(ScreenPoint(c.x + 1, c.y)))
        eventually(lambda: (received.get("singles"), received.get("doubles")), (2, 0))
        env.execute(Click(c, count=2))
        eventually(lambda: received.get("doubles"), 1)
        env.execute(Click(c, count=3))
        eventually(lambda: received.get("triples"), 1)
        env.execute(Click(c, modifiers=("ctrl", "shift")))
        eventually(lambda: received.get("held"), "ctrl+shift")
        env.execute(Scroll(Direction.DOWN, 3, c))
        eventually(lambda: received.get("y"), 360)
        env.execute(Scroll(Direction.RIGHT, 2, c))
        eventually(lambda: received.get("x"), 240)
        env.execute(Scroll(Direction.UP, 1, c))
        eventually(lambda: received.get("y"), 240)


def test_pyautogui_operates_a_display_on_request(tmp_path: Path) -> None:
    received = Received(tmp_path)
    program = textwrap.dedent(f"""
        import sys
        from screenwright.envs.actions import *
        from screenwright.envs.desktop import DesktopEnv
        from screenwright.envs.geometry import ScreenPoint, Size
        sys.path.append({str(ROOT / "tests" / "helpers")!r})
        from virtual_displays import virtual_display
        sys.modules["tkinter"] = None
        display = virtual_display(Size(640, 480), ({received.program!r},))
        with DesktopEnv(virtual=display, driver="pyautogui") as env:
            env.execute(Click(ScreenPoint(120, 65)))
            env.execute(Click(ScreenPoint(200, 135)))
            env.execute(Type("Words, 100%", submit=True))
            env.execute(Drag((ScreenPoint(60, 220), ScreenPoint(260, 320))))
            env.execute(Scroll(Direction.DOWN, 2, ScreenPoint(240, 300)))
            env.execute(Click(ScreenPoint(240, 300), count=2, modifiers=("shift",)))
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    seen = received.all()
    assert (seen["presses"], seen["text"], seen["submissions"]) == (1, "Words, 100%", 1)
    assert (seen["doubles"], seen["wheel"]) == (1, [5, 5])
    assert [220, 120] in received.items("drag")
