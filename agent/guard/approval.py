"""Approvals: how a question about an action reaches the user, and the answer.

`Agent(..., approver=...)` takes an `Approver`, or a function, also an asynchronous one:

    def approve(request: ApprovalRequest) -> ApprovalAnswer:
        return ApprovalAnswer(request.host == "intranet.example", text="only on the intranet")
"""

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from ...envs.actions import Action
from ...envs.screenshot import Screenshot
from ..core.approvals import QuestionKind, Scope
from ..core.validation import check_returned

_POLL_S = 0.02
_YES = frozenset({"yes", "y", "ok", "okay", "allow", "confirm", "once"})
_NO = frozenset({"no", "n", "deny"})
_SCOPES = {"run": Scope.RUN, "r": Scope.RUN, "host": Scope.HOST, "h": Scope.HOST}


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A question to the user. Texts from pages and models in it hold no control characters.

    Attributes:
        kind: What asks. A `question` of the model is answered with a text.
        question: What will happen, or the question itself.
        actions: The actions in question.
        rule: The name of the rule that asks.
        reason: Why it asks.
        place: The host of the page, or the title of the window.
        scopes: How long an approval may hold.
        image: The part of the screenshot around the point, with the point marked; without a point, all of it.
        timeout_s: After this many seconds the answer is no; None if there is no limit.
    """

    kind: QuestionKind
    question: str
    step: int
    actions: tuple[Action, ...] = ()
    rule: str = ""
    reason: str = ""
    place: str = ""
    scopes: tuple[Scope, ...] = (Scope.ONCE,)
    image: Screenshot | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class ApprovalAnswer:
    """The answer: whether the action is allowed, and for how long.

    `text` goes to the model: the reason of a denial, or the answer to its question.
    """

    allowed: bool
    scope: Scope = Scope.ONCE
    text: str = ""


@runtime_checkable
class Approver(Protocol):
    """Asks the user."""

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """The answer; None if no one answers. Blocks, and returns soon after `cancelled()` is true."""
        ...


class NoApprover:
    """An `Approver` with no one to ask: nothing is approved."""

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`."""
        return None


Approve: TypeAlias = Callable[[ApprovalRequest], Awaitable[ApprovalAnswer | None] | ApprovalAnswer | None]
"""A function that answers a request, or a coroutine function."""


@dataclass(slots=True)
class FunctionApprover:
    """An `Approver` that calls a function on a thread of its own.

    A coroutine runs on `loop`, if that is set and running, otherwise on a loop of its own.
    """

    function: Approve
    loop: asyncio.AbstractEventLoop | None = field(default=None, compare=False)

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`. An exception of the function is raised here; a coroutine is cancelled when it is too late."""
        answer: Future[ApprovalAnswer | None] = Future()
        threading.Thread(
            target=self._call, args=(request, cancelled, answer), name="screenwright-approval", daemon=True
        ).start()
        while not answer.done():
            if cancelled():
                return None
            time.sleep(_POLL_S)
        return answer.result()

    def _call(
        self, request: ApprovalRequest, cancelled: Callable[[], bool], answer: "Future[ApprovalAnswer | None]"
    ) -> None:
        try:
            returned = self.function(request)
            result = self._awaited(returned, cancelled) if inspect.isawaitable(returned) else returned
            check_returned(result, ApprovalAnswer | None, "the approver", "an ApprovalAnswer or None")
        except BaseException as error:  # noqa: BLE001 -- raised by `ask`, on the thread of the episode
            answer.set_exception(error)
        else:
            answer.set_result(result)

    def _awaited(
        self, awaitable: Awaitable[ApprovalAnswer | None], cancelled: Callable[[], bool]
    ) -> ApprovalAnswer | None:
        async def until_cancelled() -> ApprovalAnswer | None:
            task = asyncio.ensure_future(awaitable)
            while not task.done() and not cancelled():
                await asyncio.wait([task], timeout=_POLL_S)
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                return None
            return task.result()

        if self.loop is not None and self.loop.is_running():
            return asyncio.run_coroutine_threadsafe(until_cancelled(), self.loop).result()
        return asyncio.run(until_cancelled())


def as_approver(approver: Approver | Approve) -> Approver:
    """`approver`, with a function turned into an `Approver`."""
    return approver if isinstance(approver, Approver) else FunctionApprover(approver)


def parse_answer(text: str, request: ApprovalRequest) -> ApprovalAnswer:
    """The answer that a person typed: yes, run, host, or no and words for the model.

    Only an explicit yes allows the actions; any other text denies them.
    """
    words = text.strip()
    if request.kind == "question":
        return ApprovalAnswer(True, text=words)
    plain = words.strip(" .!").lower()
    scope = _SCOPES.get(plain.removeprefix("yes ").removeprefix("for this ").removeprefix("this "))
    if scope in request.scopes:
        return ApprovalAnswer(True, scope or Scope.ONCE)
    if plain in _YES:
        return ApprovalAnswer(True)
    first, _, rest = words.partition(" ")
    if first.strip(",.:!").lower() in _NO:
        words = rest.strip()
    return ApprovalAnswer(False, text=words)
