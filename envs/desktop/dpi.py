"""Being told true pixels by Windows, which scales what it tells a process that does not say it knows of DPI.

It has to be said before the process asks for anything about the screen, and before pyautogui is imported: that says
that it knows of the DPI of the first monitor only, and what is said first holds. Afterwards captures, places of
monitors and the pointer are all in physical pixels, however the monitors are scaled. Not run on Windows by us.
"""

import platform
from collections.abc import Callable
from typing import Any

_PER_MONITOR_2 = -4  # DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, Windows 10 1703 and later
_PER_MONITOR = 2  # PROCESS_PER_MONITOR_DPI_AWARE, Windows 8.1 and later


def say_dpi_aware(system: str | None = None, libraries: Any = None) -> str:
    """Say it in the best way that this Windows has; which one that was, empty elsewhere. Twice is as good as once."""
    if (system or platform.system()) != "Windows":
        return ""
    import ctypes

    found = libraries if libraries is not None else ctypes.__dict__["windll"]
    ways: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("per monitor, 2", lambda: found.user32.SetProcessDpiAwarenessContext(ctypes.c_void_p(_PER_MONITOR_2)) != 0),
        ("per monitor", lambda: found.shcore.SetProcessDpiAwareness(_PER_MONITOR) == 0),
        ("of the first monitor", lambda: found.user32.SetProcessDPIAware() != 0),
    )
    for name, said in ways:
        try:
            if said():
                return name
        except (AttributeError, OSError):  # a Windows that does not have it
            continue
    return "as it was said before"
