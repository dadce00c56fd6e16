"""Groups of processes that end with their owner, and a private folder for them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ...env import EnvLost, EnvUnavailable
from ...environment import clean_environment
from ...temp_folder import TempFolder

_START_LIMIT_S, _END_LIMIT_S = 15.0, 5.0
_POLL_S = 0.02


class ProcessGroup:
    """Starts programs that a reaper process (`reaper.py`) ends with this process, even if this process is killed.

    `folder` is private, for use by the programs, and removed at the end. `pids` are the processes started so far.

    Raises:
        EnvUnavailable: no temporary folder can be created.
    """

    def __init__(self, name: str) -> None:
        self._temp = TempFolder(name)
        self.folder = self._temp.path
        self._reaper = _start_reaper(self.folder)
        self.pids: tuple[int, ...] = ()

    @property
    def reaper_pid(self) -> int:
        """The process that all programs descend from, also those that detach themselves."""
        return self._reaper.pid

    def start(
        self, argv: tuple[str, ...], environment: dict[str, str], log: Path | None = None, folder: Path | None = None
    ) -> int:
        """Start a program in `folder`, by default the current one, with its output in `log`; returns its process id.

        Raises:
            EnvUnavailable: it cannot be started.
            EnvLost: the group has ended.
        """
        log = log or self.log_of(argv[0])
        if folder is None:
            with suppress(OSError):  # it was deleted
                folder = Path.cwd()
        request: dict[str, object] = {
            "start": argv,
            "env": environment,
            "log": str(log),
            "cwd": str(folder or self.folder),
        }
        answer = self._send(request)
        if "error" in answer:
            raise EnvUnavailable(f"{argv[0]} cannot be started: {answer['error']}")
        pid = int(str(answer["pid"]))
        self.pids = (*self.pids, pid)
        return pid

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a program started here, negative for a signal; None while it runs."""
        code = self._send({"poll": pid})["exit"]
        return None if code is None else int(str(code))

    def await_end(self, pid: int, within_s: float) -> bool:
        """Wait until a program has ended; returns whether it has."""
        end = time.monotonic() + within_s
        while self.exit_code(pid) is None:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_S)
        return True

    def await_ready(self, ready: Callable[[], bool], pid: int, program: str, log: Path | None = None) -> None:
        """Wait until `ready()` is true.

        Raises:
            EnvUnavailable: the program has ended, or takes too long; the message has the end of its log.
        """
        end = time.monotonic() + _START_LIMIT_S
        while not ready():
            if self.exit_code(pid) is not None or time.monotonic() > end:
                output = " ".join(" ".join(lines_of(log or self.log_of(program))[-3:]).split())
                raise EnvUnavailable(f"{program} did not start: {output}"[:300])
            time.sleep(_POLL_S)

    def log_of(self, program: str) -> Path:
        """The file with the output of `program`."""
        return self.folder / f"{Path(program).name}.log"

    def last_line(self, program: str) -> str:
        """The last line of the output of `program`; empty if none."""
        return next((line.strip() for line in reversed(lines_of(self.log_of(program))) if line.strip()), "")

    def stop(self) -> None:
        """End every process and remove the private folder; may be called twice."""
        for pipe in (self._reaper.stdin, self._reaper.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._reaper.wait(timeout=_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._reaper.kill()
            self._reaper.wait()
        self._temp.close()

    def _send(self, request: dict[str, object]) -> dict[str, object]:
        assert self._reaper.stdin is not None
        assert self._reaper.stdout is not None
        try:
            self._reaper.stdin.write(json.dumps(request) + "\n")
            self._reaper.stdin.flush()
            answer = self._reaper.stdout.readline()
        except (OSError, ValueError) as error:
            raise EnvLost("the reaper process has ended") from error
        if not answer:
            raise EnvLost("the reaper process has ended")
        return dict(json.loads(answer))


def lines_of(path: Path) -> list[str]:
    """The lines of a file; empty if it does not exist."""
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").split("\n")
    return []


def _start_reaper(folder: Path) -> subprocess.Popen[str]:
    """Start the reaper in its own session, so that Ctrl-C reaches only its owner."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("reaper.py")), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
