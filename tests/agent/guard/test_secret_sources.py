"""Where secrets come from, and what is said if they are not there."""

import io
from pathlib import Path

import keyring
import pytest
from keyring.errors import KeyringLocked
from PIL import Image

from screenwright import Allow, Ask, Click, Observation, ScreenPoint, Screenshot, Secret, Type
from screenwright.agent.guard.secret_guard import SecretGuard
from screenwright.agent.guard.secret_sources import SecretError, load_secret, load_secrets
from screenwright.agent.guard.text_class import TextClass, text_classes
from screenwright.envs.secrets import SecretVault

ENVIRON = {"BANK_PW": "hunter2", "EMPTY": ""}


@pytest.fixture(autouse=True)
def keyring_with_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_password(service: str, user: str) -> str | None:
        if service == "locked":
            raise KeyringLocked("locked by the user")
        return "from the keyring" if (service, user) == ("bank/web", "me@bank.example") else None

    monkeypatch.setattr(keyring, "get_password", get_password)


def test_a_variable_a_file_and_a_keyring_hold_secrets(tmp_path: Path) -> None:
    file = tmp_path / "pw@home"
    file.write_text("from a file\n")
    loaded = load_secrets(
        [
            "a=env:BANK_PW@bank.example",
            f"b=file:{file}@*.bank.example",
            "c=keyring:bank/web/me@bank.example@bank.example",
            "d=env:BANK_PW",
            "e=env:BANK_PW@program:xterm",
        ],
        ENVIRON,
    )
    assert [(one.name, one.key(), one.bound_to) for one in loaded] == [
        ("a", "hunter2", "bank.example"),
        ("b", "from a file", "*.bank.example"),
        ("c", "from the keyring", "bank.example"),
        ("d", "hunter2", ""),
        ("e", "hunter2", "program:xterm"),
    ]


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("hunter2", "^should have the form NAME=SOURCE@HOST"),
        ("bank=hunter2@bank.example", "^should have the form NAME=SOURCE@HOST"),
        ("bank=vault:x@bank.example", "sources are env:, file:, keyring:, prompt:"),
        ("bank=env:MISSING@bank.example", "bank: the variable MISSING is not set, or is empty"),
        ("bank=env:EMPTY@bank.example", "bank: the variable EMPTY is not set, or is empty"),
        ("bank=file:/nowhere/pw@bank.example", "bank: cannot read /nowhere/pw: No such file or directory"),
        ("bank=file:/dev/zero@bank.example", "bank: cannot read /dev/zero: is not a regular file"),
        ("bank=keyring:bank@bank.example", "name the entry of the keyring as keyring:SERVICE/USER"),
        ("bank=keyring:bank/you@bank.example", "no entry of the service bank for the user you"),
        ("bank=keyring:locked/you@bank.example", "the keyring cannot be read: locked by the user"),
        ("bank=prompt:@bank.example", "bank: prompt: asks in a terminal, and there is none"),
        ("bank=env:BANK_PW@http://bank.example/login", "which is not a host"),
        ("bank=totp:env:BANK_PW@bank.example", "not the key of a one-time code"),
    ],
)
def test_what_is_not_there_is_one_line(reference: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(SecretError, match=problem.replace("*", ".")) as refused:
        load_secret(reference, ENVIRON)
    assert "\n" not in str(refused.value)


def test_a_prompt_asks_in_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def getpass(question: str) -> str:
        asked.append(question)
        return "typed in"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", getpass)
    assert load_secret("bank=prompt:@bank.example").key() == "typed in"
    assert asked == ["secret bank: "]


def test_two_secrets_of_one_name_are_refused() -> None:
    with pytest.raises(SecretError, match="same name"):
        load_secrets(["a=env:BANK_PW@x.example", "a=env:BANK_PW@y.example"], ENVIRON)


def test_only_a_secret_that_is_bound_to_nothing_asks_on_a_desktop() -> None:
    guard = SecretGuard(SecretVault([Secret("bound", "value-1", "program:xterm"), Secret("free", "value-2")]))
    desktop = Observation(Screenshot(Image.new("RGB", (8, 8))), location="xterm")
    page = Observation(desktop.screenshot, location="https://bank.example/")
    assert isinstance(guard(Type("{{free}}"), desktop), Ask)
    for action, seen in (
        (Type("{{bound}}"), desktop),
        (Type("value"), desktop),
        (Type("{{other}}"), desktop),
        (Click(ScreenPoint(1, 1)), desktop),
        (Type("{{free}}"), page),  # a page refuses it without a question
    ):
        assert guard(action, seen) == Allow()


def test_rules_see_the_handle_and_not_a_password() -> None:
    assert text_classes("{{bank-PW1}}") == {TextClass.SECRET, TextClass.ANY}
    assert TextClass.PASSWORD in text_classes("{{bank}} Xy4-Xy4-Xy4")
    assert TextClass.SECRET not in text_classes("hunter2")
