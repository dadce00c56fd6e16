"""OSWorld's virtual machines, against a server that runs the code it receives."""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from osworld_machine import FakeGui, osworld_machine
from virtual_displays import virtual_display

from screenwright import (
    ActionRefused,
    Click,
    Direction,
    Drag,
    EnvLost,
    EnvUnavailable,
    FakeEnv,
    ScreenPoint,
    Scroll,
    Type,
)
from screenwright.envs.actions import ButtonDown, KeyDown, Navigate
from screenwright.envs.desktop import DesktopEnv
from screenwright.envs.env import Fact
from screenwright.envs.geometry import Size
from screenwright.envs.osworld import OSWorldEnv, code_of
from screenwright.envs.osworld.server import PREFIX
from screenwright.envs.settle import SettleTimeouts
from screenwright.testing import EnvContract, Stage

SOON = SettleTimeouts(first_change_s=0.0, quiet_s=0.0, limit_s=0.0)


class MachineStage:
    nothing = ScreenPoint(500, 400)

    def __init__(self, url: str, gui: FakeGui) -> None:
        self.url, self.gui = url, gui
        self.env = OSWorldEnv(url, timeouts=SOON)
        self.button, self.field = gui.env.where("Greet"), gui.env.where("Name")

    def presses(self) -> int:
        return self.gui.env.state.presses

    def text(self) -> str:
        return self.gui.env.state.text

    def submissions(self) -> int:
        return self.gui.env.state.submissions

    def new_env(self) -> OSWorldEnv:
        return OSWorldEnv(self.url, timeouts=SOON)


@pytest.fixture
def machine() -> Generator[MachineStage]:
    with osworld_machine(FakeEnv()) as (url, gui):
        stage = MachineStage(url, gui)
        with stage.env:
            yield stage


class TestOSWorldEnv(EnvContract):
    @pytest.fixture
    def stage(self, machine: MachineStage) -> Stage:
        return machine


def test_the_wheel_and_a_drag_move_a_list(machine: MachineStage) -> None:
    at = machine.gui.env.where("Cherry")
    machine.env.execute(Scroll(Direction.DOWN, 3, at))
    assert machine.gui.env.state.scrolled == 3
    machine.env.execute(Drag((at, ScreenPoint(at.x, at.y + 22))))
    assert machine.gui.env.state.scrolled == 2


def test_held_keys_and_buttons_are_released(machine: MachineStage) -> None:
    machine.env.execute(KeyDown("shift"))
    machine.env.execute(ButtonDown())
    machine.env.release()
    machine.env.release()
    ups = [code for code in machine.gui.asked if "keyUp" in code]
    assert len(ups) == 1
    assert ups[0].endswith("pyautogui.keyUp('shift'); pyautogui.mouseUp(button='left')")


def test_text_is_never_executed_as_code(machine: MachineStage) -> None:
    nasty = "'); import os; os.abort() #\\"
    machine.env.execute(Click(machine.field))
    machine.env.execute(Type(nasty))
    assert machine.text() == nasty


def test_a_resized_screen_is_reported_and_old_points_are_refused(machine: MachineStage) -> None:
    machine.env.observe()
    machine.gui.env.size = Size(800, 600)
    with pytest.raises(ActionRefused, match="the screen size changed from 640x480 to 800x600"):
        machine.env.execute(Click(machine.button))
    machine.env.execute(Type("x"))
    assert machine.env.observe().facts == (Fact("The screen size changed from 640x480 to 800x600."),)
    machine.env.execute(Click(machine.button))
    assert machine.presses() == 1


def test_wheel_units_of_windows_differ() -> None:
    scroll = Scroll(Direction.DOWN, 2, ScreenPoint(5, 6))
    assert code_of(scroll, "Windows") == "pyautogui.moveTo(5, 6); pyautogui.scroll(-240)"
    assert code_of(scroll) == "pyautogui.moveTo(5, 6); pyautogui.scroll(-2)"


def test_errors_of_the_machine_are_refusals_with_its_message(machine: MachineStage) -> None:
    with pytest.raises(ActionRefused, match="navigate"):
        machine.env.execute(Navigate("about:blank"))
    machine.gui.env.close()
    with pytest.raises(ActionRefused, match="the fake screen was closed"):
        machine.env._server.run("pyautogui.click(1, 2)")  # pyright: ignore[reportPrivateUsage]


def test_a_missing_machine_raises_env_unavailable_and_one_that_exits_env_lost() -> None:
    with osworld_machine(FakeEnv()) as (url, _):
        env = OSWorldEnv(url, timeouts=SOON)
        env.observe()
    with pytest.raises(EnvLost, match="does not answer"):
        env.observe()
    with pytest.raises(EnvLost):
        env.execute(Click(ScreenPoint(1, 1)))
    env.close()
    with pytest.raises(EnvUnavailable, match="is the virtual machine running"):
        OSWorldEnv(url, boot_s=0.0).observe()
    with pytest.raises(ValueError, match="not the URL"):
        OSWorldEnv("somewhere")


@pytest.mark.desktop
def test_the_code_does_the_same_with_pyautogui_itself(tmp_path: Path) -> None:
    """On a virtual display, in a separate process, like on the machine's server."""
    text = "it's 100% <right> & {done}\n"
    received = tmp_path / "notes.txt"
    received.write_text("")
    display = virtual_display(Size(640, 480), (("mousepad", "--disable-server", str(received)),))
    with DesktopEnv(virtual=display) as env:
        env.observe()
        address = env.address
        assert address is not None
        for code in (code_of(Click(ScreenPoint(300, 250))), code_of(Type(text)), "pyautogui.hotkey('ctrl', 's')"):
            program = f"import sys; sys.modules['mouseinfo'] = None; {PREFIX}{code}"
            subprocess.run(
                [sys.executable, "-c", program],
                env={"DISPLAY": address.name or "", "XAUTHORITY": address.authority or "", "HOME": str(tmp_path)},
                check=True,
                timeout=60,
            )
        env.execute(Click(ScreenPoint(300, 250)))
        assert received.read_text().startswith(text)
