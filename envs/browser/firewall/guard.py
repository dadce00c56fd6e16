"""Attaches fence and firewall to an open browser: proxy, Chromium switches, page events and facts for the model."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from playwright.async_api import Error, Frame, Page, Request, Response

from ...config.browser_settings import BrowserSettings
from ...env import Fact
from ..launch.attach import Context
from .dial import Refusal
from .fence import Fence
from .proxy import FirewallProxy
from .rules import Firewall
from .upstream import Upstream

_MAX_FACTS = 5
BYPASS_SWITCHES = (
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
        new = [
            refusal
            for refusal in self._new
            if (refusal.where not in _CHROMIUM_SERVICES or refusal.where in self._requested)
            and refusal not in self._reported
        ]
        self._reported |= self._new.keys()
        self._new.clear()
        return (*facts, *refusal_facts(new))

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


class FenceGuard:
    """Keeps an open browser within `fence`, and with allowed hosts within the firewall as well."""

    def __init__(self, fence: Fence, settings: BrowserSettings) -> None:
        self._fence = fence
        self._firewall = FirewallGuard.from_settings(settings)
        self._facts: list[Fact] = []
        self._checked_hosts: set[str] = set()

    async def start(self, settings: BrowserSettings) -> BrowserSettings:
        """Start what is needed before the browser; returns the settings of a browser that cannot bypass it."""
        if self._firewall is not None:
            return await self._firewall.start(settings)
        # before the user's own switches, of which the last one counts
        return settings.model_copy(update={"switches": (*self._fence.switches(), *settings.switches)})

    async def close(self) -> None:
        """Stop it."""
        if self._firewall is not None:
            await self._firewall.close()

    def watch(self, context: Context) -> None:
        """Watch the navigations of `context`."""
        if self._firewall is not None:
            self._firewall.watch(context)
            return
        for page in context.pages:
            page.on("framenavigated", self._on_navigated)
        context.on("page", self._on_page)
        context.on("response", self._on_response)

    def take_facts(self) -> tuple[Fact, ...]:
        """The refusals since the last call."""
        facts, self._facts = self._facts, []
        return (*facts, *(self._firewall.take_facts() if self._firewall is not None else ()))

    async def refusal(self, url: str) -> str | None:
        """Why `url` may not be opened, for the model; None if it may."""
        if self._firewall is not None:
            return self._firewall.firewall.refusal(url)
        return await asyncio.to_thread(self._fence.check, url)

    async def leave(self, page: Page) -> None:
        """Leave `page` if it shows what may not be opened; its screenshot is about to be taken."""
        if self._firewall is None:
            for frame in page.frames:
                await self._on_navigated(frame)

    async def _on_page(self, page: Page) -> None:
        page.on("framenavigated", self._on_navigated)
        await self._on_navigated(page.main_frame)

    async def _on_navigated(self, frame: Frame) -> None:
        if reason := self._fence.refusal(frame.url) if frame.url else None:
            await self._clear(frame, Fact(f"{{}} was not opened: {reason}.", (frame.url,)))

    async def _on_response(self, response: Response) -> None:
        """A name may resolve to another address than when it was checked, and pages name hosts themselves."""
        host = urlsplit(response.url).netloc
        is_known = host in self._checked_hosts and not response.request.is_navigation_request()
        if is_known or not response.url.startswith(("http:", "https:")):
            return
        self._checked_hosts.add(host)
        with suppress(Error):  # the tab was closed, or the request has no frame
            server = await response.server_addr()
            if server is not None and self._fence.blocks_address(response.url, server["ipAddress"]):
                page = response.request.frame.page
                await self._clear(
                    page.main_frame, Fact("The host {} is at a link-local address, so the page was closed.", (host,))
                )

    async def _clear(self, frame: Frame, fact: Fact) -> None:
        if len(self._facts) < _MAX_FACTS and fact not in self._facts:  # a page may try any number of times
            self._facts.append(fact)
        with suppress(Error):  # the tab was closed
            await frame.goto("about:blank")


def refusal_facts(refusals: list[Refusal]) -> tuple[Fact, ...]:
    """What the model reads about these refusals."""
    facts = [
        Fact(f"The page tried to connect to {{}}, which is {refusal.why}; it was blocked.", (refusal.where,))
        for refusal in refusals[:_MAX_FACTS]
    ]
    if len(refusals) > _MAX_FACTS:  # a page may try any number of hosts
        facts.append(Fact(f"{len(refusals) - _MAX_FACTS} more hosts were blocked."))
    return tuple(facts)


def check_firewall(settings: BrowserSettings) -> None:
    """Check the firewall settings before a browser is started.

    Raises:
        ValueError: one line that says what to write instead.
    """
    if FirewallGuard.from_settings(settings) is None:
        return
    for switch in settings.switches:
        if switch.startswith(BYPASS_SWITCHES):
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
