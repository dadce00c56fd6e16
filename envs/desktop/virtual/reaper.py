"""The reaper process: starts programs for its owner, and ends them all when the owner ends.

Run as `python -I -S reaper.py FOLDER`; imports only what starts quickly, since each display starts two of it. It reads
requests from standard input and answers each with a line. A request is its length in a line, then its fields with NUL
between them:

- `start`, log, folder, number of arguments, arguments..., variables...: `pid 12`, or `error` with a text
- `poll`, pid: `exit 1`, or `exit` while the program runs
- `sandbox`, log, filter as hexadecimal, number of arguments, arguments of bubblewrap..., variables...: `pid 12`; then
  `inside start` and `inside poll` start or poll a program in the sandbox, by its process id there

When its input ends, as it does if the owner is killed, it ends all its descendants, removes FOLDER, and exits. It is a
subreaper, so that it finds programs that detach themselves. If the reaper itself is killed, the kernel kills its
children. (A death signal set by the owner would not work: it fires when the thread that forked ends, not the process.)

In the sandbox this file runs as `python -I -S reaper.py --inside SOCKET`, as the first process of a PID namespace, so
that all programs there end with it. Requests are messages on the socket, with the open log file. What it answers is not
trusted: it is one bounded message, and the wait for it is limited.
"""

import _socket
import ctypes
import os
import sys
import time

SIGINT, SIGKILL, SIGPIPE, SIGTERM, SIGXFSZ = 2, 9, 13, 15, 25
SIG_DFL, SIG_IGN = 0, 1
F_SETFD, FD_CLOEXEC = 2, 1
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 1.5
POLL_S = 0.01
MESSAGE_BYTES = 2**18
ERROR_LENGTH = 300
INSIDE_LIMIT_S = 30.0

_libc = ctypes.CDLL(None)


class Reaper:
    """Serves requests; outside of the sandbox it passes those for its inside on."""

    def __init__(self) -> None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._codes: dict[int, int] = {}
        self._inside: _socket.socket | None = None
        self._bubblewrap = 0

    def answer(self, request: bytes) -> str:
        """Carry out a request of the owner."""
        kind, _, rest = request.partition(b"\0")
        if kind == b"sandbox":
            return self._open_sandbox(_fields(rest))
        if kind.startswith(b"inside "):
            return self._ask_inside(kind.removeprefix(b"inside ") + b"\0" + rest)
        return self.serve(request, None)

    def serve(self, request: bytes, log: int | None) -> str:
        """Start or poll a program; its output goes to `log`, or to the file that the request names."""
        kind, *fields = _fields(request)
        if kind == "poll":
            code = self._exit_code(int(fields[0]))
            return "exit" if code is None else f"exit {code}"
        name, folder, number, *words = fields
        argv, variables = words[: int(number)], words[int(number) :]
        environment = dict(variable.split("=", 1) for variable in variables)
        if log is not None:
            folder = folder if os.path.isdir(folder) else environment.get("HOME", "/")
            return self._start(argv, environment, folder, log)
        file = _open_log(name)
        try:
            return self._start(argv, environment, folder, file)
        finally:
            os.close(file)

    def end_inside(self, deadline: float) -> None:
        """Let the programs in the sandbox end before their display does."""
        if self._inside is not None:
            self._inside.close()
            while self._exit_code(self._bubblewrap) is None and time.monotonic() < deadline:
                time.sleep(POLL_S)

    def _start(
        self, argv: list[str], environment: dict[str, str], folder: str, log: int, keep: tuple[int, ...] = ()
    ) -> str:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _become(argv, environment, folder, log, keep, writing)
        os.close(writing)
        problem = os.read(reading, ERROR_LENGTH).decode(errors="replace")
        os.close(reading)
        if problem:
            os.waitpid(pid, 0)
            return f"error {problem}"
        return f"pid {pid}"

    def _exit_code(self, pid: int) -> int | None:
        """The exit code of a started program, negative for a signal; None while it runs."""
        if pid not in self._codes:
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = pid, 0
            if not ended:
                return None
            self._codes[pid] = os.waitstatus_to_exitcode(status)
        return self._codes[pid]

    def _open_sandbox(self, fields: list[str]) -> str:
        """Start bubblewrap with this file in it, and wait until that is ready."""
        name, rules, number, *words = fields
        command, variables = words[: int(number)], words[int(number) :]
        ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        filter_pipe = _filled_pipe(bytes.fromhex(rules))
        own = [sys.executable, "-I", "-S", os.path.realpath(__file__), "--inside", str(theirs.fileno())]
        filtered = ["--seccomp", str(filter_pipe)] if rules else []
        log = _open_log(name)
        answer = self._start(
            [*command, *filtered, "--as-pid-1", *own],
            dict(variable.split("=", 1) for variable in variables),
            "/",
            log,
            (theirs.fileno(), filter_pipe),
        )
        for used in (log, filter_pipe):
            os.close(used)
        theirs.close()
        if not answer.startswith("pid "):
            return answer
        self._bubblewrap = int(answer[4:])
        ours.settimeout(INSIDE_LIMIT_S)
        self._inside = ours
        ready = self._read_answer(ours)
        return answer if ready.startswith("pid ") else ready

    def _ask_inside(self, request: bytes) -> str:
        assert self._inside is not None
        log = _open_log(request.split(b"\0", 2)[1].decode(errors="surrogateescape")) if request[:5] == b"start" else -1
        descriptors = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, _int_bytes(log))] if log >= 0 else []
        try:
            self._inside.sendmsg([request], descriptors)
        except OSError as error:
            return f"error the sandbox has ended: {error.strerror}"
        finally:
            if log >= 0:
                os.close(log)
        return self._read_answer(self._inside)

    def _read_answer(self, inside: _socket.socket) -> str:
        """An answer of the sandbox, such as `pid 12`. After anything else it is not asked again."""
        try:
            answer = inside.recv(MESSAGE_BYTES).decode("ascii", "replace")
        except OSError:
            answer = ""
        kind, _, value = answer.partition(" ")
        if kind == "error":
            return f"error {' '.join(value.split())[:ERROR_LENGTH]}"
        if (kind == "pid" and value.isdigit()) or (kind == "exit" and (not value or value.lstrip("-").isdigit())):
            return answer
        inside.close()
        return "error the sandbox has ended, or does not respond"


def _become(
    argv: list[str], environment: dict[str, str], folder: str, log: int, keep: tuple[int, ...], report: int
) -> None:
    """In a new process: become the program, or write to `report` why not."""
    try:
        _libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        for number in (SIGINT, SIGPIPE, SIGXFSZ):  # ignored here, or by Python
            _libc.signal(number, SIG_DFL)
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        for name in os.listdir("/proc/self/fd"):
            number = int(name)
            if number > 2:
                _libc.fcntl(number, F_SETFD, 0 if number in keep else FD_CLOEXEC)
        os.execvpe(argv[0], argv, environment)  # noqa: S606 -- no shell
    except OSError as error:
        os.write(report, (error.strerror or str(error)).encode(errors="replace")[:ERROR_LENGTH])
    finally:
        os._exit(127)


def _fields(request: bytes) -> list[str]:
    return request.decode(errors="surrogateescape").split("\0")


def _int_bytes(number: int) -> bytes:
    """A descriptor as C's `int`."""
    return number.to_bytes(4, sys.byteorder)


def _open_log(name: str) -> int:
    return os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _filled_pipe(content: bytes) -> int:
    """The reading end of a pipe with `content`, which fits into its buffer."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


def main(folder: str) -> None:
    """Serve requests until the input ends."""
    reaper = Reaper()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        for length in requests:
            request = requests.read(int(length))
            answers.write(reaper.answer(request).replace("\n", " ").encode(errors="replace") + b"\n")
            answers.flush()
    finally:
        reaper.end_inside(time.monotonic() + 1.5 * GRACE_S)
        _end_all(time.monotonic() + GRACE_S)
        _remove(folder)


def main_inside(owner: _socket.socket) -> None:
    """Serve requests in the sandbox until the socket is closed."""
    reaper = Reaper()
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # programs of the same user cannot trace this process
    owner.send(f"pid {os.getpid()}".encode())
    while True:
        message, passed, _, _ = owner.recvmsg(MESSAGE_BYTES, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC)
        if not message:
            break
        logs = [int.from_bytes(data[:4], sys.byteorder) for _, _, data in passed]
        answer = reaper.serve(message, logs[0] if logs else None)
        for log in logs:
            os.close(log)
        owner.send(answer.encode("ascii", "replace")[:MESSAGE_BYTES])
    _end_all(time.monotonic() + GRACE_S)


def _end_all(deadline: float) -> None:
    """Terminate all descendants, then kill them; the newest first, so that the display outlives its programs.

    bubblewrap ends with its program, which would be killed if bubblewrap ended first.
    """
    terminated: set[int] = set()
    while pids := _children_of_all() or _descendants():
        late = time.monotonic() > deadline
        for pid in sorted(pids, reverse=True):
            if late or (pid not in terminated and _stat_of(pid)[0] != "bwrap"):
                try:
                    os.kill(pid, SIGKILL if late else SIGTERM)
                except ProcessLookupError:
                    pass
                terminated.add(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        time.sleep(POLL_S)


def _children_of_all() -> set[int]:
    """The descendants of this process that the kernel lists, which is fast but may leave some out (proc(5))."""
    found: set[int] = set()
    latest = [os.getpid()]
    while latest:
        pid = latest.pop()
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    children = {int(child) for child in file.read().split()} - found
                found |= children
                latest += children
        except OSError:  # it ended, or the kernel has no such lists
            pass
    return found


def _descendants() -> set[int]:
    """All live descendants of this process, from the whole of `/proc`."""
    parents = {int(entry): _stat_of(int(entry))[1] for entry in os.listdir("/proc") if entry.isdigit()}
    found: set[int] = set()
    latest = {os.getpid()}
    while latest:
        latest = {pid for pid, parent in parents.items() if parent in latest} - found
        found |= latest
    return found


def _stat_of(pid: int) -> tuple[str, int]:
    """The name and the parent of a process; `("", 0)` if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as file:
            name, _, fields = file.read().rpartition(")")
    except OSError:
        return ("", 0)
    return (name.partition("(")[2], int(fields.split()[1]))


def _remove(folder: str) -> None:
    """Remove a folder with all its contents, as far as possible."""
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in (*files, *folders):
            path = f"{parent}/{name}"
            try:
                os.unlink(path) if name in files or os.path.islink(path) else os.rmdir(path)
            except OSError:
                pass
    try:
        os.rmdir(folder)
    except OSError:
        pass


if __name__ == "__main__":
    _libc.signal(SIGINT, SIG_IGN)
    if sys.argv[1] == "--inside":
        main_inside(_socket.socket(fileno=int(sys.argv[2])))
    else:
        main(sys.argv[1])
