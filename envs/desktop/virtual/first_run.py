"""Settings that keep programs from opening their first-run dialogs in a private home folder, at every start.

Each was checked by starting the program of Debian 12.
"""

from pathlib import Path

_OFFICE_ITEMS = (
    ("Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Office.Impress/Misc/NewDoc", "AutoPilot", "false"),
    ("Setup/Product", "ooSetupLastVersion", "99.9"),
    ("Setup/Product", "LastTimeDonateShown", "9999999999"),
    ("Setup/Product", "LastTimeGetInvolvedShown", "9999999999"),
)
_OFFICE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
{items}
</oor:items>
"""
_OFFICE_ITEM = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_INKSCAPE = """<?xml version="1.0" encoding="UTF-8"?>
<inkscape version="1"><group id="options"><group id="boot" enabled="0" mode="0"/></group></inkscape>
"""

_AUDACITY = """PrefsVersion=1.1.1r1
NewPrefsInitialized=1
[Version]
Major=99
Minor=0
Micro=0
[GUI]
ShowSplashScreen=0
[Update]
DefaultUpdatesChecking=0
UpdateNoticeShown=1
[Directories]
TempDir={home}/.cache/audacity
"""
"""A new version would open the welcome again; its usual temporary folder is shared with other homes."""

_CLAWS_ACCOUNT = """[Account: 1]
account_name=Mail
is_default=1
name=User
address=user@localhost
protocol=6
smtp_server=localhost
"""
_CLAWS_FOLDERS = """<?xml version="1.0" encoding="UTF-8"?>
<folderlist><folder type="mh" name="Mailbox" path="Mail"></folder></folderlist>
"""
"""Claws Mail starts its wizard where it has no account or no mailbox; this account receives and sends nothing."""


def write_first_run(home: Path) -> None:
    """Write the settings to a private home."""
    items = "\n".join(_OFFICE_ITEM.format(path=path, name=name, value=value) for path, name, value in _OFFICE_ITEMS)
    for name, text in (
        (".config/libreoffice/4/user/registrymodifications.xcu", _OFFICE.format(items=items)),
        (".config/inkscape/preferences.xml", _INKSCAPE),
        (".config/audacity/audacity.cfg", _AUDACITY.format(home=home)),
        (".claws-mail/accountrc", _CLAWS_ACCOUNT),
        (".claws-mail/folderlist.xml", _CLAWS_FOLDERS),
    ):
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
