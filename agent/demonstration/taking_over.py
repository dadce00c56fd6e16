"""What a user does who has taken over a run, as actions that are recorded: texts and scrolling are put together."""

from collections.abc import Iterator
from dataclasses import replace

from ...envs.actions import Action, Hotkey, Scroll, Type
from ...envs.bounds import MAX_NOTCHES
from ...envs.demonstration import KnowsPasswordFields
from ...envs.env import Env
from ...envs.geometry import ScreenPoint
from ..loop.control import UserAction
from .grouping import MAX_TEXT, PAUSE_S, is_near
from .passwords import PASSWORD, PasswordHandles

_HELD = {"ctrl", "super", "meta", "cmd"}


class TakingOver:
    """Collects the actions of a user; those that follow one another within `PAUSE_S` may be one action.

    Times are those of `time.monotonic`.
    """

    def __init__(self) -> None:
        self._last: UserAction | None = None
        self._is_hidden = False
        self._ended_s = 0.0
        self._passwords = PasswordHandles()

    def add(self, done: UserAction, ended_s: float, *, hidden: bool = False) -> Iterator[UserAction]:
        """The actions that `done` completes. A text that is `hidden`, since it is a password, is not kept."""
        if hidden and types_text(done.action):
            done = replace(done, action=_without_text(done.action))
        last = self._last
        is_next = ended_s - done.seconds - self._ended_s <= PAUSE_S and hidden is self._is_hidden
        merged = _merged(last.action, done.action, hidden=hidden) if last is not None and is_next else None
        if last is None or merged is None:
            yield from self.finish()
            self._last = done
        else:
            self._last = replace(last, action=merged, seconds=last.seconds + done.seconds)
        self._is_hidden, self._ended_s = hidden, ended_s

    def flush(self, now_s: float) -> Iterator[UserAction]:
        """The action that is complete since nothing followed it until `now_s`."""
        if now_s - self._ended_s > PAUSE_S:
            yield from self.finish()

    def finish(self) -> Iterator[UserAction]:
        """The action in progress."""
        last, self._last = self._last, None
        if last is None or last.action == Type(""):
            return
        named = self._passwords.named(last.action, hidden=self._is_hidden)
        if named is not None:
            yield replace(last, action=named)


def types_text(action: Action) -> bool:
    """Whether `action` types characters: a text, or a key with a character that is not held with others."""
    if isinstance(action, Hotkey):
        return any(len(key) == 1 for key in action.keys[-1:]) and not _HELD & {*action.keys}
    return isinstance(action, Type)


def may_type_password(env: Env) -> bool:
    """Whether a text that is typed now may be a password; a screen that does not know may ask for one anywhere.

    Raises:
        EnvLost: the screen is gone.
    """
    return not isinstance(env, KnowsPasswordFields) or env.asks_for_password()


def _without_text(action: Action) -> Action:
    return Type(PASSWORD, isinstance(action, Type) and action.submit)


def _merged(last: Action, action: Action, *, hidden: bool) -> Action | None:
    """Both as one action; None if they are two."""
    match last, action:
        case Type(text, submit=False), Type(more, submit) if hidden:
            return Type(text, submit)
        case Type(text, submit=False), Type(more, submit) if len(text) + len(more) <= MAX_TEXT:
            return Type(text + more, submit)
        case Type(text, submit=False), Hotkey(("backspace",)) if text:
            return Type(text if hidden else text[:-1])
        case Type(text, submit=False), Hotkey(("enter",)) if text:
            return Type(text, submit=True)
        case Scroll(at=ScreenPoint() as at), Scroll(at=ScreenPoint() as then) if is_near(at, then):
            notches = last.amount + action.amount
            is_onward = action.direction is last.direction and notches <= MAX_NOTCHES
            return replace(last, amount=notches) if is_onward else None
        case _:
            return None
