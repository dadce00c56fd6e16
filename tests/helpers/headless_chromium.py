"""A browser for tests that look at our own pages."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from screenwright.envs.browser.launch.chromium import find_chromium, headless_switches


@contextmanager
def headless_chromium() -> Generator[Browser]:
    """A new Chromium, closed at the end."""
    with sync_playwright() as playwright:
        program = find_chromium(Path(playwright.chromium.executable_path), None)
        browser = playwright.chromium.launch(executable_path=program, args=headless_switches(()))
        yield browser
        browser.close()
