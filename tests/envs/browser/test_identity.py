"""The identity that pages see, checked by what a page reports to a loopback server or by pixels."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_site import Page, Site

from screenwright import ActionRefused, BrowserEnv, Click, EnvUnavailable, Hotkey, Navigate, ScreenPoint, Size, Type
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
from screenwright.envs.env import Fact
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

SEEN = """<script>
report("languages", navigator.languages.join());
report("number", (1234.5).toLocaleString());
report("timezone", Intl.DateTimeFormat().resolvedOptions().timeZone);
report("hour", new Date(0).getHours());
report("dark", matchMedia("(prefers-color-scheme: dark)").matches);
report("agent", navigator.userAgent);
report("ratio", devicePixelRatio);
report("all", true);
</script><style>@media (prefers-color-scheme: dark) { html { background: rgb(10, 20, 30) } }</style>"""

WHERE = """<script>
navigator.geolocation.getCurrentPosition(
  at => report("place", [at.coords.latitude, at.coords.longitude]), error => report("place", error.message));
</script>"""

SCALES = (1.0, 1.25, 2.0, 3.0)
PAD = """<style>html{background:#fff}#pad{position:absolute;left:100px;top:60px;width:400px;height:200px;
background:rgb(0,0,255)}</style><div id=pad></div><script>
onclick = event => report("clicked", [event.clientX, event.clientY, event.target.id || "page"])</script>"""

DIARY = """<script>
const entry = localStorage.getItem("diary");
const open = indexedDB.open("shelf", 1);
open.onupgradeneeded = () => open.result.createObjectStore("books");
open.onsuccess = () => {
  const asked = open.result.transaction("books").objectStore("books").get("first");
  asked.onsuccess = () => report("remembered", [document.cookie, entry, asked.result ?? null]);
};
onclick = () => {
  document.cookie = "login=ada; max-age=86400";
  localStorage.setItem("diary", "dear diary");
  const writing = open.result.transaction("books", "readwrite");
  writing.objectStore("books").put("a book", "first");
  writing.oncomplete = () => report("written", true);
};
</script>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def reported(site: Site, name: str) -> object:
    """What the page reported as `name`, once it has."""
    eventually(lambda: name in site.reported, True)
    return site.reported[name]


# -- what pages see


def test_page_sees_the_requested_identity(site: Site) -> None:
    settings = BrowserSettings(locale="de-DE", timezone="Asia/Tokyo", dark=True, user_agent="Mozilla/5.0 (Ada)")
    with BrowserEnv(site.add("/", SEEN), viewport=Size(640, 400), settings=settings) as env:
        pixel = env.observe().screenshot.image.getpixel((600, 300))
        reported(site, "all")
        for name in ("languages", "number", "timezone", "hour", "dark", "agent"):
            reported(site, name)
    assert pixel == (10, 20, 30)
    assert site.reported["languages"] == "de-DE"
    assert site.reported["number"] == "1.234,5"
    assert site.reported["timezone"] == "Asia/Tokyo"
    assert site.reported["hour"] == 9
    assert site.reported["dark"] is True
    assert site.reported["agent"] == "Mozilla/5.0 (Ada)"


def test_geolocation_is_granted_without_a_prompt(site: Site) -> None:
    with BrowserEnv(site.add("/", WHERE), settings=BrowserSettings(geolocation="52.52,13.4")) as env:
        shot = env.observe().screenshot.image
        assert reported(site, "place") == [52.52, 13.4]
    assert shot.convert("L").getextrema() == (255, 255)  # nothing is drawn over the page


def test_clicks_land_where_the_screenshot_shows_them_at_every_scale(site: Site) -> None:
    url = site.add("/", PAD)
    for scale in SCALES:
        with BrowserEnv(url, viewport=Size(640, 400), scale=scale) as env:
            image = env.observe().screenshot.image
            assert image.size == (round(640 * scale), round(400 * scale))
            left, top, right, bottom = blue(image.tobytes(), image.width)
            assert [left, top, right, bottom] == [edge * scale for edge in (100, 60, 500, 260)]
            for x, y in ((left, top), (right - 1, bottom - 1), ((left + right) // 2, (top + bottom) // 2)):
                site.reported.clear()
                env.execute(Click(ScreenPoint(x, y)))
                clicked = reported(site, "clicked")
                assert isinstance(clicked, list)
                assert clicked[:2] == pytest.approx([x / scale, y / scale], abs=1)
                assert clicked[2] == "pad"
            for x, y in ((left - 1, top), (right - 1, bottom)):
                site.reported.clear()
                env.execute(Click(ScreenPoint(x, y)))
                clicked = reported(site, "clicked")
                assert isinstance(clicked, list)
                assert clicked[2] == "page"


@pytest.mark.parametrize("scale", [1.1, 1.25, 1.5])
def test_fractional_size_is_rounded_like_in_chromium(site: Site, scale: float) -> None:
    with BrowserEnv(site.add("/", ""), viewport=Size(1003, 333), scale=scale) as env:
        assert env.observe().screenshot.size == Size(int(1003 * scale + 0.5), int(333 * scale + 0.5))
        with pytest.raises(ActionRefused, match=f"outside the screen of {env.observe().screenshot.size}"):
            env.execute(Click(ScreenPoint(1003 * scale + 1, 1)))


def blue(pixels: bytes, width: int) -> tuple[int, int, int, int]:
    """The bounds of the blue pixels in an RGB image."""
    found = [at // 3 for at in range(0, len(pixels), 3) if pixels[at : at + 3] == b"\x00\x00\xff"]
    columns = [at % width for at in found]
    return min(columns), found[0] // width, max(columns) + 1, found[-1] // width + 1


# -- cookies and storage


def write_diary(site: Site, settings: BrowserSettings) -> None:
    """Store something in cookies, local storage and IndexedDB."""
    site.reported.clear()
    with BrowserEnv(site.add("/", DIARY), settings=settings) as env:
        env.observe()
        assert reported(site, "remembered") == ["", None, None]
        env.execute(Click(ScreenPoint(300, 300)))
        reported(site, "written")


def read_diary(site: Site, settings: BrowserSettings) -> object:
    site.reported.clear()
    with BrowserEnv(site.add("/", DIARY), settings=settings) as env:
        env.observe()
        return reported(site, "remembered")


REMEMBERED = ["login=ada", "dear diary", "a book"]


def test_profile_keeps_a_login_between_runs(site: Site, tmp_path: Path) -> None:
    settings = BrowserSettings(profile=str(tmp_path / "new" / "profile"))
    write_diary(site, settings)
    assert read_diary(site, settings) == REMEMBERED
    assert read_diary(site, BrowserSettings()) == ["", None, None]


def test_storage_state_transfers_a_login_to_another_browser(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_diary(site, BrowserSettings(save_storage=str(file)))
    assert file.stat().st_mode & 0o777 == 0o600
    assert {cookie["name"] for cookie in json.loads(file.read_bytes())["cookies"]} == {"login"}
    assert read_diary(site, BrowserSettings(storage_state=str(file))) == REMEMBERED
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_storage_state_is_loaded_into_a_profile(site: Site, tmp_path: Path) -> None:
    file, profile = tmp_path / "state.json", str(tmp_path / "profile")
    write_diary(site, BrowserSettings(save_storage=str(file)))
    assert read_diary(site, BrowserSettings(storage_state=str(file), profile=profile)) == REMEMBERED
    assert read_diary(site, BrowserSettings(profile=profile)) == REMEMBERED


def test_storage_state_is_written_while_a_dialog_is_open(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    url = site.add("/", "<script>document.cookie='login=ada'; localStorage.setItem('a', 'b'); alert('stop')</script>")
    with BrowserEnv(url, settings=BrowserSettings(save_storage=str(file))) as env:
        env.observe()
    written = json.loads(file.read_bytes())
    assert [cookie["value"] for cookie in written["cookies"]] == ["ada"]
    assert [origin["origin"] for origin in written["origins"]] == [site.url]


def test_profile_in_use_is_a_one_line_error(site: Site, tmp_path: Path) -> None:
    settings = BrowserSettings(profile=str(tmp_path))
    with BrowserEnv(site.add("/", ""), settings=settings) as first:
        first.observe()
        with BrowserEnv(site.url, settings=settings) as second, pytest.raises(EnvUnavailable) as refused:
            second.observe()
        assert f"{tmp_path} is in use by another browser" in str(refused.value)
        assert "\n" not in str(refused.value)
        first.execute(Navigate(site.url + "/"))  # the first browser still works
    with BrowserEnv(site.url + "/", settings=settings) as third:
        third.observe()


# -- the overlay, tabs and downloads in a profile


def test_browser_with_a_profile_draws_dialogs_and_follows_tabs_and_downloads(site: Site, tmp_path: Path) -> None:
    site.pages["/file"] = Page(b"12345", "application/octet-stream", {"Content-Disposition": "attachment; filename=f"})
    site.add("/second", "<title>Second</title><style>html{background:rgb(0,128,0)}</style>")
    url = site.add(
        "/",
        """<div class=at style="left:0;top:0;width:100px;height:100px;background:red" onclick="report('name',
        prompt('Name?'))"></div><a class=at style="left:200px;top:0;width:100px;height:100px;background:blue"
        href=/second target=_blank></a><a class=at style="left:400px;top:0;width:100px;height:100px;background:lime"
        href=/file></a>""",
    )
    settings = BrowserSettings(profile=str(tmp_path / "profile"), downloads=str(tmp_path / "downloads"))
    with BrowserEnv(url, viewport=Size(800, 500), settings=settings) as env:
        empty = env.observe().screenshot.image
        env.execute(Click(ScreenPoint(50, 50)))
        eventually(lambda: env.observe().screenshot.image.tobytes() != empty.tobytes(), True)
        env.execute(Type("Ada", submit=True))
        assert reported(site, "name") == "Ada"
        env.execute(Click(ScreenPoint(450, 50)))
        eventually((tmp_path / "downloads" / "f").exists, True)
        env.execute(Click(ScreenPoint(250, 50)))
        eventually(lambda: Fact("A new tab opened: {}.", ("Second",)) in env.observe().facts, True)
        assert env.observe().screenshot.image.getpixel((700, 400)) == (0, 128, 0)


def test_page_in_a_profile_can_ask_for_permission(site: Site, tmp_path: Path) -> None:
    body = "<script>onclick = () => navigator.geolocation.getCurrentPosition(() => report('result', 'place'),"
    url = site.add("/", body + " error => report('result', error.code))</script>")
    with BrowserEnv(url, viewport=Size(800, 500), settings=BrowserSettings(profile=str(tmp_path))) as env:
        before = env.observe().screenshot.image
        env.execute(Click(ScreenPoint(700, 450)))
        eventually(lambda: env.observe().screenshot.image.tobytes() != before.tobytes(), True)
        env.execute(Hotkey(("escape",)))
        assert reported(site, "result") == 1
        assert any("was not allowed to" in str(fact) for fact in env.observe().facts)


# -- proxy


class Relay:
    """A loopback proxy that replies to every request itself and records them."""

    def __init__(self, login: str = "") -> None:
        self.asked: list[str] = []
        self._login = login
        self._server = LocalServer(self._respond)
        self.address = f"127.0.0.1:{self._server.port}"

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if self._login and request.headers.get("Proxy-Authorization") != self._login:
            return HttpResponse(status=407, headers={"Proxy-Authenticate": 'Basic realm="relay"'})
        self.asked.append(request.target)
        return HttpResponse(b"<style>html{background:rgb(200,100,0)}</style>")


@pytest.mark.parametrize("has_profile", [False, True])
def test_every_request_goes_through_the_proxy(site: Site, tmp_path: Path, has_profile: bool) -> None:
    with Relay() as relay:
        settings = BrowserSettings(proxy=f"http://{relay.address}", profile=str(tmp_path) if has_profile else None)
        with BrowserEnv(site.url + "/page", settings=settings) as env:
            assert env.observe().screenshot.image.getpixel((600, 300)) == (200, 100, 0)
            env.execute(Navigate("http://nowhere.example/there"))
            assert env.observe().screenshot.image.getpixel((600, 300)) == (200, 100, 0)
        assert site.url + "/page" in relay.asked
        assert "http://nowhere.example/there" in relay.asked
    assert site.requests == []


def test_proxy_credentials_are_sent(site: Site) -> None:
    with Relay(login="Basic " + base64.b64encode(b"ada:pass word").decode()) as relay:
        settings = BrowserSettings(proxy=f"http://ada:pass%20word@{relay.address}")
        with BrowserEnv(site.url + "/page", settings=settings) as env:
            assert env.observe().screenshot.image.getpixel((600, 300)) == (200, 100, 0)
            assert "pass" not in str(env.info())
        assert site.url + "/page" in relay.asked


def test_unreachable_proxy_is_a_one_line_error(site: Site) -> None:
    with Relay() as relay:
        address = relay.address
    with BrowserEnv(site.url, settings=BrowserSettings(proxy=address)) as env, pytest.raises(EnvUnavailable) as refused:
        env.observe()
    assert "ERR_PROXY_CONNECTION_FAILED" in str(refused.value)


# -- with a window


def test_headed_browser_looks_and_prompts_like_a_headless_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    display = RunningDisplay(VirtualDisplay(Size(1000, 700)))
    try:
        for name in ("DISPLAY", "XAUTHORITY"):
            monkeypatch.setenv(name, display.environment[name])
        url = site.add("/", PAD + "<script>onclick = event => report('answer', [prompt('?'), event.clientX])</script>")
        with BrowserEnv(url, viewport=Size(640, 400), scale=1.25, headless=False) as env:
            shot = env.observe().screenshot.image
            assert shot.size == (800, 500)
            assert blue(shot.tobytes(), 800) == (125, 75, 625, 325)
            env.execute(Click(ScreenPoint(250, 125)))
            eventually(lambda: env.observe().screenshot.image.tobytes() != shot.tobytes(), True)
            env.execute(Type("Ada", submit=True))
            assert reported(site, "answer") == ["Ada", 200]
    finally:
        display.stop()


def test_window_on_a_scaled_screen_is_captured_at_the_requested_scale(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = RunningDisplay(VirtualDisplay(Size(1000, 700)))
    try:
        for name in ("DISPLAY", "XAUTHORITY"):
            monkeypatch.setenv(name, display.environment[name])
        settings = BrowserSettings(switches=("--force-device-scale-factor=2",))
        with BrowserEnv(site.add("/", PAD), viewport=Size(640, 400), headless=False, settings=settings) as env:
            shot = env.observe().screenshot.image
            assert shot.size == (640, 400)
            assert shot.getpixel((300, 160)) == (0, 0, 255)
            env.execute(Click(ScreenPoint(300, 160)))
            assert reported(site, "clicked") == [300, 160, "pad"]
    finally:
        display.stop()


def test_headed_browser_without_a_display_is_a_one_line_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with BrowserEnv(site.url, headless=False) as env, pytest.raises(EnvUnavailable) as refused:
        env.observe()
    assert "display" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_traffic_that_cannot_be_written_at_the_end_is_a_warning(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "traffic.har"
    env = BrowserEnv(site.add("/", ""), settings=BrowserSettings(har=str(file)))
    env.observe()
    file.mkdir()
    with pytest.warns(RuntimeWarning, match=f"could not write {file}"):
        env.close()
