"""Keeps the processes of one virtual desktop, and sees to it that none outlives its owner.

Run as a program of its own, `python -I -S reaper.py FOLDER`, with standard library alone. It reads orders on standard
input, one JSON line each: `{"start": [program, ...], "env": {...}, "log": path, "cwd": path}` answered by
`{"pid": n}` or `{"error": "..."}`; and `{"ask": pid}` answered by `{"exit": code}` or `{"exit": null}` while it runs.

At the end of its input, which comes however the owner dies, it ends every descendant, removes FOLDER, and exits. It
is the reaper of its orphans, so that a program which detaches itself is found too; and should the keeper be killed,
the kernel ends what it had started. (A death signal set by the owner would not do: it fires when the thread that
forked ends, not the process.)
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
    """Serve orders until the input ends."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = Path(sys.argv[1])
    started: dict[int, subprocess.Popen[bytes]] = {}
    try:
        for line in sys.stdin:
            order = json.loads(line)
            answer = _asked(started, order["ask"]) if "ask" in order else _start(libc, started, order)
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    finally:
        _end_all(time.monotonic() + GRACE_S)
        shutil.rmtree(folder, ignore_errors=True)


def _start(
    libc: ctypes.CDLL, started: dict[int, subprocess.Popen[bytes]], order: dict[str, object]
) -> dict[str, object]:
    def tie_to_keeper() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    argv, env = order["start"], order["env"]
    assert isinstance(argv, list)
    assert isinstance(env, dict)
    with Path(str(order["log"])).open("ab") as log:
        try:
            process = subprocess.Popen(
                argv,
                env=env,
                cwd=str(order["cwd"]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=tie_to_keeper,  # noqa: PLW1509 -- this process has one thread: code before exec is safe
            )
        except OSError as error:
            return {"error": str(error)}
    started[process.pid] = process
    return {"pid": process.pid}


def _asked(started: dict[int, subprocess.Popen[bytes]], pid: int) -> dict[str, object]:
    return {"exit": started[pid].poll()}


def _end_all(deadline: float) -> None:
    """Ask all descendants to end, then make them; the newest first, so that the display outlasts its programs."""
    asked: set[int] = set()
    while pids := _descendants():
        late = time.monotonic() > deadline
        for pid in sorted(pids, reverse=True):
            if late or pid not in asked:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                asked.add(pid)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _descendants() -> set[int]:
    """All processes below this one that still live, by what `/proc` says of their parents."""
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
