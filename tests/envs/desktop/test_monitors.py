"""Monitor selection and coordinate conversion, on values and on displays with several monitors."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest
from delayed import after
from vnc_machine import resize, vnc_machine

from screenwright.envs.actions import Click, LongPress, Move
from screenwright.envs.desktop import DesktopEnv, InterruptSettings, VirtualDisplay
from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.capture import Capture, transform_of
from screenwright.envs.desktop.virtual.display import RunningDisplay
from screenwright.envs.desktop.x11.connection import connect
from screenwright.envs.env import ActionRefused, EnvLost, EnvUnavailable, Fact
from screenwright.envs.geometry import DevicePoint, ScreenPoint, Size
from screenwright.envs.settle import SettleTimeouts
from screenwright.testing import eventually

NEEDS_XRANDR = pytest.mark.skipif(
    shutil.which("xrandr") is None, reason="needs xrandr: apt-get install x11-xserver-utils"
)


@pytest.mark.parametrize(
    ("place", "captured", "pixel", "device"),
    [
        ((0, 0, 1920, 1080), Size(1920, 1080), (100, 50), (100, 50)),
        ((-1280, -200, 1280, 1024), Size(1280, 1024), (0, 0), (-1280, -200)),
        ((-1280, -200, 1280, 1024), Size(1280, 1024), (1279, 1023), (-1, 823)),
        ((0, 0, 1512, 982), Size(3024, 1964), (3000, 1000), (1500, 500)),
        ((-1920, 0, 1920, 1080), Size(1920, 1080), (5, 7), (-1915, 7)),
        ((1512, -98, 1280, 720), Size(1600, 900), (800, 450), (2152, 262)),
    ],
    ids=["the first", "left of and above it", "its last pixel", "Retina", "next to a Retina one", "scaled by 125 %"],
)
def test_pixels_of_any_monitor_convert_to_pointer_positions(
    place: tuple[int, int, int, int], captured: Size, pixel: tuple[int, int], device: tuple[int, int]
) -> None:
    monitor: dict[str, int] = dict(zip(("left", "top", "width", "height"), place, strict=True))
    assert transform_of(monitor, captured).apply(ScreenPoint(*pixel)) == DevicePoint(*device)


@pytest.fixture
def two_monitors(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A display of 640x480 that reports two monitors: 300x480 on the left, 340x400 at the lower right."""
    running = RunningDisplay(VirtualDisplay(Size(640, 480), window_manager=None))
    assert running.address.name
    assert running.address.authority
    monkeypatch.setenv("DISPLAY", running.address.name)
    monkeypatch.setenv("XAUTHORITY", running.address.authority)
    for monitor in (("left", "300/80x480/120+0+0", "screen"), ("right", "340/80x400/100+300+80", "none")):
        subprocess.run(["xrandr", "--setmonitor", *monitor], check=True)
    yield running.address.name
    running.stop()


def env_of(monitor: int) -> DesktopEnv:
    return DesktopEnv(monitor=monitor, timeouts=SettleTimeouts(0.05, 0.05, 0.2), interrupts=InterruptSettings("off", 0))


@pytest.mark.desktop
@NEEDS_XRANDR
def test_a_monitor_is_selected_by_its_number(two_monitors: str) -> None:
    with env_of(2) as env:
        assert env.observe().screenshot.size == Size(340, 400)
        env.execute(Move(ScreenPoint(10, 20)))
        assert pointer(two_monitors) == (310, 100)
        with pytest.raises(ActionRefused, match="outside the screen of 340x400"):
            env.execute(Click(ScreenPoint(340, 10)))


@pytest.mark.desktop
@NEEDS_XRANDR
def test_an_unknown_monitor_is_refused_with_a_list_of_monitors(two_monitors: str) -> None:
    assert two_monitors
    with env_of(3) as env, pytest.raises(EnvUnavailable, match=r"1 is 300x480 at 0,0; 2 is 340x400 at 300,80"):
        env.observe()


MSS, CORE_PROTOCOL = ("-extension", "GLX"), ()
"""Flags of Xvnc; mss cannot parse its list of visuals with GLX."""


@pytest.mark.desktop
@pytest.mark.parametrize("flags", [MSS, CORE_PROTOCOL], ids=["mss", "core protocol"])
def test_a_resized_screen_is_captured_completely_and_reported(
    flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with vnc_machine(size="640x480", flags=flags) as machine:
        monkeypatch.setenv("DISPLAY", machine.environment["DISPLAY"])
        monkeypatch.delenv("XAUTHORITY", raising=False)
        with env_of(1) as env:
            assert env.observe().screenshot.size == Size(640, 480)
            for width, height in ((800, 600), (400, 300)):
                before = env.observe().screenshot.size
                resize(machine, width, height)
                with pytest.raises(ActionRefused, match=f"the screen size changed from {before} to {width}x{height}"):
                    env.execute(Click(ScreenPoint(5, 5)))
                seen = env.observe()
                assert seen.screenshot.size == Size(width, height)
                assert seen.facts == (Fact(f"The screen size changed from {before} to {width}x{height}."),)
                env.execute(Move(ScreenPoint(width - 5, height - 5)))
                assert pointer(machine.environment["DISPLAY"]) == (width - 5, height - 5)
            with after(0.3, lambda: resize(machine, 320, 240)), suppress(ActionRefused):
                env.execute(LongPress(ScreenPoint(390, 290), 1.0))  # refused if the size changes before the press
            eventually(lambda: env.observe().screenshot.size, Size(320, 240))


@pytest.mark.desktop
def test_a_display_without_randr_has_one_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    with vnc_machine(size="640x480", flags=(*MSS, "-extension", "RANDR")) as machine:
        monkeypatch.setenv("DISPLAY", machine.environment["DISPLAY"])
        monkeypatch.delenv("XAUTHORITY", raising=False)
        with env_of(1) as env:
            assert env.observe().screenshot.size == Size(640, 480)
        with env_of(2) as env, pytest.raises(EnvUnavailable, match="this display has 1, 1 is 640x480 at 0,0"):
            env.observe()


@pytest.mark.desktop
def test_a_display_that_is_gone_raises_env_lost_as_often_as_it_is_captured() -> None:
    """Not a crash: mss frees a broken connection each time it is closed."""
    running = RunningDisplay(VirtualDisplay(Size(640, 480), window_manager=None))
    capture = Capture(running.address, 1)
    running.stop()
    for _ in range(3):
        with pytest.raises(EnvLost, match="the display is gone"):
            capture.frame()
    capture.close()


def pointer(display: str) -> tuple[int, int]:
    connection = connect(DisplayAddress(display))
    at = connection.screen().root.query_pointer()
    connection.close()
    return at.root_x, at.root_y
