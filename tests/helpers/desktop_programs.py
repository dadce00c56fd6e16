"""The real programs of the desktop measurements and acceptance runs: their packages, and how to start them."""

import atexit
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

PACKAGES = {
    "mousepad": "mousepad", "xterm": "xterm", "galculator": "galculator", "chromium": "chromium",
    "featherpad": "featherpad", "pcmanfm": "pcmanfm", "soffice": "libreoffice-writer libreoffice-calc libreoffice-gtk3",
    "openbox": "openbox", "icewm": "icewm", "xfwm4": "xfwm4", "scrot": "scrot", "xdotool": "xdotool",
    "setxkbmap": "x11-xkb-utils", "xclip": "xclip",
}  # fmt: skip
"""Programs and their Debian packages."""

_OFFICE_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
{items}
</oor:items>
"""
_OFFICE_ITEMS = (
    ("/org.openoffice.Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("/org.openoffice.Office.Common/Misc", "FirstRun", "false"),
    ("/org.openoffice.Setup/Product", "ooSetupLastVersion", "99.9"),
    ("/org.openoffice.Setup/Product", "LastTimeDonateShown", "9999999999"),
    ("/org.openoffice.Setup/Product", "LastTimeGetInvolvedShown", "9999999999"),
    ("/org.openoffice.Office.Common/Save/Document", "WarnAlienFormat", "false"),
)
_AS_TYPED = (
    ("/org.openoffice.Office.Common/AutoCorrect", "TwoCapitalsAtStart", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "CapitalAtStartSentence", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "ChangeToEnEmDash", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "AddNonBreakingSpace", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "ChangeOrdinalNumber", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "ReplaceSingleQuote", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "ReplaceDoubleQuote", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "UseReplacementTable", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "SetInetAttribute", "false"),
    ("/org.openoffice.Office.Common/AutoCorrect", "ChangeUnderlineWeight", "false"),
    ("/org.openoffice.Office.Writer/AutoFunction/Format/Option", "ChangeUnderlineWeight", "false"),
    ("/org.openoffice.Office.Writer/AutoFunction/Format/ByInput", "Enable", "false"),
    ("/org.openoffice.Office.Writer/AutoFunction/Completion", "Enable", "false"),
)
"""Disables the autocorrection of LibreOffice, which would change the typed text."""


def require(programs: Iterable[str]) -> None:
    """Exit with one line that names the packages to install, if any of `programs` is missing."""
    missing = [PACKAGES.get(name, name) for name in programs if shutil.which(name) is None]
    if missing:
        print("missing programs: apt-get install " + " ".join(missing), file=sys.stderr)
        raise SystemExit(2)


def office(*arguments: str, as_typed: bool = False) -> tuple[str, ...]:
    """The command that starts LibreOffice with a fresh profile, without first-run dialogs."""
    profile = Path(tempfile.mkdtemp(prefix="office-profile-"))
    atexit.register(shutil.rmtree, profile, ignore_errors=True)
    (profile / "user").mkdir()
    items_of = _OFFICE_ITEMS + (_AS_TYPED if as_typed else ())
    items = "\n".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in items_of
    )
    settings = _OFFICE_SETTINGS.format(items=items)
    (profile / "user" / "registrymodifications.xcu").write_text(settings, encoding="utf-8")
    return ("soffice", f"-env:UserInstallation=file://{profile}", "--norestore", "--nologo", *arguments)


def chromium(folder: Path, *arguments: str) -> tuple[str, ...]:
    """The command that starts a Chromium window with a profile in `folder`, without first-run dialogs."""
    quiet: tuple[str, ...] = (
        "--no-first-run",
        "--no-default-browser-check",
        "--password-store=basic",
        "--disable-sync",
    )
    quiet += ("--disable-component-update", "--disable-features=Translate", "--test-type", "--no-sandbox")
    return ("chromium", f"--user-data-dir={folder}", *quiet, *arguments)
