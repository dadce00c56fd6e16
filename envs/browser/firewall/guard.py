"""Attaches the firewall to an open browser: proxy, Chromium switches, page events and facts for the model."""

from contextlib import suppress
from dataclasses import replace
from typing import Self

from playwright.async_api import Error, Frame, Page, Request

from ..launch.attach import Context
from ..launch.settings import BrowserSettings
from .dial import Refusal
from .proxy import FirewallProxy
from .rules import Firewall
from .upstream import Upstream

_MOST_TOLD = 5
_AROUND = ("--no-proxy-server", "--proxy-", "--host-resolver-rules", "--host-rules", "--winhttp-proxy-resolver")
_PROXY_NAME = "firewall.invalid"
_OWN = frozenset({
    "accounts.google.com", "android.clients.google.com", "clients2.google.com", "clientservices.googleapis.com",
    "content-autofill.googleapis.com", "mtalk.google.com:5228", "optimizationguide-pa.googleapis.com",
    "redirector.gvt1.com", "safebrowsing.googleapis.com", "update.googleapis.com",
})  # fmt: skip
"""What Chromium asks of its makers by itself: refused like all else, but told only if a page asked too."""
_OPEN_SCHEMES = ("http:", "https:", "about:", "chrome-error:", "blob:")


class FirewallGuard:
    """Keeps an open browser within `firewall`."""

    def __init__(self, firewall: Firewall, upstream: Upstream | None = None) -> None:
        self.firewall = firewall
        self._proxy = FirewallProxy(firewall, self.refused, upstream=upstream)
        self._news: dict[Refusal, None] = {}
        self._told: set[Refusal] = set()
        self._asked: set[str] = set()
        self._facts: list[str] = []

    @classmethod
    def wanted(cls, settings: BrowserSettings) -> Self | None:
        """The guard that `settings` ask for, if any.

        Raises:
            ValueError: a host may not be allowed like this, or the proxy not be used; one line.
        """
        if not settings.allow_hosts:
            return None
        return cls(Firewall.parse(settings.allow_hosts), Upstream.parse(settings.proxy) if settings.proxy else None)

    async def start(self, settings: BrowserSettings) -> BrowserSettings:
        """Open the way out; returns `settings` for a browser that knows no other."""
        port = await self._proxy.start()
        return replace(settings, switches=(*settings.switches, *firewall_switches(port)))

    async def close(self) -> None:
        """Close the way out."""
        await self._proxy.close()

    def watch(self, context: Context) -> None:
        """Watch where the pages of `context` go."""
        for page in context.pages:
            page.on("framenavigated", self._arrived)
        context.on("page", self._follow)
        context.on("request", self._note)

    def take_facts(self) -> tuple[str, ...]:
        """What was refused since the last call, in sentences: a line for each host, until a tab goes elsewhere."""
        facts, self._facts = self._facts, []
        for refusal in self._news:
            if refusal not in self._told and (refusal.where not in _OWN or refusal.where in self._asked):
                facts.append(f"The page tried to reach {refusal.where}, which is {refusal.why}; it was refused.")
        self._told |= self._news.keys()
        self._news.clear()
        if len(facts) > _MOST_TOLD:
            facts[_MOST_TOLD:] = [f"{len(facts) - _MOST_TOLD} more hosts were refused."]
        return tuple(facts)

    def refused(self, refusal: Refusal) -> None:
        """The proxy refused something: keep it to be told."""
        self._news[refusal] = None

    def _note(self, request: Request) -> None:
        host = request.url.partition("://")[2].partition("/")[0]
        if host in _OWN:
            self._asked.add(host)

    async def _follow(self, page: Page) -> None:
        page.on("framenavigated", self._arrived)
        await self._arrived(page.main_frame)

    async def _arrived(self, frame: Frame) -> None:
        """What is not fetched through the proxy is watched for here: files, and Chromium's own pages."""
        if frame.parent_frame is not None:
            return
        self._told.clear()
        if frame.url and not frame.url.startswith(_OPEN_SCHEMES):
            self._facts.append(f"{frame.url.partition(':')[0]} addresses are closed here; the tab was emptied.")
            with suppress(Error):  # the tab is gone, which is empty enough
                await frame.page.goto("about:blank")


def check_firewall(settings: BrowserSettings) -> None:
    """Refuse hosts that may not be allowed, before any browser is started.

    Raises:
        ValueError: one line that says what to write instead.
    """
    if FirewallGuard.wanted(settings) is None:
        return
    for switch in settings.switches:
        if switch.startswith(_AROUND):
            raise ValueError(f"the switch {switch} would lead around the allowed hosts: leave one of them out")


def firewall_switches(port: int) -> tuple[str, ...]:
    """The switches of a Chromium whose one way out is the proxy at `port` on 127.0.0.1.

    They come last on its command line, since the last of several wins. No name is looked up but the proxy's own, so
    that whatever would pass it by (prefetched names, WebRTC, QUIC) gets nowhere; WebRTC may not use UDP at all.
    """
    return (
        f"--proxy-server=http://{_PROXY_NAME}:{port}",
        "--proxy-bypass-list=<-loopback>",
        f"--host-resolver-rules=MAP {_PROXY_NAME} 127.0.0.1, MAP * ~NOTFOUND",
        "--disable-quic",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--dns-prefetch-disable",
        "--no-pings",
    )
