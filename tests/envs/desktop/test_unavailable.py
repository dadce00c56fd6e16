"""Errors of unavailable desktops say what to do; these tests need no display."""

import subprocess
import sys
from pathlib import Path

import pytest

from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.envs.env import EnvLost, EnvUnavailable


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)


def test_importing_needs_no_display_and_loads_no_platform_package() -> None:
    program = "import sys, screenwright.envs.desktop; print({'mss', 'pyautogui', 'pynput', 'Xlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={})
    assert done.stdout == "set()\n"


def test_a_missing_display_error_says_what_to_set() -> None:
    with pytest.raises(EnvUnavailable, match="set DISPLAY, or use a virtual display"):
        DesktopEnv().observe()


def test_an_unreachable_display_is_named() -> None:
    with pytest.raises(EnvUnavailable, match=":4242"):
        DesktopEnv(display=":4242").observe()


def test_an_unsupported_wayland_session_error_lists_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-4242")
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(EnvUnavailable, match=r"no Wayland compositor answers .*--virtual.*an X11 session"):
        DesktopEnv().observe()


def test_a_missing_server_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvUnavailable, match="apt-get install xvfb openbox"):
        DesktopEnv(virtual=VirtualDisplay()).observe()


def test_all_missing_programs_are_listed_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("screenwright.envs.desktop.virtual.watching._NOVNC", (tmp_path,))
    wanted = VirtualDisplay(programs=(("mousepad", "notes.txt"), ("xterm",)), watch="view")
    packages = "apt-get install xvfb openbox mousepad xterm dbus bubblewrap tigervnc-scraping-server novnc"
    with pytest.raises(EnvUnavailable, match=packages) as received:
        DesktopEnv(virtual=wanted).observe()
    assert "\n" not in str(received.value)


@pytest.mark.desktop
def test_a_missing_program_is_named_before_anything_is_started() -> None:
    with pytest.raises(EnvUnavailable, match="no-such-editor"):
        DesktopEnv(virtual=VirtualDisplay(programs=(("no-such-editor",),))).observe()


def test_a_real_screen_is_identified_as_real() -> None:
    assert DesktopEnv().is_real
    assert not DesktopEnv(virtual=VirtualDisplay()).is_real


def test_contradicting_settings_raise_value_error() -> None:
    with pytest.raises(ValueError, match="not both"):
        DesktopEnv(display=":1", virtual=VirtualDisplay())
    with pytest.raises(ValueError, match="monitor numbers start at 1"):
        DesktopEnv(monitor=0)


def test_using_a_desktop_after_close_raises_env_lost() -> None:
    env = DesktopEnv(virtual=VirtualDisplay())
    env.release()
    env.close()
    with pytest.raises(EnvLost):
        env.observe()
