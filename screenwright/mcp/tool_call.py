"""One call of a tool, on a thread of its own, outside the event loop."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from ..agent.guard.approval import ApprovalAnswer, ApprovalRequest, NoApprover
from ..session.caller import Caller
from ..session.tools import ToolReply

CallEvent: TypeAlias = str | ApprovalRequest | ToolReply | Exception
"""A line of progress, a question to the user, and at the end the reply or what went wrong."""

ANSWER_S = 300.0
"""How long a question without a limit of its own waits for the client."""

_POLL_S = 0.02


class ToolCall:
    """Runs `work` on a thread; created on the event loop.

    `events` are followed by one request at a time: a client of the newest protocol answers a question with another
    request. A question that no one answers in time cancels a call that no request follows.
    """

    def __init__(self, work: Callable[[Caller], ToolReply], *, can_ask: bool) -> None:
        self.events: asyncio.Queue[CallEvent] = asyncio.Queue()
        self.is_followed = True
        self.lines = 0
        self._loop = asyncio.get_running_loop()
        self._cancelled, self._done = threading.Event(), asyncio.Event()
        self._answers: list[ApprovalAnswer | None] = []
        self._work = work
        self._caller = Caller(self._cancelled.is_set, self if can_ask else NoApprover(), self._put)
        threading.Thread(target=self._run, name="screenwright-tool", daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Whether the call has ended."""
        return self._done.is_set()

    async def cancel(self) -> None:
        """Cancel the call, and wait until it has ended."""
        self._cancelled.set()
        await self._done.wait()

    def answer(self, answer: ApprovalAnswer | None) -> None:
        """Answer the question that was asked last; None if no one did."""
        self._answers.append(answer)

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`; called on the thread."""
        self._answers.clear()
        self._put(request)
        end = time.monotonic() + ANSWER_S if request.timeout_s is None else float("inf")
        while not self._answers:
            if cancelled() or time.monotonic() >= end:
                if not self.is_followed:
                    self._cancelled.set()
                return None
            time.sleep(_POLL_S)
        return self._answers.pop()

    def _run(self) -> None:
        try:
            self._put(self._work(self._caller))
        except Exception as error:  # noqa: BLE001 -- raised again in the request
            self._put(error)
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._done.set)

    def _put(self, event: CallEvent) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.events.put_nowait, event)
