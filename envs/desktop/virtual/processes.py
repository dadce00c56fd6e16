"""Groups of processes that end with their owner, and a private folder for them."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...env import EnvLost, EnvUnavailable
from ...environment import clean_environment
from ...temp_folder import TempFolder

REAPER = Path(__file__).resolve().with_name("reaper.py")
_START_LIMIT_S, _END_LIMIT_S = 15.0, 5.0
_POLL_S, _START_POLL_S = 0.02, 0.005


@dataclass(frozen=True, slots=True)
class StartedProgram:
    """A started program by its process id, which is that in the sandbox if it is `inside`."""

    pid: int
    inside: bool = False


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
        self.started: tuple[StartedProgram, ...] = ()
        self._sandbox: int | None = None

    @property
    def reaper_pid(self) -> int:
        """The process that all programs descend from, also those that detach themselves."""
        return self._reaper.pid

    def open_sandbox(self, command: list[str], system_calls: bytes) -> None:
        """Start a sandbox with bubblewrap's `command` and a filter for system calls; programs then start in it.

        Raises:
            EnvUnavailable: it cannot be started.
        """
        log = self.log_of("sandbox")
        kind, value = self._send("sandbox", str(log), system_calls.hex(), *_program(command, clean_environment()))
        if kind == "error":
            problem = " ".join(" ".join(lines_of(log)[-3:]).split()) or value
            raise EnvUnavailable(f"the sandbox did not start: {problem}; --sandbox off runs without one"[:300])
        self._sandbox = int(value)

    @property
    def is_sandboxed(self) -> bool:
        """Whether programs start in a sandbox; their process ids are then those in it."""
        return self._sandbox is not None

    def outer_process(self, pid: int) -> int | None:
        """The process id on this machine of a process in the sandbox; None if there is no such process."""
        return pid if self._sandbox is None else _outer_processes(self._sandbox).get(pid)

    def process_ids(self, programs: Sequence[StartedProgram]) -> frozenset[int]:
        """The process ids of programs on this machine, without those that have ended in the sandbox."""
        outer = _outer_processes(self._sandbox) if self._sandbox is not None else {}
        ids = (outer.get(one.pid) if one.inside else one.pid for one in programs)
        return frozenset(pid for pid in ids if pid is not None)

    def start(
        self,
        argv: tuple[str, ...],
        environment: dict[str, str],
        log: Path | None = None,
        folder: Path | None = None,
        *,
        outside: bool = False,
    ) -> StartedProgram:
        """Start a program in `folder`, by default the current one, with its output in `log`.

        It starts in the sandbox, if there is one and it should not run `outside`. A folder that the sandbox does not
        show is replaced by the home folder.

        Raises:
            EnvUnavailable: it cannot be started.
            EnvLost: the group has ended.
        """
        log = log or self.log_of(argv[0])
        if folder is None:
            with suppress(OSError):  # it was deleted
                folder = Path.cwd()
        inside = self.is_sandboxed and not outside
        program = _program(argv, environment)
        kind, value = self._send("inside start" if inside else "start", str(log), str(folder or self.folder), *program)
        if kind == "error":
            raise EnvUnavailable(f"{argv[0]} cannot be started: {value}")
        started = StartedProgram(int(value), inside)
        self.started = (*self.started, started)
        return started

    def exit_code(self, program: StartedProgram) -> int | None:
        """The exit code of a program started here, negative for a signal; None while it runs."""
        kind, value = self._send("inside poll" if program.inside else "poll", str(program.pid))
        if kind == "error":
            raise EnvLost(value)
        return int(value) if value else None

    def await_end(self, program: StartedProgram, within_s: float) -> bool:
        """Wait until a program has ended; returns whether it has."""
        end = time.monotonic() + within_s
        while self.exit_code(program) is None:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_S)
        return True

    def await_ready(
        self, ready: Callable[[], bool], started: StartedProgram, program: str, log: Path | None = None
    ) -> None:
        """Wait until `ready()` is true.

        Raises:
            EnvUnavailable: the program has ended, or takes too long; the message has the end of its log.
        """
        end = time.monotonic() + _START_LIMIT_S
        while not ready():
            if self.exit_code(started) is not None or time.monotonic() > end:
                output = " ".join(" ".join(lines_of(log or self.log_of(program))[-3:]).split())
                raise EnvUnavailable(f"{program} did not start: {output}"[:300])
            time.sleep(_START_POLL_S)

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

    def _send(self, *fields: str) -> tuple[str, str]:
        """Send a request to the reaper; returns the kind and the value of its answer."""
        assert self._reaper.stdin is not None
        assert self._reaper.stdout is not None
        request = "\0".join(fields).encode(errors="surrogateescape")
        try:
            self._reaper.stdin.write(f"{len(request)}\n".encode() + request)
            self._reaper.stdin.flush()
            answer = self._reaper.stdout.readline()
        except (OSError, ValueError) as error:
            raise EnvLost("the reaper process has ended") from error
        if not answer:
            raise EnvLost("the reaper process has ended")
        kind, _, value = answer.decode(errors="replace").rstrip("\n").partition(" ")
        return kind, value


def _program(argv: Sequence[str], environment: dict[str, str]) -> tuple[str, ...]:
    """The fields of a request that say what to start."""
    return (str(len(argv)), *argv, *(f"{name}={value}" for name, value in environment.items()))


def lines_of(path: Path) -> list[str]:
    """The lines of a file; empty if it does not exist."""
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").split("\n")
    return []


def _outer_processes(root: int) -> dict[int, int]:
    """The descendants of `root` by their process id in their own namespace (proc(5), `NSpid`)."""
    parents: dict[int, int] = {}
    inner: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, KeyError, ValueError):
                lines = (entry / "status").read_text(encoding="utf-8", errors="replace").splitlines()
                fields = dict(line.split(":", 1) for line in lines if line.startswith(("PPid:", "NSpid:")))
                parents[int(entry.name)] = int(fields["PPid"])
                inner[int(entry.name)] = int(fields["NSpid"].split()[-1])
    found = [root]
    for one in found:  # grows while iterating
        found.extend(pid for pid, parent in parents.items() if parent == one)
    return {inner[pid]: pid for pid in found[1:]}


def _start_reaper(folder: Path) -> subprocess.Popen[bytes]:
    """Start the reaper in its own session, so that Ctrl-C reaches only its owner."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(REAPER), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
        start_new_session=True,
    )
