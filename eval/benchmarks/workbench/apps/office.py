"""What the programs of LibreOffice share: settings without first-run dialogs and autocorrection, and commands."""

from ..oracle import Step, key, write

_ITEMS = (
    ("Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Setup/Product", "ooSetupLastVersion", "99.9"),
    ("Setup/Product", "LastTimeDonateShown", "9999999999"),
    ("Setup/Product", "LastTimeGetInvolvedShown", "9999999999"),
    ("Office.Common/Save/Document", "WarnAlienFormat", "false"),
    ("Office.Common/AutoCorrect", "CapitalAtStartSentence", "false"),
    ("Office.Common/AutoCorrect", "TwoCapitalsAtStart", "false"),
    ("Office.Common/AutoCorrect", "UseReplacementTable", "false"),
    ("Office.Common/AutoCorrect", "SetInetAttribute", "false"),
    ("Office.Writer/AutoFunction/Format/ByInput", "Enable", "false"),
    ("Office.Writer/AutoFunction/Completion", "Enable", "false"),
    ("Office.Calc/Input", "AutoInput", "false"),
)
_FILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)

SETTINGS = {
    ".config/libreoffice/4/user/registrymodifications.xcu": _FILE.format(
        items="\n".join(_ITEM.format(path=path, name=name, value=value) for path, name, value in _ITEMS)
    )
}
PREPARED = tuple(
    f".config/libreoffice/4/user/{folder}" for folder in ("extensions", "uno_packages", "database", "basic", "gallery")
)
PACKAGES = ("libreoffice-calc", "libreoffice-writer", "libreoffice-impress", "libreoffice-gtk3")
START = ("soffice", "--norestore", "--nologo")


def command(name: str) -> tuple[Step, ...]:
    """A command of the menus by its name, through the search for commands."""
    return (*key("shift+escape"), *write(name), *key("enter"))


def goto(cells: str) -> tuple[Step, ...]:
    """Select cells of a sheet through the name box."""
    return (*key("ctrl+shift+t"), *write(f"{cells}\n"))
