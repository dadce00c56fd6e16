"""Several desktops at once, each with its own colour, window, text and clipboard."""

import shutil
import subprocess
import sys

import pytest
from paths import ACCEPTANCE

SOAK = ACCEPTANCE / "desktops_soak.py"

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(shutil.which("xclip") is None, reason="needs xclip: apt-get install xclip"),
]


def test_two_desktops_in_two_processes_are_isolated() -> None:
    """A short run of `tests/acceptance/desktops_soak.py`: the desktops are isolated, and nothing remains."""
    command = [sys.executable, str(SOAK), "--desktops", "2", "--minutes", "0.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 desktops, 2 colours" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(", 0 left")
