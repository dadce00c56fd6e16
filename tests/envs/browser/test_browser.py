"""A browser page as an environment. The pages report to a loopback server; nothing inspects the browser."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_pages import colour, visit
from page_site import Site

from screenwright import (
    ActionRefused,
    Back,
    BrowserEnv,
    Click,
    Direction,
    Drag,
    EnvUnavailable,
    Home,
    Move,
    Navigate,
    ScreenPoint,
    Scroll,
    Size,
    Type,
)
from screenwright.envs.browser import BrowserSettings
from screenwright.testing import EnvContract, Stage, eventually

pytestmark = pytest.mark.browser

STAGE = """
<button class=at style="left:40px;top:40px;width:160px;height:50px" onclick="n=(window.n||0)+1;report('presses',n)">
Press</button>
<input class=at id=f style="left:40px;top:120px;width:400px;height:30px" oninput="report('text',value)"
 onkeydown="if(event.key=='Enter'){s=(window.s||0)+1;report('submissions',s)}">"""


class PageStage:
    button = ScreenPoint(120, 65)
    field = ScreenPoint(200, 135)
    nothing = ScreenPoint(700, 500)

    def __init__(self, site: Site, env: BrowserEnv) -> None:
        self.site = site
        self.env = env

    def _reported(self, name: str, default: object) -> object:
        return self.site.reported.get(name, default)

    def presses(self) -> int:
        return int(str(self._reported("presses", 0)))

    def text(self) -> str:
        return str(self._reported("text", ""))

    def submissions(self) -> int:
        return int(str(self._reported("submissions", 0)))

    def new_env(self) -> BrowserEnv:
        return BrowserEnv()


class TestBrowserEnv(EnvContract):
    @pytest.fixture(scope="class")
    @classmethod
    def stage(cls, site: Site) -> Iterator[Stage]:
        site.reported.clear()
        site.add("/", STAGE)
        with BrowserEnv(site.url + "/") as env:
            yield PageStage(site, env)


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0])
def test_click_on_a_screenshot_pixel_hits_what_it_shows(site: Site, scale: float) -> None:
    site.reported.clear()
    url = site.add(
        f"/scale{scale}", "<div class=at style='left:301px;top:203px;width:9px;height:9px;background:#f00' "
        "onclick=\"report('hit',true)\"></div>"
    )  # fmt: skip
    with BrowserEnv(url, viewport=Size(640, 400), scale=scale) as env:
        image = env.observe().screenshot.image
        assert image.size == (round(640 * scale), round(400 * scale))
        red = [(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == (255, 0, 0)]
        for x, y in (red[0], red[-1]):
            site.reported.clear()
            env.execute(Click(ScreenPoint(x + 0.5, y + 0.5)))
            eventually(lambda: site.reported.get("hit"), True)


@pytest.mark.parametrize(
    "holder",
    [
        "document.body",
        "document.body.appendChild(document.createElement('div')).attachShadow({mode:'open'})",
        "document.body.appendChild(document.createElement('div')).attachShadow({mode:'closed'})",
    ],
    ids=["page", "open shadow root", "closed shadow root"],
)
def test_option_of_a_select_is_chosen_by_coordinates(shared: BrowserEnv, site: Site, holder: str) -> None:
    visit(shared, site, f"""<script>addEventListener('load', () => {{
      const list = document.createElement('select');
      list.style = 'position:absolute;left:20px;top:20px;font-size:24px';
      list.innerHTML = '<option>red</option><option>green</option><option style="color:#f0f">blue</option>';
      list.onchange = () => report('chosen', list.value);
      {holder}.appendChild(list); }})</script>""")  # fmt: skip
    shared.execute(Click(ScreenPoint(40, 36)))
    image = shared.observe().screenshot.image
    magenta = [(x, y) for x in range(300) for y in range(300) if image.getpixel((x, y)) == (255, 0, 255)]
    assert magenta, "the open list does not show its options"
    shared.execute(Click(ScreenPoint(*magenta[len(magenta) // 2])))
    eventually(lambda: site.reported.get("chosen"), "blue")


def test_option_in_a_cross_origin_frame_is_chosen_by_coordinates(shared: BrowserEnv, site: Site) -> None:
    site.add("/framed", """<select style="font-size:24px" onchange="report('chosen',value)"><option>red
      <option style="color:#f0f">blue</select>""")  # fmt: skip
    other = site.url.replace("127.0.0.1", "localhost")
    visit(
        shared, site, f"<iframe class=at style='left:50px;top:50px' width=400 height=300 src={other}/framed></iframe>"
    )
    shared.execute(Click(ScreenPoint(80, 75)))
    image = shared.observe().screenshot.image
    magenta = [(x, y) for x in range(500) for y in range(400) if image.getpixel((x, y)) == (255, 0, 255)]
    assert magenta, "the open list does not show its options"
    shared.execute(Click(ScreenPoint(*magenta[len(magenta) // 2])))
    eventually(lambda: site.reported.get("chosen"), "blue")


def test_drag_works_with_html_drag_and_drop(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<div class=at draggable=true style="left:20px;top:20px;width:80px;height:80px"
      ondragstart="event.dataTransfer.setData('text/plain','x')"></div>
      <div class=at style="left:400px;top:300px;width:200px;height:200px;background:#ddd"
      ondragover="event.preventDefault()" ondrop="event.preventDefault();report('dropped',true)"></div>""")  # fmt: skip
    shared.execute(Drag((ScreenPoint(60, 60), ScreenPoint(500, 400))))
    eventually(lambda: site.reported.get("dropped"), True)


def test_scroll_moves_the_element_under_the_pointer_by_notches(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<div class=at id=a style="left:0;top:0;width:300px;height:300px;overflow:auto"
      onscroll="report('inner',[scrollLeft,scrollTop])"><div style="width:2000px;height:2000px"></div></div>
      <div style="height:3000px"></div>""")  # fmt: skip
    shared.execute(Scroll(Direction.DOWN, 3, ScreenPoint(100, 100)))
    eventually(lambda: site.reported.get("inner"), [0, 300])
    shared.execute(Scroll(Direction.RIGHT, 2, ScreenPoint(100, 100)))
    eventually(lambda: site.reported.get("inner"), [200, 300])


def test_hover_opens_a_hover_menu(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<style>b{display:none;position:absolute;left:0;top:100px;width:100px;height:100px;
      background:#0a0} i:hover + b{display:block}</style>
      <i class=at style="left:0;top:0">over</i><b></b>""")  # fmt: skip
    shared.execute(Move(ScreenPoint(10, 10)))
    assert colour(shared, 50, 150) == (0, 170, 0)


def test_long_unicode_text_with_line_breaks_is_typed_completely(shared: BrowserEnv, site: Site) -> None:
    visit(
        shared, site, "<textarea class=at style='width:500px;height:400px' oninput=\"report('text',value)\"></textarea>"
    )
    shared.execute(Click(ScreenPoint(200, 200)))
    text = "first\nsecond — naïve 日本語 🙂 " + "long " * 60
    done = shared.execute(Type(text))
    eventually(lambda: site.reported.get("text"), text)
    assert done.method


def test_tab_character_moves_to_the_next_field(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<input autofocus oninput=\"report('one',value)\"><input oninput=\"report('two',value)\">")
    assert shared.execute(Type("Ada\tLovelace")).method == "keys"
    eventually(lambda: (site.reported.get("one"), site.reported.get("two")), ("Ada", "Lovelace"))


def test_local_file_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<body style='background:#0f0'>")
    with BrowserEnv((tmp_path / "a.html").as_uri()) as env:
        assert colour(env, 5, 5) == (0, 255, 0)


def test_failed_navigation_is_refused_and_the_browser_stays_usable(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<body style='background:#123456'>")
    with pytest.raises(ActionRefused, match="cannot be opened"):
        shared.execute(Navigate("http://127.0.0.1:9/"))
    shared.execute(Home())
    assert shared.observe().location.endswith("/blank")


def test_back_goes_to_the_previous_page(site: Site) -> None:
    with BrowserEnv(site.url + "/blank") as env:
        env.execute(Navigate(site.url + "/"))
        env.execute(Back())
        assert env.observe().location.endswith("/blank")


def test_server_that_does_not_respond_is_refused(site: Site) -> None:
    with BrowserEnv(site.url + "/blank", settings=BrowserSettings(load_limit_s=1.0)) as env:
        site.delays = {"/never": 20.0}
        with pytest.raises(ActionRefused, match="no response"):
            env.execute(Navigate(site.url + "/never"))
        site.delays = {}
        env.execute(Home())


def test_browser_works_from_several_threads_and_inside_asyncio(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<body style='background:#00f'>")
    colours: list[tuple[int, ...]] = []
    threads = [threading.Thread(target=lambda: colours.append(colour(shared, 5, 5))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def inside() -> None:
        colours.append(colour(shared, 5, 5))

    asyncio.run(inside())
    assert colours == [(0, 0, 255)] * 4


def test_start_page_that_cannot_be_opened_is_reported() -> None:
    for address, message in (
        ("http://127.0.0.1:9/", "cannot be opened"),
        ("no address at all", "is not a valid address"),
    ):
        with pytest.raises(EnvUnavailable, match=message), BrowserEnv(address) as env:
            env.observe()
