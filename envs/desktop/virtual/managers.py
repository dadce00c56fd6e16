"""Configuration of the window managers on virtual displays.

Their defaults suit a person: several desktops that the wheel switches over the bare screen, which hides every window.
"""

from pathlib import Path

OPENBOX_SETTINGS = Path(__file__).with_name("openbox.xml")
_XFWM4 = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfwm4" version="1.0"><property name="general" type="empty">
  <property name="workspace_count" type="int" value="1"/>
  <property name="scroll_workspaces" type="bool" value="false"/>
  <property name="wrap_windows" type="bool" value="false"/>
  <property name="mousewheel_rollup" type="bool" value="false"/>
  <property name="easy_click" type="string" value="none"/>
  <property name="zoom_desktop" type="bool" value="false"/>
</property></channel>
"""
_ICEWM = 'WorkspaceNames=" 1 "\nUseRootButtons=0\nDesktopWinMenuButton=0\nUseMouseWheel=0\nClientWindowMouseActions=0\n'
_SETTINGS = {
    "openbox/rc.xml": OPENBOX_SETTINGS.read_text(encoding="utf-8"),
    "xfce4/xfconf/xfce-perchannel-xml/xfwm4.xml": _XFWM4,
    "icewm/preferences": _ICEWM,
}


def write_settings(home: Path) -> None:
    """Write the settings to a private home, for the window manager and for those that programs start, as a session."""
    for name, text in _SETTINGS.items():
        file = home / ".config" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def command_of(manager: str) -> tuple[str, ...]:
    """The command that starts a window manager. Openbox gets our settings even with the user's own home."""
    return (manager, "--config-file", str(OPENBOX_SETTINGS)) if Path(manager).name == "openbox" else (manager,)
