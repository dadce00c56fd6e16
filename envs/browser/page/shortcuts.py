"""Hotkeys of the browser window. They never reach a page, so they are implemented here or refused."""

from enum import Enum, auto

from ...env import ActionRefused
from ...keys import canonical_key


class Shortcut(Enum):
    """The supported commands of a browser window."""

    BACK = auto()
    FORWARD = auto()
    RELOAD = auto()
    HOME = auto()
    CLOSE_TAB = auto()
    NEW_TAB = auto()
    NEXT_TAB = auto()
    PREVIOUS_TAB = auto()
    ADDRESS = auto()


_SHORTCUTS = {
    frozenset({"alt", "left"}): Shortcut.BACK,
    frozenset({"browserback"}): Shortcut.BACK,
    frozenset({"alt", "right"}): Shortcut.FORWARD,
    frozenset({"browserforward"}): Shortcut.FORWARD,
    frozenset({"f5"}): Shortcut.RELOAD,
    frozenset({"ctrl", "f5"}): Shortcut.RELOAD,
    frozenset({"ctrl", "r"}): Shortcut.RELOAD,
    frozenset({"ctrl", "shift", "r"}): Shortcut.RELOAD,
    frozenset({"alt", "home"}): Shortcut.HOME,
    frozenset({"ctrl", "w"}): Shortcut.CLOSE_TAB,
    frozenset({"ctrl", "f4"}): Shortcut.CLOSE_TAB,
    frozenset({"ctrl", "t"}): Shortcut.NEW_TAB,
    frozenset({"ctrl", "tab"}): Shortcut.NEXT_TAB,
    frozenset({"ctrl", "pagedown"}): Shortcut.NEXT_TAB,
    frozenset({"ctrl", "shift", "tab"}): Shortcut.PREVIOUS_TAB,
    frozenset({"ctrl", "pageup"}): Shortcut.PREVIOUS_TAB,
    frozenset({"ctrl", "l"}): Shortcut.ADDRESS,
    frozenset({"alt", "d"}): Shortcut.ADDRESS,
    frozenset({"f6"}): Shortcut.ADDRESS,
}
_NEW_WINDOW = (frozenset({"ctrl", "n"}), frozenset({"ctrl", "shift", "n"}))


def is_escape(names: tuple[str, ...]) -> bool:
    """Whether these keys are just Escape."""
    return tuple(map(canonical_key, names)) == ("escape",)


def shortcut(names: tuple[str, ...]) -> Shortcut | None:
    """The command of a key combination; None if it goes to the page.

    Raises:
        ActionRefused: a key is unknown, or the combination opens a new window.
    """
    keys = frozenset(canonical_key(name) for name in names)
    if keys in _NEW_WINDOW:
        raise ActionRefused("new windows cannot be opened here; open a tab instead")
    return _SHORTCUTS.get(keys)
