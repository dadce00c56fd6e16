"""What the doctor finds of browsers that are right, and of ones that are wrong in a known way."""

import asyncio
from pathlib import Path

import psutil
import pytest
from PIL import Image

from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.doctor import check_browser, screenshot_check
from screenwright.envs.check import Check, CheckStatus
from screenwright.envs.geometry import Size

SMALL = Size(500, 400)

pytestmark = pytest.mark.browser


def named(checks: list[Check]) -> dict[str, Check]:
    return {check.what: check for check in checks}


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def saying(words: str, folder: Path) -> BrowserSettings:
    """A Chromium that only says so, and ends."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 127\n")
    program.chmod(0o755)
    return BrowserSettings(executable=str(program))


def test_a_chromium_that_is_right_passes_and_leaves_nothing_behind() -> None:
    before = children()
    checks = named(list(check_browser(SMALL)))
    assert all(check.verdict is CheckStatus.OK for what, check in checks.items() if what != "browser: sandbox")
    assert list(checks) == [f"browser: {part}" for part in ("Playwright", "Chromium", "start", "sandbox", "screenshot")]
    assert "hromium" in checks["browser: Chromium"].found
    assert "500x400" in checks["browser: screenshot"].found
    assert children() == before


def test_it_looks_from_within_an_event_loop_too() -> None:
    async def look() -> list[Check]:
        return list(check_browser(SMALL))

    assert named(asyncio.run(look()))["browser: screenshot"].verdict is CheckStatus.OK


def test_nothing_stays_behind_also_when_nobody_listens_to_the_end() -> None:
    before = children()
    checks = check_browser(SMALL)
    while next(checks).what != "browser: start":
        pass
    assert children() > before
    checks.close()
    assert children() == before


def test_a_chromium_without_a_sandbox_is_never_called_sandboxed() -> None:
    settings = BrowserSettings(switches=("--no-sandbox",))
    sandbox = named(list(check_browser(SMALL, settings)))["browser: sandbox"]
    assert sandbox.verdict is CheckStatus.WARNING
    assert sandbox.found.startswith("off")
    assert sandbox.mend


def test_no_chromium_is_told_with_how_to_get_one() -> None:
    checks = list(check_browser(SMALL, BrowserSettings(executable="no-such-browser")))
    assert checks[-1].what == "browser: Chromium"
    assert checks[-1].verdict is CheckStatus.FAILED
    assert "no-such-browser" in checks[-1].found
    assert "apt-get install chromium" in checks[-1].mend


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ("error while loading shared libraries: libnss3.so: cannot open shared object file", "install-deps"),
        ("No usable sandbox! If you are running on Ubuntu 23.10+", "sysctl"),
        ("Running as root without --no-sandbox is not supported", "a user other than root"),
        ("Fatal error: I am not in the mood", "apt-get install chromium"),
    ],
)
def test_a_chromium_that_does_not_start_is_told_with_what_helps(words: str, mend: str, tmp_path: Path) -> None:
    before = children()
    checks = named(list(check_browser(SMALL, saying(words, tmp_path))))
    start = checks["browser: start"]
    assert start.verdict is CheckStatus.FAILED
    assert "\n" not in start.found
    assert mend in start.mend
    assert checks["browser: screenshot"].verdict is CheckStatus.SKIPPED
    assert children() == before


def test_what_chromium_said_is_told_rather_than_what_playwright_made_of_it(tmp_path: Path) -> None:
    words = "error while loading shared libraries: libnss3.so: cannot open shared object file"
    assert "libnss3.so" in named(list(check_browser(SMALL, saying(words, tmp_path))))["browser: start"].found


def test_a_screenshot_of_another_size_fails() -> None:
    check = screenshot_check(Image.new("RGB", (480, 400), (31, 203, 67)), SMALL)
    assert check.verdict is CheckStatus.FAILED
    assert check.found == "480x400, though 500x400 was asked for"


def test_a_screenshot_of_nothing_fails() -> None:
    assert screenshot_check(Image.new("RGB", (500, 400)), SMALL).verdict is CheckStatus.FAILED
    assert screenshot_check(Image.new("RGB", (500, 400), (31, 203, 67)), SMALL).verdict is CheckStatus.OK
