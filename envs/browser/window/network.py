"""The network of a browser window in a sandbox: a proxy outside, which the browser reaches through a Unix socket.

The browser has no other network, so names are resolved and addresses are checked outside, where it cannot interfere.
"""

import sys
from pathlib import Path
from urllib.request import getproxies

from ...config.browser_settings import BrowserSettings
from ...desktop.virtual.processes import ProcessGroup, lines_of
from ...desktop.virtual.sandbox import bridge
from ...env import EnvUnavailable, Fact
from ...environment import clean_environment
from ..firewall.dial import Refusal
from ..firewall.fence import Fence
from ..firewall.guard import BYPASS_SWITCHES, firewall_switches, refusal_facts
from ..firewall.proxy import FirewallProxy
from ..firewall.upstream import Upstream
from ..worker import Worker

_PORT = 1080
"""In the sandbox, where no one else listens."""

BRIDGE = Path(bridge.__file__).resolve()


class WindowNetwork:
    """Connects the browser to what `fence` allows; close it after the browser.

    Raises:
        EnvUnavailable: a switch of the user names another way to the network, or the proxy cannot start.
    """

    def __init__(self, settings: BrowserSettings, fence: Fence, socket: Path) -> None:
        for switch in settings.switches:
            if switch.startswith(BYPASS_SWITCHES):
                raise EnvUnavailable(f"the switch {switch} has no effect in the sandbox: add --sandbox off")
        self.socket = socket
        self._refusals: dict[Refusal, None] = {}
        self._reported: set[Refusal] = set()
        self._proxy = FirewallProxy(fence, self._record, upstream=_upstream())
        self._worker = Worker("window network")
        try:
            self._worker.run(self._proxy.start_at(socket))
        except OSError as error:
            self._worker.stop()
            raise EnvUnavailable(f"the browser's proxy cannot listen at {socket}: {error.strerror}") from error

    @property
    def switches(self) -> tuple[str, ...]:
        """The browser's switches, after all others."""
        return firewall_switches(_PORT)

    def connect(self, group: ProcessGroup) -> None:
        """Start the other end, in the sandbox of `group`."""
        command = (sys.executable, "-I", "-S", str(BRIDGE), str(self.socket), str(_PORT))
        log = group.log_of("bridge")
        started = group.start(command, clean_environment(), log)
        group.await_ready(lambda: "ready" in lines_of(log), started, "the browser's network", log)

    def take_facts(self) -> tuple[Fact, ...]:
        """The refusals since the last call, each once."""
        new = [refusal for refusal in list(self._refusals) if refusal not in self._reported]
        self._reported.update(new)
        return refusal_facts(new)

    def close(self) -> None:
        """Close every connection."""
        self._worker.run(self._proxy.close())
        self._worker.stop()

    def _record(self, refusal: Refusal) -> None:
        self._refusals[refusal] = None


def _upstream() -> Upstream | None:
    """The proxy that the environment names, which Chromium would use itself if it could reach it."""
    proxies = getproxies()
    named = next((proxies[scheme] for scheme in ("https", "http", "all") if proxies.get(scheme)), None)
    if named is None:
        return None
    try:
        return Upstream.parse(named, no_proxy=proxies.get("no", ""))
    except ValueError as error:
        raise EnvUnavailable(str(error)) from error
