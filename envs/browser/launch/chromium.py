"""Finds Chromium, and its command-line switches."""

import os
import shutil
import sys
from pathlib import Path

from ...config.browser_settings import BrowserSettings
from ...env import EnvUnavailable

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

SWITCHES = (
    # no background downloads, reports or updates
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    # no local address for pages by WebRTC, not even as a name that Chromium would announce by mDNS
    "--webrtc-ip-handling-policy=default_public_interface_only",
    # hidden and occluded windows are rendered at full speed
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)

# Chromium obeys the last `--disable-features` only, so those that Playwright disables are repeated.
_WITHOUT_WINDOW = (
    # popups of the address bar, two renderers for each window, which take a third of the CPU time of a launch
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # Playwright's
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    "msForceBrowserSignIn",
)


def find_chromium(bundled: Path, requested: str | None) -> str:
    """The Chromium to start: the `requested` one, else Playwright's (`bundled`), else the system's.

    Raises:
        EnvUnavailable: there is none; the message says how to install one.
    """
    if requested is not None:
        found = shutil.which(requested)
        if found is None:
            raise EnvUnavailable(f"there is no browser {requested!r}: name an executable file or a program on PATH")
        return found
    if os.access(bundled, os.X_OK):  # false as well if its folder is another user's
        return str(bundled)
    for program in PROGRAMS:
        found = shutil.which(program)
        if found is not None:
            return found
    raise EnvUnavailable("no Chromium was found: apt-get install chromium, or playwright install chromium")


def runs_as_root() -> bool:
    """Whether this is root on Linux, where Chromium does not start with its sandbox."""
    return sys.platform == "linux" and os.geteuid() == 0


def sandbox(settings: BrowserSettings) -> str:
    """The state of the browser's sandbox, for the record."""
    if settings.cdp is not None or settings.engine != "chromium":
        return "the browser's default"
    if runs_as_root():
        return "off: running as root"
    return "off: --no-sandbox" if "--no-sandbox" in settings.switches else "on"


def headless_switches(extra: tuple[str, ...]) -> list[str]:
    """Like `switches`, for a browser whose windows are never seen."""
    return switches(("--disable-features=" + ",".join(_WITHOUT_WINDOW), *extra))


def switches(extra: tuple[str, ...]) -> list[str]:
    """Chromium's command-line switches, followed by `extra`. The sandbox is off for root only."""
    return [*SWITCHES, *(("--no-sandbox",) if runs_as_root() else ()), *extra]
