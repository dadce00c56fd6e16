"""The doctor's checks of working and of broken browsers."""

import asyncio
from pathlib import Path

import psutil
import pytest
from PIL import Image

from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.doctor import check_browser, screenshot_check
from screenwright.envs.check import Check, CheckStatus
from screenwright.envs.geometry import Size
from screenwright.testing import eventually

SMALL = Size(500, 400)

pytestmark = pytest.mark.browser


def named(checks: list[Check]) -> dict[str, Check]:
    return {check.what: check for check in checks}


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def failing(message: str, folder: Path) -> BrowserSettings:
    """A Chromium that only prints `message` and exits."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\necho '{message}' >&2\nexit 127\n")
    program.chmod(0o755)
    return BrowserSettings(executable=str(program))


def test_working_chromium_passes_and_no_process_remains() -> None:
    before = children()
    checks = named(list(check_browser(SMALL)))
    assert all(check.status is CheckStatus.OK for what, check in checks.items() if what != "browser: sandbox")
    assert list(checks) == [f"browser: {part}" for part in ("Playwright", "Chromium", "start", "sandbox", "screenshot")]
    assert "hromium" in checks["browser: Chromium"].found
    assert "500x400" in checks["browser: screenshot"].found
    eventually(lambda: children() - before, set())


def test_checks_work_inside_an_event_loop() -> None:
    async def check() -> list[Check]:
        return list(check_browser(SMALL))

    assert named(asyncio.run(check()))["browser: screenshot"].status is CheckStatus.OK


def test_no_process_remains_when_the_iterator_is_closed_early() -> None:
    before = children()
    checks = check_browser(SMALL)
    while next(checks).what != "browser: start":
        pass
    assert children() - before
    checks.close()
    eventually(lambda: children() - before, set())


def test_chromium_without_a_sandbox_is_reported() -> None:
    settings = BrowserSettings(switches=("--no-sandbox",))
    sandbox = named(list(check_browser(SMALL, settings)))["browser: sandbox"]
    assert sandbox.status is CheckStatus.WARNING
    assert sandbox.found.startswith("off")
    assert sandbox.fix


def test_missing_chromium_is_reported_with_an_install_command() -> None:
    checks = list(check_browser(SMALL, BrowserSettings(executable="no-such-browser")))
    assert checks[-1].what == "browser: Chromium"
    assert checks[-1].status is CheckStatus.FAILED
    assert "no-such-browser" in checks[-1].found
    assert "apt-get install chromium" in checks[-1].fix


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("error while loading shared libraries: libnss3.so: cannot open shared object file", "install-deps"),
        ("No usable sandbox! If you are running on Ubuntu 23.10+", "sysctl"),
        ("Running as root without --no-sandbox is not supported", "a user other than root"),
        ("Fatal error: I am not in the mood", "apt-get install chromium"),
    ],
)
def test_failure_to_start_is_reported_with_a_remedy(message: str, remedy: str, tmp_path: Path) -> None:
    before = children()
    checks = named(list(check_browser(SMALL, failing(message, tmp_path))))
    start = checks["browser: start"]
    assert start.status is CheckStatus.FAILED
    assert "\n" not in start.found
    assert remedy in start.fix
    assert checks["browser: screenshot"].status is CheckStatus.SKIPPED
    eventually(lambda: children() - before, set())


def test_message_of_chromium_is_reported_instead_of_playwrights(tmp_path: Path) -> None:
    message = "error while loading shared libraries: libnss3.so: cannot open shared object file"
    assert "libnss3.so" in named(list(check_browser(SMALL, failing(message, tmp_path))))["browser: start"].found


def test_screenshot_of_another_size_fails() -> None:
    check = screenshot_check(Image.new("RGB", (480, 400), (31, 203, 67)), SMALL)
    assert check.status is CheckStatus.FAILED
    assert check.found == "480x400 instead of 500x400"


def test_blank_screenshot_fails() -> None:
    assert screenshot_check(Image.new("RGB", (500, 400)), SMALL).status is CheckStatus.FAILED
    assert screenshot_check(Image.new("RGB", (500, 400), (31, 203, 67)), SMALL).status is CheckStatus.OK
