"""Carries out the steps of the Dockerfile in clean root file systems, without Docker, and tries what they make.

    sudo python3 tests/acceptance/docker_steps.py FOLDER [--built]

Needs root, debootstrap, bubblewrap and about 4 GB. `FROM` is a new Debian of debootstrap, `RUN` a shell in it, and
`COPY` takes what the file of ignored paths leaves. Then the command of the image runs as its user, in namespaces of its
own and under the seccomp profile, until its health check passes. A task of the reader runs in the browser, and one on a
virtual desktop. `--built` tries again what an earlier call has built. Prints a line for each step; exits with 1 if one
fails. The layers, the limits and the network of Docker are not tried.
"""

import contextlib
import http.client
import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

CONTEXT = Path(__file__).resolve().parents[2]
DOCKER = CONTEXT / "packaging" / "docker"
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt", "/opt/host-certificates.pem"
"""The certificates of this machine, such as that of a proxy, and where they are in the image."""

PAGE = b"""<!doctype html><title>Shop</title><style>* { font: 28px sans-serif }</style>
<button style="margin: 60px" onclick="this.textContent = 'Ordered'">Order tea</button>"""

SECCOMP = """
import ctypes, json, os, sys
lib = ctypes.CDLL("libseccomp.so.2")
lib.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(lib.seccomp_init(0x7FFF0000))
for rule in json.load(open(sys.argv[1]))["syscalls"]:
    for name in rule["names"]:
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            assert lib.seccomp_rule_add(context, 0x00050000 | rule["errnoRet"], number, 0) == 0, name
assert lib.seccomp_load(context) == 0
os.execvp(sys.argv[2], sys.argv[2:])
"""


@dataclass
class Image:
    """A root file system, and what the Dockerfile says about it."""

    root: Path
    env: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    )
    user: str = "root"
    folder: str = "/"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[str]:
        """Start a command in it, as its user without capabilities, with /proc, /dev and processes of its own.

        Bubblewrap changes the root with pivot_root, as Docker does: in a chroot, Chromium cannot make its sandbox.
        """
        entry = pwd_entry(self.root, self.user)
        mounts = ["--bind", self.root, "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc"]
        mounts += [word for path in ("/dev/shm", "/tmp") for word in ("--perms", "1777", "--tmpfs", path)]
        settings = {"HOME": entry[5], **self.env, **_network_settings()}
        given = [word for name, value in settings.items() for word in ("--setenv", name, value)]
        bubblewrap = ["bwrap", *mounts, "--unshare-pid", "--die-with-parent", "--cap-add", "ALL", "--clearenv", *given]
        user = [] if self.user == "root" else ["setpriv", "--reuid", entry[2], "--regid", entry[3], "--clear-groups"]
        user += ["--bounding-set", "-all"] if user else []
        return subprocess.Popen([*bubblewrap, "--chdir", self.folder, *user, *command], text=True, **options)

    def run(self, command: list[str]) -> None:
        """Run a command in it."""
        if self.start(command).wait():
            raise SystemExit(f"failed: {shlex.join(command)}")


def pwd_entry(root: Path, user: str) -> list[str]:
    """The fields of a user in the file of the image."""
    lines = (root / "etc/passwd").read_text().splitlines()
    return next(line.split(":") for line in lines if line.startswith(f"{user}:"))


def build(dockerfile: Path, folder: Path, *, built: bool = False) -> Image:
    """Carry out the Dockerfile, or with `built` only read it; returns the image of its last stage."""
    base = folder / "base"
    if not base.exists():
        report(f"debootstrap {SUITE}")
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, base, MIRROR], check=True, stdout=subprocess.DEVNULL)
        for source, target in (CERTIFICATES, ("/etc/resolv.conf", "/etc/resolv.conf")):
            if Path(source).exists():
                shutil.copy(source, base / target[1:])
    stages: dict[str, Image] = {}
    image: Image | None = None
    for word, rest in instructions(dockerfile):
        report(f"{word} {rest[:90]}")
        if word == "FROM":
            name = rest.partition(" AS ")[2] or str(len(stages))
            root = folder / f"stage-{name}"
            if not built:
                subprocess.run(["rm", "-rf", "--one-file-system", root], check=True)
                subprocess.run(["cp", "-a", base, root], check=True)
            image = stages[name] = Image(root)
            continue
        assert image is not None
        match word:
            case "RUN" | "COPY" if built:
                pass
            case "RUN":
                image.run(["sh", "-c", rest])
            case "COPY":
                copy(rest, image, stages)
            case "ENV":
                image.env |= dict(one.split("=", 1) for one in shlex.split(rest))
            case "USER":
                image.user = rest
            case "WORKDIR":
                image.folder = rest
            case "CMD":
                image.command = json.loads(rest)
            case "HEALTHCHECK":
                image.health = json.loads(rest.partition("CMD ")[2])
            case "VOLUME" | "EXPOSE":
                pass
            case _:
                raise SystemExit(f"{word} is not known here")
    assert image is not None
    return image


def instructions(dockerfile: Path) -> Iterator[tuple[str, str]]:
    """The instructions of a Dockerfile, with continued lines joined."""
    lines = [line for line in dockerfile.read_text().splitlines() if line.strip() and not line.startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def copy(arguments: str, image: Image, stages: Mapping[str, Image]) -> None:
    """Carry out COPY, from another stage or from the context."""
    source, target = arguments.split()[-2:]
    goal = image.root / target.lstrip("/")
    if arguments.startswith("--from="):
        stage = stages[arguments.split(maxsplit=1)[0].removeprefix("--from=")]
        subprocess.run(["cp", "-a", stage.root / source.lstrip("/"), goal], check=True)
        return
    kept = [line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    tracked = subprocess.run(["git", "-C", CONTEXT, "ls-files", "-z", *kept], stdout=subprocess.PIPE, check=True).stdout
    goal.mkdir(parents=True, exist_ok=True)
    packing = ["tar", "-C", CONTEXT, "--null", "-T", "-", "-c"]
    with subprocess.Popen(["tar", "-x", "-C", goal], stdin=subprocess.PIPE) as unpacking:
        subprocess.run(packing, input=tracked, stdout=unpacking.stdin, check=True)
        assert unpacking.stdin is not None
        unpacking.stdin.close()


@contextlib.contextmanager
def running(image: Image) -> Iterator[str]:
    """The command of the image, healthy; the address that it has printed."""
    subprocess.run(["find", image.root / "data", "-mindepth", "1", "-delete"], check=True)  # of an earlier trial
    (image.root / "opt/seccomp.json").write_text((DOCKER / "seccomp.json").read_text())
    (image.root / "opt/seccomp.py").write_text(SECCOMP)
    command = ["setpriv", "--no-new-privs", "python3", "/opt/seccomp.py", "/opt/seccomp.json", *image.command]
    process = image.start(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        report("HEALTHCHECK")
        image.run(image.health)
        yield address
    finally:
        process.kill()
        process.wait()


class Client:
    """A browser at the application."""

    def __init__(self, address: str) -> None:
        self.host, _, secret = address.removeprefix("http://").partition("/#")
        self.cookie = ""
        self.cookie = self.ask("POST", "/api/login", {"secret": secret})[1]["Set-Cookie"].partition(";")[0]

    def ask(self, method: str, path: str, body: object = None) -> tuple[Any, Message]:
        """The JSON and the headers of a response."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise SystemExit(f"{path}: {content.decode()}")
        return json.loads(content or b"null"), response.headers

    def run(self, task: str, **choices: str) -> None:
        """Run a task of the reader to its end."""
        report(f"task: {task}")
        self.ask("POST", "/api/queue", {"task": task, "choices": {"model": "reader", **choices}})
        end = time.monotonic() + 120
        while jobs := self.ask("GET", "/api/queue")[0]["jobs"]:
            if jobs[0]["state"] not in ("waiting", "running") or time.monotonic() > end:
                raise SystemExit(f"the task is {jobs[0]['state']}: {jobs[0]['problem']}")
            time.sleep(0.5)
        newest = self.ask("GET", "/api/runs")[0]["runs"][0]
        if newest["stop"] != "finished":
            raise SystemExit(f"the task ended as {newest['stop']}: {newest['answer']}")


class Page(http.server.BaseHTTPRequestHandler):
    """Serves the page."""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def report(line: str) -> None:
    """Print a line with the time."""
    print(time.strftime("%H:%M:%S"), line, flush=True)


def _network_settings() -> dict[str, str]:
    """What pip needs in the network of this machine."""
    proxies = {name: value for name, value in os.environ.items() if name.lower() in ("http_proxy", "https_proxy")}
    return {**proxies, "PIP_CERT": CERTIFICATES[1], "SSL_CERT_FILE": CERTIFICATES[1]}


def main() -> int:
    """Build and try the image."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    image = build(DOCKER / "Dockerfile", folder, built="--built" in sys.argv)
    assert image.user != "root"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with running(image) as address:
        client = Client(address)
        problems = [one for one in client.ask("GET", "/api/options")[0]["screens"] if one["problem"]]
        if problems:
            raise SystemExit(f"not every screen can be used: {problems}")
        client.run('Click "Order tea".', screen="browser", url=f"http://127.0.0.1:{server.server_port}/")
        client.run('Type "hello".', screen="virtual", program="mousepad --disable-server")
    owner = (image.root / "data/runs").stat()
    if owner.st_uid == 0 or owner.st_mode & 0o077:
        raise SystemExit("the runs are not private to the user")
    report("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
