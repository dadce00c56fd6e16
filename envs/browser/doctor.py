"""What `screenwright doctor` looks at for a browser: is there a Chromium, does it start, does it draw what is asked.

It is started as a run starts it, so that what is found here is what a run will meet.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from PIL import Image
from playwright.async_api import Error, async_playwright

from ..check import Check, CheckStatus
from ..env import EnvError, EnvUnavailable
from ..geometry import Size
from .env import BrowserEnv
from .launch.chromium import find_chromium, runs_as_root
from .launch.settings import BrowserSettings
from .worker import Worker

NO_SANDBOX = "--no-sandbox"

_PAGE = "data:text/html,<title>doctor</title><style>html{background:rgb(31,203,67)}</style>"
_COLOUR = (31, 203, 67)
_ALIKE = 12  # of 255, a channel; displays have colour profiles
_VERSION_S = 20.0
_LONGEST_WORDS = 160
_WRITTEN = re.compile(r"\[pid=\d+\]\[(?:err|out)\] (.*\S)")
"""How Playwright hands on a line of Chromium's."""
_REMEDIES = (
    (
        "shared libraries",
        "install what it needs: playwright install-deps chromium, or apt-get install chromium, which brings it along",
    ),
    (
        "No usable sandbox",
        "let Chromium have its sandbox: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), "
        "sysctl -w kernel.unprivileged_userns_clone=1 (Debian), or apt-get install chromium-sandbox",
    ),
    (
        "without --no-sandbox is not supported",
        "run as a user other than root",
    ),
    ("No space left", "make room: in a container, start it with --ipc=host or a larger --shm-size"),
    ("Exec format error", "install a Chromium made for this processor: apt-get install chromium"),
    ("Permission denied", "make the program executable for this user: chmod +x, or apt-get install chromium"),
)
"""What Chromium says when it does not start, and what helps."""


def check_browser(size: Size = Size(1280, 720), settings: BrowserSettings = BrowserSettings()) -> Generator[Check]:
    """Look for Chromium, start it and take a screenshot of `size`; each line comes when it is known.

    Nothing stays behind, also where the iterator is closed early.
    """
    what = "browser: Playwright"
    try:
        own = Path(_own_chromium())
    except (Error, OSError) as error:
        yield Check(what, CheckStatus.FAILED, f"does not start: {_words(str(error))}", _REINSTALL)
        return
    yield Check(what, CheckStatus.OK, metadata.version("playwright"))
    what = "browser: Chromium"
    try:
        program = find_chromium(own, settings.executable)
    except EnvUnavailable as error:
        yield Check(what, CheckStatus.FAILED, str(error), "apt-get install chromium, or playwright install chromium")
        return
    whose = "Playwright's own" if program == str(own) else "the system's" if settings.executable is None else "as asked"
    yield Check(what, CheckStatus.OK, f"{program} ({whose}){_version(program)}")
    yield from _start(size, settings)


_REINSTALL = "pip install --force-reinstall playwright"


def _own_chromium() -> str:
    """Where Playwright's own Chromium would be; starts nothing but Playwright's driver, and ends it."""

    async def ask() -> str:
        async with async_playwright() as playwright:
            return playwright.chromium.executable_path

    worker = Worker("screenwright-doctor")  # since there may be a loop on this thread
    try:
        return worker.run(ask())
    finally:
        worker.stop()


def _version(program: str) -> str:
    """What the program says of itself, where asking it does not open a window."""
    if sys.platform == "win32":
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        asked = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=True, errors="replace"
        )
        return f": {_words(asked.stdout)}"
    return ""


def _start(size: Size, settings: BrowserSettings) -> Iterator[Check]:
    """Start it and look at a page."""
    what = "browser: start"
    before = _processes_without_sandbox()
    started = time.monotonic()
    with BrowserEnv(_PAGE, viewport=size, settings=settings) as env:
        try:
            screenshot = env.observe().screenshot
        except EnvError as error:
            said = _said(error)
            mend = next((remedy for words, remedy in _REMEDIES if words in said), "apt-get install chromium")
            yield Check(what, CheckStatus.FAILED, _told(str(error), said), mend)
            yield Check("browser: screenshot", CheckStatus.SKIPPED, "Chromium did not start")
            return
        yield Check(what, CheckStatus.OK, f"{env.info().program}, first look after {time.monotonic() - started:.1f} s")
        yield _sandbox(_processes_without_sandbox() - before)
        yield screenshot_check(screenshot.image, size)


def _sandbox(without: set[int]) -> Check:
    """Whether pages are kept from the machine."""
    what = "browser: sandbox"
    if runs_as_root():
        found = "off, since Chromium has none for root: a page that breaks out of it is root here"
        return Check(what, CheckStatus.WARNING, found, "run as a user other than root, or where nothing else is")
    if without:
        return Check(what, CheckStatus.WARNING, f"off: Chromium was started with {NO_SANDBOX}", _ASK_FOR_SANDBOX)
    return Check(what, CheckStatus.OK, "on")


_ASK_FOR_SANDBOX = f"leave {NO_SANDBOX} out of the switches, and until then open only pages that you trust"


def screenshot_check(image: Image.Image, size: Size) -> Check:
    """Whether the picture is as large as was asked for, and of what the page draws."""
    what = "browser: screenshot"
    if image.size != (size.width, size.height):
        found = f"{image.width}x{image.height}, though {size} was asked for"
        return Check(what, CheckStatus.FAILED, found, "use another Chromium: apt-get install chromium")
    seen = image.getpixel((size.width // 2, size.height // 2))
    assert isinstance(seen, tuple)
    if any(abs(level - wanted) > _ALIKE for level, wanted in zip(seen, _COLOUR, strict=True)):
        found = f"{size}, but the colour {seen} where the page draws {_COLOUR}"
        return Check(what, CheckStatus.FAILED, found, "use another Chromium, or start it with --disable-gpu")
    return Check(what, CheckStatus.OK, f"{size}, as asked, and in the page's colours")


# -- what Chromium says, and what runs


def _said(error: EnvError) -> str:
    """All that Chromium and Playwright had to say."""
    cause = error.__cause__
    return cause.message if isinstance(cause, Error) else str(error)


def _told(error: str, said: str) -> str:
    """One line of it: what Chromium itself wrote, best of all a line that we know a remedy for."""
    written = [match[1] for line in said.splitlines() if (match := _WRITTEN.search(line))]
    known = (line for line in written if any(words in line for words, _ in _REMEDIES))
    line = next(known, written[0] if written else "")
    return _words(f"it ended saying: {line}" if line else error)


def _words(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_WORDS]


def _processes_without_sandbox() -> set[int]:
    """The processes that were told to do without it, among ours; none where there is no `/proc` to tell."""
    found: set[int] = set()
    for pid in _ours():
        with suppress(OSError):
            if NO_SANDBOX in Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").split():
                found.add(pid)
    return found


def _ours() -> set[int]:
    """All processes below this one."""
    children: dict[int, set[int]] = {}
    with suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError, ValueError):
                    parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
                    children.setdefault(parent, set()).add(int(entry.name))
    found: set[int] = set()
    latest = children.get(os.getpid(), set())
    while latest:
        found |= latest
        latest = {child for pid in latest for child in children.get(pid, set())} - found
    return found
