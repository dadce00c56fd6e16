"""Lets Playwright in a driver's environment use the system's Chromium instead of its own."""

import importlib
import os
import shutil
from typing import Any


def find_chromium() -> "str | None":
    """The program of the system's Chromium."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def switches() -> "list[str]":
    """The command line switches it needs: root cannot use the sandbox."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def use_system_chromium(api: str = "playwright.sync_api") -> None:
    """Patch `launch` of an API of Playwright, for software without a setting for the executable of its browsers."""
    module: Any = importlib.import_module(api)
    launch = module.BrowserType.launch

    def launch_system_chromium(self: Any, **options: Any) -> Any:
        options["args"] = [*(options.get("args") or []), *switches()]
        return launch(self, **{"executable_path": find_chromium(), **options})

    module.BrowserType.launch = launch_system_chromium
