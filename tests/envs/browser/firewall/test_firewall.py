"""Every way for a page to reach another host, with and without the firewall, counted at that host."""

import json
import re
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from firewall_escapes import ESCAPES, Escape, Target
from page_site import Page, Site

from screenwright import ActionRefused, BrowserEnv, Click, EnvUnavailable, Navigate, ScreenPoint
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.firewall.dial import Refusal
from screenwright.envs.browser.firewall.guard import FirewallGuard, firewall_switches
from screenwright.envs.browser.firewall.rules import Firewall
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

LIMIT_S = 60
MIDDLE = ScreenPoint(640, 360)


@dataclass
class Trial:
    """A browser at a site, and a server that does not belong to the site."""

    env: BrowserEnv
    site: Site
    target: Target
    log: Path

    def attempt(self, name: str) -> Escape:
        """Serve the page of that escape and open it."""
        escape = ESCAPES[name]
        self.site.reported.clear()
        body = self._filled(name, escape.body)
        headers = {field: self._filled(name, value) for field, value in escape.headers.items()}
        self.site.add(f"/{name}", body)
        page = self.site.pages[f"/{name}"]
        page.headers, page.status = headers, escape.status
        self.site.pages["/to"] = Page(b"", headers={"Location": self._filled(name, "http://HOST/")}, status=302)
        script = self._filled(name, escape.script).encode()
        for path in ("/script.js", "/script.js?service-worker", "/script.js?event"):
            self.site.pages[path] = Page(script, "text/javascript")
        self.env.execute(Navigate(f"{self.site.url}/{name}"))
        if escape.click:
            self.env.execute(Click(MIDDLE))
        return escape

    def wait_for_fact(self, text: str) -> str:
        """The first fact that contains `text`; empty if there is none in time."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            for fact in self.env.observe().facts:
                if text in str(fact):
                    return str(fact)
            time.sleep(0.05)
        return ""

    def wait_until_tried(self) -> bool:
        end = time.monotonic() + LIMIT_S
        while "tried" not in self.site.reported and time.monotonic() < end:
            time.sleep(0.05)
        return "tried" in self.site.reported

    def _filled(self, name: str, text: str) -> str:
        return text.replace("HOST", f"{name}.localhost:{self.target.port}").replace("PORT", str(self.target.port))


def trial(folder: Path, *, has_firewall: bool) -> Generator[Trial]:
    """With a profile, since Chromium only preconnects if it has one."""
    log = folder / "log.json"
    with Site() as site, Target() as target:
        settings = BrowserSettings(
            allow_hosts=(site.url.removeprefix("http://"),) if has_firewall else (),
            grants=("file", "browser-pages"),
            profile=str(folder / "profile"),
            switches=(f"--log-net-log={log}", "--net-log-capture-mode=Everything"),
            settle_limit_s=0.5,
            load_limit_s=5,
        )
        with BrowserEnv(site.add("/empty", ""), settings=settings) as env:
            env.observe()
            yield Trial(env, site, target, log)


@pytest.fixture(scope="module")
def firewalled(tmp_path_factory: pytest.TempPathFactory) -> Generator[Trial]:
    yield from trial(tmp_path_factory.mktemp("firewalled"), has_firewall=True)


@pytest.fixture(scope="module")
def without_firewall(tmp_path_factory: pytest.TempPathFactory) -> Generator[Trial]:
    yield from trial(tmp_path_factory.mktemp("without_firewall"), has_firewall=False)


@pytest.mark.parametrize("name", [name for name, escape in ESCAPES.items() if not escape.disabled])
def test_without_a_firewall_the_escape_reaches_the_host(without_firewall: Trial, name: str) -> None:
    before = without_firewall.target.arrived
    without_firewall.attempt(name)
    assert without_firewall.target.wait_for_more_than(before, LIMIT_S)


@pytest.mark.parametrize("name", ESCAPES)
def test_with_a_firewall_the_escape_is_blocked_and_reported_to_the_model(firewalled: Trial, name: str) -> None:
    escape = firewalled.attempt(name)
    if escape.silent:
        assert firewalled.wait_until_tried()
    else:
        fact = firewalled.wait_for_fact(
            f':{firewalled.target.port}", which is outside the allowed hosts; it was blocked.'
        )
        assert fact.startswith("The page tried to connect to ")
        assert name in fact or name.endswith("-address")
    assert firewalled.target.arrived == 0


def test_no_escape_reached_the_host_later(firewalled: Trial) -> None:
    firewalled.env.execute(Navigate(f"{firewalled.site.url}/empty"))
    time.sleep(2)
    assert firewalled.target.arrived == 0
    assert firewalled.site.requests


# -- reports to the model


@pytest.mark.parametrize("address", ["file:///etc/hostname", "chrome://version", "data:text/html,hello"])
def test_other_schemes_are_blocked(firewalled: Trial, without_firewall: Trial, address: str) -> None:
    with pytest.raises(ActionRefused, match=f"{address.partition(':')[0]} addresses are blocked; only these hosts"):
        firewalled.env.execute(Navigate(address))
    without_firewall.env.execute(Navigate(address))
    assert without_firewall.env.observe().location.startswith(address.rstrip("/"))


def test_refused_navigation_lists_the_allowed_hosts(firewalled: Trial) -> None:
    inside = firewalled.site.url.removeprefix("http://")
    with pytest.raises(ActionRefused, match=f"outside the allowed hosts; only these hosts can be reached: {inside}"):
        firewalled.env.execute(Navigate("https://elsewhere.example/"))
    assert firewalled.target.arrived == 0


def test_link_to_a_local_file_does_nothing(firewalled: Trial) -> None:
    body = '<a href="file:///etc/hostname" style="position:fixed;inset:0">go</a>'
    address = firewalled.site.add("/file-link", body)
    firewalled.env.execute(Navigate(address))
    firewalled.env.execute(Click(MIDDLE))
    assert firewalled.env.observe().location == address


def test_each_host_is_reported_once_per_page(firewalled: Trial) -> None:
    body = f"""<script>setInterval(() => fetch("http://again.localhost:{firewalled.target.port}/"), 50)</script>"""
    address = firewalled.site.add("/again", body)
    for _ in range(2):
        firewalled.env.execute(Navigate(address))
        assert firewalled.wait_for_fact("again.localhost")
        assert firewalled.env.observe().facts == ()
        firewalled.env.execute(Navigate(f"{firewalled.site.url}/empty"))
        firewalled.env.observe()


def test_page_that_tries_many_hosts_does_not_flood_the_model(firewalled: Trial) -> None:
    tries = "".join(f"<img src='http://n{n}.localhost:{firewalled.target.port}/'>" for n in range(30))
    firewalled.env.execute(
        Navigate(firewalled.site.add("/many", tries + "<script>onload = () => report('tried', 1)</script>"))
    )
    assert firewalled.wait_until_tried()
    facts = firewalled.env.observe().facts
    assert len(facts) <= 6


def test_refused_page_shows_the_reason(firewalled: Trial) -> None:
    firewalled.attempt("location")
    assert firewalled.wait_for_fact("location.localhost")
    assert "location.localhost" in firewalled.env.observe().location
    assert firewalled.env.observe().screenshot.image.convert("L").getextrema() != (255, 255)


def test_allowed_hosts_are_recorded(firewalled: Trial) -> None:
    assert firewalled.env.info().settings["allowed hosts"] == firewalled.site.url.removeprefix("http://")


def test_blocked_start_page_is_a_one_line_error() -> None:
    settings = BrowserSettings(allow_hosts=("example.org",))
    with BrowserEnv("https://elsewhere.example/", settings=settings) as env, pytest.raises(EnvUnavailable) as refused:
        env.observe()
    assert "only these hosts can be reached: example.org" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_invalid_settings_are_an_error_before_anything_is_opened() -> None:
    with pytest.raises(ValueError, match=r"'co\.uk' cannot be allowed"):
        BrowserEnv(settings=BrowserSettings(allow_hosts=("co.uk",)))
    with pytest.raises(ValueError, match="cannot be used behind a firewall"):
        BrowserEnv(settings=BrowserSettings(allow_hosts=("example.org",), proxy="socks4://127.0.0.1:1"))


@pytest.mark.parametrize("switch", ["--no-proxy-server", "--proxy-pac-url=http://a/", "--host-resolver-rules=MAP * b"])
def test_switch_that_bypasses_the_firewall_is_an_error(switch: str) -> None:
    with pytest.raises(ValueError, match=f"the switch {re.escape(switch)} would bypass the allowed hosts"):
        BrowserEnv(settings=BrowserSettings(allow_hosts=("example.org",), switches=(switch,)))


def test_nothing_is_reachable_without_the_proxy() -> None:
    """The second line of defense: traffic that bypasses the proxy cannot resolve any host, not even this machine."""
    second = tuple([switch for switch in firewall_switches(1) if not switch.startswith("--proxy-")])
    with Target() as target, BrowserEnv(settings=BrowserSettings(switches=second)) as env:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with pytest.raises(ActionRefused, match="ERR_NAME_NOT_RESOLVED"):
                env.execute(Navigate(f"http://{host}:{target.port}/"))
        assert target.arrived == 0


def test_allowed_hosts_work_as_without_a_firewall(tmp_path: Path) -> None:
    with Site() as site, Target() as target:
        hosts = (site.url.removeprefix("http://"), f"localhost:{target.port}")
        address = site.add(
            "/all",
            f"""<a href="/file" download style="position:fixed;inset:0"><img src="http://image.localhost:{target.port}/">
            <script>new WebSocket("ws://socket.localhost:{target.port}/");
            new EventSource("http://events.localhost:{target.port}/");
            fetch("http://localhost:{target.port}/").then(r => r.text()).then(r => report("text", r))</script>""",
        )
        site.pages["/file"] = Page(b"kept", "application/octet-stream")
        settings = BrowserSettings(allow_hosts=hosts, downloads=str(tmp_path), load_limit_s=5)
        with BrowserEnv(address, settings=settings) as env:
            setup = Trial(env, site, target, tmp_path)
            env.execute(Click(MIDDLE))
            assert setup.wait_for_fact('Downloaded "file"')
            assert target.wait_for_more_than(3, LIMIT_S)
            asked = b"".join(target.heads)
            eventually(lambda: site.reported, {"text": "hi"})
        assert (tmp_path / "file").read_bytes() == b"kept"
        for name in (b"image", b"socket", b"events"):
            assert b"Host: " + name + b".localhost" in asked


def test_requests_of_chromium_itself_are_not_attributed_to_the_page(firewalled: Trial) -> None:
    guard = FirewallGuard(Firewall.parse(("example.org",)))
    guard.record(Refusal("accounts.google.com", "outside the allowed hosts"))
    assert guard.take_facts() == ()
    firewalled.env.execute(Navigate(firewalled.site.add("/own", "<img src='https://accounts.google.com/'>")))
    assert firewalled.wait_for_fact("accounts.google.com")


def test_allowed_pages_are_fetched_through_the_upstream_proxy() -> None:
    asked: list[str] = []
    with Target() as proxy:
        settings = BrowserSettings(allow_hosts=("allowed.example",), proxy=f"http://127.0.0.1:{proxy.port}")
        with BrowserEnv(settings=settings) as env:
            env.execute(Navigate("http://allowed.example/page"))
            asked = [head.split(b"\r\n")[0].decode() for head in proxy.heads]
            with pytest.raises(ActionRefused):
                env.execute(Navigate("http://closed.example/page"))
        assert "GET http://allowed.example/page HTTP/1.1" in asked
        assert all(b"allowed.example" in head for head in proxy.heads)


# -- Chromium's own network log


def test_chromium_itself_made_no_other_connection(tmp_path: Path) -> None:
    """Chromium's network log has one address connected to, no UDP packet sent, no name resolved."""
    sockets = {has_firewall: sockets_of(tmp_path, has_firewall=has_firewall) for has_firewall in (True, False)}
    assert len(sockets[True].addresses) == 1
    assert sockets[True].names == set()
    assert sockets[True].packets == 0
    assert len(sockets[False].addresses) > 1
    assert "looked-up.invalid" in sockets[False].names


@dataclass
class Sockets:
    """The addresses a browser connected to, the names it resolved, and the UDP packets it sent."""

    addresses: set[str]
    names: set[str]
    packets: int


def sockets_of(folder: Path, *, has_firewall: bool) -> Sockets:
    """Open a page that prefetches a name and requests an image from another host."""
    parts = trial(folder / str(has_firewall), has_firewall=has_firewall)
    setup = next(parts)
    ahead = "<link rel=dns-prefetch href='http://looked-up.invalid/'>"
    setup.env.execute(
        Navigate(setup.site.add("/ahead", f"{ahead}<img src='http://image.localhost:{setup.target.port}/'>"))
    )
    assert setup.wait_for_fact("image.localhost") if has_firewall else setup.target.wait_for_more_than(0, LIMIT_S)
    setup.env.close()
    next(parts, None)
    return read_log(setup.log)


def read_log(file: Path) -> Sockets:
    """Parse the log: one event per line; the last lines are missing if the browser did not exit cleanly."""
    first, *lines = file.read_text(encoding="utf-8").splitlines()
    kinds = {number: name for name, number in json.loads(first.rstrip(",") + "}")["constants"]["logEventTypes"].items()}
    found = Sockets(set(), set(), 0)
    for line in lines:
        if not line.startswith('{"') or '"type":' not in line:
            continue
        event = json.JSONDecoder().raw_decode(line)[0]
        kind, params = kinds[event["type"]], event.get("params", {})
        if kind == "TCP_CONNECT_ATTEMPT" and "address" in params:
            found.addresses.add(params["address"])
        elif kind == "HOST_RESOLVER_MANAGER_JOB" and "host" in params:
            found.names.add(params["host"].rpartition("://")[2].partition(":")[0])
        elif kind == "UDP_BYTES_SENT":
            found.packets += 1
    return found
