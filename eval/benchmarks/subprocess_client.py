"""A client for a benchmark's own software, which runs in a separate Python and is controlled by lines of JSON.

Packages such as `browsergym` and `desktop_env` pin dependencies that conflict with ours. So a short driver script runs
in an environment that the user made for them and answers requests; it does not import Screenwright.
"""

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TypeAlias

from ...envs.environment import clean_environment
from ..core.task import TaskError

Answer: TypeAlias = dict[str, object]

DRIVERS = Path(__file__).parents[1] / "drivers"
"""The folder of our driver scripts."""

_START_S = 120.0
_END_S = 20.0


class SubprocessClient:
    """Runs the driver `script` under `python`, started by the first request. `how_to_get` says what to install.

    Without a Python every request fails; a benchmark gets it from the settings, by `configured`. The driver gets a
    clean environment, with the variables named in `pass_env`.
    """

    def __init__(
        self,
        python: Path | None,
        script: Path,
        options: Mapping[str, object],
        how_to_get: str,
        pass_env: tuple[str, ...] = (),
    ) -> None:
        self._python, self._script, self._how_to_get = python, script, how_to_get
        self._command = [str(python), str(script), json.dumps(dict(options))]
        self._pass_env = pass_env
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    def configured(
        self, python: Path | None, options: Mapping[str, object], pass_env: tuple[str, ...] = ()
    ) -> "SubprocessClient":
        """A client with the settings `python`, `options` and `pass_env`.

        Raises:
            ValueError: the setting `python` is missing, or is not a program.
        """
        if python is None:
            raise ValueError(self._how_to_get)
        if shutil.which(python) is None:
            raise ValueError(f"--python {python} is not a program: {self._how_to_get}")
        return SubprocessClient(python, self._script, options, self._how_to_get, pass_env)

    def request(self, message: Mapping[str, object], timeout_s: float) -> Answer:
        """Send a request and return the answer.

        Raises:
            TaskError: the driver cannot be started, has ended, reports an error, or takes longer than `timeout_s`.
        """
        process = self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(dict(message)) + "\n")
            process.stdin.flush()
        except OSError as error:
            self._end()
            raise TaskError(f"{self._command[0]} has ended") from error
        return self._receive(timeout_s)

    def close(self) -> None:
        """Close standard input, which ends the driver; kill it if it does not end."""
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
        if self._python is None:
            raise TaskError(self._how_to_get)
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=_environment(self._pass_env),
            )
        except OSError as error:
            raise TaskError(f"{self._command[0]} cannot be started: {error.strerror}; {self._how_to_get}") from error
        self._process, self._lines = process, queue.Queue()
        assert process.stdout is not None
        threading.Thread(target=_read, args=(process.stdout, self._lines), name="driver-output", daemon=True).start()
        try:
            self._receive(_START_S)
        except TaskError:
            self._end()
            raise
        return process

    def _receive(self, timeout_s: float) -> Answer:
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            self._end()
            raise TaskError(f"{self._command[0]} gave no answer within {timeout_s:g} s") from None
        if line is None:
            self._end()
            raise TaskError(f"{self._command[0]} has ended; see its output above")
        try:
            answer: Answer = dict(json.loads(line))
        except (ValueError, TypeError) as error:
            raise TaskError(f"{self._command[0]} sent an invalid answer: {line[:80]!r}") from error
        if missing := answer.get("missing"):
            self._end()
            raise TaskError(f"{self._command[0]} lacks {missing}: {self._how_to_get}")
        if reported := answer.get("error"):
            raise TaskError(" ".join(str(reported).split()))
        return answer

    def _end(self) -> None:
        """Kill the driver; the next request starts it again."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _environment(passed: tuple[str, ...]) -> dict[str, str]:
    """The environment of a driver, which imports `driver_loop`."""
    path = os.pathsep.join(filter(None, (str(DRIVERS), os.environ.get("PYTHONPATH"))))
    return clean_environment(passed, PYTHONPATH=path)


def _read(stream: IO[str], lines: "queue.Queue[str | None]") -> None:
    try:
        for line in stream:
            lines.put(line)
    except ValueError:  # closed by another thread
        pass
    lines.put(None)
