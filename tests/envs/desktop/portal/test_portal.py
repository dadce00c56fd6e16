"""GNOME and KDE on Wayland: the protocol of the desktop portal, with a portal of our own on a private bus."""

import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("dbus_fast", reason="needs the portal extra: pip install 'screenwright[portal]'")

from mock_portal import NODE, SESSION, MockPortal

from screenwright.envs.actions import Button, Click, Direction, Drag, Hotkey, Scroll, Type
from screenwright.envs.desktop.portal import PortalDriver, PortalScreen
from screenwright.envs.env import EnvLost, EnvUnavailable
from screenwright.envs.geometry import DeviceTransform, ScreenPoint, Size
from screenwright.envs.input.gestures import Gestures
from screenwright.testing import eventually

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("dbus-daemon") is None, reason="needs dbus-daemon: apt-get install dbus"
)

GSTREAMER = f"""#!{sys.executable}
# GStreamer with PipeWire: two frames, the second of another size, then nothing new.
import sys, time
from pathlib import Path
folder = Path(__file__).parent
(folder / "arguments").write_text(" ".join(sys.argv[1:]))
def frame(width, height, colour):
    sys.stdout.buffer.write(b"P6\\n%d %d\\n255\\n" % (width, height) + bytes(colour) * (width * height))
    sys.stdout.buffer.flush()
frame(1280, 720, (200, 30, 160))
while not (folder / "resize").exists():
    time.sleep(0.02)
frame(640, 360, (10, 20, 30))
while not (folder / "end").exists():
    time.sleep(0.02)
"""


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MockPortal]:
    program = tmp_path / "gst-launch-1.0"
    program.write_text(GSTREAMER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    mock = MockPortal(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", mock.address)
    try:
        yield mock
    finally:
        mock.close()


@pytest.fixture
def screen(portal: MockPortal) -> Iterator[PortalScreen]:
    opened = PortalScreen()
    try:
        yield opened
    finally:
        opened.close()


def test_the_session_asks_for_one_monitor_with_mouse_and_keyboard(portal: MockPortal, screen: PortalScreen) -> None:
    assert portal.names() == ["CreateSession", "SelectDevices", "SelectSources", "Start", "OpenPipeWireRemote"]
    asked = {name: body[-1] for name, body in portal.calls}
    assert asked["SelectDevices"]["types"].value == 3
    assert (asked["SelectSources"]["types"].value, asked["SelectSources"]["multiple"].value) == (1, False)
    assert screen.session.handle == SESSION
    arguments = (portal.folder / "arguments").read_text()
    assert f"path={NODE}" in arguments
    assert "pipewiresrc fd=" in arguments


def test_frames_are_pixels_and_points_are_units_of_the_pointer(portal: MockPortal, screen: PortalScreen) -> None:
    assert (screen.size, screen.device) == (Size(1280, 720), DeviceTransform(2.0))
    assert screen.frame().pixels[:3] == bytes((160, 30, 200))  # blue first
    (portal.folder / "resize").touch()
    eventually(lambda: screen.refresh().width, 640)
    assert (screen.size, screen.device) == (Size(640, 360), DeviceTransform(1.0))


def test_mouse_and_keys_are_events_of_the_portal(portal: MockPortal, screen: PortalScreen) -> None:
    gestures = Gestures(PortalDriver(screen), screen.device)
    gestures.do(Click(ScreenPoint(100, 50), Button.BACK))
    gestures.do(Scroll(Direction.UP, 1))
    gestures.do(Hotkey(("ctrl", "c")))
    gestures.do(Type("ñ\n"))
    assert portal.inputs() == [
        ("NotifyPointerMotionAbsolute", NODE, 50.0, 25.0),
        ("NotifyPointerButton", 0x113, 1),
        ("NotifyPointerButton", 0x113, 0),
        ("NotifyPointerAxisDiscrete", 0, -1),
        *(("NotifyKeyboardKeysym", key, down) for key, down in ((0xFFE3, 1), (0x63, 1), (0x63, 0), (0xFFE3, 0))),
        *(("NotifyKeyboardKeysym", key, down) for key, down in ((0xF1, 1), (0xF1, 0), (0xFF0D, 1), (0xFF0D, 0))),
    ]


def test_a_drag_holds_the_button_on_its_way(portal: MockPortal, screen: PortalScreen) -> None:
    Gestures(PortalDriver(screen), screen.device).do(Drag((ScreenPoint(0, 0), ScreenPoint(200, 100))))
    names = [name for name, *_ in portal.inputs()]
    press, release = (names.index("NotifyPointerButton"), len(names) - 1 - names[::-1].index("NotifyPointerButton"))
    assert names[press + 1 : release] == ["NotifyPointerMotionAbsolute"] * (release - press - 1)
    assert release - press > 10
    assert portal.inputs()[release - 1] == ("NotifyPointerMotionAbsolute", NODE, 100.0, 50.0)


def test_typed_text_is_called_unconfirmed_once(screen: PortalScreen) -> None:
    driver = PortalDriver(screen)
    assert driver.take_facts() == ()
    driver.type("a")
    assert "drops characters" in str(driver.take_facts()[0])
    driver.type("b")
    assert driver.take_facts() == ()


def test_the_users_stop_button_ends_the_screen(portal: MockPortal, screen: PortalScreen) -> None:
    portal.end_session()
    with pytest.raises(EnvLost, match="the desktop has ended"):
        eventually(screen.frame, None)
    with pytest.raises(EnvLost, match="the desktop has ended"):
        PortalDriver(screen).button(Button.LEFT, True)


def test_a_stream_that_ends_is_a_lost_screen(portal: MockPortal, screen: PortalScreen) -> None:
    (portal.folder / "resize").touch()
    (portal.folder / "end").touch()
    with pytest.raises(EnvLost, match="ended the stream"):
        eventually(screen.frame, None)


def test_closing_ends_the_session(portal: MockPortal) -> None:
    PortalScreen().close()
    assert portal.names()[-1] == "Close"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": 1}, "dialog about remote control was declined"),
        ({"code": 2}, "closed without an answer"),
        ({"devices": 2}, "did not allow both mouse and keyboard"),
    ],
)
def test_what_the_user_does_not_allow_is_unavailable(portal: MockPortal, change: dict[str, int], message: str) -> None:
    for name, value in change.items():
        setattr(portal, name, value)
    with pytest.raises(EnvUnavailable, match=message):
        PortalScreen()


def test_an_older_portal_that_chooses_the_path_of_a_request_is_understood(portal: MockPortal) -> None:
    portal.own_path = "/org/freedesktop/portal/desktop/request/7"
    portal.size = None
    screen = PortalScreen()
    assert screen.device == DeviceTransform(1.0)
    screen.close()


def test_without_gstreamer_the_packages_are_named(portal: MockPortal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EnvUnavailable, match=r"apt-get install gstreamer1\.0-tools gstreamer1\.0-pipewire"):
        PortalScreen()
    assert portal.names()[-1] == "Close"


def test_without_a_session_bus_or_a_portal_the_screen_is_unavailable(
    portal: MockPortal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    with pytest.raises(EnvUnavailable, match="no D-Bus session bus"):
        PortalScreen()
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    with pytest.raises(EnvUnavailable, match="DBUS_SESSION_BUS_ADDRESS is not set"):
        PortalScreen()
