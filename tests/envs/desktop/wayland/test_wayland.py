"""Wayland screens: a headless sway with a terminal, and unsupported compositors."""

import os
import re
import shutil
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sway_compositor import Compositor

from screenwright.envs.actions import Button, Click, Drag, Hotkey, KeyDown, KeyUp, Move, Scroll, Type
from screenwright.envs.actions import Direction as Way
from screenwright.envs.check import CheckStatus
from screenwright.envs.clipboard import ClipboardSettings
from screenwright.envs.desktop import DesktopEnv, InterruptSettings
from screenwright.envs.desktop.doctor import check_desktop
from screenwright.envs.desktop.watchdog.client import USER_INPUT
from screenwright.envs.desktop.wayland.keymap import CODES, SPARE, code_of, keymap, portions
from screenwright.envs.desktop.wayland.screen import on_output, upright
from screenwright.envs.env import ActionRefused, EnvLost, EnvStopped, EnvUnavailable, Fact
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.settle import RawFrame, SettleTimeouts
from screenwright.testing import eventually

NEEDS_SWAY = pytest.mark.skipif(
    not all(map(shutil.which, ("sway", "foot", "setpriv"))), reason="needs sway and foot: apt-get install sway foot"
)
MIDDLE = ScreenPoint(320, 240)
UNICODE = "naïve café, Привет, 你好, 😀 — “done”"
QUICK = SettleTimeouts(0.1, 0.1, 1.0)
UNWATCHED = InterruptSettings("off", 0)


@pytest.fixture(scope="module")
def compositor() -> Iterator[Compositor]:
    """Always has a keyboard. Without any, programs release theirs, and miss the first keys of the next one."""
    running = Compositor()
    try:
        eventually(lambda: bool(running.name()), True)
        with pytest.MonkeyPatch.context() as environment:
            use(running, environment)
            keyboard = DesktopEnv(timeouts=QUICK, interrupts=UNWATCHED)
            keyboard.observe()
        yield running
        keyboard.close()
    finally:
        running.end()


def use(compositor: Compositor, environment: pytest.MonkeyPatch) -> None:
    """Make it the display."""
    environment.delenv("DISPLAY", raising=False)
    environment.setenv("XDG_RUNTIME_DIR", str(compositor.folder))
    environment.setenv("WAYLAND_DISPLAY", compositor.name())


@pytest.fixture
def session(compositor: Compositor, monkeypatch: pytest.MonkeyPatch) -> Compositor:
    use(compositor, monkeypatch)
    return compositor


@pytest.fixture
def screen(session: Compositor) -> Iterator[DesktopEnv]:
    with DesktopEnv(timeouts=QUICK, interrupts=UNWATCHED) as env:
        eventually(lambda: env.observe().screenshot.image.getpixel((600, 400)), (200, 30, 160))
        yield env


@pytest.mark.desktop
@NEEDS_SWAY
def test_a_wayland_screenshot_has_the_right_colours(screen: DesktopEnv) -> None:
    assert screen.wayland
    assert screen.observe().screenshot.size == Size(640, 480)


@pytest.mark.parametrize("rotation", range(8))
def test_points_of_a_turned_picture_are_points_of_the_output(rotation: int) -> None:
    output = RawFrame(4, 3, bytes(channel for number in range(12) for channel in (number, 0, 0, 0)))
    picture = upright(output, rotation)
    for number, (x, y) in enumerate((x, y) for y in range(picture.height) for x in range(picture.width)):
        across, down, size = on_output(x, y, Size(picture.width, picture.height), rotation)
        assert size == Size(4, 3)
        assert picture.pixels[4 * number] == 4 * down + across


@pytest.mark.desktop
@NEEDS_SWAY
@pytest.mark.parametrize("turn", ["90", "flipped-90"])
def test_a_rotated_output_is_shown_upright(screen: DesktopEnv, session: Compositor, turn: str) -> None:
    screen.execute(Type("clear", submit=True))
    session.message("output", "HEADLESS-1", "transform", turn)
    try:
        eventually(lambda: screen.observe().screenshot.size, Size(480, 640))
        eventually(lambda: bright_area(screen)[2] < 240 and bright_area(screen)[3] < 320, True)
    finally:
        session.message("output", "HEADLESS-1", "transform", "normal")
        eventually(lambda: screen.observe().screenshot.size, Size(640, 480))


@pytest.mark.desktop
@NEEDS_SWAY
def test_an_output_of_another_size_is_followed(screen: DesktopEnv, session: Compositor) -> None:
    for size in (Size(800, 600), Size(640, 480)):
        before = screen.observe().screenshot.size
        session.message("output", "HEADLESS-1", "resolution", str(size))
        with pytest.raises(ActionRefused, match=f"the screen size changed from {before} to {size}"):
            screen.execute(Click(ScreenPoint(5, 5)))
        assert screen.observe().facts == (Fact(f"The screen size changed from {before} to {size}."),)


def bright_area(screen: DesktopEnv) -> tuple[int, int, int, int]:
    """The box of the text in the terminal: the prompt in its upper left corner."""
    bright = screen.observe().screenshot.image.convert("L").point([0] * 160 + [255] * 96)
    return bright.getbbox() or (640, 640, 640, 640)


@pytest.mark.desktop
@NEEDS_SWAY
def test_any_text_is_typed_correctly(screen: DesktopEnv, session: Compositor) -> None:
    file = session.folder / "out.txt"
    screen.execute(Click(MIDDLE))
    text = f"it is 100% <right> & {{done}}; {UNICODE}"
    assert screen.execute(Type(f"echo '{text}' >{file}", submit=True)).method == "remapped keys"
    eventually(lambda: file.exists() and file.read_text(encoding="utf-8"), text + "\n")
    assert screen.execute(Type(f"echo ABC xyz ~^ >{file}", submit=True)).method == "keys"
    eventually(lambda: file.read_text(encoding="utf-8"), "ABC xyz ~^\n")


@pytest.mark.desktop
@NEEDS_SWAY
def test_more_characters_than_spare_keys_are_typed(screen: DesktopEnv, session: Compositor) -> None:
    file = session.folder / "many.txt"
    text = "".join(chr(0x4E00 + number) for number in range(3 * len(SPARE)))
    screen.execute(Type(f"echo {text} >{file}", submit=True))
    eventually(lambda: file.exists() and file.read_text(encoding="utf-8"), text + "\n")


@pytest.mark.desktop
@NEEDS_SWAY
def test_hotkeys_and_held_keys_reach_the_program(screen: DesktopEnv, session: Compositor) -> None:
    file = session.folder / "after.txt"
    screen.execute(Type("sleep 1000", submit=True))
    screen.execute(Hotkey(("ctrl", "c")))
    screen.execute(KeyDown("ctrl"))
    screen.execute(Hotkey(("u",)))
    screen.execute(KeyUp("ctrl"))
    screen.execute(Type(f"echo free >{file}", submit=True))
    eventually(file.exists, True)
    with pytest.raises(ActionRefused, match="recents"):
        screen.execute(Hotkey(("ctrl", "recents")))


@pytest.mark.desktop
@NEEDS_SWAY
def test_the_buttons_for_the_thumb_reach_the_program(screen: DesktopEnv, session: Compositor) -> None:
    file = session.folder / "mouse.txt"
    screen.execute(Type(f"stty -icanon; printf '\\033[?1000;1006h'; cat -v >{file}", submit=True))
    screen.execute(Click(MIDDLE, Button.BACK))
    screen.execute(Click(MIDDLE, Button.FORWARD))
    eventually(lambda: re.findall(r"<(\d+);[\d;]+M", file.read_text()) if file.exists() else [], ["128", "129"])
    screen.execute(Hotkey(("ctrl", "c")))
    screen.execute(Type("printf '\\033[?1000;1006l'; stty sane", submit=True))


@pytest.mark.desktop
@NEEDS_SWAY
def test_the_clipboard_is_set_read_and_reported(session: Compositor) -> None:
    settings = ClipboardSettings(report=True, text="from outside: 你好")
    file = session.folder / "pasted.txt"
    with DesktopEnv(timeouts=QUICK, interrupts=UNWATCHED, clipboard=settings) as env:
        eventually(lambda: env.observe().screenshot.image.getpixel((600, 400)), (200, 30, 160))
        assert env.clipboard() == "from outside: 你好"
        env.execute(Click(MIDDLE))
        env.execute(Type(f"cat >{file}", submit=True))
        env.execute(Hotkey(("ctrl", "shift", "v")))
        env.execute(Hotkey(("enter",)))
        env.execute(Hotkey(("ctrl", "d")))
        eventually(lambda: file.exists() and file.read_text(encoding="utf-8"), "from outside: 你好\n")
        assert env.observe().facts == ()
        env.execute(Type("printf '\\033]52;c;aGVsbG8=\\007'", submit=True))  # the terminal copies "hello"
        eventually(lambda: list(map(str, env.observe().facts)), ['The clipboard now holds the text "hello".'])
        assert env.clipboard() == "hello"


@pytest.mark.desktop
@NEEDS_SWAY
def test_a_mouse_drag_selects_text_and_changes_the_screenshot(screen: DesktopEnv) -> None:
    screen.execute(Type("clear; printf '%60s' | tr ' ' x", submit=True))
    screen.execute(Move(MIDDLE))
    before = screen.observe().screenshot.image
    screen.execute(Drag((ScreenPoint(5, 33), ScreenPoint(300, 33))))
    after = screen.observe().screenshot.image
    assert before.crop((5, 26, 250, 40)).tobytes() != after.crop((5, 26, 250, 40)).tobytes()
    screen.execute(Scroll(Way.UP, 2, MIDDLE))
    screen.execute(Click(MIDDLE))


@pytest.mark.desktop
@NEEDS_SWAY
def test_without_access_to_input_devices_the_hot_key_must_be_disabled(
    session: Compositor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert session.name()
    monkeypatch.setattr("screenwright.envs.desktop.session.INPUT_DEVICES", tmp_path)
    with DesktopEnv() as env, pytest.raises(EnvUnavailable, match=r"usermod -aG input.*--hot-key off"):
        env.observe()
    with (
        DesktopEnv(monitor=2, interrupts=UNWATCHED) as env,
        pytest.raises(EnvUnavailable, match="there is no monitor 2"),
    ):
        env.observe()


class Keys:
    """A keyboard with kernel events; a pipe replaces the device."""

    def __init__(self, folder: Path) -> None:
        os.mkfifo(folder / "event3")
        self._file = os.open(folder / "event3", os.O_RDWR)

    def press(self, *codes: int) -> None:
        for code in codes:
            for value in (1, 0):
                when = divmod(time.monotonic_ns() // 1000, 1_000_000)
                os.write(self._file, struct.pack("llHHi", *when, 1, code, value))

    def close(self) -> None:
        os.close(self._file)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    keyboard = Keys(tmp_path)
    monkeypatch.setattr("screenwright.envs.desktop.session.INPUT_DEVICES", tmp_path)
    yield keyboard
    keyboard.close()


@pytest.mark.desktop
@NEEDS_SWAY
def test_the_hot_key_is_detected_from_kernel_devices(session: Compositor, keys: Keys) -> None:
    assert session.name()
    with DesktopEnv(timeouts=QUICK, interrupts=InterruptSettings(quiet_s=0.5)) as env:
        env.execute(Click(MIDDLE))
        keys.press(30)
        eventually(lambda: Fact(USER_INPUT) in env.observe().facts, True)
        keys.press(1, 1)
        eventually(lambda: refusal_of(env), "stopped by the user: double escape")


def refusal_of(env: DesktopEnv) -> str:
    """The reason that a click is refused; empty if it is performed."""
    try:
        env.execute(Click(MIDDLE))
    except (ActionRefused, EnvStopped) as reason:
        return str(reason)
    return ""


@pytest.mark.desktop
@NEEDS_SWAY
def test_the_doctor_checks_a_wayland_screen(
    session: Compositor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert session.name()
    monkeypatch.setattr("screenwright.envs.desktop.doctor.INPUT_DEVICES", tmp_path)
    checks = {check.what: check for check in check_desktop(Size(320, 240))}
    assert checks["desktop: display"].found == "Wayland, 640x480"
    assert checks["desktop: capture"].status is CheckStatus.OK
    assert "--hot-key off" in checks["desktop: hot key"].fix


@pytest.mark.desktop
@NEEDS_SWAY
def test_a_compositor_that_ends_raises_env_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    short = Compositor()
    try:
        eventually(lambda: bool(short.name()), True)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(short.folder))
        monkeypatch.setenv("WAYLAND_DISPLAY", short.name())
        env = DesktopEnv(interrupts=UNWATCHED)
        env.observe()
    finally:
        short.end()
    with pytest.raises(EnvLost):
        env.execute(Click(MIDDLE))
    env.release()
    env.close()


# -- unsupported compositors


def test_an_unsupported_compositor_error_lists_alternatives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Like GNOME's, the fake compositor offers an output but no protocols for capture or input."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)  # no dialog on the desktop of who runs the tests

    def answer() -> None:
        with server.accept()[0] as visitor:
            visitor.recv(4096)
            name = b"wl_output\0\0\0"
            body = struct.pack("=I", 1) + struct.pack("=I", 10) + name + struct.pack("=I", 3)
            visitor.sendall(struct.pack("=II", 2, (8 + len(body)) << 16) + body)
            visitor.sendall(struct.pack("=III", 3, 12 << 16, 0))
            visitor.recv(4096)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        thread = threading.Thread(target=answer)
        thread.start()
        refusal = (
            r"does not support .*--virtual.*X11 session.*wlroots.*(install 'screenwright\[portal|no D-Bus session)"
        )
        with DesktopEnv() as env, pytest.raises(EnvUnavailable, match=refusal):
            env.observe()
        thread.join()


def test_every_character_has_its_own_key() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert not set(CODES.values()) & set(SPARE)
    assert len(SPARE) >= 60
    assert code_of("\n") == CODES["enter"]
    assert code_of("я") is None
    assert "U044F" in keymap(("я",))


def test_long_texts_are_split_where_the_spare_keys_run_out() -> None:
    text = "abc " + "".join(chr(0x4E00 + number % 300) for number in range(1000)) + "\n"
    parts = list(portions(text))
    assert "".join(part for part, _ in parts) == text
    for part, others in parts:
        assert len(others) <= len(SPARE)
        assert all(code_of(character) is not None or character in others for character in part)
