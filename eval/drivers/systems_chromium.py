"""Leads BrowserGym to a browser that is installed: for the drivers of software that runs on it."""

import importlib
import os
import shutil
from typing import Any


def use_the_systems_chromium() -> None:
    """BrowserGym has no setting for the executable of its second browser, so both are led to the system's here."""
    sync_api: Any = importlib.import_module("playwright.sync_api")
    launch = sync_api.BrowserType.launch

    def led(self: Any, **options: Any) -> Any:
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        switches = ["--no-sandbox"] if os.geteuid() == 0 else []
        options["args"] = [*(options.get("args") or []), *switches]
        return launch(self, **{"executable_path": program, **options})

    sync_api.BrowserType.launch = led
