"""Interruptible waits, so that a stop, a pause or a deadline ends what is in progress.

    with interruptible(by=cancelled):
        env.execute(Wait(600))       # raises Interrupted soon after cancelled() returns True

Every wait inside an environment and a model goes through this module: `sleep` for a pause, `check_interrupted` between
the parts of a long input, `call` for a function that blocks. None of them costs anything outside `interruptible`.
"""

import contextvars
import threading
import time
from collections.abc import Callable, Generator
from concurrent import futures
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar

SLICE_S = 0.05
"""The maximum time between two checks."""

_Result = TypeVar("_Result")

_interrupted: ContextVar[Callable[[], bool] | None] = ContextVar("screenwright_interrupted", default=None)


class Interrupted(Exception):
    """The caller no longer waits."""


@contextmanager
def interruptible(by: Callable[[], bool] | None) -> Generator[None]:
    """In this block and thread, waits raise `Interrupted` soon after `by()` returns True; never if it is None."""
    token = _interrupted.set(by)
    try:
        yield
    finally:
        _interrupted.reset(token)


def check_interrupted() -> None:
    """Raise `Interrupted` if the caller no longer waits."""
    interrupted = _interrupted.get()
    if interrupted is not None and interrupted():
        raise Interrupted


def sleep(seconds: float) -> None:
    """Sleep, unless interrupted."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check_interrupted()
        time.sleep(min(SLICE_S, left))


def wait_for(future: "futures.Future[_Result]") -> _Result:
    """The result of `future`, which is cancelled if the caller no longer waits."""
    try:
        while not futures.wait((future,), SLICE_S).done:
            check_interrupted()
    except BaseException:
        future.cancel()
        raise
    return future.result()


def call(function: Callable[[], _Result]) -> _Result:
    """Call a function that blocks. If the caller no longer waits, it is left behind, running on a thread."""
    if _interrupted.get() is None:
        return function()
    future: futures.Future[_Result] = futures.Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(function)
        except BaseException as error:  # noqa: BLE001 -- raised again in the caller's thread
            with suppress(futures.InvalidStateError):
                future.set_exception(error)
        else:
            with suppress(futures.InvalidStateError):
                future.set_result(result)

    threading.Thread(target=run, name="interruptible-call", daemon=True).start()
    return wait_for(future)
