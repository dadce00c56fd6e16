"""Attaches the firewall to an open browser: proxy, Chromium switches, page events and facts for the model."""

from contextlib import suppress
from typing import Self

from playwright.async_api import Error, Frame, Page, Request

from ...config.browser_settings import BrowserSettings
from ...env import Fact
from ..launch.attach import Context
from .dial import Refusal
from .proxy import FirewallProxy
from .rules import Firewall
from .upstream import Upstream

_MAX_FACTS = 5
_BYPASS_SWITCHES = (
    "--no-proxy-server",
    "--proxy-",
    "--host-resolver-rules",
    "--host-rules",
    "--winhttp-proxy-resolver",
)
_PROXY_NAME = "firewall.invalid"
_CHROMIUM_SERVICES = frozenset({
    "accounts.google.com", "android.clients.google.com", "clients2.google.com", "clientservices.googleapis.com",
    "content-autofill.googleapis.com", "mtalk.google.com:5228", "optimizationguide-pa.googleapis.com",
    "redirector.gvt1.com", "safebrowsing.googleapis.com", "update.googleapis.com",
})  # fmt: skip
"""Hosts that Chromium itself connects to: blocked like all others, but reported only if a page requests them too."""
_CHECKED_SCHEMES = ("http:", "https:", "about:", "chrome-error:", "blob:")


class FirewallGuard:
    """Restricts an open browser to `firewall`."""

    def __init__(self, firewall: Firewall, upstream: Upstream | None = None) -> None:
        self.firewall = firewall
        self._proxy = FirewallProxy(firewall, self.record, upstream=upstream)
        self._new: dict[Refusal, None] = {}
        self._reported: set[Refusal] = set()
        self._requested: set[str] = set()
        self._facts: list[Fact] = []

    @classmethod
    def from_settings(cls, settings: BrowserSettings) -> Self | None:
        """The guard for `settings`, or None if they have no allowed hosts.

        Raises:
            ValueError: a host or the proxy is invalid; one line.
        """
        if not settings.allow_hosts:
            return None
        return cls(Firewall.parse(settings.allow_hosts), Upstream.parse(settings.proxy) if settings.proxy else None)

    async def start(self, settings: BrowserSettings) -> BrowserSettings:
        """Start the proxy; returns `settings` for a browser that can only connect through it."""
        port = await self._proxy.start()
        return settings.model_copy(update={"switches": (*settings.switches, *firewall_switches(port))})

    async def close(self) -> None:
        """Stop the proxy."""
        await self._proxy.close()

    def watch(self, context: Context) -> None:
        """Watch the navigations of `context`."""
        for page in context.pages:
            page.on("framenavigated", self._on_navigated)
        context.on("page", self._on_page)
        context.on("request", self._on_request)

    def take_facts(self) -> tuple[Fact, ...]:
        """The refusals since the last call: one for each host until a tab navigates."""
        facts, self._facts = self._facts, []
        for refusal in self._new:
            is_from_page = refusal.where not in _CHROMIUM_SERVICES or refusal.where in self._requested
            if is_from_page and refusal not in self._reported:
                facts.append(
                    Fact(
                        f"The page tried to connect to {{}}, which is {refusal.why}; it was blocked.", (refusal.where,)
                    )
                )
        self._reported |= self._new.keys()
        self._new.clear()
        if len(facts) > _MAX_FACTS:  # a page may try any number of hosts
            facts[_MAX_FACTS:] = [Fact(f"{len(facts) - _MAX_FACTS} more hosts were blocked.")]
        return tuple(facts)

    def record(self, refusal: Refusal) -> None:
        """Record a refusal of the proxy for the next facts."""
        self._new[refusal] = None

    def _on_request(self, request: Request) -> None:
        host = request.url.partition("://")[2].partition("/")[0]
        if host in _CHROMIUM_SERVICES:
            self._requested.add(host)

    async def _on_page(self, page: Page) -> None:
        page.on("framenavigated", self._on_navigated)
        await self._on_navigated(page.main_frame)

    async def _on_navigated(self, frame: Frame) -> None:
        """Leave pages that Chromium loads without the proxy: local files and its own pages."""
        if frame.parent_frame is not None:
            return
        self._reported.clear()
        if frame.url and not frame.url.startswith(_CHECKED_SCHEMES):
            self._facts.append(
                Fact("Addresses of the scheme {} are blocked; the tab was cleared.", (frame.url.partition(":")[0],))
            )
            with suppress(Error):  # the tab was closed
                await frame.page.goto("about:blank")


def check_firewall(settings: BrowserSettings) -> None:
    """Check the firewall settings before a browser is started.

    Raises:
        ValueError: one line that says what to write instead.
    """
    if FirewallGuard.from_settings(settings) is None:
        return
    for switch in settings.switches:
        if switch.startswith(_BYPASS_SWITCHES):
            raise ValueError(f"the switch {switch} would bypass the allowed hosts: leave one of them out")


def firewall_switches(port: int) -> tuple[str, ...]:
    """The switches for a Chromium that can only connect through the proxy at `port` on 127.0.0.1.

    They must come last on its command line, since the last of several wins. No name resolves but the proxy's own, so
    that anything that would bypass it (DNS prefetch, WebRTC, QUIC) fails; WebRTC may not use UDP at all.
    """
    return (
        f"--proxy-server=socks5://{_PROXY_NAME}:{port}",
        "--proxy-bypass-list=<-loopback>",
        f"--host-resolver-rules=MAP {_PROXY_NAME} 127.0.0.1, MAP * ~NOTFOUND",
        "--disable-quic",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--dns-prefetch-disable",
        "--no-pings",
    )
