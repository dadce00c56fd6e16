"""How a browser window is started: Chromium's switches, preferences and environment variables."""

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from screenwright._files import read_text_file, write_file
from screenwright._home import home_folder

from ...config.browser_settings import BrowserSettings
from ...desktop.virtual.sandbox.named import may_be_shown
from ...env import EnvUnavailable
from ..firewall.fence import Fence
from ..launch.certificates import certificate_switches
from ..launch.chromium import find_chromium, runs_as_root, switches
from ..launch.identity import check_profile

_SWITCHES = (
    # no unrequested bubbles, bars and windows
    "--hide-crash-restore-bubble",
    "--disable-search-engine-choice-screen",
    "--disable-default-apps",
    "--no-service-autorun",
    "--propagate-iph-for-testing",  # without a value: no feature promotions
    "--disable-features=Translate,MediaRouter,PrivacySandboxSettings4",
    # keep passwords in the profile, so that no keyring asks to be unlocked
    "--password-store=basic",
    # /dev/shm is small in containers
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--start-maximized",
)
_NO_WARNING = "--test-type"
"""Hides the warning bar about the missing sandbox; its other effects are not visible."""

_DARK = "--force-dark-mode"


def window_switches(profile: Path, scale: float, settings: BrowserSettings, fence: Fence) -> tuple[str, ...]:
    """The command line after the program's name, without an address."""
    return (
        *switches(_SWITCHES),
        *((_NO_WARNING,) if runs_as_root() else ()),
        f"--user-data-dir={profile}",
        f"--force-device-scale-factor={scale:g}",
        *((f"--lang={settings.locale}",) if settings.locale else ()),
        *((_DARK,) if settings.dark else ()),
        *fence.switches(),
        *settings.switches,
        *certificate_switches(settings),
    )


def window_program(settings: BrowserSettings) -> str:
    """The Chromium to start.

    Raises:
        EnvUnavailable: there is none; the message says how to install one.
    """
    return find_chromium(_bundled_chromium(), settings.executable)


def program_folder(program: str) -> Path:
    """The folder with the files of the browser `program`; only the program if the folder has far more, as a home."""
    path = Path(shutil.which(program) or program).resolve()
    return path.parent if may_be_shown(path.parent) else path


def window_environment(display: dict[str, str], own: dict[str, str], settings: BrowserSettings) -> dict[str, str]:
    """The environment for programs on the display, changed for a browser with `settings`."""
    result = display | own
    if settings.timezone:
        result["TZ"] = settings.timezone
    if settings.locale:
        result["LANGUAGE"] = settings.locale.replace("-", "_")
    return result


def prepare_profile(profile: Path, home: str, downloads: Path, settings: BrowserSettings, fence: Fence) -> None:
    """Write our preferences into `profile`; an existing profile keeps its others.

    Raises:
        EnvUnavailable: the folder cannot be written, or a browser is using it.
    """
    check_profile(profile)
    try:
        downloads.mkdir(parents=True, exist_ok=True)
        (profile / "Default").mkdir(parents=True, exist_ok=True)
        _merge(
            profile / "Default" / "Preferences",
            {**_preferences(home, downloads, settings), "policy": fence.blocklist()},
        )
        _merge(profile / "Local State", _local_state(settings))
    except (OSError, ValueError) as error:
        raise EnvUnavailable(f"{profile} cannot be used as a profile: {error}") from error


def _preferences(home: str, downloads: Path, settings: BrowserSettings) -> dict[str, object]:
    preferences: dict[str, object] = {
        "browser": {
            "custom_chrome_frame": True,
            "has_seen_welcome_page": True,
            "check_default_browser": False,
            "show_home_button": False,
            **({"theme": {"color_scheme2": 2}} if settings.dark else {}),
        },
        "bookmark_bar": {"show_on_all_tabs": False},
        "credentials_enable_service": False,
        "credentials_enable_autosignin": False,
        "profile": {"password_manager_enabled": False, "exit_type": "Normal", "exited_cleanly": True},
        "autofill": {"profile_enabled": False, "credit_card_enabled": False},
        "translate": {"enabled": False},
        "search": {"suggest_enabled": False},
        "session": {"restore_on_startup": 5},
        "homepage": home,
        "homepage_is_newtabpage": False,
        "download": {"default_directory": str(downloads), "prompt_for_download": False, "directory_upgrade": True},
        "savefile": {"default_directory": str(downloads)},
    }
    if settings.upload_from:
        preferences["selectfile"] = {"last_directory": str(Path(settings.upload_from[0]).resolve())}
    if settings.locale:
        preferences["intl"] = {"accept_languages": _languages(settings.locale), "selected_languages": settings.locale}
    return preferences


def _local_state(settings: BrowserSettings) -> dict[str, object]:
    """Disable file choosers unless uploads are allowed, since the system's file chooser can open any folder."""
    return {"select_file_dialogs": {"allowed": bool(settings.upload_from)}, "background_mode": {"enabled": False}}


def _languages(locale: str) -> str:
    language = locale.partition("-")[0]
    return locale if language == locale else f"{locale},{language}"


def _merge(file: Path, preferences: dict[str, object]) -> None:
    """Change a file of the profile; a link is refused, since a browser that was taken over may have left it."""
    existing: object = json.loads(read_text_file(file, inside=file.parent)) if file.exists() else {}
    write_file(file, json.dumps(_merged(existing, preferences)).encode(), inside=file.parent)


def _merged(old: object, new: object) -> object:
    """`old` recursively updated with `new`."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    known: dict[str, object] = {str(name): value for name, value in old.items()}
    return known | {str(name): _merged(known.get(str(name)), value) for name, value in new.items()}


def _bundled_chromium() -> Path:
    """The Chromium that Playwright installed, if it did; found without starting Playwright."""
    path = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folder = Path(path) if path else home_folder() / ".cache" / "ms-playwright"
    with suppress(OSError):
        found = sorted(folder.glob("chromium-*/chrome-linux*/chrome"))
        if found:
            return found[-1]
    return folder / "none"
