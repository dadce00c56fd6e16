"""Vendors are servers on loopback without TLS."""

import ssl

import pytest


@pytest.fixture(autouse=True)
def no_certificates_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients of vendors read all root certificates when they are created, which takes longer than most tests."""

    def nothing(_context: ssl.SSLContext, *_sources: object, **_named: object) -> None: ...

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", nothing)
