"""Android phones over adb, against a fake adb server."""

import errno
import socket
from collections.abc import Generator
from pathlib import Path

import pytest
from adb_phone import ADB_KEYBOARD, OWN_KEYBOARD, AdbPhone, adb_phone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from screenwright import (
    ActionRefused,
    AndroidEnv,
    Click,
    Direction,
    Drag,
    EnvLost,
    EnvUnavailable,
    FakeEnv,
    Hotkey,
    OpenApp,
    ScreenPoint,
    Screenshot,
    Scroll,
    Type,
)
from screenwright.cli.main import main
from screenwright.envs.actions import Back, Button, ButtonDown, Home, KeyDown, LongPress, Move, Navigate
from screenwright.envs.android.apps import find_app, launchable
from screenwright.envs.android.commands import commands_of, text_commands
from screenwright.envs.android.doctor import check_android
from screenwright.envs.check import CheckStatus
from screenwright.envs.env import Fact
from screenwright.envs.geometry import Size
from screenwright.envs.settle import SettleTimeouts
from screenwright.testing import EnvContract, Stage, eventually

SOON = SettleTimeouts(first_change_s=0.0, quiet_s=0.0, limit_s=0.0)
UPRIGHT = Size(400, 640)
LEAKY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""adbutils does not close the socket of a failed connection."""


class PhoneStage:
    nothing = ScreenPoint(380, 600)

    def __init__(self, server: tuple[str, int], phone: AdbPhone) -> None:
        self.server, self.phone = server, phone
        self.env = self.new_env()
        self.button, self.field = phone.env.where("Greet"), phone.env.where("Name")

    def presses(self) -> int:
        return self.phone.env.state.presses

    def text(self) -> str:
        return self.phone.env.state.text

    def submissions(self) -> int:
        return self.phone.env.state.submissions

    def new_env(self) -> AndroidEnv:
        return AndroidEnv(server=self.server, timeouts=SOON)


@pytest.fixture
def phone() -> Generator[PhoneStage]:
    with adb_phone(FakeEnv(UPRIGHT)) as (server, device):
        stage = PhoneStage(server, device)
        with stage.env:
            yield stage


class TestAndroidEnv(EnvContract):
    @pytest.fixture
    def stage(self, phone: PhoneStage) -> Stage:
        return phone

    def test_shift_stays_pressed_until_release(self, stage: Stage) -> None:
        """`input` cannot hold keys between commands, so they are refused."""
        with pytest.raises(ActionRefused, match="its keys cannot be held"):
            stage.env.execute(KeyDown("shift"))


def test_the_location_is_the_focused_activity(phone: PhoneStage) -> None:
    assert phone.env.observe().location == "com.android.settings/com.android.settings.Settings"
    assert phone.env.info().program == "Pretend Phone"
    assert phone.phone.command_lines[:2] == ["getprop ro.product.model", "input keyevent 224"]


def test_a_warning_before_the_screenshot_is_ignored(phone: PhoneStage) -> None:
    phone.phone.screencap_warning = b"[Warning] Multiple displays were found, but no display id was specified!\n"
    assert phone.env.observe().screenshot.size == UPRIGHT
    phone.phone.screencap_warning, phone.phone.screencap = b"", b"Failed to take screenshot: -38"
    with pytest.raises(EnvLost, match="sent no screenshot: Failed to take screenshot"):
        phone.env.observe()


def test_rotated_and_black_screens_are_reported_as_facts(phone: PhoneStage) -> None:
    assert phone.env.observe().facts == ()
    phone.phone.env.size = Size(640, 400)
    with pytest.raises(ActionRefused, match="the screen size changed from 400x640 to 640x400"):
        phone.env.execute(Click(phone.button))
    assert phone.env.observe().facts == (Fact("The screen size changed from 400x640 to 640x400."),)
    phone.env.execute(Click(ScreenPoint(630, 390)))
    phone.phone.screencap = Screenshot(Image.new("RGB", (640, 400))).png
    (fact,) = phone.env.observe().facts
    assert "The screenshot is black." in str(fact)


def test_the_display_that_is_on_is_captured(phone: PhoneStage) -> None:
    black, red = (Screenshot(Image.new("RGB", (60, 100), colour)).png for colour in ("black", "red"))
    phone.phone.screencap = black
    phone.phone.displays = {"461": black, "462": b"screencap: no such display", "463": red}
    seen = phone.env.observe()
    assert (seen.screenshot.png, seen.facts) == (red, ())
    phone.phone.displays = {"461": red, "463": black}  # the phone is unfolded
    assert phone.env.observe().screenshot.png == red
    phone.phone.displays = {"461": black, "463": black}
    (fact,) = phone.env.observe().facts
    assert "The screenshot is black." in str(fact)


def test_unicode_text_is_typed_with_adbkeyboard_and_the_keyboard_is_restored(phone: PhoneStage) -> None:
    phone.env.execute(Click(phone.field))
    assert phone.env.execute(Type("plain")).method == "input"
    assert phone.phone.keyboard == OWN_KEYBOARD
    assert phone.env.execute(Type(" 你好\n")).method == "ADBKeyboard"
    assert phone.phone.keyboard == OWN_KEYBOARD
    assert (phone.text(), phone.submissions()) == ("plain 你好", 1)


def test_without_adbkeyboard_unicode_text_is_refused(phone: PhoneStage) -> None:
    phone.phone.keyboards.remove(ADB_KEYBOARD)
    phone.env.execute(Click(phone.field))
    with pytest.raises(ActionRefused, match="can type only ASCII, not 'é', unless ADBKeyboard"):
        phone.env.execute(Type("café"))
    assert phone.text() == ""


@pytest.mark.parametrize(
    "text", ["100%sure", "a %s b", "%%s %", "$(reboot) `id` \"x\" 'y' \\n ; & | > <", "-d 1", "  two  spaces  ", "%"]
)
def test_text_reaches_the_phone_letter_by_letter(phone: PhoneStage, text: str) -> None:
    phone.env.execute(Click(phone.field))
    phone.env.execute(Type(text))
    assert phone.text() == text


def test_apps_are_opened_by_common_names(phone: PhoneStage) -> None:
    for name, component in (
        ("Settings", "com.android.settings/.Settings"),
        ("Clock", "com.google.android.deskclock/com.android.deskclock.DeskClock"),
        ("spotify", "com.spotify.music/.MainActivity"),
        ("com.spotify.music", "com.spotify.music/.MainActivity"),
    ):
        phone.env.execute(OpenApp(name))
        assert phone.phone.started[-1] == component
    with pytest.raises(
        ActionRefused, match=r"no single app matches 'Camera'; installed apps: com\.android\.settings, "
    ):
        phone.env.execute(OpenApp("Camera"))
    with pytest.raises(ActionRefused, match="failed on the phone: Error type 3"):
        phone.env.execute(OpenApp("Tasks"))
    assert phone.phone.started[-1] == "org.tasks/com.todoroo.astrid.activity.MainActivity$Start"


def test_ambiguous_app_names_are_not_guessed() -> None:
    components = launchable("com.one.notes/.Main\ncom.two.notes/.Main\n  com.three/.A$B\npriority=0 match=0x1\n")
    assert components == ("com.one.notes/.Main", "com.two.notes/.Main", "com.three/.A$B")
    assert find_app("notes", components) is None
    assert find_app("two", components) == "com.two.notes/.Main"
    assert find_app("Three App", components) == "com.three/.A$B"
    assert find_app("com", components) is None


def test_phone_buttons_and_urls_are_supported(phone: PhoneStage) -> None:
    phone.env.execute(Home())
    phone.env.execute(Back())
    phone.env.execute(Hotkey(("recents",)))
    phone.env.execute(Navigate("https://example.org/?a=1&b='x'"))
    assert [call for call in phone.phone.calls if call[0] == "input"][1:] == [
        ("input", "keyevent", "3"),
        ("input", "keyevent", "4"),
        ("input", "keyevent", "187"),
    ]
    assert phone.phone.started == ["https://example.org/?a=1&b='x'"]
    with pytest.raises(ActionRefused, match="is not a URL"):
        phone.env.execute(Navigate("file:///etc/passwd"))


def test_a_drag_is_a_swipe_and_a_long_press_does_not_move(phone: PhoneStage) -> None:
    at = phone.phone.env.where("Cherry")
    phone.env.execute(Drag((at, ScreenPoint(at.x, at.y - 44))))
    assert phone.phone.env.state.scrolled == 2
    phone.env.execute(LongPress(phone.button, 0.7))
    assert phone.presses() == 1
    assert phone.phone.calls[-2] == ("input", "swipe", "74", "58", "74", "58", "700")


@given(
    direction=st.sampled_from(Direction),
    amount=st.integers(1, 50),
    x=st.floats(0, 399),
    y=st.floats(0, 639),
)
def test_a_scroll_swipes_against_its_direction_within_the_screen(
    direction: Direction, amount: int, x: float, y: float
) -> None:
    for swipe in commands_of(Scroll(direction, amount, ScreenPoint(x, y)), UPRIGHT):
        name, kind, *numbers, duration = swipe.split()
        x1, y1, x2, y2 = map(int, numbers)
        assert (name, kind, duration) == ("input", "swipe", "500")
        assert all(0 < value < UPRIGHT.width for value in (x1, x2))
        assert all(0 < value < UPRIGHT.height for value in (y1, y2))
        towards = {"up": y2 - y1, "down": y1 - y2, "left": x2 - x1, "right": x1 - x2}[direction]
        assert towards > 10


def test_actions_without_a_touch_equivalent_are_refused() -> None:
    at = ScreenPoint(5, 5)
    for action, reason in (
        (Click(at, Button.RIGHT), "has no right button; use a long press"),
        (Click(at, modifiers=("ctrl",)), "has no modifier keys"),
        (Move(at), "no move action"),
        (ButtonDown(), "needs a point"),
        (Hotkey(("f20",)), "no key 'f20'"),
    ):
        with pytest.raises(ActionRefused, match=reason):
            commands_of(action, UPRIGHT)
    assert list(text_commands("")) == []


def test_release_lifts_a_finger(phone: PhoneStage) -> None:
    phone.env.execute(ButtonDown(at=phone.nothing))
    phone.env.release()
    phone.env.release()
    assert [call[2] for call in phone.phone.calls if call[1] == "motionevent"] == ["DOWN", "UP"]


def test_the_phone_is_chosen_by_its_serial(phone: PhoneStage) -> None:
    phone.phone.states = {"emulator-5554": "device", "R58": "unauthorized", "X1": "offline", "Y2": "device"}
    for serial, reason in (
        (None, "several phones are connected .emulator-5554, Y2.: choose one with --device"),
        ("R58", "R58 has not authorized this computer"),
        ("X1", "X1 does not answer"),
        ("Z9", "there is no phone Z9"),
    ):
        with pytest.raises(EnvUnavailable, match=reason):
            AndroidEnv(serial, server=phone.server).observe()
    with AndroidEnv("Y2", server=phone.server) as env:
        assert env.observe().screenshot.size == UPRIGHT
    phone.phone.states = {"R58": "unauthorized"}
    with pytest.raises(EnvUnavailable, match="R58 has not authorized"):
        AndroidEnv(server=phone.server).observe()
    phone.phone.states = {}
    with pytest.raises(EnvUnavailable, match="no phone is connected"):
        AndroidEnv(server=phone.server).observe()


@LEAKY
def test_an_unplugged_phone_raises_env_lost(phone: PhoneStage) -> None:
    phone.env.observe()
    phone.phone.states = {}
    with pytest.raises(EnvLost, match="'emulator-5554' not found"):
        phone.env.execute(Click(phone.button))
    phone.env.release()


def test_a_phone_without_the_shell_v2_protocol_works(phone: PhoneStage) -> None:
    phone.phone.features = "cmd"
    with AndroidEnv(server=phone.server, timeouts=SOON) as env:
        env.execute(Click(phone.button))
        assert phone.presses() == 1
        with pytest.raises(ActionRefused, match="no single app matches"):
            env.execute(OpenApp("Camera"))


def test_the_doctor_checks_a_phone(phone: PhoneStage) -> None:
    checks = list(check_android(server=phone.server))
    assert [check.status for check in checks] == [CheckStatus.OK] * 3
    assert checks[0].found == "Pretend Phone, emulator-5554"
    assert checks[1].found.startswith("400x640, ")
    phone.phone.keyboards.remove(ADB_KEYBOARD)
    phone.phone.screencap = Screenshot(Image.new("RGB", (400, 640))).png
    _, screenshot, text = check_android(server=phone.server)
    assert (screenshot.status, text.status) == (CheckStatus.FAILED, CheckStatus.WARNING)
    phone.phone.states = {}
    (check,) = check_android(server=phone.server)
    assert (check.status, check.found[:22]) == (CheckStatus.FAILED, "no phone is connected:")


@pytest.mark.slow
def test_the_doctor_ends_an_adb_server_that_it_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        host, port = unused.getsockname()
    (check,) = check_android(server=(host, port))
    assert check.found.startswith("no phone is connected:")
    eventually(lambda: refuses(host, port), True)


def refuses(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == errno.ECONNREFUSED


@pytest.mark.reader
def test_the_command_line_operates_a_phone(
    phone: PhoneStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(phone.server[1]))
    done = main(["run", 'Click "Greet"', "--env", "android", "--device", "emulator-5554", "--yes", "--out", "here"])
    assert done == 0, capsys.readouterr().err
    assert phone.presses() == 1


@LEAKY
def test_a_missing_adb_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/bin/false")
    with pytest.raises(EnvUnavailable, match="adb: connect to adb server failed"):
        AndroidEnv(server=("127.0.0.1", 9)).observe()
