"""The loop of every driver: a JSON line in, a JSON line out. Imports the standard library alone.

Its peer is `subprocess_client.py`. The first line says `{"ready": true}`, or what is `missing`, or the `error`
that keeps the driver from starting; then each question has one answer, which may be an `error` too.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol, TextIO


class Missing(Exception):
    """The software is not installed here; the text says what is not."""


class CannotStart(Exception):
    """The software is there and cannot be used; the text says why."""


class Driver(Protocol):
    """A benchmark's own software as it is asked."""

    def answer(self, asked: "dict[str, Any]") -> "dict[str, Any]":
        """The answer to a question; whatever is raised is told as an error, and the next question may come."""
        ...

    def close(self) -> None:
        """Let go of what was opened; no question comes after."""
        ...


def serve(name: str, start: "Callable[[dict[str, Any]], Driver]") -> None:
    """Answer by what `start` makes of the first argument, a JSON object, until standard input ends.

    `start` may raise `Missing` and `CannotStart`; anything else, and a line that is not JSON, ends the process. `name`
    is whose errors are told.
    """
    answers = keep_standard_output()
    try:
        driver = start(json.loads(sys.argv[1]))
    except Missing as missing:
        tell(answers, {"missing": str(missing)})
        return
    except CannotStart as why:
        tell(answers, {"error": str(why)})
        return
    tell(answers, {"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            tell(answers, driver.answer(asked))
        except Exception as error:  # noqa: BLE001 -- one task's trouble, which the other side is told
            tell(answers, {"error": f"{name}: {type(error).__name__}: {error}"})
    driver.close()


def keep_standard_output() -> TextIO:
    """Standard output, for answers alone: what a library prints goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def tell(answers: TextIO, said: "dict[str, Any]") -> None:
    """Write one line."""
    print(json.dumps(said), file=answers, flush=True)
