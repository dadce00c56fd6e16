"""The sandbox of virtual displays: what programs in it cannot reach, what they are granted, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import psutil
import pytest
from processes import alive, command_of

from screenwright.envs.config import DesktopConfig
from screenwright.envs.config.node import SettingError
from screenwright.envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
from screenwright.envs.desktop.virtual.processes import lines_of
from screenwright.envs.desktop.virtual.sandbox import bubblewrap
from screenwright.envs.desktop.virtual.sandbox.probes import PROBES
from screenwright.envs.desktop.virtual.sandbox.seccomp import filter_program
from screenwright.envs.desktop.virtual.sandbox.settings import GrantedFolder, Sandbox
from screenwright.envs.desktop.virtual.sandbox.targets import escapes, probe_command, targets
from screenwright.envs.env import EnvLost, EnvUnavailable
from screenwright.envs.geometry import Size
from screenwright.testing import eventually

SMALL = Size(320, 240)
NEEDS_ROOT = {
    "read the password file", "write to the system", "make the system writable", "open by handle", "enter a namespace",
    "raise the priority", "read all packets", "mount a file system", "change a kernel setting",
    "open a device", "make a device", "change the host name", "type into a terminal", "load a kernel program",
    "measure the kernel", "handle page faults",
}  # fmt: skip
"""Ways that only root has without a sandbox."""

IN_CONTAINERS = {
    "gain privileges", "mount in a user namespace", "read a keyring", "read memory", "read the device tree",
    "trace a process", "trace the first process", "use unfiltered calls", "talk to the hypervisor",
}  # fmt: skip
"""Ways that a container may not have either."""


def display(
    folders: tuple[GrantedFolder, ...] = (), *, network: bool = False, programs: tuple[tuple[str, ...], ...] = ()
) -> VirtualDisplay:
    return VirtualDisplay(SMALL, programs, window_manager=None, sandbox=Sandbox("require", folders, network))


P = ParamSpec("P")


def sandboxed(test: Callable[P, None]) -> Callable[P, None]:
    """A test in a sandbox; where there can be none, as in many containers, that this is said instead."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if reason := bubblewrap.why_unavailable():
            with pytest.raises(EnvUnavailable, match=re.escape(f"there is no sandbox: {reason}")):
                RunningDisplay(display())
        else:
            test(*args, **kwargs)

    return pytest.mark.desktop(run)


@pytest.fixture(scope="module")
def granted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("granted")
    for name in ("readable", "writable", "hidden"):
        (folder / name).mkdir()
        (folder / name / "file").write_text(f"{name}\n")
    return folder


@pytest.fixture(scope="module")
def running(granted: Path) -> Iterator[RunningDisplay]:
    folders = (GrantedFolder(granted / "readable"), GrantedFolder(granted / "writable", writable=True))
    running = RunningDisplay(replace(display(folders), sandbox=Sandbox("auto", folders)))
    yield running
    running.stop()


def run(running: RunningDisplay, script: str) -> list[str]:
    """The output of a shell script in the sandbox."""
    log = running.processes.folder / "script.log"
    log.unlink(missing_ok=True)
    started = running.processes.start(("sh", "-c", script), running.environment, log, Path("/"))
    assert running.processes.await_end(started, 60)
    return lines_of(log)[:-1]


# -- what it keeps in


@sandboxed
def test_no_way_out_of_the_sandbox_works() -> None:
    tried = escapes()
    assert {way: error for way, error in tried.items() if not error} == {}
    assert len(tried) == len(PROBES) > 40


def test_the_same_ways_work_without_a_sandbox() -> None:
    with targets(outside=True) as given:
        inherited = os.open("/", os.O_RDONLY)
        command = probe_command(given)
        done = subprocess.run(command, pass_fds=[inherited], capture_output=True, check=True, timeout=60)
        os.close(inherited)
    refused = {way: error for way, error in json.loads(done.stdout).items() if error}
    assert refused.keys() <= refused_outside(has_ipv6=bool(given["port6"])), refused


def refused_outside(*, has_ipv6: bool) -> set[str]:
    """The ways that may not work outside of a sandbox: depending on the rights that this process has itself."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    refused = set[str]() if int(status["CapEff"], 16) == 2 ** (last + 1) - 1 else set(NEEDS_ROOT)
    refused |= IN_CONTAINERS if status["Seccomp"] != "0" else set()
    return refused | (set() if has_ipv6 else {"connect by ipv6"})


@sandboxed
def test_the_home_is_empty_and_other_folders_do_not_exist(running: RunningDisplay, granted: Path) -> None:
    assert run(running, "echo ~; ls ~") == [running.environment["HOME"]]
    assert run(running, f"ls {granted}/hidden {Path.home()}/.bashrc 2>/dev/null") == []
    assert run(running, "touch ~/kept /tmp/kept && ls ~ /tmp/kept") == [
        "/tmp/kept", "", f"{running.environment['HOME']}:", "kept"]  # fmt: skip


@sandboxed
def test_granted_folders_are_shown_and_only_writable_ones_can_be_changed(
    running: RunningDisplay, granted: Path
) -> None:
    script = f"cat {granted}/*/file; touch {granted}/readable/new; echo more >> {granted}/writable/file"
    *read, refused = run(running, script)
    assert read == ["readable", "writable"]
    assert "Read-only file system" in refused
    assert (granted / "writable" / "file").read_text() == "writable\nmore\n"
    assert not (granted / "readable" / "new").exists()


@sandboxed
def test_what_command_lines_name_can_be_read_and_not_changed(granted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = granted / "hidden"
    (hidden / "show").write_text("#!/bin/sh\ncat $1; touch $1; ls; pwd\n")
    (hidden / "show").chmod(0o755)
    (hidden / "other").touch()
    monkeypatch.chdir(hidden)
    program = ("./show", "file")
    running = RunningDisplay(display(programs=(program,)))
    try:
        assert running.processes.await_end(running.start(program), 60)
        content, refused, *shown = lines_of(running.processes.log_of("show"))[:-1]
        assert running.shown == (hidden / "show", hidden / "file")
    finally:
        running.stop()
    assert (content, shown) == ("hidden", ["file", "show", str(hidden)])
    assert "Read-only file system" in refused


@sandboxed
def test_programs_are_not_root_and_have_no_capability(running: RunningDisplay) -> None:
    user, capabilities = run(running, "id -u; grep CapEff /proc/self/status")
    assert user != "0"
    assert int(capabilities.split()[1], 16) == 0


@sandboxed
def test_with_a_network_this_machine_stays_out_of_reach() -> None:
    """The network has another loopback interface, and the sockets of this machine are not in it."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):  # as in many containers
        with pytest.raises(EnvUnavailable, match="slirp4netns did not start"):
            escapes(display(network=True))
        return
    tried = escapes(display(network=True))
    assert {way for way, error in tried.items() if not error} - {"connect to its address"} == {"find a route"}


# -- what it says


@sandboxed
@pytest.mark.parametrize("program", [("xterm", "-e", "cat", "{}/hidden/file"), ("{}/hidden/program",)])
def test_a_file_that_the_sandbox_does_not_show_is_an_error_that_says_what_to_grant(
    running: RunningDisplay, granted: Path, program: tuple[str, ...]
) -> None:
    (granted / "hidden" / "program").write_text("#!/bin/sh\n")
    (granted / "hidden" / "program").chmod(0o755)
    wanted = rf"hidden/\w+ is outside of the sandbox: add --grant-folder {granted}/hidden \(with :rw to write\), or --s"
    with pytest.raises(EnvUnavailable, match=wanted):
        running.start(tuple(word.format(granted) for word in program))


def test_a_sandbox_that_is_required_fails_where_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for program in ("Xvfb", "dbus-daemon"):
        (tmp_path / program).write_text("")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvUnavailable, match="there is no sandbox: bubblewrap is not installed: apt-get"):
        RunningDisplay(display())


@pytest.mark.desktop
@pytest.mark.parametrize("mode", ["auto", "off"])
def test_without_a_sandbox_programs_run_as_the_user_and_the_reason_is_known(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "BUBBLEWRAP", "no-such-program")
    config = DesktopConfig.of(virtual=True, sandbox=mode)
    running = RunningDisplay(VirtualDisplay(SMALL, window_manager=None, sandbox=config.programs_sandbox()))
    try:
        assert running.unsandboxed == ("--sandbox off" if mode == "off" else bubblewrap.why_unavailable())
        assert run(running, "readlink /proc/self/ns/pid") == [str(Path("/proc/self/ns/pid").readlink())]
    finally:
        running.stop()


def test_whether_the_kernel_allows_user_namespaces_is_found_out_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    wanted = "bubblewrap cannot be used: bwrap: No permissions to create new namespace"
    assert bubblewrap.why_unavailable() == wanted
    assert Sandbox().describe(wanted) == f"off: {wanted}"
    program.write_text("#!/bin/sh\nexit 0\n")
    assert bubblewrap.why_unavailable() == "", "it is allowed meanwhile"
    program.write_text("#!/bin/sh\nexit 1\n")
    assert bubblewrap.why_unavailable() == "bubblewrap cannot be used: it ended with code 1", "it is forbidden again"


@pytest.mark.parametrize("name", ["/", "/tmp", "/proc", "/dev:rw", "/run"])
def test_folders_that_would_open_the_sandbox_are_refused(name: str) -> None:
    with pytest.raises(SettingError, match=r"--grant-folder is .* would open the sandbox: name a folder in it"):
        DesktopConfig.of(virtual=True, grant_folder=(name,))


def test_what_is_granted_is_in_the_record(tmp_path: Path) -> None:
    config = DesktopConfig.of(virtual=True, grant_folder=(f"{tmp_path}:rw",), grant_network=True)
    sandbox = config.programs_sandbox(network=True)
    assert sandbox.describe("", (Path("/home/me/notes.txt"),)) == f"on, {tmp_path}:rw, /home/me/notes.txt, network"


def test_an_unknown_machine_has_no_filter() -> None:
    assert filter_program("riscv64") == b""
    assert filter_program("x86_64") != filter_program("aarch64") != b""


# -- how it ends


@sandboxed
def test_a_program_that_takes_over_the_sandbox_cannot_block_the_owner() -> None:
    running = RunningDisplay(display())
    try:
        started = running.start(("sleep", "600"))
        init = running.processes.outer_process(1)
        assert init is not None
        os.kill(init, signal.SIGKILL)
        with pytest.raises(EnvLost, match="the sandbox has ended"):
            eventually(lambda: running.exit_code(started), "never")
    finally:
        running.stop()


@sandboxed
def test_nothing_remains_in_the_sandbox_when_the_owner_is_killed() -> None:
    program = textwrap.dedent("""
        import time
        from pathlib import Path
        from screenwright.envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
        from screenwright.testing import eventually
        running = RunningDisplay(VirtualDisplay(window_manager=None))
        detached = "setsid sleep 600 & setsid sleep 600 & touch ~/started; wait"
        running.start(("sh", "-c", "trap '' TERM HUP; " + detached))
        eventually(Path(running.environment["HOME"], "started").exists, True)
        print(running.unsandboxed, flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "\n"
        family = psutil.Process(owner.pid)
        eventually(lambda: sum("600" in command_of(one) for one in family.children(recursive=True)) >= 2, True)
        started = family.children(recursive=True)
        os.kill(owner.pid, signal.SIGKILL)
    eventually(lambda: alive(started), [])
