"""The reaper process: starts programs for its owner, and ends them all when the owner ends.

Run as `python -I -S reaper.py FOLDER`; uses only the standard library. It reads requests from standard input, one JSON
line each, and answers with one:

- `{"start": [program, ...], "env": {...}, "log": path, "cwd": path}`: `{"pid": n}` or `{"error": "..."}`
- `{"poll": pid}`: `{"exit": code}`, or `{"exit": null}` while the program runs
- `{"sandbox": [bubblewrap, ...], "filter": hexadecimal, "env": {...}, "log": path}`: `{"pid": n}`; a request with
  `"inside": true` then starts or polls a program in the sandbox, by its process id there

When its input ends, as it does if the owner is killed, it ends all its descendants, removes FOLDER, and exits. It is a
subreaper, so that it finds programs that detach themselves. If the reaper itself is killed, the kernel kills its
children. (A death signal set by the owner would not work: it fires when the thread that forked ends, not the process.)

In the sandbox this file runs as `python -I -S reaper.py --inside SOCKET`, as the first process of a PID namespace, so
that all programs there end with it. Requests are messages on the socket, with the open log file. What it answers is not
trusted: it is one bounded message, and the wait for it is limited.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 1.5
MESSAGE_BYTES = 2**18
ERROR_LENGTH = 300
INSIDE_LIMIT_S = 30.0


class Reaper:
    """Serves requests; outside of the sandbox it passes those for its inside on."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._started: dict[int, subprocess.Popen[bytes]] = {}
        self._inside: socket.socket | None = None

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        """Carry out a request of the owner."""
        if "sandbox" in request:
            return self._open_sandbox(request)
        if request.get("inside"):
            return self._ask_inside(request)
        return self.serve(request, None)

    def serve(self, request: dict[str, object], log: int | None) -> dict[str, object]:
        """Start or poll a program; its output goes to `log`, or to the file that the request names."""
        if "poll" in request:
            return {"exit": self._started[int(str(request["poll"]))].poll()}
        folder = str(request["cwd"])
        env = request["env"]
        assert isinstance(env, dict)
        if log is not None:
            folder = folder if Path(folder).is_dir() else str(env.get("HOME", "/"))
            return self._start(request, folder, log)
        with Path(str(request["log"])).open("ab") as file:
            return self._start(request, folder, file.fileno())

    def end_inside(self, deadline: float) -> None:
        """Let the programs in the sandbox end before their display does."""
        if self._inside is not None:
            self._inside.close()
            with suppress(subprocess.TimeoutExpired):
                self._bubblewrap.wait(max(0.0, deadline - time.monotonic()))

    def _start(
        self, request: dict[str, object], folder: str, log: int, keep: tuple[int, ...] = ()
    ) -> dict[str, object]:
        argv, env = request["start"], request["env"]
        assert isinstance(argv, list)
        assert isinstance(env, dict)
        try:
            process = subprocess.Popen(
                argv,
                env=env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=keep,
                preexec_fn=self._tie,  # noqa: PLW1509 -- this process has one thread: code before exec is safe
            )
        except OSError as error:
            return {"error": str(error)}
        self._started[process.pid] = process
        return {"pid": process.pid}

    def _tie(self) -> None:
        self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def _open_sandbox(self, request: dict[str, object]) -> dict[str, object]:
        """Start bubblewrap with this file in it, and wait until that is ready."""
        command = request["sandbox"]
        assert isinstance(command, list)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        rules = _filled_pipe(bytes.fromhex(str(request["filter"])))
        own = [sys.executable, "-I", "-S", os.path.realpath(__file__), "--inside", str(theirs.fileno())]
        filtered = ["--seccomp", str(rules)] if request["filter"] else []
        program = {"start": [*command, *filtered, "--as-pid-1", *own], "env": request["env"]}
        with theirs, Path(str(request["log"])).open("ab") as log:
            answer = self._start(program, "/", log.fileno(), (theirs.fileno(), rules))
        os.close(rules)
        if "error" in answer:
            return answer
        self._bubblewrap = self._started[int(str(answer["pid"]))]
        ours.settimeout(INSIDE_LIMIT_S)
        self._inside = ours
        ready = self._read_answer(ours)
        return answer if "pid" in ready else ready

    def _ask_inside(self, request: dict[str, object]) -> dict[str, object]:
        assert self._inside is not None
        logs: list[int] = []
        if "start" in request:
            logs.append(os.open(str(request["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            socket.send_fds(self._inside, [json.dumps(request).encode()], logs)
        except OSError as error:
            return {"error": f"the sandbox has ended: {error.strerror}"}
        finally:
            for log in logs:
                os.close(log)
        return self._read_answer(self._inside)

    def _read_answer(self, inside: socket.socket) -> dict[str, object]:
        """An answer of the sandbox: an integer or a text. After anything else it is not asked again."""
        with suppress(OSError, ValueError, RecursionError):
            answer = json.loads(inside.recv(MESSAGE_BYTES))
            for name, kinds in {"pid": (int,), "exit": (int, type(None)), "error": (str,)}.items():
                if isinstance(answer, dict) and name in answer and isinstance(answer[name], kinds):
                    return {name: answer[name][:ERROR_LENGTH] if name == "error" else answer[name]}
        inside.close()
        return {"error": "the sandbox has ended, or does not respond"}


def _filled_pipe(content: bytes) -> int:
    """The reading end of a pipe with `content`, which fits into its buffer."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


def main(folder: Path) -> None:
    """Serve requests until the input ends."""
    reaper = Reaper()
    try:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(reaper.answer(json.loads(line))) + "\n")
            sys.stdout.flush()
    finally:
        reaper.end_inside(time.monotonic() + 1.5 * GRACE_S)
        _end_all(time.monotonic() + GRACE_S)
        shutil.rmtree(folder, ignore_errors=True)


def main_inside(owner: socket.socket) -> None:
    """Serve requests in the sandbox until the socket is closed."""
    reaper = Reaper()
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # programs of the same user cannot trace this process
    owner.send(json.dumps({"pid": os.getpid()}).encode())
    while True:
        message, logs, _, _ = socket.recv_fds(owner, MESSAGE_BYTES, 1)
        if not message:
            break
        answer = reaper.serve(json.loads(message), logs[0] if logs else None)
        for log in logs:
            os.close(log)
        owner.send(json.dumps(answer).encode())
    _end_all(time.monotonic() + GRACE_S)


def _end_all(deadline: float) -> None:
    """Terminate all descendants, then kill them; the newest first, so that the display outlives its programs.

    bubblewrap ends with its program, which would be killed if bubblewrap ended first.
    """
    terminated: set[int] = set()
    while pids := _descendants():
        late = time.monotonic() > deadline
        for pid in sorted(pids, reverse=True):
            if late or (pid not in terminated and pids[pid] != "bwrap"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                terminated.add(pid)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _descendants() -> dict[int, str]:
    """All live descendants of this process and their names, from `/proc`."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                name, _, fields = (entry / "stat").read_text(errors="replace").rpartition(")")
                parents[int(entry.name)] = int(fields.split()[1])
                names[int(entry.name)] = name.partition("(")[2]
    found: set[int] = set()
    latest = {os.getpid()}
    while latest:
        latest = {pid for pid, parent in parents.items() if parent in latest} - found
        found |= latest
    return {pid: names[pid] for pid in found}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.argv[1] == "--inside":
        main_inside(socket.socket(fileno=int(sys.argv[2])))
    else:
        main(Path(sys.argv[1]))
