"""Shared by all tests: nothing but loopback can be reached, and no settings leak in from outside."""

import gc
import os
import signal
import socket
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# No deadline: how long a case takes says more about the machine than about the code.
settings.register_profile("screenwright", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)  # scripts/check
settings.load_profile("screenwright")

# A shell starts what runs in the background with Ctrl-C ignored; the programs under test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Thousands of tests are long-lived objects: traversing them again and again took a third of the time of collection.
gc.set_threshold(50_000, 50, 50)

SECONDS = {"slow": 2.0, "desktop": 3.0, "browser": 1.0, "reader": 0.5}
"""About how long a test with that marker takes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first: one of them alone at the end would leave the other workers idle."""
    seconds = defaultdict[Path, float](float)
    for item in items:
        seconds[item.path] += max((SECONDS.get(mark.name, 0.0) for mark in item.iter_markers()), default=0.0)
    items.sort(key=lambda item: seconds[item.path], reverse=True)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def only_loopback_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that opens a connection to another machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            pytest.fail(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def no_file_is_flushed_to_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """It only matters when the machine fails, and runs would wait for the disk thousands of times."""

    def nothing(_descriptor: int) -> None: ...

    monkeypatch.setattr(os, "fsync", nothing)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The environment of the person who runs the tests does not reach them, nor do they write into their home."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data"))
    for name in list(os.environ):
        ours = name.startswith(("SCREENWRIGHT_", "OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_"))
        if ours or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
