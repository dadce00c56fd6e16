"""The environment variables of the programs that a run starts: what they need to work, and no keys or tokens."""

import os
import re
from collections.abc import Iterable

_COMMON = """
    PATH HOME USER LOGNAME SHELL TERM LANG LANGUAGE TZ TZDIR TMPDIR
    DISPLAY XAUTHORITY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS DESKTOP_SESSION
    XDG_RUNTIME_DIR XDG_SESSION_TYPE XDG_CURRENT_DESKTOP XDG_SESSION_DESKTOP
    XDG_DATA_DIRS XDG_CONFIG_DIRS XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_STATE_HOME
    FONTCONFIG_FILE FONTCONFIG_PATH XCURSOR_THEME XCURSOR_SIZE XMODIFIERS
    GDK_BACKEND GDK_SCALE GDK_DPI_SCALE GTK_THEME GTK_IM_MODULE QT_QPA_PLATFORM QT_SCALE_FACTOR QT_IM_MODULE
    LD_LIBRARY_PATH LIBGL_ALWAYS_SOFTWARE LIBGL_DRIVERS_PATH
    SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE
    PLAYWRIGHT_BROWSERS_PATH PLAYWRIGHT_NODEJS_PATH ANDROID_HOME ANDROID_SDK_ROOT
    TEMP TMP SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE USERNAME HOMEDRIVE HOMEPATH
    APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) __CF_USER_TEXT_ENCODING
"""
_ALLOWED = frozenset(_COMMON.split())
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY"})


def clean_environment(passed: Iterable[str] = (), **values: str) -> dict[str, str]:
    """The environment for a program that the agent, a page or a benchmark may control.

    It has the variables that programs commonly need (paths, locale, display, proxies without their password), the
    variables named in `passed` that are set, and `values`.
    """
    kept = {*passed}
    return {
        name: text for name, value in os.environ.items() if (text := _allowed(name, value, kept)) is not None
    } | values


def _allowed(name: str, value: str, kept: set[str]) -> str | None:
    if name in kept or name in _ALLOWED or name.startswith("LC_"):
        return value
    return re.sub(r"(^|//)[^/]*@", r"\1", value) if name.upper() in _PROXIES else None
