"""Attaching to a running Chromium: the browser and its other tabs do not change."""

import json
import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from page_site import Page, Site

from screenwright import BrowserEnv, Button, Click, EnvLost, EnvUnavailable, Hotkey, ScreenPoint, Size, Type
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.launch.chromium import find_chromium, switches
from screenwright.envs.env import Fact
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

SIZE = Size(640, 400)
_START_S = 60.0


@dataclass
class Running:
    """A running Chromium, controlled by its DevTools HTTP endpoints."""

    address: str
    process: "subprocess.Popen[bytes]"

    def tabs(self) -> dict[str, str]:
        """The addresses of the tabs, by id."""
        return {tab["id"]: tab["url"] for tab in self._get("/json/list") if tab["type"] == "page"}

    def open(self, url: str) -> str:
        """Open a tab that is not ours; returns its id."""
        return str(json.loads(self._read(Request(f"{self.address}/json/new?{url}", method="PUT")))["id"])

    def close(self, tab: str) -> None:
        """Close such a tab."""
        self._read(Request(f"{self.address}/json/close/{tab}"))
        eventually(lambda: tab in self.tabs(), False)

    def _get(self, path: str) -> list[dict[str, str]]:
        return list(json.loads(self._read(Request(self.address + path))))

    def _read(self, request: Request) -> bytes:
        with urlopen(request, timeout=_START_S) as answer:
            return bytes(answer.read())


@contextmanager
def chromium(folder: Path, *own: str) -> Generator[Running]:
    """A Chromium with a DevTools port and one tab."""
    wanted = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}", *own, "about:blank"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [find_chromium(Path("none"), None), *switches(()), *wanted], stdout=log, stderr=log, start_new_session=True
        )
    try:
        port_file = folder / "DevToolsActivePort"
        eventually(lambda: port_file.exists() and port_file.read_text().count("\n"), 1)
        running = Running(f"http://127.0.0.1:{port_file.read_text().split()[0]}", process)
        eventually(lambda: len(running.tabs()), 1)
        yield running
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with chromium(tmp_path_factory.mktemp("running")) as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def other_tab(site: Site, running: Running) -> Iterator[str]:
    """The id of a tab that is not ours and reports any input or change."""
    site.add(
        "/theirs",
        """<script>for (const kind of ["resize", "beforeunload", "keydown", "mousedown"])
        addEventListener(kind, () => report("touched", kind)); report("arrived", innerWidth);
        setInterval(() => { fetch("/poll" + Math.random());
        if (window[Symbol.for("screenwright.idle")]) report("touched", "scripts"); }, 100)</script>""",
    )
    before = set(running.tabs())
    tab = running.open(site.url + "/theirs")
    eventually(lambda: "arrived" in site.reported, True)
    yield tab
    assert set(running.tabs()) == before | {tab}, "tabs were left open or closed"
    assert running.tabs()[tab] == site.url + "/theirs"
    assert "touched" not in site.reported
    assert running.process.poll() is None
    running.close(tab)


def attached(running: Running, url: str, scale: float = 1.0) -> BrowserEnv:
    return BrowserEnv(url, viewport=SIZE, scale=scale, settings=BrowserSettings(cdp=running.address))


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0])
def test_own_tab_is_operated_and_closed(running: Running, other_tab: str, site: Site, scale: float) -> None:
    url = site.add(
        "/ours",
        """<style>html{background:rgb(0,90,160)}</style>
        <input class=at id=f style="left:40px;top:40px;width:300px;height:40px"
        oninput="if (value === 'Ada') report('text', value)">
        <script>onclick = event => report("at", [event.clientX, event.clientY])</script>""",
    )
    with attached(running, url, scale) as env:
        shot = env.observe().screenshot.image
        assert shot.size == (round(640 * scale), round(400 * scale))
        assert shot.getpixel((round(600 * scale), round(300 * scale))) == (0, 90, 160)
        env.execute(Click(ScreenPoint(100 * scale, 60 * scale)))
        eventually(lambda: site.reported.get("at"), [100, 60])
        env.execute(Type("Ada"))
        eventually(lambda: site.reported.get("text"), "Ada")
        assert len(running.tabs()) == 3  # the initial one, the other one and ours
        assert env.info().settings["attached to"] == running.address


def test_settling_ignores_other_tabs(running: Running, other_tab: str, site: Site) -> None:
    with attached(running, site.add("/ours", "")) as env:
        env.observe()
        other = running.open(site.url + "/theirs")
        try:
            done = env.execute(Click(ScreenPoint(300, 300)))
            assert "limit" not in done.settled_by
            assert env.observe().facts == ()
            assert env.observe().location == site.url + "/ours"
        finally:
            running.close(other)


def test_dialogs_tabs_and_pickers_of_our_tab_work(running: Running, other_tab: str, site: Site) -> None:
    site.add("/next", "<title>Next</title><style>html{background:rgb(0,128,0)}</style><input type=date class=at "
        "style='left:0;top:0;width:200px;height:40px' onchange=\"report('date', value)\">")  # fmt: skip
    url = site.add(
        "/ours",
        """<div class=at style="left:0;top:0;width:100px;height:100px;background:red"
        onclick="report('name', prompt('Name?'))"></div>
        <a class=at style="left:200px;top:0;width:100px;height:100px;background:blue" href=/next target=_blank
        rel=noopener></a>""",
    )
    with attached(running, url) as env:
        before = env.observe().screenshot.image
        env.execute(Click(ScreenPoint(50, 50)))
        eventually(lambda: env.observe().screenshot.image.tobytes() != before.tobytes(), True)
        env.execute(Type("Ada", submit=True))
        eventually(lambda: site.reported.get("name"), "Ada")
        env.execute(Click(ScreenPoint(250, 50)))
        eventually(lambda: env.observe().facts, (Fact("A new tab opened: {}.", ("Next",)),))
        observation = env.observe()
        assert observation.screenshot.size == SIZE
        assert observation.screenshot.image.getpixel((600, 300)) == (0, 128, 0)
        env.execute(Click(ScreenPoint(180, 20)))
        assert env.observe().screenshot.image.tobytes() != observation.screenshot.image.tobytes()
        env.execute(Hotkey(("escape",)))
        env.execute(Hotkey(("ctrl", "w")))
        assert env.observe().location == url


def test_tab_opened_by_ctrl_click_is_followed_and_closed(running: Running, other_tab: str, site: Site) -> None:
    site.add("/next", "<title>Next</title><style>html{background:rgb(0,128,0)}</style>")
    link = "<a class=at style='left:200px;top:0;width:100px;height:100px;background:blue' href=/next></a>"
    with attached(running, site.add("/ours", link)) as env:
        env.observe()
        for click in (
            Click(ScreenPoint(250, 50), modifiers=("ctrl",)),
            Click(ScreenPoint(250, 50), button=Button.MIDDLE),
        ):
            env.execute(click)
            eventually(lambda: env.observe().location, site.url + "/next")
            assert env.observe().screenshot.image.getpixel((600, 300)) == (0, 128, 0)
            env.execute(Hotkey(("ctrl", "w")))
            assert env.observe().location == site.url + "/ours"
        env.execute(Click(ScreenPoint(250, 50), modifiers=("ctrl",)))
        eventually(lambda: env.observe().location, site.url + "/next")


def test_dialog_of_another_tab_is_left_alone(running: Running, other_tab: str, site: Site) -> None:
    with attached(running, site.add("/ours", "")) as env:
        before = env.observe().screenshot.image
        site.add("/asks", "<script>report('asking', true); report('answered', String(confirm('Yours?')))</script>")
        other = running.open(site.url + "/asks")
        try:
            eventually(lambda: "asking" in site.reported, True)
            env.execute(Click(ScreenPoint(300, 300)))
            observation = env.observe()
            assert observation.screenshot.image.tobytes() == before.tobytes()
            assert observation.facts == ()
            assert "answered" not in site.reported
        finally:
            running.close(other)


def test_own_tab_shares_the_logins_of_the_browser(running: Running, other_tab: str, site: Site) -> None:
    site.pages["/login"] = Page(b"", headers={"Set-Cookie": "login=ada; Max-Age=60; Path=/"})
    tab = running.open(site.url + "/login")
    eventually(lambda: "/login" in site.requests, True)
    with attached(running, site.add("/ours", "<script>report('cookie', document.cookie)</script>")) as env:
        env.observe()
        eventually(lambda: site.reported.get("cookie"), "login=ada")
    running.close(tab)


def test_missing_browser_error_says_how_to_start_one(site: Site) -> None:
    with BrowserEnv(settings=BrowserSettings(cdp=site.url)) as env, pytest.raises(EnvUnavailable) as refused:
        env.observe()
    assert str(refused.value).startswith(f"no browser is listening at {site.url}: start one with --remote-debugging")
    assert "\n" not in str(refused.value)


def test_browser_killed_by_its_owner_is_lost(tmp_path: Path, site: Site) -> None:
    with chromium(tmp_path) as running, attached(running, site.add("/", "")) as env:
        env.observe()
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
        with pytest.raises(EnvLost):
            env.execute(Click(ScreenPoint(10, 10)))


def test_open_dialog_in_another_tab_is_reported_and_left_open(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screenwright.envs.browser.launch.attach.CONNECT_S", (2.0,))
    site.add("/asks", "<script>report('asking', true); report('answered', String(confirm('Yours?')))</script>")
    with chromium(tmp_path) as running:
        running.open(site.url + "/asks")
        eventually(lambda: "asking" in site.reported, True)
        with attached(running, site.add("/ours", "")) as env, pytest.raises(EnvUnavailable) as refused:
            env.observe()
        assert "close any open dialogs in its tabs" in str(refused.value)
        assert running.process.poll() is None
        assert "answered" not in site.reported


@pytest.mark.parametrize(
    "opener",
    [
        "<a class=at style='left:200px;top:0;width:100px;height:100px' href=/file target=_blank>x</a>",
        "<div class=at style='left:200px;top:0;width:100px;height:100px' onclick='open(\"/file\")'>x</div>",
    ],
)
def test_tab_that_closes_at_once_leaves_the_previous_one_shown(
    running: Running, other_tab: str, site: Site, opener: str
) -> None:
    site.pages["/file"] = Page(b"12345", "application/octet-stream", {"Content-Disposition": "attachment"})
    with attached(running, site.add("/ours", opener)) as env:
        env.observe()
        for _ in range(2):
            done = env.execute(Click(ScreenPoint(250, 50)))
            assert "limit" not in done.settled_by
            assert env.observe().location == site.url + "/ours"
