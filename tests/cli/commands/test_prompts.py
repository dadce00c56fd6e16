"""`screenwright prompts`: list, add and remove official prompt texts."""

import sys
from pathlib import Path

import pytest
from ui_tars import prompt as wheel

from screenwright.cli.main import main
from screenwright.prompts.official import prompts_folder


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_the_list_shows_the_source_in_use_and_where_a_prompt_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prompts", "list", "ui-tars-1.5"]) == 0
    listed = lines(capsys)
    assert listed[0] == "ui-tars-1.5 computer, browser"
    assert listed[1].strip().startswith("in use     ui-tars 0.")
    assert listed[2].strip() == "published  bytedance/UI-TARS@3472240 prompts.py"
    assert listed[3].strip().endswith("mm_agents/uitars15_v1.py, and in the package desktop-env")
    assert main(["prompts", "list"]) == 0
    assert {"planner", "doubao mobile"} <= set(lines(capsys))


def test_texts_are_added_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    """The wheel's file is a published one, so its texts can be added like any other."""
    assert main(["prompts", "add", "doubao", str(Path(wheel.__file__).parent.parent)]) == 0
    assert lines(capsys) == [
        "added codes/ui_tars/prompt.py COMPUTER_USE_DOUBAO, sha256 0fd4d14c3890",
        "added codes/ui_tars/prompt.py MOBILE_USE_DOUBAO, sha256 4c6da47a4608",
        "added codes/ui_tars/prompt.py GROUNDING_DOUBAO, sha256 e0fda4eb0b91",
    ]
    assert main(["prompts", "list", "doubao"]) == 0
    assert "in use     bytedance/UI-TARS codes/ui_tars/prompt.py, sha256 0fd4d14c3890" in capsys.readouterr().out
    assert main(["prompts", "remove", "all"]) == 0
    assert main(["prompts", "remove", "doubao"]) == 0
    assert lines(capsys) == ["removed 3 texts", "no text had been added for doubao"]
    assert not list(prompts_folder().iterdir())


def test_another_version_needs_a_flag_and_is_named_as_such(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "prompts.py"
    file.write_text("COMPUTER_USE = MOBILE_USE = GROUNDING = 'made up {instruction}'")
    assert main(["prompts", "add", "ui-tars-1.5", str(file)]) == 2
    error = capsys.readouterr().err
    assert "5363caa4e115ab3da862dd7a0cf8bf2859c7611ac8551e0336901bb0776ddd34" in error
    assert error.count("\n") == 1
    assert main(["prompts", "add", "ui-tars-1.5", str(file), "--any-version"]) == 0
    assert all(line.endswith("(another version)") for line in lines(capsys))
    assert main(["prompts", "list", "ui-tars-1.5"]) == 0
    assert "in use     bytedance/UI-TARS prompts.py, another version, sha256 " in capsys.readouterr().out


def test_texts_that_match_are_listed_although_another_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "prompt.py"
    file.write_text(
        Path(wheel.__file__)
        .read_text(encoding="utf-8")
        .replace("GROUNDING_DOUBAO = ", "GROUNDING_DOUBAO = 'x'\nOLD = ")
    )
    assert main(["prompts", "add", "doubao", str(file)]) == 2
    shown = capsys.readouterr()
    assert [line.split(",")[0] for line in shown.out.splitlines()] == [
        "added codes/ui_tars/prompt.py COMPUTER_USE_DOUBAO",
        "added codes/ui_tars/prompt.py MOBILE_USE_DOUBAO",
    ]
    assert shown.err.startswith(f"screenwright: 1 text of {file} refused: codes/ui_tars/prompt.py: the text GROUNDING")
    assert main(["prompts", "remove", "doubao"]) == 0
    assert lines(capsys) == ["removed 2 texts"]


def test_a_folder_without_any_text_is_a_short_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["prompts", "add", "all", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "contains none of the files" in error
    assert " more places" in error
    assert len(error) < 400


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "planner", "."], "no official prompt is known for planner"),
        (["add", "nothing", "."], "there is no dialect 'nothing'"),
        (["add", "ui-tars-1.5", "/no/such/folder"], "there is no file or folder /no/such/folder"),
        (["add", "ui-tars-1.5", sys.executable], "it is published in bytedance/UI-TARS@3472240 prompts.py"),
        (["list", "nothing"], "there is no dialect 'nothing'"),
        ([], "the following arguments are required"),
    ],
)
def test_a_wrong_use_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["prompts", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
