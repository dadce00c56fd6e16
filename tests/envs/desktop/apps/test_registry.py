"""Finding programs by name, in generated desktop entries."""

from pathlib import Path

import pytest

from screenwright.envs.desktop.apps.launch import command_of, window_of
from screenwright.envs.desktop.apps.registry import find_applications
from screenwright.envs.desktop.x11.connection import Window
from screenwright.envs.env import ActionRefused

ENTRIES = {
    "words.desktop": "Name=Wordy Pad\nGenericName=Text Editor\nExec=sh %U\nStartupWMClass=Wordy",
    "sums.desktop": "Name=Sums\nExec=env LANG=C sh -c 'true' %f\nCategories=Utility;Calculator;",
    "hidden.desktop": "Name=Hidden\nExec=sh\nNoDisplay=true",
    "gone.desktop": "Name=Gone\nExec=no-such-program-as-this",
    "broken.desktop": "no entry at all",
    "disk.desktop": "Name=Wordy Disk\nName[de]=Wörterplatte\nExec=ls\nCategories=FileManager;\nKeywords=folder;disk",
    "aaa-term.desktop": "Name=Aaa (Terminal)\nGenericName=Text Editor\nExec=cat\nTerminal=true",
    "wordy-settings.desktop": "Name=Wordy Settings\nExec=sh -c settings\nCategories=Settings;",
    "org.example.Draw.desktop": "Name=Sketch\nGenericName=Drawing\nExec=cp",
    "paint.desktop": "Name=Paint\nGenericName=Drawing\nExec=mv",
    "talk.desktop": 'Name=Talk (Client)\nExec=sh -c "exec wc \\\\"\\\\$1\\\\"" talk %F',
    "talk-main.desktop": "Name=Talk (GUI)\nExec=talk-main",
    "edit.desktop": "Name=Edit\nExec=head\nTerminal=true\nKeywords=Text;Editor;",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "applications"
    folder.mkdir()
    for name, text in ENTRIES.items():
        (folder / name).write_text(f"[Desktop Entry]\nType=Application\n{text}\n" if "Name" in text else text)
    return {"XDG_DATA_HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path / "none"), "PATH": "/usr/bin:/bin"}


def found(app: str, environment: dict[str, str]) -> list[str]:
    return [entry.name for entry in find_applications(app, environment)]


@pytest.mark.parametrize(
    ("app", "name"),
    [
        ("Wordy Pad", "Wordy Pad"),
        ("wordy  pad ", "Wordy Pad"),
        ("Text Editor", "Wordy Pad"),
        ("Editor", "Wordy Pad"),
        ("calculator", "Sums"),
        ("File Manager", "Wordy Disk"),
        ("Files", "Wordy Disk"),
        ("wörterplatte", "Wordy Disk"),
        ("folder", "Wordy Disk"),
        ("pad", "Wordy Pad"),
        ("draw", "Sketch"),
        ("cp", "Sketch"),
        ("aaa (terminal)", "Aaa (Terminal)"),
        ("Edit", "Edit"),
    ],
)
def test_programs_are_found_by_name_executable_kind_keyword_or_word(
    environment: dict[str, str], app: str, name: str
) -> None:
    assert found(app, environment) == [name]


@pytest.mark.parametrize(
    "app", ["", "Settings", "hidden", "gone", "broken", "ad", "program", "manager", "no such program"]
)
def test_missing_programs_are_not_found(environment: dict[str, str], app: str) -> None:
    assert found(app, environment) == []


def test_the_candidates_of_an_ambiguous_name_are_reported(environment: dict[str, str]) -> None:
    assert found("drawing", environment) == ["Sketch", "Paint"]
    with pytest.raises(ActionRefused, match="several programs match 'drawing': Sketch, Paint; use one of these names"):
        command_of("drawing", environment)


def test_an_unknown_program_is_refused_with_what_is_installed(environment: dict[str, str]) -> None:
    with pytest.raises(ActionRefused, match="no program named 'no such' is installed or open; installed programs: "):
        command_of("no such", environment)


def test_a_program_without_an_entry_is_found_on_the_path(environment: dict[str, str]) -> None:
    assert command_of("Tail", environment) == ("tail",)


def test_the_command_has_no_file_placeholders(environment: dict[str, str]) -> None:
    (sums,) = find_applications("sums", environment)
    assert sums.command == ("env", "LANG=C", "sh", "-c", "true")
    (editor,) = find_applications("text editor", environment)
    assert editor.window_class == "Wordy"


def test_the_quotes_of_a_command_are_read(environment: dict[str, str]) -> None:
    assert command_of("talk (client)", environment) == ("sh", "-c", 'exec wc "$1"', "talk")


def test_a_program_in_a_terminal_gets_one(environment: dict[str, str]) -> None:
    assert command_of("Edit", environment) == ("x-terminal-emulator", "-e", "head")


WINDOWS = (Window(1, "Files to sort - Notes", ("notes", "Notes")), Window(2, "a.txt - Wordy Pad", ("wordy", "wordy")))


@pytest.mark.parametrize(
    ("app", "window"),
    [("Wordy Pad", 2), ("text editor", 2), ("Notes", 1), ("files", None), ("sort", 1), ("pad", 2), ("Sums", None)],
)
def test_an_open_window_is_found_by_class_or_by_the_title_of_an_unknown_program(
    environment: dict[str, str], app: str, window: int | None
) -> None:
    match = window_of(app, WINDOWS, environment)
    assert (match.id if match else None) == window
