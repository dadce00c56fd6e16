"""Finding programs by name, in generated desktop entries."""

from pathlib import Path

import pytest

from screenwright.envs.desktop.apps.registry import find_application

ENTRIES = {
    "words.desktop": "Name=Wordy Pad\nGenericName=Text Editor\nExec=sh %U\nStartupWMClass=Wordy",
    "sums.desktop": "Name=Sums\nExec=env LANG=C sh -c 'true' %f\nCategories=Utility;Calculator;",
    "hidden.desktop": "Name=Hidden\nExec=sh\nNoDisplay=true",
    "gone.desktop": "Name=Gone\nExec=no-such-program-as-this",
    "broken.desktop": "no entry at all",
    "disk.desktop": "Name=Wordy Disk\nExec=sh\nCategories=FileManager;",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "applications"
    folder.mkdir()
    for name, text in ENTRIES.items():
        (folder / name).write_text(f"[Desktop Entry]\nType=Application\n{text}\n" if "Name" in text else text)
    return {"XDG_DATA_HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path / "none"), "PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("app", "name"),
    [
        ("Wordy Pad", "Wordy Pad"),
        ("wordy pad ", "Wordy Pad"),
        ("Text Editor", "Wordy Pad"),
        ("calculator", "Sums"),
        ("File Manager", "Wordy Disk"),
        ("pad", "Wordy Pad"),
    ],
)
def test_programs_are_found_by_name_kind_or_word_of_the_name(environment: dict[str, str], app: str, name: str) -> None:
    found = find_application(app, environment)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("app", ["", "wordy", "hidden", "gone", "broken", "ad", "no such program"])
def test_missing_and_ambiguous_programs_are_not_found(environment: dict[str, str], app: str) -> None:
    assert find_application(app, environment) is None


def test_the_command_has_no_file_placeholders(environment: dict[str, str]) -> None:
    found = find_application("sums", environment)
    assert found is not None
    assert found.command == ("env", "LANG=C", "sh", "-c", "true")
    found = find_application("text editor", environment)
    assert found is not None
    assert found.window_class == "Wordy"
