"""The network of a sandbox, by slirp4netns: TCP, UDP and DNS as this machine's user, without its loopback.

The network namespace of the machine is never shared, since it contains the abstract sockets of other displays and every
service on 127.0.0.1.

Run as a program, `python -I -S network.py PID`, it enters the namespaces of that process and becomes slirp4netns.
"""

import os
import sys
from pathlib import Path

NS_GET_USERNS = 0xB701
"""The ioctl that opens the user namespace which owns a namespace (ioctl_ns(2))."""

SLIRP = "slirp4netns"


def network_command(process: int) -> tuple[str, ...]:
    """The command line of this program for a sandbox's process."""
    return (sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(process))


def main(process: int) -> None:
    """Become slirp4netns; it prints `1` when the network is up."""
    import fcntl  # Windows has no such module

    network = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
    users = fcntl.ioctl(network, NS_GET_USERNS)  # not that of the process, which bubblewrap nests in it
    for descriptor in (network, users):
        os.set_inheritable(descriptor, True)
    paths = (f"--userns-path=/proc/self/fd/{users}", "--netns-type=path", f"/proc/self/fd/{network}")
    options = ("--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox", "--ready-fd=1")
    os.execvp(SLIRP, (SLIRP, *options, *paths, "tap0"))  # noqa: S606 -- no shell


if __name__ == "__main__":
    main(int(sys.argv[1]))
