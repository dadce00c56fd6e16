"""What command lines name is shown in the sandbox to read; what would open more than that needs a grant."""

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from screenwright.envs.browser.window.profile import program_folder
from screenwright.envs.desktop.virtual.sandbox.named import hidden_path, is_shown, named_paths, spellings, to_show
from screenwright.envs.desktop.virtual.sandbox.settings import GrantedFolder

SYSTEM = {Path("/usr"), Path("/bin"), Path("/etc/fonts")}


class Sandboxed:
    """The outcome for a command line: what is shown, what is announced to the user, and what is missing."""

    def __init__(self, *program: str, folders: tuple[GrantedFolder, ...] = ()) -> None:
        named = tuple(named_paths(program, os.environ["PATH"]))
        visible = SYSTEM | {way for folder in folders for way in spellings(folder.path)}
        self.shown, self.announced = to_show(named, visible, folders)
        self.visible = {*visible, *self.shown}
        self.hidden = hidden_path(named, self.visible)

    def reads(self, path: Path) -> bool:
        return is_shown(path, self.visible)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder that is reached through a link, with a file in it."""
    (tmp_path / "disk" / "me").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    home = tmp_path / "home" / "me"
    monkeypatch.setenv("HOME", str(home))
    (home / "notes.txt").write_text("text")
    return home


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def virtual_environment(folder: Path, installation: Path) -> Path:
    """A virtual environment of the Python of that installation, which is reached through a link."""
    executable(installation / "bin" / "python3.12", "ELF")
    (installation / "lib" / "python3.12").mkdir(parents=True)
    (installation / "lib" / "python3.12" / "os.py").write_text("")
    (installation / "secrets").write_text("")
    alias = installation.with_name("python-3.12")
    alias.symlink_to(installation)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("python3")
    (folder / "bin" / "python3").symlink_to(alias / "bin" / "python3.12")
    (folder / "pyvenv.cfg").write_text(f"home = {alias}/bin\n")
    return folder / "bin" / "python"


@pytest.mark.parametrize("word", ["{}", "--file={}", "file://{}", "--open=file://localhost{}", "if={}"])
def test_a_file_that_exists_is_shown_by_each_spelling_of_its_path(home: Path, word: str) -> None:
    sandboxed = Sandboxed("sh", word.format(home / "notes.txt"))
    assert sandboxed.announced == (home / "notes.txt",)
    assert sandboxed.shown == (home / "notes.txt", (home / "notes.txt").resolve())
    assert sandboxed.hidden is None


def test_only_the_named_file_is_shown(home: Path) -> None:
    (home / ".ssh").mkdir()
    sandboxed = Sandboxed("sh", str(home / "notes.txt"))
    assert not sandboxed.reads(home / ".ssh")
    assert not sandboxed.reads(home)


def test_a_link_is_shown_with_what_it_leads_to(home: Path) -> None:
    (home / "b").symlink_to("notes.txt")
    (home / "a").symlink_to(home / "b")
    assert {*Sandboxed("sh", str(home / "a")).shown} >= {home / "a", home / "b", (home / "notes.txt").resolve()}


def test_a_bare_word_that_matches_a_file_of_the_current_folder_is_shown_and_never_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    assert Sandboxed("sh", "notes.txt").announced == (home.resolve() / "notes.txt",)
    with closing(socket.socket(socket.AF_UNIX)) as service:
        service.bind("cat")
        sandboxed = Sandboxed("xterm", "-e", "cat", "notes")
    assert (sandboxed.announced, sandboxed.hidden) == ((), None)


@pytest.mark.parametrize("word", ["https://example.org/{}", "-f{}/notes.txt", "no such file", "cat {}/notes.txt", "-"])
def test_words_that_are_no_paths_are_passed_over(home: Path, word: str) -> None:
    sandboxed = Sandboxed("sh", word.format(home))
    assert (sandboxed.shown, sandboxed.hidden) == ((), None)


@pytest.mark.parametrize("word", ["{}/new.txt", "--out={}/new.txt"])
def test_a_file_that_a_program_would_create_needs_a_grant(home: Path, word: str) -> None:
    sandboxed = Sandboxed("sh", word.format(home))
    assert (sandboxed.shown, sandboxed.hidden) == ((), home / "new.txt")
    assert Sandboxed("sh", word.format(home), folders=(GrantedFolder(home, writable=True),)).hidden is None


def test_a_folder_that_is_named_is_shown_but_neither_the_home_nor_what_has_it(home: Path) -> None:
    (home / "project").mkdir()
    assert Sandboxed("sh", f"{home}/project").announced == (home / "project",)
    for folder in (home, home.parent, home.resolve()):
        sandboxed = Sandboxed("sh", str(folder))
        assert (sandboxed.shown, sandboxed.hidden) == ((), folder)


@pytest.mark.parametrize("word", ["/", "/tmp", "/proc/1", "/dev/null", "/etc", "/run"])
def test_folders_that_the_sandbox_has_of_its_own_are_neither_shown_nor_refused(word: str) -> None:
    sandboxed = Sandboxed("ls", word)
    assert (sandboxed.shown, sandboxed.hidden) == ((), None)


def test_sockets_and_devices_are_not_shown(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as service:
        service.bind(str(tmp_path / "socket"))
        sandboxed = Sandboxed("sh", f"{tmp_path}/socket")
    assert (sandboxed.shown, sandboxed.hidden) == ((), tmp_path / "socket")


def test_a_link_in_a_granted_folder_is_not_followed_out_of_it(home: Path, tmp_path: Path) -> None:
    """A program may have left it there."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "notes.txt").symlink_to(home / "notes.txt")
    sandboxed = Sandboxed(
        "sh", f"{tmp_path}/shared/notes.txt", folders=(GrantedFolder(tmp_path / "shared", writable=True),)
    )
    assert (sandboxed.shown, sandboxed.hidden) == ((), home / "notes.txt")


def test_a_program_in_a_home_folder_is_shown(home: Path) -> None:
    program = executable(home / "apps" / "tool", "ELF")
    (home / "bin").mkdir()
    (home / "bin" / "tool").symlink_to(program)
    sandboxed = Sandboxed(str(home / "bin" / "tool"))
    assert (sandboxed.announced, sandboxed.hidden) == ((home / "bin" / "tool",), None)
    assert sandboxed.reads(program)


@pytest.mark.parametrize("folder", ["project/.venv", "project with a space/.venv"])
def test_a_python_program_has_its_virtual_environment_and_the_installation_of_that(home: Path, folder: str) -> None:
    installation = home / ".local" / "share" / "uv" / "python-3.12.4"
    python = virtual_environment(home / folder, installation)
    shebang = f"#!{python}\n" if " " not in folder else f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"
    script = executable(home / "tool", shebang)
    wanted = [home / folder / "pyvenv.cfg", python.with_name("python3"), installation / "lib" / "python3.12"]
    for program in ((str(script),), (str(python), "-m", "tool"), ("env", "A=1", str(python))):
        sandboxed = Sandboxed(*program)
        assert sandboxed.hidden is None
        assert [path for path in wanted if not sandboxed.reads(path)] == []
        assert not sandboxed.reads(installation / "secrets")


def test_an_environment_in_the_home_itself_opens_no_more_of_it_than_python(home: Path) -> None:
    (home / "share").mkdir()
    python = virtual_environment(home, home / "python-3.12.4")
    sandboxed = Sandboxed(str(python))
    assert sandboxed.hidden is None
    assert not sandboxed.reads(home / "notes.txt")
    assert not sandboxed.reads(home / "share")


def test_a_python_that_pyenv_chooses_has_what_is_chosen_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(home / ".pyenv" / "shims" / "python3", '#!/bin/sh\nexec pyenv exec "$0" "$@"\n')
    monkeypatch.setenv("PATH", f"{home}/.pyenv/shims:/usr/bin:/bin")
    sandboxed = Sandboxed("python3", str(home / "notes.txt"))
    assert sandboxed.announced == (home / ".pyenv", home / "notes.txt")
    assert sandboxed.reads(home / ".pyenv" / "versions")


def test_a_script_cannot_name_any_file_as_its_interpreter(home: Path) -> None:
    script = executable(home / "script", f"#!{home}/notes.txt\n")
    assert not Sandboxed(str(script)).reads(home / "notes.txt")


def test_a_granted_folder_that_is_a_link_is_shown_as_it_is_written(home: Path) -> None:
    folder = GrantedFolder.parse(f"{home}:rw")
    assert folder == GrantedFolder(home, writable=True)
    assert Sandboxed("sh", f"{home}/notes.txt", folders=(folder,)).announced == ()


def test_a_browser_is_shown_with_its_folder_but_not_with_the_whole_home(home: Path) -> None:
    for program, shown in (("browser/chrome", "browser"), ("chrome", "chrome")):
        path = executable(home / program, "ELF")
        assert program_folder(str(path)) == (home / shown).resolve()
