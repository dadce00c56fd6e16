"""Virtual desktops: a Tk program records the input it receives in a file."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from paths import STAGE
from processes import alive, command_of, name_of, started_by
from virtual_displays import virtual_display
from x_clipboard import copy

from screenwright.envs.actions import (
    Back,
    Button,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
)
from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.envs.desktop.x11.connection import Windows, connect
from screenwright.envs.env import ActionRefused, EnvLost, EnvUnavailable
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.settle import SettleTimeouts
from screenwright.testing import EnvContract, Stage, eventually

pytestmark = pytest.mark.desktop

PROGRAM = STAGE
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's python3-tk belongs to
PAD = ScreenPoint(240, 300)
NEEDS_XCLIP = pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
UNICODE = "naïve café, Привет, 你好, 😀 — “done”"


def stage_program(received: Path, title: str = "Stage", colour: str = "white") -> tuple[str, ...]:
    return (SYSTEM_PYTHON, str(PROGRAM), str(received), title, colour)


class DesktopStage:
    button = ScreenPoint(120, 65)
    field = ScreenPoint(200, 135)
    nothing = ScreenPoint(620, 440)

    def __init__(self, folder: Path) -> None:
        self.told_at = folder / "received.json"
        self.env = DesktopEnv(virtual=virtual_display(Size(640, 480), (stage_program(self.told_at),)))

    def received(self, name: str) -> object:
        return json.loads(self.told_at.read_text(encoding="utf-8"))[name]

    def number(self, name: str) -> int:
        return int(str(self.received(name)))

    def items(self, name: str) -> list[Any]:
        found = self.received(name)
        assert isinstance(found, list)
        return list(found)

    def presses(self) -> int:
        return self.number("presses")

    def text(self) -> str:
        return str(self.received("text"))

    def submissions(self) -> int:
        return self.number("submissions")

    def new_env(self) -> DesktopEnv:
        return DesktopEnv(virtual=VirtualDisplay(Size(320, 240)))


@pytest.fixture(scope="module")
def tk_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopStage]:
    stage = DesktopStage(tmp_path_factory.mktemp("stage"))
    with stage.env:
        stage.env.observe()
        yield stage


class TestDesktopEnv(EnvContract):
    @pytest.fixture
    def stage(self, tk_stage: DesktopStage) -> Stage:
        return tk_stage


def test_the_location_is_the_title_of_the_active_window(tk_stage: DesktopStage) -> None:
    assert tk_stage.env.observe().location == "Stage"


def test_the_process_of_a_window_is_known_without_its_help(tk_stage: DesktopStage) -> None:
    tk_stage.env.observe()
    assert tk_stage.env.address is not None
    connection = connect(tk_stage.env.address)
    (pid,) = Windows(connection).active_processes()  # Tk sets no _NET_WM_PID
    connection.close()
    assert str(PROGRAM) in command_of(psutil.Process(pid))


def test_a_program_receives_a_double_click(tk_stage: DesktopStage) -> None:
    before = tk_stage.number("doubles")
    tk_stage.env.execute(Click(PAD, count=2))
    eventually(lambda: tk_stage.number("doubles"), before + 1)


def test_two_clicks_at_one_position_are_not_a_double_click(tk_stage: DesktopStage) -> None:
    singles, doubles = tk_stage.number("singles"), tk_stage.number("doubles")
    tk_stage.env.execute(Click(PAD))
    tk_stage.env.execute(Click(ScreenPoint(PAD.x + 2, PAD.y)))
    eventually(lambda: tk_stage.number("singles"), singles + 2)
    assert tk_stage.number("doubles") == doubles


def test_the_right_button_and_held_modifiers_reach_the_program(tk_stage: DesktopStage) -> None:
    rights, shifted = tk_stage.number("rights"), tk_stage.number("shift_clicks")
    tk_stage.env.execute(Click(PAD, Button.RIGHT))
    tk_stage.env.execute(Click(PAD, modifiers=("shift",)))
    eventually(lambda: tk_stage.number("rights"), rights + 1)
    eventually(lambda: tk_stage.number("shift_clicks"), shifted + 1)


def test_a_drag_passes_through_points_on_the_way(tk_stage: DesktopStage) -> None:
    tk_stage.env.execute(Drag((ScreenPoint(60, 220), ScreenPoint(260, 320))))
    eventually(lambda: tk_stage.items("drag")[-1:], [[220, 120]])
    path = tk_stage.items("drag")  # Tk merges motion events on a busy machine: test_gestures.py counts the steps
    assert len(path) > 2
    assert path == sorted(path)


@pytest.mark.parametrize(("direction", "number"), [(Direction.UP, 4), (Direction.DOWN, 5)])
def test_the_wheel_turns_by_notches(tk_stage: DesktopStage, direction: Direction, number: int) -> None:
    before = tk_stage.items("wheel")
    tk_stage.env.execute(Scroll(direction, 3, PAD))
    eventually(lambda: tk_stage.items("wheel"), [*before, number, number, number])


@pytest.mark.parametrize("action", [Home(), Back(), Navigate("about:blank")])
def test_unsupported_actions_are_refused(tk_stage: DesktopStage, action: Home | Back | Navigate) -> None:
    with pytest.raises(ActionRefused, match=type(action).__name__.lower()):
        tk_stage.env.execute(action)


@pytest.mark.usefixtures("pastes_in_tk")
def test_the_result_reports_how_text_was_typed(tk_stage: DesktopStage) -> None:
    tk_stage.env.execute(Click(tk_stage.field))
    assert tk_stage.env.execute(Type("plain")).method == "keys"
    assert tk_stage.env.execute(Type("Привет")).method == "paste"


@pytest.mark.usefixtures("pastes_in_tk")
def test_text_that_no_program_fetches_is_typed_with_remapped_keys(tk_stage: DesktopStage) -> None:
    tk_stage.env.execute(Click(PAD))  # it accepts keys but ignores the paste key
    before = len(tk_stage.items("keys"))
    assert tk_stage.env.execute(Type("яb你")).method == "remapped keys"
    eventually(lambda: [key for key in tk_stage.items("keys")[before:] if str(key).isalpha()], ["я", "b", "你"])


def clipboard_of(env: DesktopEnv) -> list[str]:
    assert env.address is not None
    return ["env", f"DISPLAY={env.address.name}", f"XAUTHORITY={env.address.authority}", "xclip"]


@NEEDS_XCLIP
@pytest.mark.usefixtures("pastes_in_tk")
def test_the_clipboard_content_is_restored_before_the_next_key_and_otherwise_soon(tk_stage: DesktopStage) -> None:
    xclip = [*clipboard_of(tk_stage.env), "-selection", "clipboard"]
    assert tk_stage.env.address is not None
    copy(tk_stage.env.address, b"precious")
    tk_stage.env.execute(Click(tk_stage.field))

    def content() -> bytes:
        return subprocess.run([*xclip, "-out"], stdout=subprocess.PIPE, check=True, timeout=60).stdout

    assert tk_stage.env.execute(Type("Привет")).method == "paste"
    tk_stage.env.execute(Hotkey(("shift",)))
    assert content() == b"precious"
    assert tk_stage.env.execute(Type("Привет")).method == "paste"
    eventually(content, b"precious")


def test_the_environment_can_be_used_from_several_threads_in_turn(tk_stage: DesktopStage) -> None:
    before = tk_stage.presses()
    for _ in range(2):
        thread = threading.Thread(target=lambda: tk_stage.env.execute(Click(tk_stage.button)))
        thread.start()
        thread.join()
    eventually(tk_stage.presses, before + 2)


def test_a_display_opened_by_a_thread_outlives_that_thread() -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(320, 240))) as env:
        thread = threading.Thread(target=env.observe)
        thread.start()
        thread.join()
        time.sleep(0.1)
        assert env.observe().screenshot.size == Size(320, 240)


def test_text_of_any_script_is_typed_correctly(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("")
    text = f"it's 100% <right> & {{done}}\n{UNICODE}\n\tindented\n"
    with DesktopEnv(virtual=virtual_display(programs=(("mousepad", "--disable-server", str(file)),))) as env:
        env.execute(Click(ScreenPoint(640, 400)))
        env.execute(Type(text))
        env.execute(Hotkey(("ctrl", "s")))
        eventually(lambda: file.read_text(encoding="utf-8"), text)


def test_pasted_text_replaces_the_selection_and_breaks_lines_with_enter(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("to be replaced\n")
    with DesktopEnv(virtual=virtual_display(programs=(("mousepad", "--disable-server", str(file)),))) as env:
        env.execute(Click(ScreenPoint(640, 400)))
        env.execute(Hotkey(("ctrl", "a")))
        assert env.execute(Type("Привет,\r\n你好\nplain")).method == "paste"
        env.execute(Hotkey(("ctrl", "s")))
        eventually(lambda: file.read_text(encoding="utf-8"), "Привет,\n你好\nplain")


@pytest.mark.parametrize("layout", ["de", "ru"])
def test_text_and_hotkeys_work_with_other_layouts(tmp_path: Path, layout: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("")
    text = f"Zoë (y+z)=x; {UNICODE}\n"
    with DesktopEnv(virtual=virtual_display(programs=(("mousepad", "--disable-server", str(file)),))) as env:
        env.observe()
        assert env.address is not None
        display = {"DISPLAY": str(env.address.name), "XAUTHORITY": str(env.address.authority)}
        subprocess.run(["setxkbmap", layout], env=os.environ | display, check=True)
        env.execute(Click(ScreenPoint(640, 400)))
        env.execute(Type(text))
        env.execute(Type("plain (y)\n"))
        env.execute(Hotkey(("ctrl", "s")))
        eventually(lambda: file.read_text(encoding="utf-8"), text + "plain (y)\n")


def test_text_reaches_a_terminal_and_a_program_is_opened_once(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    with DesktopEnv(virtual=virtual_display()) as env:
        env.observe()
        assert env.execute(OpenApp("xterm")).method == "started"
        assert any(str(fact).startswith("A window opened: ") for fact in env.observe().facts)
        assert env.execute(OpenApp("XTerm")).method == "focused"
        assert env.execute(Type(f"echo 'ab@# {UNICODE}' >{file}", submit=True)).method == "paste"
        eventually(lambda: file.exists() and file.read_text(encoding="utf-8"), f"ab@# {UNICODE}\n")
        env.execute(Type("exit", submit=True))
        assert any(str(fact).startswith("A window closed: ") for fact in env.observe().facts)
        with pytest.raises(ActionRefused, match="no-such-program"):
            env.execute(OpenApp("no-such-program"))


def test_two_desktops_in_one_process_show_their_own_programs(tmp_path: Path) -> None:
    colours = {"red": (255, 0, 0), "blue": (0, 0, 255)}
    files = {name: tmp_path / f"{name}.json" for name in colours}
    envs = {
        name: DesktopEnv(virtual=virtual_display(Size(640, 480), (stage_program(files[name], name, name),)))
        for name in colours
    }
    with envs["red"], envs["blue"]:
        for name, env in envs.items():
            seen = env.observe()
            assert seen.location == name
            assert seen.screenshot.image.getpixel((240, 300)) == colours[name]
        envs["blue"].execute(Click(DesktopStage.button))
        eventually(lambda: json.loads(files["blue"].read_text())["presses"], 1)
        assert json.loads(files["red"].read_text())["presses"] == 0


def test_a_display_that_exits_raises_env_lost_and_its_processes_end() -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(320, 240), (("xterm",),))) as env:
        started = started_by(env.observe)
        server = next(process for process in started if name_of(process) == "Xvfb")
        server.kill()
        eventually(lambda: alive([server]), [])
        with pytest.raises(EnvLost):
            env.observe()
        with pytest.raises(EnvLost):
            env.execute(Click(ScreenPoint(5, 5)))
        env.release()
    eventually(lambda: alive(started), [])


@pytest.fixture
def taken_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[DesktopEnv]:
    """A display started by someone else, operated as a real screen."""
    with DesktopEnv(virtual=VirtualDisplay(Size(640, 480))) as theirs:
        theirs.observe()
        assert theirs.address is not None
        monkeypatch.setenv("DISPLAY", str(theirs.address.name))
        monkeypatch.setenv("XAUTHORITY", str(theirs.address.authority))
        with DesktopEnv() as env:
            yield env


def test_pushing_the_pointer_into_the_corner_stops_on_a_real_screen(taken_over: DesktopEnv) -> None:
    taken_over.execute(Move(ScreenPoint(0, 0)))
    taken_over.execute(Click(ScreenPoint(300, 300)))  # the agent moving there does not stop the run
    push = "from Xlib import display; d = display.Display(); d.screen().root.warp_pointer(0, 0); d.sync()"
    subprocess.run([sys.executable, "-c", push], check=True)
    with pytest.raises(EnvLost, match="stopped by the user"):
        taken_over.execute(Click(ScreenPoint(300, 300)))


@NEEDS_XCLIP
def test_the_clipboard_of_a_real_screen_outlives_the_environment(taken_over: DesktopEnv) -> None:
    taken_over.observe()
    xclip = [*clipboard_of(taken_over), "-selection", "clipboard"]
    assert taken_over.address is not None
    copy(taken_over.address, b"precious")
    taken_over.execute(OpenApp("xterm"))
    assert taken_over.execute(Type("Привет")).method == "paste"
    taken_over.close()
    found = subprocess.run([*xclip, "-out"], capture_output=True, check=True, timeout=60)
    assert found.stdout == b"precious"


def test_a_program_opened_on_a_real_screen_outlives_the_environment(taken_over: DesktopEnv) -> None:
    taken_over.observe()
    assert taken_over.execute(OpenApp("xterm")).method == "started"
    taken_over.close()
    with DesktopEnv() as later:
        assert later.execute(OpenApp("xterm")).method == "focused"
        later.execute(Type("exit", submit=True))


def test_no_process_or_file_remains_after_closing() -> None:
    env = DesktopEnv(virtual=VirtualDisplay(Size(640, 480), (("xterm",),)))
    started = started_by(env.observe)
    assert {"Xvfb", "openbox", "xterm"} <= {name_of(process) for process in started}
    env.close()
    eventually(lambda: alive(started), [])


def test_no_process_or_file_remains_when_the_owner_is_killed() -> None:
    program = textwrap.dedent("""
        import sys, time
        from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
        from screenwright.envs.geometry import Size
        env = DesktopEnv(virtual=VirtualDisplay(Size(640, 480), (("xterm",),)))
        env.observe()
        print("open", flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        started = psutil.Process(owner.pid).children(recursive=True)
        assert {"Xvfb", "openbox", "xterm"} <= {name_of(process) for process in started}
        reaper = next(process for process in started if any("reaper.py" in part for part in command_of(process)))
        folder = Path(reaper.cmdline()[-1])
        assert folder.is_dir()
        os.kill(owner.pid, signal.SIGKILL)
    eventually(lambda: alive(started), [])
    eventually(folder.exists, False)


def test_no_process_remains_when_the_reaper_is_killed() -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(320, 240), (("xterm",),))) as env:
        started = started_by(env.observe)
        assert len(started) > 2
        next(process for process in started if "reaper.py" in " ".join(command_of(process))).kill()
        eventually(lambda: alive(started), [])
        with pytest.raises(EnvLost):
            env.observe()


def test_a_program_without_a_window_is_reported_with_its_last_line(tmp_path: Path) -> None:
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho 'no such font' >&2\nexit 3\n")
    program.chmod(0o755)
    with (
        DesktopEnv(virtual=virtual_display(programs=((str(program),),))) as env,
        pytest.raises(EnvUnavailable, match=r"ended with code 3: no such font"),
    ):
        env.observe()


def test_timeouts_limit_the_wait() -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(320, 240)), timeouts=SettleTimeouts(0.05, 0.05, 0.1)) as env:
        assert env.execute(Click(ScreenPoint(5, 5))).settled_by in ("no change", "quiet", "limit")
