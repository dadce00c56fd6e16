"""Temporary folders of processes that were killed."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from screenwright.envs.temp_folder import TempFolder

OWNER = """
import sys
from screenwright.envs.temp_folder import TempFolder
folder = TempFolder("test")
(folder.path / "profile").mkdir()
(folder.path / "profile" / "Cookies").write_text("x")
print(folder.path, flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def owner() -> tuple[subprocess.Popen[str], Path]:
    """A process that has a folder, and the folder."""
    process = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_folder_is_private_and_removed_at_the_end(temp: Path) -> None:
    with TempFolder("test") as folder:
        assert folder.path.parent == temp
        assert folder.path.stat().st_mode & 0o777 == 0o700
    assert list(temp.iterdir()) == []
    folder.close()


def test_the_folder_of_a_killed_process_is_removed_by_the_next_one(temp: Path) -> None:
    process, folder = owner()
    end(process)
    assert (folder / "profile" / "Cookies").exists()
    later, other = owner()
    assert list(temp.iterdir()) == [other]
    end(later)


def test_a_folder_in_use_and_one_of_something_else_stay(temp: Path) -> None:
    process, folder = owner()
    (temp / "screenwright-notes").mkdir()
    (temp / "screenwright-link").symlink_to(folder)
    (temp / "elsewhere").mkdir()
    later, other = owner()
    assert (folder / "profile" / "Cookies").exists()
    names = {folder.name, other.name, "screenwright-notes", "screenwright-link", "elsewhere"}
    assert {path.name for path in temp.iterdir()} == names
    end(later)
    end(process)


def test_a_link_in_an_abandoned_folder_is_removed_without_what_it_leads_to(temp: Path) -> None:
    process, folder = owner()
    (temp / "mine").mkdir()
    (temp / "mine" / "file").touch()
    (folder / "link").symlink_to(temp / "mine")
    end(process)
    later, _ = owner()
    assert not folder.exists()
    assert (temp / "mine" / "file").exists()
    end(later)
