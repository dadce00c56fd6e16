"""The clipboard of a virtual desktop, as programs and the model get it."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
import x_clipboard
from paths import STAGE
from virtual_displays import virtual_display

from screenwright.envs.actions import Click, Hotkey, Type
from screenwright.envs.clipboard import ClipboardSettings, HasClipboard
from screenwright.envs.desktop import DesktopEnv
from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.geometry import ScreenPoint, Size

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip"),
]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopEnv]:
    """A display with a text field, whose clipboard is reported."""
    program = ("/usr/bin/python3", str(STAGE), str(tmp_path_factory.mktemp("clipboard") / "received.json"))
    settings = ClipboardSettings(report=True, text="at the start")
    with DesktopEnv(virtual=virtual_display(Size(640, 480), (program,)), clipboard=settings) as opened:
        assert isinstance(opened, HasClipboard)
        yield opened


def address_of(env: DesktopEnv) -> DisplayAddress:
    assert env.address is not None
    return env.address


def facts_of(env: DesktopEnv) -> list[str]:
    return [str(fact) for fact in env.observe().facts]


def pasted(env: DesktopEnv) -> str:
    """The clipboard, as another program gets it."""
    command, where = ["xclip", "-selection", "clipboard", "-out"], x_clipboard.variables(address_of(env))
    return subprocess.run(command, env=where, stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()


def test_programs_get_what_was_put_on_the_clipboard(env: DesktopEnv) -> None:
    env.observe()
    assert pasted(env) == env.clipboard() == "at the start"
    env.set_clipboard("naïve 你好\n" * 50_000)
    assert pasted(env) == "naïve 你好\n" * 50_000
    assert env.clipboard() == ("naïve 你好\n" * 50_000)[:100_000]
    assert facts_of(env) == []


def test_each_copy_of_a_program_is_reported_once(env: DesktopEnv) -> None:
    env.observe()
    for _ in range(2):
        x_clipboard.copy(address_of(env), "Müller, 42".encode())
        assert facts_of(env) == ['The clipboard now holds the text "Müller, 42".']
        assert facts_of(env) == []
    assert env.clipboard() == "Müller, 42"
    x_clipboard.copy(address_of(env), b"\x89PNG", "image/png")
    assert facts_of(env) == ['The clipboard now holds "image/png", and no text.']
    assert env.clipboard() == ""


def test_a_paste_of_ours_is_not_reported_and_hides_nothing(env: DesktopEnv, pastes_in_tk: None) -> None:
    x_clipboard.copy(address_of(env), b"kept")
    env.execute(Click(ScreenPoint(200, 135)))
    env.observe()
    assert env.execute(Type("Привет")).method == "paste"
    assert env.clipboard() == "kept"
    env.execute(Hotkey(("shift",)))
    assert pasted(env) == "kept"
    assert facts_of(env) == []
