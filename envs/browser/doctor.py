"""The browser checks of `screenwright doctor`: is Chromium installed, does it start, does it render correctly.

Chromium is started in the same way as for a run, except for one switch that makes it report its command line.
"""

import re
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from PIL import Image
from playwright.async_api import Error

from screenwright._home import ensure_home

from ..check import Check, CheckStatus
from ..config.browser_settings import BrowserSettings
from ..env import EnvError, EnvUnavailable
from ..geometry import Size
from .env import BrowserEnv
from .launch.chromium import find_chromium, runs_as_root
from .launch.environment import BrowserSurroundings
from .worker import Worker

NO_SANDBOX = "--no-sandbox"

_PAGE = "data:text/html,<title>doctor</title><style>html{background:rgb(31,203,67)}</style>"
_COLOUR = (31, 203, 67)
_TOLERANCE = 12  # of 255 per channel; displays have colour profiles
_VERSION_S = 20.0
_MAX_LENGTH = 160
_OUTPUT_LINE = re.compile(r"\[pid=\d+\]\[(?:err|out)\] (.*\S)")
"""Chromium's output in Playwright's error messages."""
_REMEDIES = (
    (
        "shared libraries",
        "install its dependencies: playwright install-deps chromium, or apt-get install chromium",
    ),
    (
        "No usable sandbox",
        "enable the sandbox: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), "
        "sysctl -w kernel.unprivileged_userns_clone=1 (Debian), or apt-get install chromium-sandbox",
    ),
    (
        "without --no-sandbox is not supported",
        "run as a user other than root",
    ),
    ("No space left", "free disk space; in a container, start it with --ipc=host or a larger --shm-size"),
    ("Exec format error", "install a Chromium for this processor: apt-get install chromium"),
    ("Permission denied", "make the program executable for this user: chmod +x, or apt-get install chromium"),
)
"""Messages of a Chromium that does not start, and the remedies."""


def check_browser(size: Size = Size(1280, 720), settings: BrowserSettings = BrowserSettings()) -> Generator[Check]:
    """Find Chromium, start it and take a screenshot of `size`; yields each check as soon as it is done.

    No process remains, even if the iterator is closed early.
    """
    what = "browser: Playwright"
    try:
        bundled = Path(_bundled_chromium())
    except (Error, OSError) as error:
        yield Check(what, CheckStatus.FAILED, f"does not start: {_shortened(str(error))}", _REINSTALL)
        return
    yield Check(what, CheckStatus.OK, metadata.version("playwright"))
    what = "browser: Chromium"
    try:
        program = find_chromium(bundled, settings.executable)
    except EnvUnavailable as error:
        yield Check(what, CheckStatus.FAILED, str(error), "apt-get install chromium, or playwright install chromium")
        return
    origin = "Playwright's" if program == str(bundled) else "the system's" if settings.executable is None else "yours"
    yield Check(what, CheckStatus.OK, f"{program} ({origin}){_version(program)}")
    yield from _start(size, settings)


_REINSTALL = "pip install --force-reinstall playwright"


def _bundled_chromium() -> str:
    """The path of Playwright's Chromium, installed or not; starts and stops Playwright's driver."""

    async def path() -> str:
        ensure_home()
        surroundings = BrowserSurroundings(BrowserSettings())
        playwright = await surroundings.start_playwright()
        try:
            return playwright.chromium.executable_path
        finally:
            await playwright.stop()
            surroundings.close()

    worker = Worker("screenwright-doctor")  # this thread may already have an event loop
    try:
        return worker.run(path())
    finally:
        worker.stop()


def _version(program: str) -> str:
    """The output of `--version`; empty on Windows, where that opens a window."""
    if sys.platform == "win32":
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        result = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=True, errors="replace"
        )
        return f": {_shortened(result.stdout)}"
    return ""


def _start(size: Size, settings: BrowserSettings) -> Iterator[Check]:
    """Start Chromium and take a screenshot."""
    what = "browser: start"
    started = time.monotonic()
    # Chromium reports its command line only with this switch
    settings = settings.model_copy(update={"switches": (*settings.switches, "--enable-automation")})
    with BrowserEnv(_PAGE, viewport=size, settings=settings) as env:
        try:
            screenshot = env.observe().screenshot
            has_sandbox = NO_SANDBOX not in env.command_line()
        except EnvError as error:
            output = _output(error)
            remedy = next((remedy for text, remedy in _REMEDIES if text in output), "apt-get install chromium")
            yield Check(what, CheckStatus.FAILED, _summary(str(error), output), remedy)
            yield Check("browser: screenshot", CheckStatus.SKIPPED, "Chromium did not start")
            return
        yield Check(
            what, CheckStatus.OK, f"{env.info().program}, first screenshot after {time.monotonic() - started:.1f} s"
        )
        yield _sandbox(has_sandbox)
        yield screenshot_check(screenshot.image, size)


def _sandbox(has_sandbox: bool) -> Check:
    """Whether pages are isolated from the machine; a script that starts Chromium may have turned that off."""
    what = "browser: sandbox"
    if runs_as_root():
        found = "off: Chromium has no sandbox for root, so a page that exploits Chromium gets root access"
        return Check(what, CheckStatus.WARNING, found, "run as a user other than root, or in a container of its own")
    if not has_sandbox:
        return Check(what, CheckStatus.WARNING, f"off: Chromium was started with {NO_SANDBOX}", _ENABLE_SANDBOX)
    return Check(what, CheckStatus.OK, "on")


_ENABLE_SANDBOX = f"remove {NO_SANDBOX} from the switches; until then open only pages that you trust"


def screenshot_check(image: Image.Image, size: Size) -> Check:
    """Whether the screenshot of the test page has the requested size and the right colour."""
    what = "browser: screenshot"
    if image.size != (size.width, size.height):
        found = f"{image.width}x{image.height} instead of {size}"
        return Check(what, CheckStatus.FAILED, found, "use another Chromium: apt-get install chromium")
    colour = image.getpixel((size.width // 2, size.height // 2))
    assert isinstance(colour, tuple)
    if any(abs(level - expected) > _TOLERANCE for level, expected in zip(colour, _COLOUR, strict=True)):
        found = f"{size}, but the colour is {colour} instead of {_COLOUR}"
        return Check(what, CheckStatus.FAILED, found, "use another Chromium, or start it with --disable-gpu")
    return Check(what, CheckStatus.OK, f"{size}, and the colours are right")


# -- Chromium's output


def _output(error: EnvError) -> str:
    """The full message of Playwright, which includes Chromium's output."""
    cause = error.__cause__
    return cause.message if isinstance(cause, Error) else str(error)


def _summary(error: str, output: str) -> str:
    """The line of Chromium's output that has a remedy, else its first line, else the error."""
    lines = [match[1] for line in output.splitlines() if (match := _OUTPUT_LINE.search(line))]
    known = (line for line in lines if any(text in line for text, _ in _REMEDIES))
    line = next(known, lines[0] if lines else "")
    return _shortened(f"it exited with: {line}" if line else error)


def _shortened(text: str) -> str:
    return " ".join(text.split())[:_MAX_LENGTH]
