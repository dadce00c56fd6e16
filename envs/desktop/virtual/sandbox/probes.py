"""Tries to reach the machine from inside a sandbox, in many ways, and says which ones work.

Run as `python -I -S probes.py TARGETS`; uses only the standard library. TARGETS is a JSON object with what `targets.py`
set up outside. It prints one line of JSON: for each way an empty text if it worked, else the error.

Each way changes nothing where it works: what is written is removed again or has the same content, and mounts are made
in a mount namespace of their own.
"""

import ctypes
import errno
import fcntl
import json
import os
import platform
import pty
import signal
import socket
import stat
import struct
import sys
import termios
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

LIMIT_S = 5
_MOST_FILES = 64

Probe = Callable[[dict[str, Any]], None]
"""Reaches something outside; raises if it cannot."""

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_PTRACE_SEIZE, _PTRACE_DETACH = 0x4206, 17
_AF_VSOCK = 40
_SYSTEM_CALLS = {
    "x86_64": {"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "request_key": 249},
    "aarch64": {"bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425, "request_key": 218},
}


class NotReached(Exception):
    """Nothing was refused, but nothing was reached either."""


# -- files


def _read_a_file(targets: dict[str, Any]) -> None:
    Path(targets["file"]).read_bytes()


def _write_a_file(targets: dict[str, Any]) -> None:
    file = Path(targets["file"]).with_name("written")
    file.write_text("x")
    file.unlink()


def _read_the_password_file(_targets: dict[str, Any]) -> None:
    Path("/etc/shadow").read_bytes()


def _read_through_a_process(targets: dict[str, Any]) -> None:
    Path(f"/proc/{targets['process']}/root{targets['file']}").read_bytes()


def _write_to_the_system(_targets: dict[str, Any]) -> None:
    file = Path("/usr/lib/screenwright-probe")
    file.write_text("")
    file.unlink()


def _make_the_system_writable(targets: dict[str, Any]) -> None:
    _own_mounts()
    if targets["outside"]:  # in the sandbox it is a mount already
        _mount(b"/usr", b"/usr", _MS_BIND | _MS_REC)
    _mount(None, b"/usr", _MS_REMOUNT | _MS_BIND)
    _write_to_the_system(targets)


def _open_by_handle(_targets: dict[str, Any]) -> None:
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount = ctypes.c_int()
    _checked(_libc.name_to_handle_at(-100, b"/usr", handle, ctypes.byref(mount), 0))
    folder = os.open("/usr", os.O_RDONLY)
    _checked(_libc.open_by_handle_at(folder, handle, os.O_RDONLY))


def _use_inherited_files(targets: dict[str, Any]) -> None:
    if not targets["inherited"]:
        raise NotReached("none is inherited")


def _read_shared_memory_files(targets: dict[str, Any]) -> None:
    Path(targets["shm_file"]).read_bytes()


# -- processes


def _see_a_process(targets: dict[str, Any]) -> None:
    if targets["mark"].encode() not in Path(f"/proc/{targets['process']}/cmdline").read_bytes():
        raise NotReached("another process has that number")


def _signal_a_process(targets: dict[str, Any]) -> None:
    _see_a_process(targets)
    os.kill(targets["process"], 0)


def _signal_any_process(targets: dict[str, Any]) -> None:
    os.kill(targets["process"], 0)


def _trace_a_process(targets: dict[str, Any]) -> None:
    _checked(_libc.ptrace(_PTRACE_SEIZE, targets["process"], None, None))


def _trace_the_first_process(targets: dict[str, Any]) -> None:
    _checked(_libc.ptrace(_PTRACE_SEIZE, targets["process"] if targets["outside"] else 1, None, None))


def _read_an_environment(targets: dict[str, Any]) -> None:
    if targets["secret"].encode() not in Path(f"/proc/{targets['process']}/environ").read_bytes():
        raise NotReached("not that of the process")


def _read_memory(targets: dict[str, Any]) -> None:
    address = int(Path(f"/proc/{targets['process']}/maps").read_text().partition("-")[0], 16)
    buffer = ctypes.create_string_buffer(16)
    ours = struct.pack("NN", ctypes.addressof(buffer), 16)
    theirs = struct.pack("NN", address, 16)
    _checked(_libc.process_vm_readv(targets["process"], ours, ctypes.c_ulong(1), theirs, ctypes.c_ulong(1), 0))


def _enter_a_namespace(targets: dict[str, Any]) -> None:
    namespace = os.open(f"/proc/{targets['process']}/ns/net", os.O_RDONLY)
    _checked(_libc.setns(namespace, 0))


def _raise_the_priority(_targets: dict[str, Any]) -> None:
    os.nice(-1)


def _gain_privileges(_targets: dict[str, Any]) -> None:
    if _checked(_libc.prctl(39, 0, 0, 0, 0)):  # PR_GET_NO_NEW_PRIVS
        raise NotReached("programs such as sudo gain none")


# -- network and sockets


def _connect_to_this_machine(targets: dict[str, Any]) -> None:
    _receive((socket.AF_INET, ("127.0.0.1", targets["port"])))


def _connect_by_ipv6(targets: dict[str, Any]) -> None:
    _receive((socket.AF_INET6, ("::1", targets["port6"])))


def _connect_to_its_address(targets: dict[str, Any]) -> None:
    _receive((socket.AF_INET, (targets["address"], targets["port"])))


def _send_a_datagram(targets: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(1)
        sender.sendto(b"?", ("127.0.0.1", targets["udp_port"]))
        sender.recv(16)


def _find_a_route(_targets: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("198.51.100.1", 53))


def _connect_to_an_abstract_socket(targets: dict[str, Any]) -> None:
    _receive((socket.AF_UNIX, f"\0{targets['abstract']}"))


def _connect_to_a_socket_file(targets: dict[str, Any]) -> None:
    _receive((socket.AF_UNIX, targets["socket"]))


def _connect_to_another_display(targets: dict[str, Any]) -> None:
    _receive((socket.AF_UNIX, targets["display"]))


def _connect_to_a_service(targets: dict[str, Any]) -> None:
    _receive((socket.AF_UNIX, targets["service"]))


def _talk_to_the_hypervisor(_targets: dict[str, Any]) -> None:
    socket.socket(_AF_VSOCK, socket.SOCK_STREAM).close()


def _read_all_packets(_targets: dict[str, Any]) -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


# -- the kernel


def _mount_a_file_system(targets: dict[str, Any]) -> None:
    _own_mounts()
    _mount(b"probe", targets["folder"].encode() if targets["outside"] else b"/tmp", 0, b"tmpfs")


def _mount_in_a_user_namespace(targets: dict[str, Any]) -> None:
    _own_mounts(_CLONE_NEWUSER)
    _mount(b"probe", targets["folder"].encode() if targets["outside"] else b"/tmp", 0, b"tmpfs")


def _change_a_kernel_setting(_targets: dict[str, Any]) -> None:
    file = Path("/proc/sys/kernel/core_pattern")
    file.write_text(file.read_text())


def _read_the_device_tree(_targets: dict[str, Any]) -> None:
    if not os.listdir("/sys"):  # noqa: PTH208
        raise NotReached("it is empty")


def _open_a_device(_targets: dict[str, Any]) -> None:
    harmless = {"null", "zero", "full", "random", "urandom", "tty", "ptmx"}
    for device in Path("/dev").iterdir():
        mode = device.lstat().st_mode
        if device.name not in harmless and (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and os.access(device, os.R_OK):
            return
    raise NotReached("there is none")


def _make_a_device(targets: dict[str, Any]) -> None:
    device = Path(targets["folder"] if targets["outside"] else "/tmp", "probe-device")  # noqa: S108
    os.mknod(device, 0o600 | stat.S_IFBLK, os.makedev(7, 0))
    device.unlink()


def _change_the_host_name(_targets: dict[str, Any]) -> None:
    socket.sethostname(socket.gethostname())


def _read_a_keyring(targets: dict[str, Any]) -> None:
    _system_call("request_key", b"user", targets["key"].encode(), None, 0)


def _attach_shared_memory(targets: dict[str, Any]) -> None:
    _libc.shmat.restype = ctypes.c_void_p
    address = _libc.shmat(targets["shm"], None, 0o10000)
    if address is None or address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if ctypes.string_at(address, 8) != targets["secret"].encode()[:8]:
        raise NotReached("another segment has that number")


def _type_into_a_terminal(_targets: dict[str, Any]) -> None:
    _, terminal = pty.openpty()
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    fcntl.ioctl(terminal, termios.TIOCSTI, b"x")


def _load_a_kernel_program(_targets: dict[str, Any]) -> None:
    _system_call("bpf", 0, struct.pack("IIIII", 2, 4, 4, 1, 0) + bytes(100), 72)  # BPF_MAP_CREATE of an array


def _measure_the_kernel(_targets: dict[str, Any]) -> None:
    attributes = struct.pack("IIQ", 1, 112, 0) + bytes(96)  # PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK
    _system_call("perf_event_open", attributes, 0, -1, -1, 0)


def _handle_page_faults(_targets: dict[str, Any]) -> None:
    _system_call("userfaultfd", 0)


def _use_unfiltered_calls(_targets: dict[str, Any]) -> None:
    _system_call("io_uring_setup", 1, ctypes.create_string_buffer(120))


PROBES: dict[str, Probe] = {
    probe.__name__[1:].replace("_", " "): probe
    for probe in (
        _read_a_file, _write_a_file, _read_the_password_file, _read_through_a_process, _write_to_the_system,
        _make_the_system_writable, _open_by_handle, _use_inherited_files, _read_shared_memory_files, _see_a_process,
        _signal_a_process, _signal_any_process, _trace_a_process, _trace_the_first_process, _read_an_environment,
        _read_memory, _enter_a_namespace, _raise_the_priority, _gain_privileges, _connect_to_this_machine,
        _connect_by_ipv6, _connect_to_its_address, _send_a_datagram, _find_a_route, _connect_to_an_abstract_socket,
        _connect_to_a_socket_file, _connect_to_another_display, _connect_to_a_service, _talk_to_the_hypervisor,
        _read_all_packets, _mount_a_file_system, _mount_in_a_user_namespace, _change_a_kernel_setting,
        _read_the_device_tree, _open_a_device, _make_a_device, _change_the_host_name, _read_a_keyring,
        _attach_shared_memory, _type_into_a_terminal, _load_a_kernel_program, _measure_the_kernel,
        _handle_page_faults, _use_unfiltered_calls,
    )
}  # fmt: skip


def _receive(target: tuple[int, Any]) -> bytes:
    """Connect and receive; only the listener outside sends something."""
    with closing(socket.socket(target[0], socket.SOCK_STREAM)) as connection:
        connection.settimeout(2)
        connection.connect(target[1])
        if data := connection.recv(16):
            return data
    raise NotReached("it says nothing")


def _own_mounts(more: int = 0) -> None:
    """A mount namespace of our own: nothing that is mounted afterwards is seen outside."""
    _checked(_libc.unshare(_CLONE_NEWNS | more))
    _mount(b"none", b"/", _MS_REC | _MS_PRIVATE)


def _mount(source: bytes | None, target: bytes, flags: int, kind: bytes | None = None) -> None:
    _checked(_libc.mount(source, target, kind, ctypes.c_ulong(flags), None))


def _system_call(name: str, *arguments: object) -> None:
    number = _SYSTEM_CALLS.get(platform.machine(), {}).get(name)
    if number is None:
        raise NotReached("its number is unknown on this machine")
    _checked(_libc.syscall(ctypes.c_long(number), *arguments))


def _checked(result: int) -> int:
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _is_open(number: int) -> bool:
    with suppress(OSError):
        os.fstat(number)
        return True
    return False


def attempt(probe: Probe, targets: dict[str, Any]) -> str:
    """Try it in a process of its own; returns the error, empty if it worked."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(LIMIT_S)
        try:
            probe(targets)
            error = ""
        except (OSError, NotReached, ValueError) as refused:
            error = str(refused) or type(refused).__name__
        os.write(writing, error.encode() + b"\0")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said.rstrip(b"\0").decode(errors="replace") if said else errno.errorcode[errno.ETIMEDOUT]


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    given["inherited"] = [number for number in range(3, _MOST_FILES) if _is_open(number)]
    print(json.dumps({name: attempt(probe, given) for name, probe in PROBES.items()}), flush=True)  # noqa: T201
