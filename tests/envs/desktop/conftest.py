"""Fixtures of the tests of desktops."""

import pytest


@pytest.fixture
def pastes_in_tk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that no key types is pasted into the test program, as into a known editor."""
    monkeypatch.setattr("screenwright.envs.desktop.x11.driver._PASTING", ("tk",))
