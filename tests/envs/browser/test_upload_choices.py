"""What a page may be offered for upload: files in the allowed folders, no links to others."""

import os
from pathlib import Path

from screenwright.envs.browser.ui.file_prompts import choices_in


def names(folder: Path, *, folders: bool = False) -> set[str]:
    return {path.name for path in choices_in((str(folder),), folders=folders)}


def test_only_regular_visible_files_are_offered(tmp_path: Path) -> None:
    up = tmp_path / "up"
    (up / "plain").mkdir(parents=True)
    (up / "plain/note.txt").touch()
    (up / "mixed").mkdir()
    (up / "mixed/link").symlink_to("/etc/passwd")
    (up / "letter.txt").touch()
    (up / ".hidden").touch()
    (up / "link.txt").symlink_to("/etc/passwd")
    (up / "etc").symlink_to("/etc")
    os.mkfifo(up / "pipe")
    assert names(up) == {"letter.txt"}
    assert names(up, folders=True) == {"plain"}  # the folder itself has links in it


def test_the_folder_may_be_named_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.txt").touch()
    (tmp_path / "up").symlink_to("real")
    assert names(tmp_path / "up") == {"a.txt"}
    assert names(tmp_path / "up", folders=True) == {"real"}
