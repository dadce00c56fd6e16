"""What a browser finds around it: a clean environment, a temporary folder of its own, and no programs for links."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from playwright.async_api import Playwright, async_playwright

from screenwright._home import cache_folder

from ...config.browser_settings import BrowserSettings
from ...env import Fact
from ...environment import clean_environment
from ...temp_folder import TempFolder

_OPENERS = ("xdg-open", "xdg-email")
"""What Chromium starts on Linux for links such as mailto:, sometimes without asking."""

_STAND_IN = """#!/bin/sh
# Opens nothing, and notes the scheme for the model.
notes=${0%/*}/refused
test "$(wc -c < "$notes")" -gt 10000 || printf '%s\\n' "${1%%:*}" >> "$notes"
exit 3
"""

_LONGEST_TEMP = 60
"""Chromium puts a socket in its temporary folder, whose path may have 107 bytes."""


class BrowserSurroundings:
    """The environment and the temporary files of the browsers of a session; close it after them.

    `folder` has everything of it: `downloads` is for unfinished downloads, `temp` for the browser's temporary files,
    `programs` has the stand-ins, which write to the file `notes` in it. `own` are the variables that differ from other
    programs'.

    Raises:
        EnvUnavailable: no temporary folder can be created.
    """

    def __init__(self, settings: BrowserSettings) -> None:
        self._temp = TempFolder("browser")
        folder = self._temp.path
        self.folder = folder
        self.temp = folder / "tmp"
        self.temp.mkdir()
        self.downloads = folder / "downloads"
        self.downloads.mkdir()
        programs = folder / "programs"
        programs.mkdir()
        self.programs = programs
        self.notes = programs / "refused"
        self.notes.touch()
        for name in _OPENERS:
            (programs / name).write_text(_STAND_IN, encoding="utf-8")
            (programs / name).chmod(0o700)
        self._driver_environment = clean_environment(
            TMPDIR=str(self.temp),
            NODE_COMPILE_CACHE=str(cache_folder() / "node"),  # Node starts in two thirds of the time
        )
        self.own = {name: os.environ[name] for name in settings.pass_env if name in os.environ} | {
            "PATH": os.pathsep.join(filter(None, (str(programs), os.environ.get("PATH")))),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",  # services on the bus open links, too
        }
        if len(os.fsencode(self.temp)) <= _LONGEST_TEMP:
            self.own["TMPDIR"] = str(self.temp)
        self.environment = clean_environment() | self.own

    def take_facts(self) -> tuple[Fact, ...]:
        """The links that were not opened since the last call."""
        lines: list[str] = []
        with suppress(OSError):
            if self.notes.stat().st_size:
                lines = self.notes.read_text(encoding="ascii", errors="replace").splitlines()
                self.notes.write_bytes(b"")
        schemes = dict.fromkeys(lines)
        return tuple(
            Fact("A link of the kind {} needs another program; it was not opened.", (scheme,)) for scheme in schemes
        )

    async def start_playwright(self) -> Playwright:
        """Start Playwright's driver, a program of its own, in these surroundings; they are closed if it fails."""
        loop = asyncio.get_running_loop()
        start: Callable[..., Coroutine[Any, Any, Any]] = loop.subprocess_exec

        def start_clean(*arguments: Any, env: dict[str, str], **options: Any) -> Coroutine[Any, Any, Any]:
            added = {name: value for name, value in env.items() if name not in os.environ}  # by Playwright itself
            return start(*arguments, env=self._driver_environment | added, **options)

        # Playwright has no setting for it, and this loop is ours.
        vars(loop)["subprocess_exec"] = start_clean
        try:
            return await async_playwright().start()
        except BaseException:
            self.close()
            raise
        finally:
            del vars(loop)["subprocess_exec"]

    def close(self) -> None:
        """Remove the temporary files; may be called twice."""
        self._temp.close()
