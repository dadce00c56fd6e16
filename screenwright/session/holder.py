"""Keeps one held session for all clients of a server, and opens another one after it was idle or lost."""

import threading
from collections.abc import Callable

from .caller import SessionEnded
from .held import HeldSession


class SessionHolder:
    """The session that `open_session` creates at the first call; safe to use from any thread."""

    def __init__(self, open_session: Callable[[], HeldSession], idle_timeout_s: float) -> None:
        self._open_session, self._idle_timeout_s = open_session, idle_timeout_s
        self._lock = threading.Lock()
        self._session: HeldSession | None = None
        self._is_closed = False

    def session(self) -> tuple[HeldSession, str]:
        """The session, and why it is a new one, if an earlier one has ended.

        Raises:
            SessionEnded: the holder is closed.
            ValueError: the settings do not fit. EnvUnavailable, ImportError: the screen cannot be opened.
        """
        with self._lock:
            if self._is_closed:
                raise SessionEnded("the server is closing")
            before, note = self._session, ""
            if before is not None and (ended := before.ended) is not None:
                before.close()
                if ended.reopens:
                    self._session, note = None, f"This is a new screen: {ended}."
            if self._session is None:
                self._session = self._open_session()
            return self._session, note

    def close_if_idle(self) -> None:
        """Close the screen if it has not been used for the idle timeout; the next call opens another one."""
        session = self._session
        if session is not None and session.ended is None and session.idle_s >= self._idle_timeout_s:
            session.close(f"it was not used for {self._idle_timeout_s:g} seconds", reopens=True)

    def close(self) -> None:
        """Close the session, for good; may be called twice."""
        with self._lock:
            self._is_closed = True
            if self._session is not None:
                self._session.close()
