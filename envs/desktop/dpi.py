"""Declares DPI awareness on Windows, which scales coordinates for processes that do not.

The declaration must precede every query about the screen and the import of pyautogui, which declares awareness of the
first monitor only: the first declaration wins. Then captures, monitor positions and the pointer are all in physical
pixels, whatever the scale of the monitors. Never tested on Windows.
"""

import platform
from collections.abc import Callable
from typing import Any

_PER_MONITOR_2 = -4  # DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, Windows 10 1703 and later
_PER_MONITOR = 2  # PROCESS_PER_MONITOR_DPI_AWARE, Windows 8.1 and later


def declare_dpi_awareness(system: str | None = None, libraries: Any = None) -> str:
    """Use the newest call that this Windows supports; returns its scope, empty on other systems. Idempotent."""
    if (system or platform.system()) != "Windows":
        return ""
    import ctypes

    found = libraries if libraries is not None else ctypes.__dict__["windll"]
    calls: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("per monitor, 2", lambda: found.user32.SetProcessDpiAwarenessContext(ctypes.c_void_p(_PER_MONITOR_2)) != 0),
        ("per monitor", lambda: found.shcore.SetProcessDpiAwareness(_PER_MONITOR) == 0),
        ("of the first monitor", lambda: found.user32.SetProcessDPIAware() != 0),
    )
    for name, declare in calls:
        try:
            if declare():
                return name
        except (AttributeError, OSError):  # an older Windows lacks the call
            continue
    return "already declared"
