"""Copying from another program on an X display."""

import os
import subprocess

from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.x11.connection import connect
from screenwright.testing import eventually


def variables(address: DisplayAddress) -> dict[str, str]:
    """The environment of a program on that display."""
    return os.environ | {"DISPLAY": str(address.name), "XAUTHORITY": address.authority or ""}


def copy(address: DisplayAddress, content: bytes, target: str = "", selection: str = "CLIPBOARD") -> None:
    """Put `content` on the clipboard with xclip; returns when xclip owns it, which it does only after it has exited."""
    display = connect(address)
    atom = display.intern_atom(selection)
    before = display.get_selection_owner(atom)
    command = ["xclip", "-selection", selection.lower(), "-in", *(["-target", target] if target else [])]
    subprocess.run(command, input=content, env=variables(address), stdout=subprocess.DEVNULL, check=True, timeout=60)
    eventually(lambda: display.get_selection_owner(atom) not in (before, 0), True)
    display.close()
