"""The home folder of a virtual display, and the configuration of its window manager."""

import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from screenwright.cli.commands.run import files_of
from screenwright.envs.actions import Click, Direction, Scroll
from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.envs.desktop.virtual.home import HomeFolder
from screenwright.envs.env import EnvUnavailable
from screenwright.envs.geometry import ScreenPoint, Size


def write(home: Path, *names: str) -> None:
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)


def test_named_files_of_a_private_home_are_copied_and_the_others_are_listed(tmp_path: Path) -> None:
    home = HomeFolder(None, tmp_path / "home")
    write(home.folder, "mine.txt", "Documents/a.odt", "Documents/old/b.odt", ".cache/c", "Documents/.lock")
    home.keep(("*.txt", "Documents/a*"), tmp_path / "kept")
    assert [copy.relative_to(tmp_path) for copy in home.kept] == [Path("kept/Documents/a.odt"), Path("kept/mine.txt")]
    assert home.kept[1].read_text() == "mine.txt"
    assert home.lost == ("Documents/old/b.odt",)


def test_links_out_of_a_private_home_are_not_copied(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret")
    home = HomeFolder(None, tmp_path / "home")
    (home.folder / "link").symlink_to(tmp_path / "outside/secret")
    (home.folder / "folder").symlink_to(tmp_path / "outside")
    home.keep(("link", "folder/*", "folder"), tmp_path / "kept")
    assert (home.kept, home.lost) == ((), ())


@pytest.mark.parametrize("pattern", ["", "/etc/passwd", "../x", "a/../../x"])
def test_files_to_keep_are_named_inside_the_home(pattern: str) -> None:
    with pytest.raises(ValueError, match="path in the home folder"):
        VirtualDisplay(keep=(pattern,))


def test_a_given_home_is_created_and_neither_written_to_nor_copied(tmp_path: Path) -> None:
    home = HomeFolder(tmp_path / "given", tmp_path / "private")
    write(home.folder, "mine.txt")
    home.keep(("*",), tmp_path / "kept")
    assert [path.name for path in home.folder.iterdir()] == ["mine.txt"]
    assert (home.kept, home.lost) == ((), ())
    write(tmp_path, "file")
    with pytest.raises(EnvUnavailable, match=r"home folder .* cannot be created"):
        HomeFolder(tmp_path / "file", tmp_path / "private")


@pytest.mark.desktop
def test_windows_stay_when_the_bare_screen_is_scrolled_or_clicked_and_saved_files_are_reported(
    tmp_path: Path,
) -> None:
    save = "echo precious > ~/mine.txt; touch ~/other.txt; exec cat"
    display = VirtualDisplay(
        Size(640, 480), (("xterm", "-geometry", "40x10", "-e", "sh", "-c", save),), keep=("mine.txt",), keep_in=tmp_path
    )
    bare = ScreenPoint(636, 476)
    with DesktopEnv(virtual=display) as env:
        before = env.observe()
        for action in (Scroll(Direction.DOWN, 5), Scroll(Direction.UP, 5, bare), Click(bare)):
            env.execute(action)
            assert env.observe().location == before.location != ""
    assert (tmp_path / "mine.txt").read_text() == "precious\n"
    assert (env.kept_files, env.lost_files) == ((tmp_path / "mine.txt",), ("other.txt",))
    kept, lost, advice = files_of(env)
    assert kept == f"kept: {tmp_path / 'mine.txt'}"
    assert lost.endswith("home: other.txt")
    assert "--keep FILE" in advice


def test_a_private_home_has_settings_against_first_run_dialogs(tmp_path: Path) -> None:
    home = HomeFolder(None, tmp_path / "home").folder
    office = ElementTree.parse(home / ".config/libreoffice/4/user/registrymodifications.xcu")
    names = {name for prop in office.iter("prop") for key, name in prop.attrib.items() if key.endswith("}name")}
    assert {"ShowTipOfTheDay", "AutoPilot"} <= names
    inkscape = ElementTree.parse(home / ".config/inkscape/preferences.xml")
    assert [group.get("enabled") for group in inkscape.iter("group") if group.get("id") == "boot"] == ["0"]


@pytest.mark.desktop
def test_the_caret_of_an_editor_in_a_private_home_does_not_blink() -> None:
    shots = set[bytes]()
    with DesktopEnv(virtual=VirtualDisplay(Size(640, 480), (("mousepad", "--disable-server"),))) as env:
        for _ in range(6):
            shots.add(env.observe().screenshot.image.tobytes())
            time.sleep(0.25)
    assert len(shots) == 1
