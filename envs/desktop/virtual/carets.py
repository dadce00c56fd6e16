"""Settings that keep text carets from blinking in a private home, so that equal screens have equal pixels.

Those of GTK, Tk and Emacs were checked with programs of Debian 12. Carets of Qt and of Tk's themed entries still blink:
Qt takes the setting only from the theme of a desktop, which changes its colors, and the entries have none.
"""

from pathlib import Path

_SETTINGS = {
    ".gtkrc-2.0": "gtk-cursor-blink = 0\n",
    ".config/gtk-3.0/settings.ini": "[Settings]\ngtk-cursor-blink=0\n",
    ".config/gtk-4.0/settings.ini": "[Settings]\ngtk-cursor-blink=0\n",
    # Tk, Motif, Emacs, and xterm.
    ".Xdefaults": "*insertOffTime: 0\n*blinkRate: 0\nEmacs.cursorBlink: off\n*cursorBlink: false\n",
}


def write_steady_carets(home: Path) -> None:
    """Write the settings to a private home. LibreOffice follows those of GTK 3."""
    for name, text in _SETTINGS.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
