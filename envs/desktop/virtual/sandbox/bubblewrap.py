"""The command line of bubblewrap: what programs in the sandbox see, and everything else is absent.

Paths are the same inside and outside. Programs get a read-only system, an empty `/tmp`, `/run` and `/dev`, and own
namespaces for processes, network, IPC, users and host name. Whatever is not mounted here does not exist for them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ....environment import clean_environment
from .named import Named, is_shown, python_parts, spellings, to_show
from .seccomp import filter_program
from .settings import GrantedFolder

BUBBLEWRAP = "bwrap"

_START = (BUBBLEWRAP, "--unshare-user", "--cap-drop", "ALL", "--die-with-parent", "--new-session")
_TMP = ("/tmp",)  # noqa: S108 -- the sandbox's own, or where X servers keep their sockets
_SYSTEM = (
    "/usr", "/opt", "/nix/store", "/gnu/store", "/run/current-system",
    "/var/cache/fontconfig", "/var/lib/dictionaries-common", "/var/lib/openbox", "/var/lib/xkb",
)  # fmt: skip
_MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Links into /usr on most systems, and folders on others."""

_ETC = (
    "ImageMagick-6", "ImageMagick-7", "OpenCL", "X11", "alsa", "alternatives", "bash.bashrc", "bash_completion",
    "bash_completion.d", "bashrc", "ca-certificates", "ca-certificates.conf", "chromium", "chromium-browser",
    "chromium.d", "dconf", "debian_version", "default/locale", "dictionaries-common", "drirc", "firefox",
    "firefox-esr", "fonts", "gai.conf", "gimp", "glvnd", "gnome", "gtk-2.0", "gtk-3.0", "gtk-4.0", "host.conf",
    "inputrc", "java-11-openjdk", "java-17-openjdk", "java-21-openjdk", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "libreoffice", "locale.alias", "locale.conf", "localtime", "login.defs", "lsb-release", "magic", "mailcap",
    "manpath.config", "menu", "mime.types", "mtab", "nanorc", "networks", "openbox", "opt", "os-release",
    "papersize", "paperspecs", "pki/ca-trust", "pki/tls/certs", "pki/tls/cert.pem", "pki/tls/openssl.cnf",
    "profile", "profile.d", "protocols", "pulse", "rpc", "screenrc", "services", "shells", "skel", "ssl/certs",
    "ssl/openssl.cnf", "terminfo", "thunderbird", "timezone", "tmux.conf", "vim", "vulkan", "wgetrc", "xdg", "zsh",
)  # fmt: skip
"""Of `/etc`, what programs read and nothing secret; `passwd`, `group`, `hosts` and the like are written for them."""

_READ_ONLY_PROC = ("bus", "fs", "irq", "sys", "sysrq-trigger")
_HIDDEN_PROC = (
    "acpi", "asound", "kallsyms", "kcore", "keys", "kmsg", "latency_stats", "mtrr", "scsi", "sched_debug", "timer_list",
)  # fmt: skip
"""What root can write or read in /proc even without any capability; as in Docker."""

_ORDINARY = 1000
_TEST_LIMIT_S = 10.0


def why_unavailable() -> str:
    """Why programs cannot run in a sandbox on this machine; empty if they can.

    It is tried each time, which takes a few milliseconds: an administrator may allow or forbid it at any time.
    """
    if sys.platform != "linux":
        return "it needs Linux"
    if shutil.which(BUBBLEWRAP) is None:
        return "bubblewrap is not installed: apt-get install bubblewrap"
    rules, filled = os.pipe()
    os.write(filled, filter_program())  # it fits into the pipe's buffer
    os.close(filled)
    seccomp = ("--seccomp", str(rules)) if filter_program() else ()
    mounts = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    try:
        done = subprocess.run(
            (*_START, "--unshare-all", *seccomp, *mounts, "true"),
            env=clean_environment(),
            pass_fds=[rules],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TEST_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap cannot be used: {error}"
    finally:
        os.close(rules)
    if done.returncode == 0:
        return ""
    reason = " ".join(done.stderr.decode(errors="replace").split())
    return f"bubblewrap cannot be used: {reason or f'it ended with code {done.returncode}'}"[:300]


@dataclass(frozen=True, slots=True)
class Inside:
    """What a sandbox shows: `command` is bubblewrap's command line without the program.

    `visible` are the files and folders in it, with all below them. `named` are shown because a command line names them.
    `current` is the current folder if a command line names a path in it.
    """

    command: list[str]
    visible: frozenset[Path]
    named: tuple[Path, ...]
    current: Path | None


def programs_command(
    private: Path,
    home: Path,
    *,
    writable: Iterable[Path],
    readable: Iterable[Path],
    folders: tuple[GrantedFolder, ...],
    named: tuple[Named, ...] = (),
    placed: Mapping[Path, Path] = MappingProxyType({}),
) -> Inside:
    """The sandbox of programs whose command lines name `named`.

    `private` is a folder for files that are written for the sandbox; `home` is writable, and the home of its user.
    `placed` are folders of this machine that are writable at other paths in the sandbox; `home` may be one of these.
    """
    system = [Path(path) for path in _SYSTEM] + [path for path in map(Path, _MERGED) if not path.is_symlink()]
    etc = [Path("/etc", name) for name in _ETC]
    shown = [*system, *etc]
    python = [part for _, parts in python_parts(Path(sys.executable)) for part in parts]
    for path in (*python_folders(), *python):
        shown += [] if is_shown(path, {*shown}) else [path]
    user, group = map(str, inner_ids())
    command = [*_START, "--unshare-all", "--uid", user, "--gid", group]
    command += ["--proc", "/proc", *_masked_proc(), "--dev", "/dev", "--dir", "/run"]
    command += ["--tmpfs", *_TMP, "--tmpfs", "/var/tmp"]  # noqa: S108
    for path in map(Path, _MERGED):
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), str(path)]
    for path in shown:
        command += _bind(path)
    written = _written_etc(home)
    for name, content in written.items():
        command += _bind_etc(private, name, content)
    binds = [(folder.path, folder.writable) for folder in folders]
    own = () if home in placed.values() else (home,)
    binds += [(path, True) for path in (*own, *writable)] + [(path, False) for path in readable]
    granted = [(way, may_write) for path, may_write in binds for way in spellings(path)]
    for path, may_write in granted:
        command += ["--bind-try" if may_write else "--ro-bind-try", str(path), str(path)]
    for source, place in placed.items():
        command += ["--bind", str(source), str(place)]
    visible = {*shown, *map(Path, _MERGED), *(Path("/etc", name) for name in written), *(path for path, _ in granted)}
    visible |= {*placed.values()}
    added, known = to_show(named, visible, folders)
    for path in added:
        command += _bind(path)
    current = Path.cwd() if any(one.relative and one.shows for one in named) else None
    command += ["--dir", str(current)] if current is not None else []
    command += ["--remount-ro", "/", "--chdir", str(home)]
    return Inside(command, frozenset((*visible, *added)), known, current)


def _bind_etc(private: Path, name: str, content: str) -> list[str]:
    """Show a file with `content` in /etc."""
    file = private / "etc" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return ["--ro-bind", str(file), f"/etc/{name}"]


def server_command(readable: Iterable[Path]) -> list[str]:
    """The command line of bubblewrap for the X server, which parses what programs send.

    It has no home, and no shared memory with this machine, which a program could otherwise name to it. It keeps the
    process ids, by which X servers find out whether the lock of a display is in use, and the network, where they find
    those in use by another machine's servers.
    """
    command = [*_START, "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--dev", "/dev", "--bind", *_TMP * 2]
    for path in map(Path, _MERGED):
        command += ["--symlink", str(path.readlink()), str(path)] if path.is_symlink() else _bind(path)
    for path in map(Path, (*_SYSTEM, *(f"/etc/{name}" for name in ("X11", "ld.so.cache", "alternatives", "fonts")))):
        command += _bind(path)
    for path in readable:
        command += ["--ro-bind", str(path), str(path)]
    return command


def inner_ids() -> tuple[int, int]:
    """User and group id that programs see: 1000 instead of root's, for which many programs behave differently."""
    return (os.getuid() or _ORDINARY, os.getgid() or _ORDINARY)


def python_folders() -> tuple[Path, ...]:
    """Where the Python is that serves requests inside: its installation, and the environment of this process."""
    return tuple(dict.fromkeys((Path(sys.base_prefix), Path(sys.prefix))))


def _bind(path: Path) -> list[str]:
    return ["--ro-bind-try", str(path), str(path)]


def _masked_proc() -> list[str]:
    """Mounts over parts of /proc, which root could write to even without capabilities."""
    masks: list[str] = []
    for name in _READ_ONLY_PROC:
        masks += ["--ro-bind-try", f"/proc/{name}", f"/proc/{name}"]
    for name in _HIDDEN_PROC:
        path = Path("/proc", name)
        if path.is_dir():
            masks += ["--tmpfs", str(path)]
        elif path.exists():
            masks += ["--ro-bind", "/dev/null", str(path)]
    return masks


def _written_etc(home: Path) -> dict[str, str]:
    """Files of `/etc` with this user alone."""
    import pwd  # Windows has no such module

    user, group = inner_ids()
    try:
        name = pwd.getpwuid(user).pw_name if os.getuid() else "user"
    except KeyError:  # as in a container
        name = "user"
    accounts = {
        "passwd": f"{name}:x:{user}:{group}::{home}:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
        "group": f"{name}:x:{group}:\nnogroup:x:65534:\n",
    }
    return accounts | {
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
        "resolv.conf": "nameserver 10.0.2.3\n",
        "machine-id": f"{os.urandom(16).hex()}\n",
    }
