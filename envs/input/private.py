"""Whether the text being typed is a secret, which must not be put on the clipboard, where other programs read it."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_is_secret: ContextVar[bool] = ContextVar("screenwright_typing_secret", default=False)


@contextmanager
def typing_secret() -> Generator[None]:
    """In this block and thread, what is typed is a secret."""
    token = _is_secret.set(True)
    try:
        yield
    finally:
        _is_secret.reset(token)


def is_typing_secret() -> bool:
    """Whether a secret is being typed."""
    return _is_secret.get()
