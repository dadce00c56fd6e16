from pathlib import Path

import pytest

from screenwright.cli.main import main


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.desktop
@pytest.mark.reader
def test_the_demo_does_both_tasks_and_writes_their_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for task in ("order-paper", "edit-text"):
        assert f"{task}: done" in out
        assert (tmp_path / task / "view.html").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["grounding-set", str(tmp_path / "file" / "set")]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err
