"""Windows of programs: with a window manager that starts late, without one, and behind splash screens."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from screenwright.envs.actions import Move, OpenApp, Type
from screenwright.envs.desktop import DesktopEnv, VirtualDisplay, programs
from screenwright.envs.desktop.x11.connection import Windows, connect
from screenwright.envs.env import Fact
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.settle import SettleTimeouts
from screenwright.testing import eventually

pytestmark = pytest.mark.desktop

SPLASH = """
import tkinter as tk
root = tk.Tk()
root.withdraw()
splash = tk.Toplevel(root)
splash.title("Splash")
splash.attributes("-type", "splash")
def show():
    splash.destroy()
    root.title("Main")
    root.deiconify()
root.after(DELAY_MS, show)
root.mainloop()
"""


@pytest.fixture(scope="module")
def bare() -> Iterator[DesktopEnv]:
    """A display without a window manager, with two terminals side by side."""
    terminals = tuple(("xterm", "-T", title, "-geometry", f"40x10+{x}+0") for title, x in (("One", 0), ("Two", 320)))
    display = VirtualDisplay(Size(640, 480), terminals, window_manager=None)
    with DesktopEnv(virtual=display, timeouts=SettleTimeouts(0.1, 0.1, 1.0)) as env:
        env.observe()
        yield env


def titles(env: DesktopEnv) -> set[str]:
    return {window.title for window in env.windows()}


def active(env: DesktopEnv) -> str:
    window = env.active_window()
    return window.title if window else ""


def splash(env: DesktopEnv, delay_ms: int) -> None:
    env.start(("/usr/bin/python3", "-c", SPLASH.replace("DELAY_MS", str(delay_ms))))


def close(env: DesktopEnv, title: str) -> None:
    """Destroy the client of the window, as no window manager could ask it to close."""
    assert env.address is not None
    with closing(connect(env.address)) as connection:
        (window,) = (window for window in Windows(connection).shown() if window.title == title)
        connection.create_resource_object("window", window.id).kill_client()
        connection.sync()
    eventually(lambda: title in titles(env), False)


def test_without_a_manager_the_window_below_the_pointer_or_with_the_focus_is_active(bare: DesktopEnv) -> None:
    for x, title in ((50, "One"), (400, "Two")):
        bare.execute(Move(ScreenPoint(x, 50)))
        eventually(lambda: active(bare), title)
    bare.execute(Move(ScreenPoint(600, 470)))
    eventually(lambda: active(bare), "")
    assert bare.execute(OpenApp("One")).method == "focused"
    assert active(bare) == "One"
    assert bare.observe().facts == ()
    bare.execute(Type("printf '\\033]0;Named\\007'", submit=True))
    eventually(lambda: titles(bare), {"Named", "Two"})
    bare.execute(Type("printf '\\033]0;One\\007'", submit=True))
    eventually(lambda: titles(bare), {"One", "Two"})


def test_the_program_that_started_last_is_in_front_of_one_that_took_the_focus_later(bare: DesktopEnv) -> None:
    assert bare.address is not None
    one, two = sorted(bare.windows(), key=lambda window: window.title)
    bare.execute(OpenApp("One"))
    with closing(connect(bare.address)) as connection:
        desktop = programs.Programs(Windows(connection), None, bare.address)
        assert not desktop.newest_to_front(set())
        assert desktop.newest_to_front({one.id})
        assert active(bare) == two.title
        assert not desktop.newest_to_front({one.id})


def test_a_manager_may_start_later_and_end(bare: DesktopEnv) -> None:
    assert bare.address is not None
    assert bare.address.name is not None
    access = {"DISPLAY": bare.address.name, "XAUTHORITY": bare.address.authority or ""}
    with closing(connect(bare.address)) as connection:
        windows = Windows(connection)
        assert not windows.is_managed()
        with subprocess.Popen(["openbox"], env=os.environ | access) as manager:
            eventually(windows.is_managed, True)
            eventually(lambda: titles(bare), {"One", "Two"})
            assert bare.execute(OpenApp("Two")).method == "focused"
            eventually(lambda: active(bare), "Two")
            manager.kill()
        eventually(windows.is_managed, False)
        eventually(lambda: titles(bare), {"One", "Two"})


def test_a_program_is_waited_for_behind_its_splash_screen(bare: DesktopEnv) -> None:
    splash(bare, 500)
    assert "Main" in titles(bare)
    close(bare, "Main")


def test_an_endless_splash_screen_is_reported(bare: DesktopEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.observe()
    monkeypatch.setattr(programs, "_SPLASH_LIMIT_S", 0.2)
    splash(bare, 100_000)
    assert bare.observe().facts[-1] == Fact("{} shows only a splash screen so far.", ("/usr/bin/python3",))
    close(bare, "Splash")
