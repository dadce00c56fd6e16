"""The system calls that programs in the sandbox may not make, as a seccomp filter (classic BPF, seccomp(2)).

Namespaces do not separate keyrings or the sockets of virtual machines, and interfaces such as `bpf` are exploited more
often than needed. Programs for another architecture than the machine's, such as 32-bit ones, cannot run.
"""

import errno
import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT, _SECOND_ARGUMENT_AT = 0, 4, 16, 24
_X32 = 0x40000000

_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK, which not every platform names."""

_TERMINAL_INPUT = (0x5412, 0x541C)
"""The ioctls TIOCSTI and TIOCLINUX, which type into a terminal."""

_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""Audit architecture (linux/audit.h), and the column of the numbers below."""

_REFUSED = {
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "syslog": (103, 116),
    "lookup_dcookie": (212, 18), "open_by_handle_at": (304, 265), "setns": (308, 268),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "mount_setattr": (442, 442),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
}  # fmt: skip
_ABSENT = (425, 426, 427)
"""io_uring_setup, _enter and _register, which make other calls that no filter sees; programs go on without them."""

_SOCKET, _IOCTL = (41, 198), (16, 29)


def filter_program(machine: str | None = None) -> bytes:
    """The filter for bubblewrap's `--seccomp`; empty on a machine for which there is none."""
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        return b""
    architecture, column = _MACHINES[machine]
    lines = [
        _line(_LOAD, _ARCHITECTURE_AT),
        _line(_EQUAL, architecture, then=1),
        _refuse(errno.ENOSYS),
        _line(_LOAD, _NUMBER_AT),
    ]
    if machine == "x86_64":
        lines += [_line(_AT_LEAST, _X32, otherwise=1), _refuse(errno.ENOSYS)]
    for number in _ABSENT:
        lines += [_line(_EQUAL, number, otherwise=1), _refuse(errno.ENOSYS)]
    for numbers in _REFUSED.values():
        lines += [_line(_EQUAL, numbers[column], otherwise=1), _refuse(errno.EPERM)]
    families = [_line(_EQUAL, family, then=len(_FAMILIES) - place) for place, family in enumerate(_FAMILIES)]
    lines += [
        _line(_EQUAL, _SOCKET[column], otherwise=len(families) + 3),
        _line(_LOAD, _FIRST_ARGUMENT_AT),
        *families,
        _refuse(errno.EAFNOSUPPORT),
        _line(_RETURN, _ALLOW),
    ]
    typing = [_line(_EQUAL, code, then=len(_TERMINAL_INPUT) - place) for place, code in enumerate(_TERMINAL_INPUT)]
    lines += [
        _line(_EQUAL, _IOCTL[column], otherwise=len(typing) + 3),
        _line(_LOAD, _SECOND_ARGUMENT_AT),
        *typing,
        _line(_RETURN, _ALLOW),
        _refuse(errno.EPERM),
        _line(_RETURN, _ALLOW),
    ]
    return b"".join(lines)


def _line(code: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    """An instruction; `then` and `otherwise` are the numbers of instructions that a comparison skips."""
    return struct.pack("<HBBI", code, then, otherwise, operand)


def _refuse(error: int) -> bytes:
    return _line(_RETURN, _ERROR | error)
