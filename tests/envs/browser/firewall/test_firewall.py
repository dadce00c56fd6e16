"""Every way out of a page, tried with and without a firewall; what arrives is counted where it would arrive."""

import json
import re
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from firewall_escapes import WAYS, Target, Way
from page_site import Page, Site

from screenwright import ActionRefused, BrowserEnv, Click, EnvUnavailable, Navigate, ScreenPoint
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.firewall.dial import Refusal
from screenwright.envs.browser.firewall.guard import FirewallGuard, firewall_switches
from screenwright.envs.browser.firewall.rules import Firewall

pytestmark = pytest.mark.browser

LIMIT_S = 30
MIDDLE = ScreenPoint(640, 360)


@dataclass
class Ground:
    """A browser at a site, and a server that is not of the site."""

    env: BrowserEnv
    site: Site
    target: Target
    log: Path

    def try_way(self, name: str) -> Way:
        """Put the page of that way at the site and open it."""
        way = WAYS[name]
        self.site.told.clear()
        body = self._filled(name, way.body)
        headers = {field: self._filled(name, value) for field, value in way.headers.items()}
        self.site.add(f"/{name}", body)
        page = self.site.pages[f"/{name}"]
        page.headers, page.status = headers, way.status
        self.site.pages["/to"] = Page(b"", headers={"Location": self._filled(name, "http://HOST/")}, status=302)
        script = self._filled(name, way.script).encode()
        for path in ("/script.js", "/script.js?service-worker", "/script.js?event"):
            self.site.pages[path] = Page(script, "text/javascript")
        self.env.execute(Navigate(f"{self.site.url}/{name}"))
        if way.click:
            self.env.execute(Click(MIDDLE))
        return way

    def wait_for_a_fact(self, words: str) -> str:
        """The first fact with these words, empty if it does not come."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            for fact in self.env.observe().facts:
                if words in fact:
                    return fact
            time.sleep(0.05)
        return ""

    def wait_until_tried(self) -> bool:
        end = time.monotonic() + LIMIT_S
        while "tried" not in self.site.told and time.monotonic() < end:
            time.sleep(0.05)
        return "tried" in self.site.told

    def _filled(self, name: str, text: str) -> str:
        return text.replace("HOST", f"{name}.localhost:{self.target.port}").replace("PORT", str(self.target.port))


def ground(folder: Path, *, has_firewall: bool) -> Generator[Ground]:
    """With a profile, since Chromium connects ahead only where it keeps one."""
    log = folder / "log.json"
    with Site() as site, Target() as target:
        settings = BrowserSettings(
            allow_hosts=(site.url.removeprefix("http://"),) if has_firewall else (),
            profile=str(folder / "profile"),
            switches=(f"--log-net-log={log}", "--net-log-capture-mode=Everything"),
            settle_limit_s=0.5,
            load_limit_s=5,
        )
        with BrowserEnv(site.add("/empty", ""), settings=settings) as env:
            env.observe()
            yield Ground(env, site, target, log)


@pytest.fixture(scope="module")
def firewalled(tmp_path_factory: pytest.TempPathFactory) -> Generator[Ground]:
    yield from ground(tmp_path_factory.mktemp("firewalled"), has_firewall=True)


@pytest.fixture(scope="module")
def without_firewall(tmp_path_factory: pytest.TempPathFactory) -> Generator[Ground]:
    yield from ground(tmp_path_factory.mktemp("without_firewall"), has_firewall=False)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if not way.shut])
def test_without_a_firewall_this_way_leads_out(without_firewall: Ground, name: str) -> None:
    before = without_firewall.target.arrived
    without_firewall.try_way(name)
    assert without_firewall.target.wait_for_more_than(before, LIMIT_S)


@pytest.mark.parametrize("name", WAYS)
def test_with_a_firewall_nothing_arrives_this_way_and_the_model_is_told(firewalled: Ground, name: str) -> None:
    way = firewalled.try_way(name)
    if way.silent:
        assert firewalled.wait_until_tried()
    else:
        fact = firewalled.wait_for_a_fact(
            f":{firewalled.target.port}, which is outside the allowed hosts; it was refused."
        )
        assert fact.startswith("The page tried to reach ")
        assert name in fact or name.endswith("-address")
    assert firewalled.target.arrived == 0


def test_after_all_of_it_nothing_has_arrived(firewalled: Ground) -> None:
    firewalled.env.execute(Navigate(f"{firewalled.site.url}/empty"))
    time.sleep(2)
    assert firewalled.target.arrived == 0
    assert firewalled.site.asked


# -- what the model is told


@pytest.mark.parametrize("address", ["file:///etc/hostname", "chrome://version", "data:text/html,hello"])
def test_addresses_that_are_no_site_are_closed(firewalled: Ground, without_firewall: Ground, address: str) -> None:
    with pytest.raises(ActionRefused, match=f"{address.partition(':')[0]} addresses are closed here; only these hosts"):
        firewalled.env.execute(Navigate(address))
    without_firewall.env.execute(Navigate(address))
    assert without_firewall.env.observe().place.startswith(address.rstrip("/"))


def test_going_outside_is_refused_with_what_is_inside(firewalled: Ground) -> None:
    inside = firewalled.site.url.removeprefix("http://")
    with pytest.raises(ActionRefused, match=f"outside the allowed hosts; only these hosts can be reached: {inside}"):
        firewalled.env.execute(Navigate("https://elsewhere.example/"))
    assert firewalled.target.arrived == 0


def test_a_link_to_a_file_leads_nowhere(firewalled: Ground) -> None:
    body = '<a href="file:///etc/hostname" style="position:fixed;inset:0">go</a>'
    address = firewalled.site.add("/file-link", body)
    firewalled.env.execute(Navigate(address))
    firewalled.env.execute(Click(MIDDLE))
    assert firewalled.env.observe().place == address


def test_each_host_is_told_once_a_page_and_again_on_the_next(firewalled: Ground) -> None:
    body = f"""<script>setInterval(() => fetch("http://again.localhost:{firewalled.target.port}/"), 50)</script>"""
    address = firewalled.site.add("/again", body)
    for _ in range(2):
        firewalled.env.execute(Navigate(address))
        assert firewalled.wait_for_a_fact("again.localhost")
        assert firewalled.env.observe().facts == ()
        firewalled.env.execute(Navigate(f"{firewalled.site.url}/empty"))
        firewalled.env.observe()


def test_a_page_that_tries_many_hosts_does_not_flood_the_model(firewalled: Ground) -> None:
    tries = "".join(f"<img src='http://n{n}.localhost:{firewalled.target.port}/'>" for n in range(30))
    firewalled.env.execute(
        Navigate(firewalled.site.add("/many", tries + "<script>onload = () => tell('tried', 1)</script>"))
    )
    assert firewalled.wait_until_tried()
    facts = firewalled.env.observe().facts
    assert len(facts) <= 6


def test_a_refused_page_says_so(firewalled: Ground) -> None:
    firewalled.try_way("location")
    assert firewalled.wait_for_a_fact("location.localhost")
    assert "location.localhost" in firewalled.env.observe().place
    assert firewalled.env.observe().screenshot.image.convert("L").getextrema() != (255, 255)


def test_what_is_allowed_is_in_the_record(firewalled: Ground) -> None:
    assert firewalled.env.info().settings["allowed hosts"] == firewalled.site.url.removeprefix("http://")


def test_a_beginning_outside_the_firewall_is_told_in_one_line() -> None:
    settings = BrowserSettings(allow_hosts=("example.org",))
    with BrowserEnv("https://elsewhere.example/", settings=settings) as env, pytest.raises(EnvUnavailable) as told:
        env.observe()
    assert "only these hosts can be reached: example.org" in str(told.value)
    assert "\n" not in str(told.value)


def test_what_cannot_be_allowed_is_an_error_before_anything_is_opened() -> None:
    with pytest.raises(ValueError, match=r"'co\.uk' cannot be allowed"):
        BrowserEnv(settings=BrowserSettings(allow_hosts=("co.uk",)))
    with pytest.raises(ValueError, match="cannot be used behind a firewall"):
        BrowserEnv(settings=BrowserSettings(allow_hosts=("example.org",), proxy="socks4://127.0.0.1:1"))


@pytest.mark.parametrize("switch", ["--no-proxy-server", "--proxy-pac-url=http://a/", "--host-resolver-rules=MAP * b"])
def test_a_switch_that_leads_around_the_firewall_is_an_error(switch: str) -> None:
    with pytest.raises(ValueError, match=f"the switch {re.escape(switch)} would lead around the allowed hosts"):
        BrowserEnv(settings=BrowserSettings(allow_hosts=("example.org",), switches=(switch,)))


def test_even_past_the_proxy_there_is_no_way() -> None:
    """The second line: whatever forgot the proxy finds no address, not even of this machine."""
    second = tuple([switch for switch in firewall_switches(1) if not switch.startswith("--proxy-")])
    with Target() as target, BrowserEnv(settings=BrowserSettings(switches=second)) as env:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with pytest.raises(ActionRefused, match="ERR_NAME_NOT_RESOLVED"):
                env.execute(Navigate(f"http://{host}:{target.port}/"))
        assert target.arrived == 0


def test_inside_the_firewall_things_work_as_without_one(tmp_path: Path) -> None:
    with Site() as site, Target() as target:
        hosts = (site.url.removeprefix("http://"), f"localhost:{target.port}")
        address = site.add(
            "/all",
            f"""<a href="/file" download style="position:fixed;inset:0"><img src="http://image.localhost:{target.port}/">
            <script>new WebSocket("ws://socket.localhost:{target.port}/");
            new EventSource("http://events.localhost:{target.port}/");
            fetch("http://localhost:{target.port}/").then(its => its.text()).then(its => tell("text", its))</script>""",
        )
        site.pages["/file"] = Page(b"kept", "application/octet-stream")
        settings = BrowserSettings(allow_hosts=hosts, downloads=str(tmp_path), load_limit_s=5)
        with BrowserEnv(address, settings=settings) as env:
            at = Ground(env, site, target, tmp_path)
            env.execute(Click(MIDDLE))
            assert at.wait_for_a_fact("A file was downloaded")
            assert target.wait_for_more_than(3, LIMIT_S)
            asked = b"".join(target.heads)
            assert site.told == {"text": "hi"}
        assert (tmp_path / "file").read_bytes() == b"kept"
        for name in (b"image", b"socket", b"events"):
            assert b"Host: " + name + b".localhost" in asked


def test_what_chromium_asks_by_itself_is_not_put_down_to_the_page(firewalled: Ground) -> None:
    guard = FirewallGuard(Firewall.parse(("example.org",)))
    guard.refused(Refusal("accounts.google.com", "outside the allowed hosts"))
    assert guard.take_facts() == ()
    firewalled.env.execute(Navigate(firewalled.site.add("/own", "<img src='https://accounts.google.com/'>")))
    assert firewalled.wait_for_a_fact("accounts.google.com")


def test_pages_come_through_the_users_proxy_and_no_others() -> None:
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


# -- what the browser itself says


def test_nothing_else_was_tried_past_the_firewall(tmp_path: Path) -> None:
    """What Chromium itself logs of its sockets: one place connected to, no packet sent, no name looked up."""
    seen = {has_firewall: sockets_of(tmp_path, has_firewall=has_firewall) for has_firewall in (True, False)}
    assert len(seen[True].places) == 1
    assert seen[True].names == set()
    assert seen[True].packets == 0
    assert len(seen[False].places) > 1
    assert "looked-up.invalid" in seen[False].names


@dataclass
class Sockets:
    """What a browser connected to, looked up and sent by UDP."""

    places: set[str]
    names: set[str]
    packets: int


def sockets_of(folder: Path, *, has_firewall: bool) -> Sockets:
    """Open a page that wants a name looked up, and another host."""
    parts = ground(folder / str(has_firewall), has_firewall=has_firewall)
    at = next(parts)
    ahead = "<link rel=dns-prefetch href='http://looked-up.invalid/'>"
    at.env.execute(Navigate(at.site.add("/ahead", f"{ahead}<img src='http://image.localhost:{at.target.port}/'>")))
    assert at.wait_for_a_fact("image.localhost") if has_firewall else at.target.wait_for_more_than(0, LIMIT_S)
    at.env.close()
    next(parts, None)
    return read_log(at.log)


def read_log(file: Path) -> Sockets:
    """The log has an event a line; one of a browser that did not end in order lacks its last lines."""
    first, *lines = file.read_text(encoding="utf-8").splitlines()
    kinds = {number: name for name, number in json.loads(first.rstrip(",") + "}")["constants"]["logEventTypes"].items()}
    found = Sockets(set(), set(), 0)
    for line in lines:
        if not line.startswith('{"') or '"type":' not in line:
            continue
        event = json.JSONDecoder().raw_decode(line)[0]
        kind, params = kinds[event["type"]], event.get("params", {})
        if kind == "TCP_CONNECT_ATTEMPT" and "address" in params:
            found.places.add(params["address"])
        elif kind == "HOST_RESOLVER_MANAGER_JOB" and "host" in params:
            found.names.add(params["host"].rpartition("://")[2].partition(":")[0])
        elif kind == "UDP_BYTES_SENT":
            found.packets += 1
    return found
