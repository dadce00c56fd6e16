"""The loop of every driver: one JSON line in, one JSON line out. Uses only the standard library.

The other end is `subprocess_client.py`. The first line is `{"ready": true}`, or `{"missing": ...}` or `{"error": ...}`
if the driver cannot start. Then every request gets one answer, which may be an error too.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol, TextIO


class NotInstalled(Exception):
    """The benchmark's software is not installed here; the message names it."""


class CannotStart(Exception):
    """The benchmark's software is installed but cannot be used; the message says why."""


class BenchmarkDriver(Protocol):
    """Handles requests with a benchmark's own software."""

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """The answer to a request. An exception is reported as an error, and the next request may follow."""
        ...

    def close(self) -> None:
        """Release everything; no request follows."""
        ...


def serve(name: str, start: "Callable[[dict[str, Any]], BenchmarkDriver]") -> None:
    """Create the driver with `start` from the first argument, a JSON object, and serve it until standard input ends.

    `start` may raise `NotInstalled` and `CannotStart`; any other exception, or a line that is not JSON, ends the
    process. Error messages begin with `name`.
    """
    answers = keep_standard_output()
    try:
        driver = start(json.loads(sys.argv[1]))
    except NotInstalled as error:
        send(answers, {"missing": str(error)})
        return
    except CannotStart as error:
        send(answers, {"error": str(error)})
        return
    send(answers, {"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            send(answers, driver.handle(request))
        except Exception as error:  # noqa: BLE001 -- one failing request must not end the driver
            send(answers, {"error": f"{name}: {type(error).__name__}: {error}"})
    driver.close()


def keep_standard_output() -> TextIO:
    """Standard output, reserved for answers: output of libraries goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def send(stream: TextIO, message: "dict[str, Any]") -> None:
    """Write one message as a line of JSON."""
    print(json.dumps(message), file=stream, flush=True)
