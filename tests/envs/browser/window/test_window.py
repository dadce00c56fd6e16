"""A Chromium window, operated by coordinates found on the screenshot; its pages report to a loopback server."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from page_site import Page, Site

from screenwright import ActionRefused, Back, Click, Home, Hotkey, Move, Navigate, OpenApp, ScreenPoint, Size, Type
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.window.env import BrowserWindowEnv
from screenwright.envs.env import Fact
from screenwright.eval.benchmarks.gallery import steps as gallery_steps
from screenwright.testing import EnvContract, Stage, eventually

pytestmark = [pytest.mark.browser, pytest.mark.desktop, pytest.mark.reader]

MAGENTA, GREEN = "#ff00ff", "#00ff00"
AT = "class=at style='left:60px;top:60px;width:200px;height:40px;background:#f0f'"
STAGE = """
<button class=at style="left:40px;top:40px;width:160px;height:50px;background:#f0f;border:0"
 onclick="n=(window.n||0)+1;report('presses',n)"></button>
<input class=at id=f style="left:40px;top:120px;width:400px;height:30px;border:8px solid #0f0"
 oninput="report('text',value)"
 onkeydown="if(event.key=='Enter'){s=(window.s||0)+1;report('submissions',s)}">"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/", STAGE)
        site.add("/blank", "<title>Blank</title>")
        yield site


class WindowStage:
    nothing = ScreenPoint(900, 600)

    def __init__(self, site: Site, env: BrowserWindowEnv) -> None:
        self.site = site
        self.env = env
        self.button, self.field = seen(env, MAGENTA), seen(env, GREEN)

    def presses(self) -> int:
        return int(str(self.site.reported.get("presses", 0)))

    def text(self) -> str:
        return str(self.site.reported.get("text", ""))

    def submissions(self) -> int:
        return int(str(self.site.reported.get("submissions", 0)))

    def new_env(self) -> BrowserWindowEnv:
        return BrowserWindowEnv()


class TestBrowserWindowEnv(EnvContract):
    @pytest.fixture(scope="class")
    @classmethod
    def stage(cls, site: Site) -> Iterator[Stage]:
        site.reported.clear()
        with BrowserWindowEnv(site.url + "/") as env:
            yield WindowStage(site, env)


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uploads")
    for name in ("invoice.txt", "photo.png"):
        (folder / name).write_text("x")
    return folder


@pytest.fixture(scope="module")
def window(site: Site, uploads: Path) -> Iterator[BrowserWindowEnv]:
    """One window for tests that only need a page."""
    settings = BrowserSettings(upload_from=(str(uploads),))
    with BrowserWindowEnv(site.url + "/blank", settings=settings) as env:
        yield env


@pytest.fixture(autouse=True)
def screenshot_of_a_failure(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Save a screenshot of the shared window when a test fails."""
    before = request.session.testsfailed
    yield
    if request.session.testsfailed > before and "window" in request.fixturenames:
        env: BrowserWindowEnv = request.getfixturevalue("window")
        env.observe().screenshot.image.save(tmp_path / "seen.png")
        print(tmp_path / "seen.png")


def visit(env: BrowserWindowEnv, site: Site, body: str, path: str = "/page") -> None:
    site.reported.clear()
    env.execute(Navigate(site.add(path, body)))


def seen(env: BrowserWindowEnv, what: str, part: tuple[float, float] = (0.5, 0.5)) -> ScreenPoint:
    """Where `what` is on the screen: a slow machine may show it only after the action has returned."""
    found = list[ScreenPoint]()

    def look() -> bool:
        with suppress(gallery_steps.TargetNotFound):
            found.append(gallery_steps.locate(env.observe().screenshot.image, what, part))
        return bool(found)

    eventually(look, True)
    return found[0]


def opens(env: BrowserWindowEnv, title: str) -> None:
    """Assert that the page with that title opens; a window manager hears of a title after the page is painted."""
    eventually(lambda: env.observe().location.startswith(title), True)


def top_of_page(env: BrowserWindowEnv) -> float:
    """Where a green page begins: at 0 in full screen."""
    seen(env, GREEN)
    return gallery_steps.find_colour(env.observe().screenshot.image, GREEN).top


def click(env: BrowserWindowEnv, what: str, part: tuple[float, float] = (0.5, 0.5)) -> None:
    env.execute(Click(seen(env, what, part)))


def test_window_fills_the_screen_and_nothing_covers_the_page(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<title>Plain</title><body style='background:#0f0'>")
    assert seen(window, GREEN)
    shot = window.observe().screenshot
    assert shot.size == Size(1280, 720)
    page = gallery_steps.find_colour(shot.image, GREEN)
    assert (page.left, page.right, page.bottom) == (0, 1280, 720)
    assert page.top < 100
    opens(window, "Plain")


def test_option_of_a_native_list_is_chosen(window: BrowserWindowEnv, site: Site) -> None:
    options = "".join(f"<option>{name}" for name in ("Apple", "Pear", "Plum"))
    visit(window, site, f"<select {AT} onchange=\"report('chosen',value)\">{options}</select>")
    click(window, MAGENTA)
    click(window, "Plum")
    eventually(lambda: site.reported.get("chosen"), "Plum")


def test_date_is_picked_from_the_native_calendar(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, f"<input type=date value=2026-05-04 {AT} onchange=\"report('date',value)\">")
    click(window, MAGENTA, (0.93, 0.5))
    click(window, "21")
    eventually(lambda: site.reported.get("date"), "2026-05-21")


def test_native_confirmation_is_declined(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, f"<div {AT} onclick=\"report('sure',confirm('Delete everything?'))\"></div>")
    click(window, MAGENTA)
    assert seen(window, "Delete everything?")
    click(window, "Cancel")
    eventually(lambda: site.reported.get("sure"), False)


def test_native_prompt_takes_text(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, f"<div {AT} onclick=\"report('name',prompt('Your name?'))\"></div>")
    click(window, MAGENTA)
    assert seen(window, "Your name?")
    window.execute(Type("Åsa 你"))
    click(window, "OK")
    eventually(lambda: site.reported.get("name"), "Åsa 你")


def test_navigation_away_from_a_dialog_types_nothing_into_it(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, f"<div {AT} onclick=\"report('name',prompt('Your name?'))\"></div>")
    click(window, MAGENTA)
    assert seen(window, "Your name?")
    window.execute(Navigate(site.url + "/blank"))
    opens(window, "Blank")
    eventually(lambda: site.reported, {"name": None})
    visit(window, site, "<title>After it</title>")
    opens(window, "After it")


def test_navigation_is_refused_in_full_screen_and_types_nothing(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<body style='background:#0f0' onkeydown=\"report('key',key)\">")
    window.execute(Hotkey(("f11",)))
    eventually(lambda: top_of_page(window), 0)
    with pytest.raises(ActionRefused, match="F11"):
        window.execute(Navigate(site.url + "/blank"))
    window.execute(Hotkey(("f11",)))
    eventually(lambda: top_of_page(window) > 0, True)
    assert site.reported in ({}, {"key": "F11"})


def test_page_that_handles_all_keys_can_be_left(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<title>Keys</title><script>onkeydown = event => event.preventDefault()</script>")
    window.execute(Navigate(site.url + "/blank"))
    opens(window, "Blank")


def test_navigation_works_when_the_address_bar_has_the_focus(window: BrowserWindowEnv, site: Site) -> None:
    window.execute(Hotkey(("ctrl", "l")))
    window.execute(Navigate(site.url + "/blank"))
    opens(window, "Blank")
    window.execute(Hotkey(("ctrl", "t")))
    window.execute(Navigate(site.url + "/blank"))
    opens(window, "Blank")
    window.execute(Hotkey(("ctrl", "w")))


def test_previous_tab_is_selected_in_the_tab_strip(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<title>KIWI</title><body style='background:#0f0'>")
    window.execute(Hotkey(("ctrl", "t")))
    eventually(lambda: window.observe().location.startswith("KIWI"), False)
    click(window, "KIWI")
    opens(window, "KIWI")
    assert seen(window, GREEN)
    window.execute(Hotkey(("ctrl", "tab")))
    window.execute(Hotkey(("ctrl", "w")))


def test_address_is_typed_into_the_address_bar(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<title>Before</title>")
    site.add("/typed", "<title>Typed</title>")
    click(window, "127.0.0.1")
    window.execute(Type(site.url + "/typed", submit=True))
    opens(window, "Typed")


def test_back_and_home_navigate(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<title>First</title>", "/first")
    visit(window, site, "<title>Second</title>", "/second")
    window.execute(Back())
    opens(window, "First")
    window.execute(Home())
    opens(window, "Blank")


def test_autocompletion_does_not_change_the_address(window: BrowserWindowEnv, site: Site) -> None:
    site.add("/short", "<title>Short</title>")
    for _ in range(3):
        visit(window, site, "<title>Longer</title>", "/shorter-and-longer")
    window.execute(Navigate(site.url + "/short"))
    opens(window, "Short")


def test_slow_page_is_waited_for(window: BrowserWindowEnv, site: Site) -> None:
    site.add("/slow", "<title>Slow</title><body style='background:#0f0'>")
    site.delays["/slow"] = 2.0
    visit(window, site, f"<a {AT} href=/slow>go</a>")
    click(window, MAGENTA)
    assert gallery_steps.locate(window.observe().screenshot.image, GREEN, (0.5, 0.5))  # at once


def test_file_is_chosen_by_typing_its_path(window: BrowserWindowEnv, site: Site, uploads: Path) -> None:
    visit(window, site, f"<input type=file {AT} onchange=\"report('file',files[0].name)\">")
    click(window, MAGENTA, (0.1, 0.5))
    opens(window, "Open File")
    with pytest.raises(ActionRefused, match="Open File"):
        window.execute(Navigate(site.url + "/blank"))
    window.execute(Type(str(uploads / "invoice.txt")))
    click(window, "Open")
    eventually(lambda: site.reported.get("file"), "invoice.txt")


def test_file_is_chosen_by_clicking(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, f"<input type=file {AT} onchange=\"report('file',files[0].name)\">")
    click(window, MAGENTA, (0.1, 0.5))
    click(window, "invoice.txt")
    click(window, "Open")
    eventually(lambda: site.reported.get("file"), "invoice.txt")


def test_file_chooser_does_not_open_without_an_upload_folder(site: Site) -> None:
    url = site.add("/file", f"<title>No file</title><input type=file {AT} oncancel=\"report('file','none')\">")
    with BrowserWindowEnv(url) as env:
        click(env, MAGENTA, (0.1, 0.5))
        observation = env.observe()
        assert observation.location.startswith("No file")
        assert not observation.facts


def test_tooltip_is_shown(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, f"<div {AT} title='GRAPEFRUIT'></div>")
    window.execute(Move(seen(window, MAGENTA)))
    window.execute(Move(seen(window, MAGENTA, (0.4, 0.4))))
    assert seen(window, "GRAPEFRUIT")


def test_permission_is_granted_in_its_bubble(window: BrowserWindowEnv, site: Site) -> None:
    script = "navigator.permissions.query({name:'notifications'}).then(p=>Notification.requestPermission())"
    visit(window, site, f"<div {AT} onclick=\"{script}.then(answer=>report('answer',answer))\"></div>")
    click(window, MAGENTA)
    click(window, "Allow")
    eventually(lambda: site.reported.get("answer"), "granted")


def test_download_is_saved_and_reported(site: Site, tmp_path: Path) -> None:
    site.pages["/sum.csv"] = Page(b"1,2", "text/csv", {"Content-Disposition": "attachment"})
    url = site.add("/download", f"<a {AT} href=/sum.csv>get</a>")
    with BrowserWindowEnv(url, settings=BrowserSettings(downloads=str(tmp_path))) as env:
        click(env, MAGENTA)
        eventually(lambda: Fact("Downloaded {} (3 bytes).", ("sum.csv",)) in env.observe().facts, True)
        assert (tmp_path / "sum.csv").exists()
        assert env.observe().facts == ()


def test_closed_browser_is_reopened_empty(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<title>Closed</title>")
    window.execute(Hotkey(("ctrl", "shift", "w")))
    eventually(lambda: any("new empty window was opened" in str(fact) for fact in window.observe().facts), True)
    visit(window, site, "<title>Again</title>")
    opens(window, "Again")


def test_minimized_window_is_restored(window: BrowserWindowEnv, site: Site) -> None:
    visit(window, site, "<body style='background:#0f0'>")
    window.execute(Hotkey(("alt", "f9")))
    assert seen(window, GREEN)
    minimize = ScreenPoint(window.observe().screenshot.size.width - 86, 20)
    window.execute(Click(minimize))
    assert seen(window, GREEN)


def test_applications_cannot_be_opened(window: BrowserWindowEnv) -> None:
    with pytest.raises(ActionRefused, match="applications"):
        window.execute(OpenApp("xterm"))
