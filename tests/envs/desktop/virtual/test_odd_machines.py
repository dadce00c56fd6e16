"""Virtual displays on machines that lack something, such as containers."""

import os
import tempfile
from pathlib import Path

import pytest

from screenwright.envs.desktop import DesktopEnv, InterruptSettings, VirtualDisplay
from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.watchdog.client import start_watchdog
from screenwright.envs.env import EnvUnavailable
from screenwright.envs.geometry import Size

SMALL = VirtualDisplay(Size(320, 240), (("xterm",),))


@pytest.mark.desktop
def test_a_message_bus_that_does_not_start_is_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dbus-daemon does not start for a user id without an entry in the password database."""
    daemon = tmp_path / "dbus-daemon"
    daemon.write_text("#!/bin/sh\necho 'Memory allocation failure in message bus' >&2\nexit 1\n")
    daemon.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with DesktopEnv(virtual=SMALL) as env:
        assert env.observe().screenshot.size == Size(320, 240)


@pytest.mark.desktop
def test_a_deleted_working_folder_and_no_home_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.delenv("HOME")
    gone.rmdir()
    with DesktopEnv(virtual=SMALL) as env:
        assert env.observe().screenshot.size == Size(320, 240)


def test_a_missing_temporary_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(EnvUnavailable, match="no temporary folder can be created, set TMPDIR: No such file"):
        DesktopEnv(virtual=SMALL).observe()
    with pytest.raises(EnvUnavailable, match="no temporary file can be created, set TMPDIR: No such file"):
        start_watchdog(DisplayAddress(":1"), InterruptSettings())
