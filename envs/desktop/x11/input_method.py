"""Detects an input method (IME) that turns typed letters into other text, such as Chinese.

Input methods register as servers on the root window (X Input Method Protocol, `XIM_SERVERS`). Ibus and fcitx also run
while they pass letters on unchanged; their own commands say which.
"""

import subprocess
from contextlib import suppress

from ...environment import clean_environment
from ..address import DisplayAddress
from .connection import call_x
from .xlib import XDisplay

_COMMAND_S = 2.0
_SERVER = "@server="
_COMMANDS = {"ibus": ("ibus", "engine"), "fcitx": ("fcitx5-remote",)}
"""What to ask, by the start of the server's name."""

_FCITX_OFF = ("0", "1")


def active_input_method(connection: XDisplay, address: DisplayAddress) -> str:
    """The name of an input method that may convert what is typed; empty if none does."""
    for name in _servers(connection):
        command = next((command for start, command in _COMMANDS.items() if name.startswith(start)), None)
        said = None if command is None else _output(command, address)
        if said is not None and (said.startswith("xkb:") or said in _FCITX_OFF):
            continue
        return said if said and not said.isdigit() else name
    return ""


def _servers(connection: XDisplay) -> list[str]:
    """The names of the input methods that run on a display."""
    from Xlib import X

    def read() -> list[str]:
        known = connection.screen().root.get_full_property(connection.intern_atom("XIM_SERVERS"), X.AnyPropertyType)
        atoms = [] if known is None else [int(atom) for atom in known.value]
        return [
            str(connection.get_atom_name(atom)).removeprefix(_SERVER)
            for atom in atoms
            if connection.get_selection_owner(atom) != X.NONE
        ]

    return call_x(read)


def _output(command: tuple[str, ...], address: DisplayAddress) -> str | None:
    """The output of a command; None if it fails."""
    with address.in_environment(), suppress(OSError, subprocess.SubprocessError):
        found = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, timeout=_COMMAND_S, check=True
        )
        return found.stdout.strip() or None
    return None
