"""Addresses, key names, shortcuts, and which Chromium to start."""

from pathlib import Path

import pytest

from screenwright import ActionRefused, EnvUnavailable
from screenwright.envs.browser.launch.chromium import PROGRAMS, find_chromium, runs_as_root, switches
from screenwright.envs.browser.page.addresses import full_address
from screenwright.envs.browser.page.keyboard import KEYS, playwright_keys
from screenwright.envs.browser.page.shortcuts import Shortcut, shortcut


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("example.org", "https://example.org"),
        (" example.org/a?b#c ", "https://example.org/a?b#c"),
        ("example.org:8443/x", "https://example.org:8443/x"),
        ("localhost:3000/x", "http://localhost:3000/x"),
        ("127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://example.org", "http://example.org"),
        ("HTTPS://example.org", "HTTPS://example.org"),
        ("file:///tmp/a.html", "file:///tmp/a.html"),
        ("about:blank", "about:blank"),
        ("data:text/html,<p>x", "data:text/html,<p>x"),
    ],
)
def test_address_without_a_scheme_gets_one(text: str, address: str) -> None:
    assert full_address(text) == address


@pytest.mark.parametrize("text", ["", "weather in Paris", "javascript:alert(1)", "word", "mailto:a@b.example"])
def test_text_that_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(ActionRefused, match="not a valid address"):
        full_address(text)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (("Return",), ["Enter"]),
        (("cmd", "c"), ["MetaLeft", "KeyC"]),
        (("f12",), ["F12"]),
        (("A",), ["KeyA"]),
        (("shift", "b"), ["ShiftLeft", "KeyB"]),
        (("shift", "1"), ["ShiftLeft", "Digit1"]),
        (("!",), ["ShiftLeft", "Digit1"]),
        (("ctrl", "+"), ["ControlLeft", "ShiftLeft", "Equal"]),
        (("rightshift", "?"), ["ShiftRight", "Slash"]),
    ],
)
def test_key_names_are_converted_to_playwrights_with_shift_where_needed(
    names: tuple[str, ...], keys: list[str]
) -> None:
    assert playwright_keys(names) == keys


@pytest.mark.parametrize("name", ["hyperdrive", "power", "f24", "é"])
def test_unsupported_key_is_refused_by_name(name: str) -> None:
    with pytest.raises(ActionRefused, match=name):
        playwright_keys((name,))


def test_every_printable_ascii_character_has_a_key() -> None:
    assert set(KEYS) == {chr(code) for code in range(32, 127)}


def test_window_shortcuts_are_distinguished_from_page_hotkeys() -> None:
    assert shortcut(("Alt", "ArrowLeft")) is Shortcut.BACK
    assert shortcut(("f5",)) is Shortcut.RELOAD
    assert shortcut(("ctrl", "c")) is None
    assert shortcut(("ctrl", "t")) is Shortcut.NEW_TAB
    with pytest.raises(ActionRefused, match="open a tab instead"):
        shortcut(("ctrl", "n"))


def make_program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_chromium_is_chosen_in_the_order_requested_then_playwrights_then_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    none = tmp_path / "none"
    with pytest.raises(EnvUnavailable, match="apt-get install chromium"):
        find_chromium(none, None)
    system = make_program(tmp_path, PROGRAMS[-1])
    own = make_program(tmp_path, "own")
    assert find_chromium(none, None) == str(system)
    assert find_chromium(own, None) == str(own)
    assert find_chromium(own, str(system)) == str(system)
    with pytest.raises(EnvUnavailable, match="no-such-browser"):
        find_chromium(own, "no-such-browser")


def test_only_root_runs_without_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ("--no-sandbox" in switches(())) is runs_as_root()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "--no-sandbox" not in switches(())
    assert switches(("--mine",))[-1] == "--mine"
