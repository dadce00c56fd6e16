"""A web application in a browser window on the desktop of a task; its server runs in the same sandbox."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from ...local_ports import free_port
from .program import SITES, WebProgram, apps_folder


@dataclass(frozen=True, slots=True)
class WebWindow:
    """A browser window that opens at `path` of `program`."""

    program: WebProgram
    path: str = "/"

    def command(self, home: Path) -> tuple[str, ...]:
        """Prepare `home` for the server and the browser; returns the command that starts both.

        Raises:
            EnvUnavailable: there is no Chromium.
        """
        from .....envs.browser import BrowserSettings
        from .....envs.browser.firewall.fence import Fence
        from .....envs.browser.window.profile import prepare_profile, program_folder, window_program, window_switches

        settings = BrowserSettings()
        apps, browser, port = apps_folder(), window_program(settings), free_port()
        self.program.set_up(home)
        address = f"http://127.0.0.1:{port}"
        fence, profile = Fence(start=address + self.path), home / ".config/browser"
        prepare_profile(profile, "about:blank", home, settings, fence)
        switches = window_switches(profile, 1.0, settings, fence)
        start = {
            "serve": [self.program.filled(word, home, port) for word in self.program.command],
            "environment": {
                "PORT": str(port),
                **{name: self.program.filled(text, home, port) for name, text in self.program.environment.items()},
            },
            "ready": address + self.program.path,
            "show": [browser, *switches, fence.start],
        }
        shown = (str(apps), str(SITES), str(program_folder(browser)))  # the sandbox shows what a command line names
        return sys.executable, "-I", "-S", str(SITES / "web_window.py"), json.dumps(start), *shown
