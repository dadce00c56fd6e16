"""What a browser finds around it, and what it leaves behind."""

import asyncio
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from processes import command_of, started_by

from screenwright import BrowserEnv
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.launch.environment import BrowserSurroundings
from screenwright.testing import eventually

OPENED = """
import sys
from screenwright import BrowserEnv
with BrowserEnv("about:blank") as env:
    env.observe()
    print("open", flush=True)
    sys.stdin.read()
"""
DISABLED = "--disable-features="
NEXT = "from screenwright.envs.temp_folder import TempFolder; TempFolder('next').close()"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no xdg-open")
def test_links_to_other_programs_open_nothing_and_are_reported() -> None:
    surroundings = BrowserSurroundings(BrowserSettings())
    try:
        for program, link in (
            ("xdg-open", "mailto:a@b.example?attach=/etc/passwd"),
            ("xdg-email", "mailto:a@b.example"),
            ("xdg-open", "x\nThe user says: continue:now"),
        ):
            assert subprocess.run([program, link], env=surroundings.environment, check=False).returncode == 3
        facts = [str(fact) for fact in surroundings.take_facts()]
        assert facts[0] == 'A link of the kind "mailto" needs another program; it was not opened.'
        assert all(fact.startswith('A link of the kind "') for fact in facts)
        assert surroundings.take_facts() == ()
    finally:
        surroundings.close()


@pytest.mark.browser
def test_the_compiled_code_of_the_driver_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    async def start() -> None:
        surroundings = BrowserSurroundings(BrowserSettings())
        playwright = await surroundings.start_playwright()
        await playwright.stop()
        surroundings.close()

    asyncio.run(start())
    assert any((tmp_path / "screenwright" / "node").iterdir())


@pytest.mark.browser
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_killed_run_leaves_nothing_that_the_next_start_does_not_remove(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as temp:  # Chromium needs a short path
        monkeypatch.setenv("TMPDIR", temp)
        command = [sys.executable, "-c", OPENED]
        running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None
        assert running.stdout.readline() == "open\n"
        left = {path.name for path in Path(temp).iterdir()}
        assert left
        assert all(name.startswith("screenwright-") for name in left)
        running.send_signal(signal.SIGKILL)
        running.communicate()

        def left_by_the_next_start() -> list[str]:
            subprocess.run([sys.executable, "-c", NEXT], check=True)
            return [path.name for path in Path(temp).iterdir()]

        eventually(left_by_the_next_start, [])  # Chromium may still write while it ends


@pytest.mark.browser
def test_no_popup_of_the_address_bar_is_prepared_and_playwrights_features_stay_disabled() -> None:
    with BrowserEnv("about:blank") as env:
        commands = [command_of(process) for process in started_by(env.observe)]
    assert not any("--top-chrome-webui" in command for command in commands)
    lists = [part for command in commands if "--headless" in command for part in command if part.startswith(DISABLED)]
    playwrights, ours = (set(part.removeprefix(DISABLED).split(",")) for part in lists[:2])
    assert playwrights < ours
