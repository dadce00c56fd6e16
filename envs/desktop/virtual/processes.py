"""Processes that cannot outlive us: a folder of their own, and the keeper (`reaper.py`) that ends them all."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from ...env import EnvLost, EnvUnavailable

_END_LIMIT_S = 5.0
_POLL_S = 0.02


class ProcessGroup:
    """Starts programs that end with us, however we end; `folder` is private, theirs to use, and goes with them."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"screenwright-{name}-"))
        self._keeper = _start_keeper(self.folder)

    def start(
        self, argv: tuple[str, ...], environment: dict[str, str], log: Path | None = None, folder: Path | None = None
    ) -> int:
        """Start a program in `folder`, or where we are, that writes what it has to say to `log`; its process id.

        Raises:
            EnvUnavailable: it cannot be started.
            EnvLost: everything was ended.
        """
        log = log or self.log_of(argv[0])
        order: dict[str, object] = {
            "start": argv,
            "env": environment,
            "log": str(log),
            "cwd": str(folder or Path.cwd()),
        }
        answer = self._order(order)
        if "error" in answer:
            raise EnvUnavailable(f"{argv[0]} cannot be started: {answer['error']}")
        return int(str(answer["pid"]))

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a program started here, negative for a signal; None while it runs."""
        code = self._order({"ask": pid})["exit"]
        return None if code is None else int(str(code))

    def await_end(self, pid: int, within_s: float) -> bool:
        """Whether a program started here ends within some time."""
        end = time.monotonic() + within_s
        while self.exit_code(pid) is None:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_S)
        return True

    def log_of(self, program: str) -> Path:
        """Where `program` writes what it has to say."""
        return self.folder / f"{Path(program).name}.log"

    def last_line(self, program: str) -> str:
        """The last line that `program` wrote, or nothing."""
        return next((line.strip() for line in reversed(lines_of(self.log_of(program))) if line.strip()), "")

    def stop(self) -> None:
        """End every process and remove the private folder; may be called twice."""
        for pipe in (self._keeper.stdin, self._keeper.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._keeper.wait(timeout=_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _order(self, order: dict[str, object]) -> dict[str, object]:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        try:
            self._keeper.stdin.write(json.dumps(order) + "\n")
            self._keeper.stdin.flush()
            answer = self._keeper.stdout.readline()
        except (OSError, ValueError) as error:
            raise EnvLost("what was started was ended") from error
        if not answer:
            raise EnvLost("what was started was ended")
        return dict(json.loads(answer))


def lines_of(path: Path) -> list[str]:
    """The lines of a log, none where there is no such file yet."""
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").split("\n")
    return []


def _start_keeper(folder: Path) -> subprocess.Popen[str]:
    """Start the keeper in a session of its own, so that Ctrl-C reaches its owner alone."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("reaper.py")), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
