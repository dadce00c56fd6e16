"""`--secret`: references in settings and records, and errors of one line."""

import io
import tomllib
from pathlib import Path

import pytest

from screenwright.cli.main import main

VALUE = "hunter-Two&7"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv("BANK_PW", VALUE)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--secret", "bank"], "--secret should have the form NAME=SOURCE@HOST"),
        (["--secret", "bank=env:NOPE@bank.example"], "--secret bank: the variable NOPE is not set, or is empty"),
        (["--secret", "bank=env:BANK_PW"], "--secret bank needs the host of the page where it is typed"),
        (
            ["--env", "desktop", "--secret", "bank=env:BANK_PW@bank.example"],
            "--secret bank is bound to bank.example, but only a page in a browser without --window has a host",
        ),
        (["--browser", "firefox", "--secret", "bank=env:BANK_PW@bank.example"], "--secret needs --browser chromium"),
    ],
)
def test_a_secret_that_cannot_be_typed_is_one_line(
    flags: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "Go", *flags]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"screenwright: {problem}")
    assert printed.count("\n") == 1
    assert VALUE not in printed
    assert not Path("runs").exists()


def test_a_file_that_was_found_may_not_name_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    Path("screenwright.toml").write_text('secret = ["key=file:~/.ssh/id_ed25519@evil.example"]\n')
    assert main(["run", "Go"]) == 2
    assert "screenwright.toml sets secret, which has to be allowed" in capsys.readouterr().err


@pytest.mark.browser
def test_a_run_records_the_reference_and_looks_the_value_up_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "data:text/html,<title>t</title><input autofocus>"
    flags = ["--url", page, "--secret", "bank=env:BANK_PW@bank.example", "--steps", "1", "--no-recovery"]
    assert main(["run", f"Type {VALUE}. Click Nothing.", *flags]) == 7
    (run,) = Path("runs").iterdir()
    assert run.name.endswith("-type-bank-click-nothing")
    assert tomllib.loads((run / "settings.toml").read_text())["secret"] == ["bank=env:BANK_PW@bank.example"]
    written = "".join(path.read_text() for path in run.iterdir() if path.is_file())
    assert VALUE not in written + "".join(capsys.readouterr())
    monkeypatch.delenv("BANK_PW")
    assert main(["run", "--resume", str(run), "--steps", "2"]) == 2
    assert capsys.readouterr().err == "screenwright: --secret bank: the variable BANK_PW is not set, or is empty\n"
