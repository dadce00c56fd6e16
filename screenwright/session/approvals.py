"""Approvals of a session from a second terminal, over a connection that stays open.

The terminal sends a request for the tool `approve` and gets `{"ok": true}`. From then on each line of the daemon is a
question or takes one back, and each line of the terminal is an answer:

    {"id": 1, "question": {"kind": "rule", "question": "click at 640, 120", ...}}
    {"id": 1, "withdrawn": true}
    {"id": 1, "allowed": true, "scope": "once", "text": ""}

The answer `{"id": 1, "allowed": null}` means that no one answers.
"""

import base64
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict

from ..agent.core.approvals import QuestionKind, Scope
from ..agent.guard.approval import ApprovalAnswer, ApprovalRequest
from ..envs.screenshot import Screenshot
from .caller import CallRefused
from .client import NoAnswer, connected
from .protocol import APPROVE, Json

_POLL_S = 0.02
_MAX_ANSWER = 1 << 20


class ApprovalDesk:
    """The `Approver` of a session, which asks the terminal that is connected, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._numbers = count(1)
        self._answers: dict[int, ApprovalAnswer | None] = {}

    @property
    def is_attended(self) -> bool:
        """Whether a terminal is connected."""
        return self._connection is not None

    def serve(self, connection: socket.socket, ended: Callable[[], bool]) -> None:
        """Ask by way of `connection`, until the terminal closes it or the session has `ended`.

        Raises:
            CallRefused: another terminal is connected.
        """
        with self._lock:
            if self._connection is not None:
                raise CallRefused("another terminal approves for this session already")
            self._connection = connection
        try:
            connection.sendall(b'{"ok": true}\n')
            line = b""
            while not ended() and len(line) < _MAX_ANSWER:
                if not select.select([connection], [], [], _POLL_S)[0]:
                    continue
                part = connection.recv(65536)
                if not part:
                    break
                *lines, line = (line + part).split(b"\n")
                for one in lines:
                    self._take(one)
        finally:
            self._connection = None

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`."""
        connection, number = self._connection, next(self._numbers)
        if connection is None:
            return None
        try:
            _send(connection, {"id": number, "question": _question(request)})
            while number not in self._answers:
                if self._connection is not connection:
                    return None
                if cancelled():
                    _send(connection, {"id": number, "withdrawn": True})
                    return None
                time.sleep(_POLL_S)
        except OSError:  # the terminal is gone
            return None
        return self._answers.pop(number)

    def _take(self, line: bytes) -> None:
        """Take an answer; an invalid one is not an approval."""
        with suppress(ValueError, TypeError, KeyError):
            sent = json.loads(line)
            number, allowed = int(sent["id"]), sent["allowed"]
            self._answers[number] = None
            if allowed is not None:
                answer = ApprovalAnswer(
                    allowed is True, Scope(sent.get("scope", Scope.ONCE)), str(sent.get("text", ""))
                )
                self._answers[number] = answer


class Approving:
    """The other end: the terminal of a user who approves for `session`.

    Raises:
        NoAnswer: the session does not run, or another terminal approves for it.
    """

    def __init__(self, session: str) -> None:
        self._connection = connected(session)
        self._buffer = b""
        self._is_open = True
        self._withdrawn: set[int] = set()
        self._questions: list[tuple[int, ApprovalRequest]] = []
        try:
            _send(self._connection, {"tool": APPROVE, "arguments": {}})
            reply = json.loads(self._read_line())
        except (OSError, ValueError) as error:
            self._connection.close()
            raise NoAnswer(f"the session {session} does not answer: {error}") from error
        if "error" in reply:
            self._connection.close()
            raise NoAnswer(str(reply["error"]))

    def next_question(self) -> tuple[int, ApprovalRequest] | None:
        """Wait for a question; its number, and the request. None once the session has ended."""
        while self._is_open and not self._questions:
            self._receive(None)
        return self._questions.pop(0) if self._questions else None

    def is_over(self, number: int) -> bool:
        """Whether the question was taken back, such as after its time limit, or the session has ended."""
        self._receive(0.0)
        return number in self._withdrawn or not self._is_open

    def answer(self, number: int, answer: ApprovalAnswer | None) -> None:
        """Answer a question."""
        sent: Json = {"id": number, "allowed": None}
        if answer is not None:
            sent = {"id": number, "allowed": answer.allowed, "scope": str(answer.scope), "text": answer.text}
        with suppress(OSError):  # the session has ended
            _send(self._connection, sent)

    def _receive(self, timeout_s: float | None) -> None:
        if not self._is_open or (b"\n" not in self._buffer and not self._is_readable(timeout_s)):
            return
        try:
            message = json.loads(self._read_line())
            if message.get("withdrawn"):
                self._withdrawn.add(message["id"])
                self._questions = [one for one in self._questions if one[0] != message["id"]]
            else:
                self._questions.append((message["id"], _Question.model_validate(message["question"]).request()))
        except (OSError, ValueError, KeyError):
            self._is_open = False

    def _is_readable(self, timeout_s: float | None) -> bool:
        return bool(select.select([self._connection], [], [], timeout_s)[0])

    def _read_line(self) -> bytes:
        while b"\n" not in self._buffer:
            part = self._connection.recv(65536)
            if not part:
                raise ValueError("it has ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def _send(connection: socket.socket, message: Json) -> None:
    connection.sendall(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


class _Question(BaseModel):
    """A request on its way, without its actions; the picture is PNG in base64."""

    model_config = ConfigDict(extra="forbid")

    kind: QuestionKind
    question: str
    step: int
    rule: str
    reason: str
    place: str
    scopes: tuple[Scope, ...]
    timeout_s: float | None
    image: str | None

    def request(self) -> ApprovalRequest:
        """The request."""
        image = None if self.image is None else Screenshot(png=base64.b64decode(self.image))
        fields = {name: getattr(self, name) for name in ("rule", "reason", "place", "scopes", "timeout_s")}
        return ApprovalRequest(self.kind, self.question, self.step, image=image, **fields)


def _question(request: ApprovalRequest) -> Json:
    fields = {name: getattr(request, name) for name in _Question.model_fields if name != "image"}
    image = None if request.image is None else base64.b64encode(request.image.png).decode()
    return _Question(**fields, image=image).model_dump(mode="json")
