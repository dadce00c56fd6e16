"""Finds apps by package, by common name, or by a word of their package."""

import re

KNOWN: dict[str, tuple[str, ...]] = {
    "browser": ("com.android.chrome", "org.mozilla.firefox", "com.android.browser", "com.sec.android.app.sbrowser"),
    "calculator": ("com.google.android.calculator", "com.android.calculator2", "com.sec.android.app.popupcalculator"),
    "calendar": ("com.google.android.calendar", "com.android.calendar", "com.simplemobiletools.calendar.pro"),
    "camera": ("com.google.android.GoogleCamera", "com.android.camera2", "com.sec.android.app.camera"),
    "chrome": ("com.android.chrome", "org.chromium.chrome"),
    "clock": ("com.google.android.deskclock", "com.android.deskclock", "com.sec.android.app.clockpackage"),
    "contacts": ("com.google.android.contacts", "com.android.contacts"),
    "files": ("com.google.android.apps.nbu.files", "com.google.android.documentsui", "com.android.documentsui"),
    "firefox": ("org.mozilla.firefox",),
    "gallery": ("com.google.android.apps.photos", "com.android.gallery3d", "com.sec.android.gallery3d"),
    "gmail": ("com.google.android.gm",),
    "google": ("com.google.android.googlequicksearchbox",),
    "maps": ("com.google.android.apps.maps",),
    "messages": ("com.google.android.apps.messaging", "com.android.mms", "com.samsung.android.messaging"),
    "phone": ("com.google.android.dialer", "com.android.dialer"),
    "photos": ("com.google.android.apps.photos",),
    "play store": ("com.android.vending",),
    "settings": ("com.android.settings",),
    "x": ("com.twitter.android",),
    "youtube": ("com.google.android.youtube",),
}  # fmt: skip
"""Packages of common apps whose package does not contain their name; the first installed one is used."""

_COMMON = frozenset({"com", "org", "net", "android", "google", "apps", "app", "mobile", "pro", "free", "lite"})


def launchable(listed: str) -> tuple[str, ...]:
    """The components, `package/activity`, in the output of `cmd package query-activities --brief`."""
    return tuple(re.findall(r"^\s*([\w.]+/[\w.$]+)\s*$", listed, re.MULTILINE))


def find_app(app: str, components: tuple[str, ...]) -> str | None:
    """The component of the app named `app`; None if none or several match."""
    name = " ".join(app.lower().replace("_", " ").removesuffix(" app").split())
    by_package = {component.partition("/")[0]: component for component in reversed(components)}
    if app.strip() in by_package:
        return by_package[app.strip()]
    for package in KNOWN.get(name, ()):
        if package in by_package:
            return by_package[package]
    for matches in (_exact, _within):
        found = [component for package, component in by_package.items() if matches(name.replace(" ", ""), package)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _exact(name: str, package: str) -> bool:
    return name in {part for part in package.lower().split(".") if part not in _COMMON}


def _within(name: str, package: str) -> bool:
    return len(name) > 2 and any(name in part for part in package.lower().split(".") if part not in _COMMON)
