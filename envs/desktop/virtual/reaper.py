"""The reaper process: starts programs for its owner, and ends them all when the owner ends.

Run as `python -I -S reaper.py FOLDER`; uses only the standard library. It reads requests from standard input, one JSON
line each: `{"start": [program, ...], "env": {...}, "log": path, "cwd": path}`, answered by `{"pid": n}` or
`{"error": "..."}`, and `{"poll": pid}`, answered by `{"exit": code}`, or `{"exit": null}` while the program runs.

When its input ends, as it does if the owner is killed, it ends all its descendants, removes FOLDER, and exits. It is a
subreaper, so that it finds programs that detach themselves. If the reaper itself is killed, the kernel kills its
children. (A death signal set by the owner would not work: it fires when the thread that forked ends, not the process.)
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 1.5


def main() -> None:
    """Serve requests until the input ends."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = Path(sys.argv[1])
    started: dict[int, subprocess.Popen[bytes]] = {}
    try:
        for line in sys.stdin:
            request = json.loads(line)
            if "poll" in request:
                answer: dict[str, object] = {"exit": started[request["poll"]].poll()}
            else:
                answer = _start(libc, started, request)
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    finally:
        _end_all(time.monotonic() + GRACE_S)
        shutil.rmtree(folder, ignore_errors=True)


def _start(
    libc: ctypes.CDLL, started: dict[int, subprocess.Popen[bytes]], request: dict[str, object]
) -> dict[str, object]:
    def tie_to_reaper() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    argv, env = request["start"], request["env"]
    assert isinstance(argv, list)
    assert isinstance(env, dict)
    with Path(str(request["log"])).open("ab") as log:
        try:
            process = subprocess.Popen(
                argv,
                env=env,
                cwd=str(request["cwd"]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=tie_to_reaper,  # noqa: PLW1509 -- this process has one thread: code before exec is safe
            )
        except OSError as error:
            return {"error": str(error)}
    started[process.pid] = process
    return {"pid": process.pid}


def _end_all(deadline: float) -> None:
    """Terminate all descendants, then kill them; the newest first, so that the display outlives its programs."""
    terminated: set[int] = set()
    while pids := _descendants():
        late = time.monotonic() > deadline
        for pid in sorted(pids, reverse=True):
            if late or pid not in terminated:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                terminated.add(pid)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _descendants() -> set[int]:
    """All live descendants of this process, from `/proc`."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    latest = {os.getpid()}
    while latest:
        latest = {pid for pid, parent in parents.items() if parent in latest} - found
        found |= latest
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
