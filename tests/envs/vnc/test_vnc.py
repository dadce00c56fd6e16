"""Remote screens over VNC, against TigerVNC's server on loopback."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import STAGE
from vnc_machine import VncMachine, resize, vnc_machine
from x_clipboard import copy

from screenwright.cli.main import main
from screenwright.envs.actions import Button, Click, Direction, Drag, Hotkey, Navigate, OpenApp, Scroll, Type
from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.capture import Capture, screenshot_of
from screenwright.envs.desktop.x11.connection import connect
from screenwright.envs.desktop.x11.xlib import open_display
from screenwright.envs.env import ActionRefused, EnvLost, EnvUnavailable, Fact
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.settle import SettleTimeouts
from screenwright.envs.vnc import VncAddress, VncEnv
from screenwright.envs.vnc.client import VncClient
from screenwright.envs.vnc.encodings import COPY_RECT, RAW, TIGHT, ZRLE
from screenwright.testing import EnvContract, Stage, eventually

pytestmark = pytest.mark.desktop

PROGRAM = STAGE
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's python3-tk belongs to
PAD = ScreenPoint(240, 300)
PASSWORD = "open sesame"  # servers use only the first eight characters
UNICODE = "naïve café, Привет, 你好, 😀 — “done”"


class VncStage:
    button = ScreenPoint(120, 65)
    field = ScreenPoint(200, 135)
    nothing = ScreenPoint(620, 440)

    def __init__(self, machine: VncMachine, told_at: Path) -> None:
        self.machine, self.told_at = machine, told_at
        self.env = self.new_env()

    def received(self) -> dict[str, list[object] | str | int]:
        return dict(json.loads(self.told_at.read_text(encoding="utf-8")))

    def presses(self) -> int:
        return int(str(self.received()["presses"]))

    def text(self) -> str:
        return str(self.received()["text"])

    def submissions(self) -> int:
        return int(str(self.received()["submissions"]))

    def new_env(self) -> VncEnv:
        return VncEnv(self.machine.address, password=PASSWORD)


@pytest.fixture(scope="module")
def tk_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VncStage]:
    told_at = tmp_path_factory.mktemp("stage") / "received.json"
    with vnc_machine((SYSTEM_PYTHON, str(PROGRAM), str(told_at)), password=PASSWORD) as machine:
        eventually(told_at.exists, True)
        stage = VncStage(machine, told_at)
        with stage.env:
            eventually(lambda: stage.env.observe().screenshot.image.getpixel((240, 300)), (255, 255, 255))
            yield stage


class TestVncEnv(EnvContract):
    @pytest.fixture
    def stage(self, tk_stage: VncStage) -> Stage:
        return tk_stage


def test_drags_move_along_the_path_and_the_wheel_scrolls_by_notches(tk_stage: VncStage) -> None:
    tk_stage.env.execute(Drag((ScreenPoint(60, 220), ScreenPoint(260, 320))))
    tk_stage.env.execute(Scroll(Direction.DOWN, 2, PAD))
    tk_stage.env.execute(Scroll(Direction.UP, 1))
    eventually(lambda: tk_stage.received()["wheel"], [5, 5, 4])
    moves = tk_stage.received()["drag"]
    assert isinstance(moves, list)
    assert len(moves) > 2  # Tk merges motion events on a busy machine: test_gestures.py counts the steps
    assert moves[-1] == [220, 120]


def test_the_right_button_a_double_click_and_held_modifiers_reach_the_program(tk_stage: VncStage) -> None:
    before = tk_stage.received()
    tk_stage.env.execute(Click(PAD, Button.RIGHT))
    tk_stage.env.execute(Click(PAD, modifiers=("shift",)))
    tk_stage.env.execute(Click(PAD, count=2))
    for name in ("rights", "shift_clicks", "doubles"):
        eventually(lambda name=name: tk_stage.received()[name], int(str(before[name])) + 1)


def test_the_result_reports_how_text_was_typed(tk_stage: VncStage) -> None:
    tk_stage.env.execute(Click(tk_stage.field))
    assert tk_stage.env.execute(Type("plain")).method == "keys"
    assert tk_stage.env.execute(Type("Привет")).method == "paste"


def test_text_that_no_program_fetches_is_typed_as_keysyms(tk_stage: VncStage) -> None:
    tk_stage.env.execute(Click(PAD))  # it accepts keys but ignores the paste key
    before = len(list(tk_stage.received()["keys"]))  # type: ignore[arg-type]  # JSON of the test program
    assert tk_stage.env.execute(Type("яb你")).method == "keysyms"
    typed = lambda: [key for key in list(tk_stage.received()["keys"])[before:] if str(key).isalpha()]  # type: ignore[arg-type]  # JSON of the test program # noqa: E731
    eventually(typed, ["я", "b", "你"])


@pytest.mark.parametrize("action", [Navigate("about:blank"), OpenApp("xterm")])
def test_unsupported_actions_are_refused(tk_stage: VncStage, action: Navigate | OpenApp) -> None:
    with pytest.raises(ActionRefused, match=type(action).__name__.lower()):
        tk_stage.env.execute(action)


def test_text_of_any_script_is_typed_correctly(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("")
    text = f"it's 100% <right> & {{done}}\n{UNICODE}\n\tindented\n"
    with (
        vnc_machine(("mousepad", "--disable-server", str(file)), size="800x600") as machine,
        VncEnv(machine.address) as env,
    ):
        await_first_window(env)
        env.execute(Click(ScreenPoint(400, 400)))
        env.execute(Type(text))
        env.execute(Hotkey(("ctrl", "s")))
        eventually(lambda: file.read_text(encoding="utf-8"), text)


def test_text_reaches_a_terminal_and_the_clipboard_is_restored(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    with vnc_machine(("xterm", "-fullscreen"), size="800x600") as machine, VncEnv(machine.address) as env:
        await_first_window(env)
        xclip = ["xclip", "-selection", "clipboard"]
        copy(DisplayAddress(machine.environment["DISPLAY"]), "précieux 你".encode())
        env.observe()
        env.execute(Click(ScreenPoint(400, 300)))
        assert env.execute(Type(f"echo 'ab@# {UNICODE}' >{file}", submit=True)).method == "paste"
        eventually(lambda: file.exists() and file.read_text(encoding="utf-8"), f"ab@# {UNICODE}\n")
        found = subprocess.run([*xclip, "-out"], env=machine.environment, capture_output=True, check=True, timeout=60)
        assert found.stdout.decode() == "précieux 你"


def test_ascii_is_pasted_where_the_keyboard_lacks_latin_letters(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    text = "The quick brown fox; (jumps) over #1"
    command = ("xterm", "-fullscreen", "-e", "sh", "-c", f"cat >{file}")
    with vnc_machine(command, size="800x600") as machine, VncEnv(machine.address, typing="paste") as env:
        subprocess.run(["setxkbmap", "ru"], env=machine.environment, check=True)
        await_first_window(env)
        env.execute(Click(ScreenPoint(400, 300)))
        assert env.execute(Type(text, submit=True)).method == "paste"
        eventually(lambda: file.read_text(encoding="utf-8"), text + "\n")


def test_a_resized_screen_is_captured_completely() -> None:
    with vnc_machine(size="640x480") as machine, VncEnv(machine.address) as env:
        assert env.observe().screenshot.size == Size(640, 480)
        resize(machine, 800, 600)
        eventually(lambda: env.observe().screenshot.size, Size(800, 600))
        env.execute(Click(ScreenPoint(790, 590)))
        resize(machine, 400, 300)
        eventually(lambda: env.observe().screenshot.size, Size(400, 300))
        with pytest.raises(ActionRefused, match="outside the screen of 400x300"):
            env.execute(Click(ScreenPoint(790, 590)))


def test_a_resize_is_reported_as_a_fact() -> None:
    with vnc_machine(size="640x480") as machine, VncEnv(machine.address) as env:
        env.observe()
        resize(machine, 800, 600)
        with pytest.raises(ActionRefused, match="the screen size changed from 640x480 to 800x600"):
            env.execute(Click(ScreenPoint(5, 5)))
        eventually(lambda: env.observe().facts, (Fact("The screen size changed from 640x480 to 800x600."),))
        assert env.observe().facts == ()


@pytest.mark.parametrize("encodings", [(RAW,), (COPY_RECT, TIGHT), (COPY_RECT, ZRLE)])
def test_every_encoding_is_lossless(encodings: tuple[int, ...], tmp_path: Path) -> None:
    with vnc_machine(size="640x480") as machine:
        client = VncClient(VncAddress.parse(machine.address), None, encodings)
        client.pointer(639, 479, 0)
        for turn in range(3):
            subprocess.run([sys.executable, "-c", PAINT, str(turn)], env=machine.environment | PYTHON, check=True)
            client.sync()
            capture = Capture(DisplayAddress(machine.environment["DISPLAY"]), 1)
            there = screenshot_of(capture.frame()).image
            capture.close()
            assert len(there.getcolors(1 << 20) or ()) > 10_000
            eventually(lambda there=there: client.screenshot().image.tobytes() == there.tobytes(), True)
        client.close()


PYTHON = {"PYTHONPATH": ":".join(sys.path)}
PAINT = """
import random, sys
from PIL import Image, ImageDraw, ImageFilter
from Xlib import X, display
turn = int(sys.argv[1])
d = display.Display()
d.set_close_down_mode(X.RetainPermanent)
root = d.screen().root
noise = Image.frombytes("RGB", (160, 480), random.Random(turn).randbytes(160 * 480 * 3))
canvas = Image.new("RGB", (640, 480), (40 * turn, 90, 160))
canvas.paste(noise, (0, 0))
canvas.paste(Image.linear_gradient("L").resize((160, 300)).convert("RGB"), (160, 0))
draw = ImageDraw.Draw(canvas)
for n in range(40):
    draw.text((330, 12 * n), f"line {n} of {turn}", fill=(n * 6, 0, 255 - n * 6))
for n in range(12):
    draw.rectangle((480 + n * 12, 0, 491 + n * 12, 479), fill=(n * 20, 255 - n * 20, n))
for n in range(300):
    draw.rectangle((170, 310 + n % 160, 170 + (n * 37) % 140, 311 + n % 160), fill=((n * 53) % 256, (n * 7) % 256, 9))
pixmap = root.create_pixmap(640, 480, d.screen().root_depth)
gc = pixmap.create_gc()
data = canvas.tobytes("raw", "BGRX")
for y in range(0, 480, 40):
    pixmap.put_image(gc, 0, y, 640, 40, X.ZPixmap, d.screen().root_depth, 0, data[y * 2560 : (y + 40) * 2560])
root.change_attributes(background_pixmap=pixmap)
root.clear_area(0, 0, 640, 480)
d.sync()
"""


def test_servers_with_different_extension_numbers_can_be_open_together() -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(320, 240))) as one, vnc_machine(size="400x300") as machine:
        assert one.observe().screenshot.size == Size(320, 240)
        other = open_display(machine.environment["DISPLAY"])
        assert one.observe().screenshot.size == Size(320, 240)
        again = connect(one.address or DisplayAddress())
        assert other.screen().width_in_pixels == 400
        assert again.screen().width_in_pixels == 320
        other.close()
        again.close()


def test_a_moved_window_is_copied_correctly() -> None:
    with vnc_machine(("xterm", "-geometry", "60x20+20+40", "-bg", "yellow"), size="640x480") as machine:
        client = VncClient(VncAddress.parse(machine.address), None)
        with VncEnv(machine.address) as env:
            await_first_window(env)
            env.execute(Drag((ScreenPoint(150, 30), ScreenPoint(300, 170)), modifiers=()))
            env.execute(Click(ScreenPoint(2, 478)))
        client.pointer(639, 479, 0)
        client.sync()
        capture = Capture(DisplayAddress(machine.environment["DISPLAY"]), 1)
        eventually(lambda: client.screenshot() == screenshot_of(capture.frame()), True)
        capture.close()
        client.close()


def test_a_server_that_exits_raises_env_lost() -> None:
    with vnc_machine(size="320x240") as machine, VncEnv(machine.address, timeouts=SettleTimeouts(0.1, 0.1, 1.0)) as env:
        env.observe()
        machine.server.kill()
        machine.server.wait()
        with pytest.raises(EnvLost, match=r"VNC server at 127\.0\.0\.1"):
            env.observe()
        with pytest.raises(EnvLost):
            env.execute(Click(ScreenPoint(5, 5)))
        env.release()


def test_a_missing_or_wrong_password_is_reported() -> None:
    with vnc_machine(size="320x240", password=PASSWORD) as machine:
        with pytest.raises(EnvUnavailable, match=r"needs a password: set VNC_PASSWORD"):
            VncEnv(machine.address).observe()
        with pytest.raises(EnvUnavailable, match=r"denies access: Authentication fail"):
            VncEnv(machine.address, password="another").observe()


@pytest.mark.reader
def test_the_command_line_operates_a_remote_screen(
    tk_stage: VncStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VNC_PASSWORD", PASSWORD)
    before = tk_stage.presses()
    done = main(
        ["run", 'Click "Press"', "--env", "vnc", "--address", tk_stage.machine.address, "--yes", "--out", "here"]
    )
    assert done == 0, capsys.readouterr().err
    eventually(tk_stage.presses, before + 1)
    assert PASSWORD not in "".join(
        file.read_text("latin-1") for file in (tmp_path / "here").glob("*") if file.is_file()
    )


def await_first_window(env: VncEnv) -> None:
    """Wait until a window has appeared and the screen has settled."""
    env.observe()
    blank = env.observe().screenshot
    end = time.monotonic() + 60
    while env.observe().screenshot == blank and time.monotonic() < end:
        time.sleep(0.1)
    env.execute(Click(ScreenPoint(2, 2)))
