"""The handles of the passwords that a person types: each has its own."""

from dataclasses import replace

from ...envs.actions import Action, Hotkey, Type

PASSWORD = "{{password}}"  # noqa: S105 -- the handle of a secret
"""What is recorded in place of the first password; the next one is `{{password-2}}`."""


class PasswordHandles:
    """Names the hidden texts among the actions of one person, in order."""

    def __init__(self) -> None:
        self._count = 0
        self._is_open = False

    def named(self, action: Action, *, hidden: bool) -> Action | None:
        """`action` with the handle of what was typed unseen. None if it goes on with the last one, after a pause."""
        if not hidden or not isinstance(action, Type):
            if self._is_open and action == Hotkey(("backspace",)):
                return None
            self._is_open = False
            return action
        goes_on, self._is_open = self._is_open, not action.submit
        if goes_on:
            return Hotkey(("enter",)) if action.submit else None
        self._count += 1
        return replace(action, text=PASSWORD if self._count == 1 else f"{{{{password-{self._count}}}}}")
