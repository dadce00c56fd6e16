"""A benchmark's own software, in a Python of its own, spoken to by lines of JSON.

Packages such as `browsergym` and `desktop_env` pin what they need, and it is not what we need. So a short script runs
in the environment that the user made for them, and answers questions. It knows nothing of Screenwright.
"""

import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TypeAlias

from ..core.task import TaskError

Answer: TypeAlias = dict[str, object]

_START_S = 120.0
_END_S = 20.0


class SubprocessClient:
    """The script `script` under `python`, started at the first question. `how_to_get` says what to install."""

    def __init__(self, python: Path, script: Path, options: Mapping[str, object], how_to_get: str) -> None:
        self._command = [str(python), str(script), json.dumps(dict(options))]
        self._how_to_get = how_to_get
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    def ask(self, question: Mapping[str, object], limit_s: float) -> Answer:
        """Its answer to `question`.

        Raises:
            TaskError: it cannot be started, has ended, says that it cannot, or took longer than `limit_s`.
        """
        process = self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(dict(question)) + "\n")
            process.stdin.flush()
        except OSError as error:
            self._end()
            raise TaskError(f"{self._command[0]} has ended") from error
        return self._answer(limit_s)

    def close(self) -> None:
        """Let it end; it is killed if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.close()
            process.wait(_END_S)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is not None:
            return self._process
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=script_variables()
            )
        except OSError as error:
            raise TaskError(f"{self._command[0]} cannot be started: {error.strerror}; {self._how_to_get}") from error
        self._process, self._lines = process, queue.Queue()
        assert process.stdout is not None
        threading.Thread(target=_read, args=(process.stdout, self._lines), name="driven", daemon=True).start()
        try:
            self._answer(_START_S)
        except TaskError:
            self._end()
            raise
        return process

    def _answer(self, limit_s: float) -> Answer:
        try:
            line = self._lines.get(timeout=limit_s)
        except queue.Empty:
            self._end()
            raise TaskError(f"{self._command[0]} gave no answer within {limit_s:g} s") from None
        if line is None:
            self._end()
            raise TaskError(f"{self._command[0]} has ended; it said why above")
        try:
            answer: Answer = dict(json.loads(line))
        except (ValueError, TypeError) as error:
            raise TaskError(f"{self._command[0]} said what is no answer: {line[:80]!r}") from error
        if missing := answer.get("missing"):
            self._end()
            raise TaskError(f"{self._command[0]} has no {missing}: {self._how_to_get}")
        if wrong := answer.get("error"):
            raise TaskError(" ".join(str(wrong).split()))
        return answer

    def _end(self) -> None:
        """Kill it; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def script_variables() -> dict[str, str]:
    """The environment of a script that imports what lies beside it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}


def _read(stream: IO[str], lines: "queue.Queue[str | None]") -> None:
    try:
        for line in stream:
            lines.put(line)
    except ValueError:  # closed meanwhile
        pass
    lines.put(None)
