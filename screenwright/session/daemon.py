"""Holds a session in a background process, which listens on a Unix socket.

A request is one line of JSON, `{"tool": "click", "arguments": {"at": [640, 120]}}`, and so is the reply: `ok`, what the
tool returns, and the picture as base64 in `png`; without `ok`, the reason is in `error`. A connection carries one
request; closing it cancels the call. After the request `approve` it stays open, see `approvals.py`.

    screenwright-session-ID/socket   in the temporary folder, for its owner only
"""

import base64
import json
import os
import select
import socket
import threading
from contextlib import suppress

from pydantic import JsonValue

from screenwright._files import MIB

from ..agent.guard.approval import NoApprover
from ..agent.record.trajectory import RunError
from ..envs.env import EnvError
from ..envs.temp_folder import TempFolder
from .approvals import ApprovalDesk
from .caller import Caller, CallRefused
from .held import HeldSession
from .protocol import APPROVE, END, INFO, SOCKET, Json
from .tools import SessionTool, ToolReply, refusal

_MAX_REQUEST = 4 * MIB
_REQUEST_S = 10.0
_ACCEPT_S = 0.5
_BACKLOG = 16
_UNATTENDED = "no one approves: the user can with screenwright session approve in another terminal"


class SessionDaemon:
    """Serves `session` on a socket in `folder`, until a client ends it, or no one has called it for `idle_timeout_s`.

    Raises:
        ValueError: the path of the socket is too long.
    """

    def __init__(
        self, session: HeldSession, tools: dict[str, SessionTool], folder: TempFolder, idle_timeout_s: float
    ) -> None:
        self._session, self._tools, self._folder = session, tools, folder
        self._idle_timeout_s = idle_timeout_s
        self.id = folder.path.name.rpartition("-")[2]
        self._ends = threading.Event()
        self._desk = ApprovalDesk()
        self._listener = socket.socket(socket.AF_UNIX)
        try:
            self._listener.bind(str(folder.path / SOCKET))
        except OSError as error:
            self._listener.close()
            raise ValueError(f"cannot listen in {folder.path} ({error}): set TMPDIR to a shorter path") from error
        self._listener.listen(_BACKLOG)
        self._listener.settimeout(_ACCEPT_S)

    def run(self) -> None:
        """Serve until the end; then the session is closed and the socket removed."""
        threads: list[threading.Thread] = []
        try:
            while not self._ends.is_set():
                with suppress(TimeoutError):
                    connection, _ = self._listener.accept()
                    thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                    thread.start()
                    threads = [*(one for one in threads if one.is_alive()), thread]
                if self._session.ended is not None:
                    self._session.close()  # the screen; calls still get the reason
                if self._session.idle_s >= self._idle_timeout_s:
                    self._session.close(f"it was not used for {self._idle_timeout_s:g} seconds")
                    break
        finally:
            self.close()
            for thread in threads:
                thread.join()

    def stop(self) -> None:
        """End soon; safe in a signal handler."""
        self._ends.set()

    def close(self) -> None:
        """Close the session and remove the socket; may be called twice."""
        self._ends.set()
        self._listener.close()
        self._session.close()
        self._folder.close()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # a client that is gone
            connection.settimeout(_REQUEST_S)
            reply = self._reply(connection)
            if reply is None:
                return
            png = {} if reply.png is None else {"png": base64.b64encode(reply.png).decode()}
            connection.sendall(json.dumps({"ok": reply.ok, **reply.data, **png}, ensure_ascii=False).encode() + b"\n")

    def _reply(self, connection: socket.socket) -> ToolReply | None:
        """The reply to the request; None if there is none left to send."""
        try:
            name, arguments = _request(connection)
            if name == INFO:
                return ToolReply(self._info())
            if name == END:
                self._session.close("it was ended")
                self.stop()
                return ToolReply(self._info())
            if name == APPROVE:
                self._desk.serve(connection, self._is_over)
                return None
            if name not in self._tools:
                raise CallRefused(f"there is no tool {name[:60]!r}; there are {', '.join(self._tools)}")
            return self._tools[name].call(self._session, arguments, self._caller(connection))
        except (CallRefused, EnvError, RunError, ValueError, ImportError) as error:
            return refusal(str(error))

    def _caller(self, connection: socket.socket) -> Caller:
        approver = self._desk if self._desk.is_attended else NoApprover()
        return Caller(lambda: _is_gone(connection), approver, unattended=_UNATTENDED)

    def _is_over(self) -> bool:
        return self._ends.is_set() or self._session.ended is not None

    def _info(self) -> Json:
        ended = self._session.ended
        tasks: list[JsonValue] = [str(task) for task in self._session.tasks]
        info: Json = {"session": self.id, "run": str(self._session.folder), "pid": os.getpid()}
        info["approves"] = self._desk.is_attended
        if tasks:
            info["tasks"] = tasks
        if ended is not None:
            info["ended"] = ended.reason
        return info


def _request(connection: socket.socket) -> tuple[str, Json]:
    """The tool and the arguments of the request.

    Raises:
        CallRefused: it is not one.
    """
    line = b""
    while not line.endswith(b"\n"):
        part = connection.recv(65536)
        line += part
        if not part or len(line) > _MAX_REQUEST:
            raise CallRefused("the request is not one line of JSON, or is too long")
    try:
        request = json.loads(line)
    except ValueError as error:
        raise CallRefused(f"the request is not JSON: {error}") from error
    arguments = request.get("arguments", {}) if isinstance(request, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("tool"), str) or not isinstance(arguments, dict):
        raise CallRefused("""the request is not {"tool": NAME, "arguments": {...}}""")
    return request["tool"], arguments


def _is_gone(connection: socket.socket) -> bool:
    """Whether the client has closed its end; it sends nothing after its request."""
    with suppress(OSError):
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    return True
