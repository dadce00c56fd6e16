"""The doctor's desktop checks, on working displays and on displays with known faults."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from screenwright.envs.check import Check, CheckStatus
from screenwright.envs.desktop.doctor import check_desktop, layout_name, pointer_check
from screenwright.envs.desktop.marks import Sample, changed, fitted, is_black
from screenwright.envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
from screenwright.envs.desktop.virtual.packages import VIRTUAL_PACKAGES
from screenwright.envs.desktop.virtual.sandbox.bubblewrap import why_unavailable
from screenwright.envs.geometry import Box, DevicePoint, ScreenPoint, Size
from screenwright.testing import eventually

SMALL = Size(640, 480)
HERE = (123, 45)

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="its displays are X displays")


def named(checks: list[Check]) -> dict[str, Check]:
    return {check.what: check for check in checks}


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Display]:
    """A display that the doctor treats as a real screen; the pointer is at `HERE`."""
    running = RunningDisplay(VirtualDisplay(SMALL, window_manager=None))
    try:
        assert running.address.name
        assert running.address.authority
        monkeypatch.setenv("DISPLAY", running.address.name)
        monkeypatch.setenv("XAUTHORITY", running.address.authority)
        connection = Display()
        xtest.fake_input(connection, X.MotionNotify, x=HERE[0], y=HERE[1])
        connection.sync()
        yield connection
        connection.close()
    finally:
        running.stop()


def without(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove one program from PATH."""
    for name in (*VIRTUAL_PACKAGES, "xclip"):
        found = shutil.which(name)
        if name != program and found:
            (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))


# -- no display


@pytest.mark.desktop
def test_without_a_display_a_virtual_one_is_tried() -> None:
    checks = named(list(check_desktop(SMALL)))
    assert checks["desktop: display"].status is CheckStatus.WARNING
    assert "there is no display" in checks["desktop: display"].found
    assert "--virtual" in checks["desktop: display"].fix
    parts = ("programs", "display", "capture", "pointer", "keyboard")
    assert [checks[f"virtual: {part}"].status for part in parts] == [CheckStatus.OK] * len(parts)
    reason = why_unavailable()
    assert checks["virtual: sandbox"].status is (CheckStatus.WARNING if reason else CheckStatus.OK)
    assert (reason or "ways out of it were tried, and none works") in checks["virtual: sandbox"].found
    assert "640x480" in checks["virtual: display"].found
    assert "within 0.0 px" in checks["virtual: pointer"].found


def test_missing_display_and_programs_name_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    checks = named(list(check_desktop(SMALL)))
    assert checks.pop("virtual: watching").status is CheckStatus.SKIPPED  # optional
    assert {check.status for check in checks.values()} == {CheckStatus.FAILED}
    assert "apt-get install xvfb openbox dbus bubblewrap" in checks["desktop: display"].fix
    assert checks["virtual: programs"].fix == "apt-get install xvfb openbox dbus bubblewrap"


@pytest.mark.desktop
def test_only_missing_packages_are_suggested(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without("openbox", tmp_path, monkeypatch)
    programs = named(list(check_desktop(SMALL)))["virtual: programs"]
    assert (programs.status, programs.fix) == (CheckStatus.FAILED, "apt-get install openbox")


@pytest.mark.desktop
def test_a_virtual_display_works_without_dbus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without("dbus-daemon", tmp_path, monkeypatch)
    checks = named(list(check_desktop(SMALL)))
    assert checks["virtual: programs"].status is CheckStatus.WARNING
    assert checks["virtual: display"].status is CheckStatus.OK


@pytest.mark.desktop
def test_a_missing_display_is_named() -> None:
    display = next(check_desktop(SMALL, ":4242"))
    assert ":4242" in display.found
    assert display.fix


@pytest.mark.desktop
def test_a_server_that_does_not_start_is_reported_with_its_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without("Xvfb", tmp_path, monkeypatch)
    server = tmp_path / "Xvfb"
    server.write_text("#!/bin/sh\necho 'no room for a screen' >&2\nexit 3\n")
    server.chmod(0o755)
    checks = named(list(check_desktop(SMALL)))
    assert checks["virtual: display"].status is CheckStatus.FAILED
    assert "Xvfb did not start" in checks["virtual: display"].found
    assert "virtual: capture" not in checks


@pytest.mark.desktop
def test_closing_the_checks_early_leaves_no_process_or_file() -> None:
    before = children()
    checks = check_desktop(SMALL)
    for check in checks:
        if check.what == "virtual: display":
            assert children() - before
            break
    checks.close()
    eventually(lambda: children() - before, set())
    list(check_desktop(SMALL))
    eventually(lambda: children() - before, set())


# -- a real screen


@pytest.mark.desktop
def test_checking_a_real_screen_does_not_change_it(screen: Display) -> None:
    windows = len(screen.screen().root.query_tree().children)
    checks = named(list(check_desktop(SMALL)))
    parts = ("display", "capture", "pointer", "keyboard", "input", "hot key")
    assert [checks[f"desktop: {part}"].status for part in parts] == [CheckStatus.OK] * len(parts)
    assert str(SMALL) in checks["desktop: display"].found
    pointer = screen.screen().root.query_pointer()
    assert (pointer.root_x, pointer.root_y) == HERE
    eventually(lambda: len(screen.screen().root.query_tree().children), windows)


@pytest.mark.desktop
def test_closing_the_checks_early_restores_the_pointer_position(screen: Display) -> None:
    checks = check_desktop(SMALL)
    while next(checks).what != "desktop: pointer":
        pass
    checks.close()
    pointer = screen.screen().root.query_pointer()
    assert (pointer.root_x, pointer.root_y) == HERE


@pytest.mark.desktop
def test_a_server_that_resets_after_each_client_is_checked(tmp_path: Path) -> None:
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{SMALL}x24", "-nolisten", "tcp"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        assert server.stdout
        name = f":{int(server.stdout.readline())}"
        for _ in range(3):
            checks = (check for check in check_desktop(SMALL, name) if check.what.startswith("desktop: "))
            found = [next(checks).status for _ in ("display", "capture", "pointer")]
            checks.close()
            assert found == [CheckStatus.OK] * 3
    finally:
        server.terminate()
        server.communicate()


@pytest.mark.desktop
@pytest.mark.skipif(shutil.which("xrandr") is None, reason="needs xrandr: apt-get install x11-xserver-utils")
def test_each_monitor_is_measured_by_its_number(screen: Display) -> None:
    """Two monitors of different sizes, the second offset in both axes."""
    split("left", "300/80x480/120+0+0", "screen")
    split("right", "340/80x400/100+300+80", "none")
    assert screen.screen().root
    checks = named(list(check_desktop(SMALL)))
    assert checks["desktop: monitors"].found == "1 is 300x480 at 0,0; 2 is 340x400 at 300,80; --monitor chooses"
    parts = ("capture", "pointer", "capture 2", "pointer 2", "keyboard")
    assert [checks[f"desktop: {part}"].status for part in parts] == [CheckStatus.OK] * len(parts)
    assert checks["desktop: pointer"].found == "arrives within 0.0 px of where it is sent, scale 1"
    assert checks["desktop: pointer 2"].found.endswith("scale 1, origin 300,80")


def split(name: str, place: str, output: str) -> None:
    """Define a monitor that covers a part of the screen."""
    subprocess.run(["xrandr", "--setmonitor", name, place, output], check=True)


@pytest.mark.desktop
def test_a_pointer_that_cannot_move_fails(screen: Display) -> None:
    root = screen.screen().root
    cage = root.create_window(0, 0, 30, 30, 0, X.CopyFromParent, override_redirect=True)
    cage.map()
    cage.grab_pointer(True, 0, X.GrabModeAsync, X.GrabModeAsync, cage, X.NONE, X.CurrentTime)
    screen.sync()
    pointer = named(list(check_desktop(SMALL)))["desktop: pointer"]
    assert pointer.status is CheckStatus.FAILED
    assert "not found at 5 of 5 positions" in pointer.found


@pytest.mark.desktop
def test_a_program_that_receives_all_input_is_found(screen: Display) -> None:
    root = screen.screen().root
    root.grab_pointer(False, 0, X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE, X.CurrentTime)
    root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    checks = check_desktop(SMALL)
    found = next(check for check in checks if check.what == "desktop: input")
    checks.close()
    assert found.status is CheckStatus.FAILED
    assert "all input from the pointer and the keyboard" in found.found


@pytest.mark.desktop
@pytest.mark.skipif(shutil.which("setxkbmap") is None, reason="needs setxkbmap: apt-get install x11-xkb-utils")
def test_a_layout_without_latin_letters_is_reported_by_name(screen: Display) -> None:
    subprocess.run(["setxkbmap", "-model", "pc104", "ru"], check=True)
    screen.sync()
    keyboard = named(list(check_desktop(SMALL)))["desktop: keyboard"]
    assert keyboard.status is CheckStatus.WARNING
    assert keyboard.found.startswith("layout ru on pc104; ")
    assert "ASCII characters have no key" in keyboard.found


@pytest.mark.desktop
def test_caps_lock_is_reported(screen: Display) -> None:
    key = screen.keysym_to_keycode(XK.XK_Caps_Lock)
    for event in (X.KeyPress, X.KeyRelease):
        xtest.fake_input(screen, event, key)
    screen.sync()
    keyboard = named(list(check_desktop(SMALL)))["desktop: keyboard"]
    assert keyboard.status is CheckStatus.WARNING
    assert "Caps Lock is on" in keyboard.found


@pytest.mark.desktop
def test_a_missing_clipboard_tool_is_reported(screen: Display, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert os.environ["DISPLAY"] == screen.get_display_name()
    without("xclip", tmp_path, monkeypatch)
    clipboard = named(list(check_desktop(SMALL)))["desktop: clipboard"]
    assert (clipboard.status, clipboard.fix) == (CheckStatus.WARNING, "apt-get install xclip")


@pytest.mark.desktop
def test_a_missing_virtual_display_is_only_a_warning_with_a_real_one(
    screen: Display, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert screen.screen().root
    without("Xvfb", tmp_path, monkeypatch)
    checks = named(list(check_desktop(SMALL)))
    assert checks["desktop: display"].status is CheckStatus.OK
    assert checks["virtual: programs"].status is CheckStatus.WARNING


# -- evaluation of the samples


def samples_of(scale: float, left: float, top: float) -> list[Sample | None]:
    """Samples of a pointer on a screen with that scale and origin; its device position is the target pixel."""
    points = ((10.0, 20.0), (300.0, 40.0), (150.0, 200.0))
    return [
        Sample(ScreenPoint(x, y), DevicePoint(x, y), ScreenPoint(scale * x + left, scale * y + top)) for x, y in points
    ]


@pytest.mark.parametrize(("scale", "left", "top"), [(1.0, 0.0, 0.0), (2.0, 0.0, 0.0), (1.25, 40.0, -8.0)])
def test_the_transform_is_recovered_from_samples(scale: float, left: float, top: float) -> None:
    found = fitted(tuple(sample for sample in samples_of(scale, left, top) if sample is not None))
    assert found.scale == pytest.approx(scale)
    assert found.origin_x == pytest.approx(-left / scale)
    assert found.origin_y == pytest.approx(-top / scale)


def test_a_pointer_that_misses_fails_with_the_error_in_pixels() -> None:
    check = pointer_check("desktop: pointer", samples_of(1.0, 3.0, 4.0))
    assert check.status is CheckStatus.FAILED
    assert "within 5.0 px" in check.found
    scaled = pointer_check("desktop: pointer", samples_of(2.0, 0.0, 0.0))
    assert scaled.status is CheckStatus.FAILED
    assert "scale 2" in scaled.found
    assert pointer_check("desktop: pointer", samples_of(1.0, 0.5, 0.5)).status is CheckStatus.OK


def test_scale_cannot_be_determined_from_samples_at_one_position() -> None:
    at = Sample(ScreenPoint(5, 5), DevicePoint(5, 5), ScreenPoint(5, 5))
    assert fitted((at, at)).scale == 0


def test_only_pixels_that_changed_to_the_colour_are_found() -> None:
    before = Image.new("RGB", (100, 80), "grey")
    before.paste((200, 30, 160), (0, 0, 10, 10))
    after = before.copy()
    after.paste((203, 31, 167), (40, 20, 60, 50))
    assert changed(before, after, (203, 31, 167)) == Box(40, 20, 60, 50)
    assert changed(before, before, (203, 31, 167)) is None
    assert changed(before, after.resize((50, 40)), (203, 31, 167)) is None


def test_an_image_is_black_only_if_every_pixel_is_black() -> None:
    image = Image.new("RGB", (50, 50))
    assert is_black(image)
    image.putpixel((49, 49), (0, 0, 1))
    assert not is_black(image)


@pytest.mark.parametrize(
    ("rules", "group", "name"),
    [
        (("evdev", "pc105", "us", "", "", ""), 0, "layout us on pc105"),
        (("evdev", "pc105", "us,ru", ",phonetic", "grp:alt_shift_toggle", ""), 1,
         "layout ru(phonetic), also us on pc105, grp:alt_shift_toggle"),
        (("evdev", "", "de", "neo"), 0, "layout de(neo) on an unknown model"),
        (("evdev", "pc105", "us"), 3, "layout unknown"),
        ((), 0, "layout unknown"),
    ],
)  # fmt: skip
def test_layouts_have_their_xkb_names(rules: tuple[str, ...], group: int, name: str) -> None:
    assert layout_name(rules, group) == name
