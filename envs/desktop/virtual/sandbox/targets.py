"""What the probes try to reach, set up on this machine, and the attempt from inside of a sandbox."""

import ctypes
import fcntl
import json
import os
import platform
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ....env import EnvUnavailable
from ....environment import clean_environment
from ....geometry import Size
from ....temp_folder import TempFolder
from ..display import RunningDisplay, VirtualDisplay
from ..processes import lines_of
from . import probes
from .settings import GrantedFolder, Sandbox

PROGRAM = Path(probes.__file__).resolve()

_LIMIT_S = 30.0
_SIOCGIFADDR = 0x8915
_IPC_CREAT, _IPC_RMID = 0o1000, 0
_ADD_KEY = {"x86_64": 248, "aarch64": 217}
_SESSION_KEYRING = -3


def escapes(display: VirtualDisplay = VirtualDisplay(Size(320, 240), window_manager=None)) -> dict[str, str]:
    """Try each way out of the sandbox of `display`; the error of each, empty if it worked.

    Raises:
        EnvUnavailable: the display cannot be started, or the attempt does not end.
    """
    sandbox = Sandbox(display.sandbox.mode, (*display.sandbox.folders, GrantedFolder(PROGRAM)), display.sandbox.network)
    with targets() as given:
        running = RunningDisplay(VirtualDisplay(display.size, window_manager=display.window_manager, sandbox=sandbox))
        log = running.processes.log_of("probes")
        try:
            command = probe_command(given)
            started = running.processes.start(command, running.environment, log)
            if not running.processes.await_end(started, _LIMIT_S):
                raise EnvUnavailable("the attempt to leave the sandbox did not end")
            return dict(json.loads(next(line for line in lines_of(log) if line.startswith("{"))))
        except StopIteration:
            raise EnvUnavailable(f"the attempt to leave the sandbox failed: {lines_of(log)[-2:]}") from None
        finally:
            running.stop()


def probe_command(given: dict[str, object]) -> tuple[str, ...]:
    """The command line that tries to reach these targets."""
    return (sys.executable, "-I", "-S", str(PROGRAM), json.dumps(given))


@contextmanager
def targets(*, outside: bool = False) -> Generator[dict[str, object]]:
    """Set up what the probes try to reach; they change more carefully what they reach `outside` of a sandbox."""
    secret = secrets.token_hex(8)
    with ExitStack() as undo:
        folder = undo.enter_context(TempFolder("probes")).path
        (folder / "file").write_text(secret)
        (folder / "mount").mkdir()
        mark = f"probed-{secret}"
        command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)", mark]
        process = subprocess.Popen(command, env=clean_environment(SECRET=secret))
        undo.callback(process.wait)
        undo.callback(process.kill)
        shared = Path(tempfile.mkdtemp(prefix="probes-", dir="/dev/shm"), "file")
        shared.write_text(secret)
        undo.callback(shared.parent.rmdir)
        undo.callback(shared.unlink)
        port, port6 = _listen(undo, socket.AF_INET, ("0.0.0.0", 0)), 0  # noqa: S104 -- for a moment, only a greeting
        with suppress(OSError):  # this machine has no IPv6
            port6 = _listen(undo, socket.AF_INET6, ("::1", 0))
        if not _DISPLAYS.exists():  # no X server has started yet
            _DISPLAYS.mkdir()
            _DISPLAYS.chmod(0o1777)
        display, service = Path(_DISPLAYS, f"X{os.getpid()}"), Path(_runtime_folder(), f"screenwright-{secret}")
        for path in (folder / "socket", display, service):
            undo.callback(path.unlink, missing_ok=True)
            _listen(undo, socket.AF_UNIX, str(path))
        _listen(undo, socket.AF_UNIX, f"\0{mark}")
        yield {
            "outside": outside,
            "secret": secret,
            "mark": mark,
            "file": str(folder / "file"),
            "folder": str(folder / "mount"),
            "process": process.pid,
            "shm_file": str(shared),
            "shm": _shared_memory(undo, secret),
            "port": port,
            "port6": port6,
            "udp_port": _echo(undo),
            "address": _own_address(),
            "abstract": mark,
            "socket": str(folder / "socket"),
            "display": str(display),
            "service": str(service),
            "key": _key(mark),
        }


_DISPLAYS = Path("/tmp/.X11-unix")  # noqa: S108 -- fixed by X


def _listen(undo: ExitStack, family: int, address: tuple[str, int] | str) -> int:
    """Send a greeting to each client that connects; returns the port."""
    listener = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
    listener.bind(address)
    listener.listen()

    def greet() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.send(b"hello")

    _run(undo, listener, greet)
    return int(listener.getsockname()[1]) if family != socket.AF_UNIX else 0


def _echo(undo: ExitStack) -> int:
    receiver = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    receiver.bind(("127.0.0.1", 0))

    def answer() -> None:
        with suppress(OSError):
            while True:
                data, sender = receiver.recvfrom(16)
                if sender is None:  # it was shut down
                    return
                receiver.sendto(data, sender)

    _run(undo, receiver, answer)
    return int(receiver.getsockname()[1])


def _run(undo: ExitStack, listener: socket.socket, work: Callable[[], None]) -> None:
    """Run `work` on a thread until the socket is shut down."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def end() -> None:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(1)

    undo.callback(end)


def _own_address() -> str:
    """This machine's address in its network; loopback without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # it has none
                found = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()))
                if name != "lo":
                    return socket.inet_ntoa(found[20:24])
    return "127.0.0.1"


def _runtime_folder() -> Path:
    """Where services such as D-Bus, the keyring and Docker have their sockets, if this user can write there."""
    folders = (os.environ.get("XDG_RUNTIME_DIR", ""), "/run")
    return next((Path(name) for name in folders if name and os.access(name, os.W_OK)), Path(tempfile.gettempdir()))


def _shared_memory(undo: ExitStack, secret: str) -> int:
    """A System V segment that starts with `secret`."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    number = int(libc.shmget(0, 4096, _IPC_CREAT | 0o600))
    undo.callback(libc.shmctl, number, _IPC_RMID, None)
    address = libc.shmat(number, None, 0)
    ctypes.memmove(address, secret.encode(), len(secret))
    libc.shmdt(ctypes.c_void_p(address))
    return number


def _key(name: str) -> str:
    """A key in the session keyring, which programs inherit; it expires with the session."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = _ADD_KEY.get(platform.machine())
    if number is not None:
        libc.syscall(ctypes.c_long(number), b"user", name.encode(), b"x", ctypes.c_size_t(1), _SESSION_KEYRING)
    return name
