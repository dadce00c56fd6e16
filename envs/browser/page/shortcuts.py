"""The hotkeys that a browser's own window answers, and that never reach a page: they are done here, or refused."""

from enum import Enum, auto

from ...env import ActionRefused
from ...keys import canonical_key


class Shortcut(Enum):
    """What a browser's window does by hotkey, as far as it makes sense here."""

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
_NEW = "a window of one's own cannot be opened here; open a tab instead"
_REFUSED = {
    frozenset({"ctrl", "n"}): _NEW,
    frozenset({"ctrl", "shift", "n"}): _NEW,
}


def shortcut(names: tuple[str, ...]) -> Shortcut | None:
    """What the browser's window does when these keys are pressed together; None if they are for the page.

    Raises:
        ActionRefused: a name is no key, or the window would do something that is not to be had here.
    """
    keys = frozenset(canonical_key(name) for name in names)
    if keys in _REFUSED:
        raise ActionRefused(_REFUSED[keys])
    return _SHORTCUTS.get(keys)
