"""Keyboard layouts, input methods, remapped keys and pastes; the test program reports the text that it receives."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import x_clipboard
from paths import STAGE
from virtual_displays import virtual_display

from screenwright.envs.actions import Click, Hotkey, Move, Type
from screenwright.envs.desktop import DesktopEnv
from screenwright.envs.desktop.x11.clipboard import XClipboard
from screenwright.envs.desktop.x11.connection import Windows, connect
from screenwright.envs.desktop.x11.xkb import Layouts, LayoutState
from screenwright.envs.env import ActionRefused
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.testing import eventually

pytestmark = pytest.mark.desktop

FIELD = ScreenPoint(200, 135)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layouts") / "received.json"


@pytest.fixture(scope="module")
def env(state: Path) -> Iterator[DesktopEnv]:
    program = ("/usr/bin/python3", str(STAGE), str(state))
    with DesktopEnv(virtual=virtual_display(Size(640, 480), (program,))) as opened:
        opened.observe()
        yield opened


def text(state: Path) -> str:
    received: dict[str, str] = json.loads(state.read_text(encoding="utf-8"))
    return received["text"]


def variables(env: DesktopEnv) -> dict[str, str]:
    assert env.address is not None
    return x_clipboard.variables(env.address)


def clear_field(env: DesktopEnv, state: Path) -> None:
    env.execute(Click(FIELD))
    env.execute(Hotkey(("ctrl", "a")))
    env.execute(Hotkey(("backspace",)))
    eventually(lambda: text(state), "")


def test_the_pointer_rests_longer_over_an_open_menu(env: DesktopEnv) -> None:
    from Xlib import Xatom

    assert env.address is not None
    other = connect(env.address)
    windows = Windows(other)
    menu = other.screen().root.create_window(500, 300, 50, 50, 0, 0, override_redirect=True)
    kind = other.intern_atom("_NET_WM_WINDOW_TYPE")
    menu.change_property(kind, Xatom.ATOM, 32, [other.intern_atom("_NET_WM_WINDOW_TYPE_POPUP_MENU")])
    menu.map()
    other.sync()
    env.execute(Move(ScreenPoint(520, 320)))
    assert windows.is_menu_under_pointer()
    env.execute(Move(ScreenPoint(20, 20)))
    assert not windows.is_menu_under_pointer()
    other.close()


@pytest.mark.parametrize("group", [1, 2])  # without a Latin layout, and a third one
def test_text_and_shortcuts_are_right_while_another_layout_is_current(env: DesktopEnv, state: Path, group: int) -> None:
    assert env.address is not None
    subprocess.run(["setxkbmap", "us,ru,gr,de"], env=variables(env), check=True)
    other = connect(env.address)
    layouts = Layouts(other)
    try:
        layouts.switch(group, caps_lock=True)
        other.sync()
        clear_field(env, state)  # by ctrl+a
        assert env.execute(Type("Hello, Привет, λ ß!")).method == "keys"
        eventually(lambda: text(state), "Hello, Привет, λ ß!")
        assert layouts.state() == LayoutState(group, group, caps_lock=True)
    finally:
        layouts.switch(0, caps_lock=False)
        other.sync()
        subprocess.run(["setxkbmap", "us"], env=variables(env), check=True)
        other.close()


def test_text_that_no_key_types_is_typed_by_remapped_keys_where_the_paste_key_may_do_something_else(
    env: DesktopEnv, state: Path
) -> None:
    clear_field(env, state)
    assert env.execute(Type("漢字 é")).method == "remapped keys"
    eventually(lambda: text(state), "漢字 é")


@pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip")
def test_only_the_program_with_the_focus_counts_as_the_reader_of_a_paste(env: DesktopEnv) -> None:
    window = env.active_window()
    assert window is not None
    assert env.address is not None
    clipboard = XClipboard(env.address, keep_content=False)
    watched = list[bytes]()

    def watch() -> None:
        command = ["xclip", "-selection", "clipboard", "-out"]
        watched.append(
            subprocess.run(command, env=variables(env), stdout=subprocess.PIPE, check=True, timeout=60).stdout
        )

    try:
        assert not clipboard.paste("text", watch, lambda: None, reader=window.id)
    finally:
        clipboard.close()
    assert watched == [b"text"]


def test_text_is_refused_while_an_input_method_would_convert_it(env: DesktopEnv, state: Path) -> None:
    from Xlib import X, Xatom

    assert env.address is not None
    clear_field(env, state)
    other = connect(env.address)
    root, name = other.screen().root, other.intern_atom("@server=uim")
    window = root.create_window(0, 0, 1, 1, 0, 0)
    window.set_selection_owner(name, X.CurrentTime)
    root.change_property(other.intern_atom("XIM_SERVERS"), Xatom.ATOM, 32, [name])
    other.sync()
    try:
        with pytest.raises(ActionRefused, match="input method uim"):
            env.execute(Type("hello"))
    finally:
        root.delete_property(other.intern_atom("XIM_SERVERS"))
        other.close()
    assert text(state) == ""
    env.execute(Type("hello"))
    eventually(lambda: text(state), "hello")


@pytest.mark.parametrize(
    ("layout", "typed"), [("ru", "Привет, мир №5"), ("gr", "Λόγος"), ("il", "שלום"), ("pl", "żółw €")]
)
def test_letters_of_the_layout_are_typed_with_keys(env: DesktopEnv, state: Path, layout: str, typed: str) -> None:
    subprocess.run(["setxkbmap", layout], env=variables(env), check=True)
    try:
        clear_field(env, state)
        method = env.execute(Type(typed)).method
        eventually(lambda: text(state), typed)
        assert method == "keys" or layout == "gr"  # its accents are dead keys
    finally:
        subprocess.run(["setxkbmap", "us"], env=variables(env), check=True)
