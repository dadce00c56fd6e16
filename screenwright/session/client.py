"""Finds the sessions of this user and calls them."""

import json
import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .protocol import INFO, PREFIX, SOCKET, Json

_INFO_S, _END_S, _POLL_S = 5.0, 10.0, 0.02


class NoAnswer(Exception):
    """No session answers; the message says what to do."""


def running() -> list[Json]:
    """The sessions of this user that answer."""
    found: list[Json] = []
    for folder in _folders():
        with suppress(NoAnswer):
            found.append(call(folder.name.removeprefix(PREFIX), INFO, {}, timeout_s=_INFO_S))
    return found


def chosen(session: str | None) -> str:
    """The session that is meant: the one named, or the only one.

    Raises:
        NoAnswer: there is none, or there are several.
    """
    if session is not None:
        return session
    names = [str(one["session"]) for one in running()]
    if not names:
        raise NoAnswer("no session is running: start one with screenwright session start")
    if len(names) > 1:
        raise NoAnswer(f"several sessions are running: name one with --session, of {', '.join(names)}")
    return names[0]


def call(session: str, tool: str, arguments: Json, *, timeout_s: float | None = None) -> Json:
    """The reply of a session to one request.

    Raises:
        NoAnswer: it is not running, or ends meanwhile.
    """
    with connected(session) as connection:
        connection.settimeout(timeout_s)
        try:
            connection.sendall(json.dumps({"tool": tool, "arguments": arguments}).encode() + b"\n")
            with connection.makefile("rb") as reading:
                reply = json.loads(reading.readline() or b"null")
        except (OSError, ValueError) as error:
            raise NoAnswer(f"the session {session} does not answer: {error}") from error
    if not isinstance(reply, dict):
        raise NoAnswer(f"the session {session} has ended without an answer")
    return reply


def connected(session: str) -> socket.socket:
    """A connection to a session.

    Raises:
        NoAnswer: it is not running.
    """
    folder = next((one for one in _folders() if one.name == f"{PREFIX}{session}"), None)
    connection = socket.socket(socket.AF_UNIX)
    try:
        if folder is None:
            raise FileNotFoundError
        connection.connect(str(folder / SOCKET))
    except OSError as error:
        connection.close()
        raise NoAnswer(f"no session {session[:60]!r} is running: screenwright session list shows all") from error
    return connection


def wait_until_gone(session: str) -> None:
    """Wait until a session that was ended has removed its folder, for a few seconds at most."""
    end = time.monotonic() + _END_S
    while folder_of(session).exists() and time.monotonic() < end:
        time.sleep(_POLL_S)


def folder_of(session: str) -> Path:
    """The folder of a session, which is removed at its end."""
    return Path(tempfile.gettempdir()) / f"{PREFIX}{session}"


def _folders() -> Iterator[Path]:
    """The folders of sessions that belong to this user, and that no one else could have prepared."""
    with suppress(OSError):
        for folder in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
            with suppress(OSError):
                state = folder.lstat()
                if stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o077:
                    yield folder
