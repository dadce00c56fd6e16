"""Chromium as a screen. The pages tell a loopback server what happened to them; nothing looks into the browser."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_site import Page, Site

from screenwright import (
    ActionRefused,
    Back,
    BrowserEnv,
    Click,
    Direction,
    Drag,
    EnvUnavailable,
    Home,
    Hotkey,
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
<button class=at style="left:40px;top:40px;width:160px;height:50px" onclick="n=(window.n||0)+1;tell('presses',n)">
Press</button>
<input class=at id=f style="left:40px;top:120px;width:400px;height:30px" oninput="tell('text',value)"
 onkeydown="if(event.key=='Enter'){s=(window.s||0)+1;tell('submissions',s)}">"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/", STAGE)
        site.add("/blank", "")
        yield site


class PageStage:
    button = ScreenPoint(120, 65)
    field = ScreenPoint(200, 135)
    nothing = ScreenPoint(700, 500)

    def __init__(self, site: Site, env: BrowserEnv) -> None:
        self.site = site
        self.env = env

    def _told(self, name: str, default: object) -> object:
        return self.site.told.get(name, default)

    def presses(self) -> int:
        return int(str(self._told("presses", 0)))

    def text(self) -> str:
        return str(self._told("text", ""))

    def submissions(self) -> int:
        return int(str(self._told("submissions", 0)))

    def new_env(self) -> BrowserEnv:
        return BrowserEnv()


class TestBrowserEnv(EnvContract):
    @pytest.fixture(scope="class")
    @classmethod
    def stage(cls, site: Site) -> Iterator[Stage]:
        site.told.clear()
        with BrowserEnv(site.url + "/") as env:
            yield PageStage(site, env)


@pytest.fixture(scope="module")
def shared(site: Site) -> Iterator[BrowserEnv]:
    """One browser for the tests that only need a page."""
    with BrowserEnv(site.url + "/blank") as env:
        yield env


def visit(env: BrowserEnv, site: Site, body: str, path: str = "/page") -> None:
    site.told.clear()
    env.execute(Navigate(site.add(path, body)))


def colour(env: BrowserEnv, x: float, y: float) -> tuple[int, ...]:
    pixel = env.observe().screenshot.image.getpixel((round(x), round(y)))
    assert isinstance(pixel, tuple)
    return tuple(int(channel) for channel in pixel)


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0])
def test_a_click_on_a_physical_pixel_hits_what_shows_there(site: Site, scale: float) -> None:
    site.told.clear()
    url = site.add(
        f"/scale{scale}", "<div class=at style='left:301px;top:203px;width:9px;height:9px;background:#f00' "
        "onclick=\"tell('hit',true)\"></div>"
    )  # fmt: skip
    with BrowserEnv(url, viewport=Size(640, 400), scale=scale) as env:
        image = env.observe().screenshot.image
        assert image.size == (round(640 * scale), round(400 * scale))
        red = [(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == (255, 0, 0)]
        for x, y in (red[0], red[-1]):
            site.told.clear()
            env.execute(Click(ScreenPoint(x + 0.5, y + 0.5)))
            eventually(lambda: site.told.get("hit"), True)


@pytest.mark.parametrize(
    "opens", ["<a target=_blank href=/second>open</a>", "<a onclick=\"window.open('/second')\">open</a>"]
)
def test_a_new_tab_is_followed(shared: BrowserEnv, site: Site, opens: str) -> None:
    site.add("/second", "<body style='background:#0f0'>")
    visit(shared, site, f"<div class=at style='left:10px;top:10px;font-size:40px'>{opens}</div>")
    shared.execute(Click(ScreenPoint(40, 30)))
    look = shared.observe()
    assert look.place.endswith("/second")
    assert any("new tab" in fact for fact in look.facts)
    assert colour(shared, 600, 600) == (0, 255, 0)


def test_a_tab_that_closes_shows_the_one_before_it(shared: BrowserEnv, site: Site) -> None:
    site.add("/second", "<button style='width:200px;height:100px' onclick='window.close()'>x</button>")
    visit(shared, site, "<button style='width:200px;height:100px' onclick=\"window.open('/second')\">open</button>")
    shared.execute(Click(ScreenPoint(100, 50)))
    assert shared.observe().place.endswith("/second")
    shared.execute(Click(ScreenPoint(100, 50)))
    assert shared.observe().place.endswith("/page")


def test_the_last_tab_leaves_an_empty_one(site: Site) -> None:
    url = site.add("/closes", "<button style='width:200px;height:100px' onclick='window.close()'>x</button>")
    settings = BrowserSettings(switches=("--blink-settings=allowScriptsToCloseWindows=true",))
    with BrowserEnv(url, settings=settings) as env:
        env.execute(Click(ScreenPoint(100, 50)))
        look = env.observe()
        assert (look.place, len(look.facts)) == ("about:blank", 1)
        env.execute(Navigate(site.url + "/blank"))


def test_the_hotkeys_of_the_window_reload_go_back_and_close_tabs(site: Site) -> None:
    site.told.clear()
    url = site.add("/told", "<script>tell('loaded', Math.random())</script>")
    with BrowserEnv(url) as env:
        env.observe()
        eventually(lambda: "loaded" in site.told, True)
        first = site.told["loaded"]
        env.execute(Hotkey(("ctrl", "r")))
        eventually(lambda: site.told["loaded"] != first, True)
        env.execute(Navigate(site.add("/opens", "<a target=_blank href=/blank style='font-size:90px'>open</a>")))
        env.execute(Click(ScreenPoint(60, 60)))
        assert env.observe().place.endswith("/blank")
        env.execute(Hotkey(("ctrl", "w")))
        assert env.observe().place.endswith("/opens")
        env.execute(Hotkey(("alt", "left")))
        assert env.observe().place.endswith("/told")
        with pytest.raises(ActionRefused, match="only tab"):
            env.execute(Hotkey(("ctrl", "w")))


def test_a_blinking_caret_does_not_make_two_looks_differ(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<input autofocus style='font-size:60px;caret-color:#f00' value=x>")
    shots = set[bytes]()
    for _ in range(6):
        shots.add(shared.observe().screenshot.image.tobytes())
        time.sleep(0.2)
    assert len(shots) == 1
    assert any(pixel == (255, 0, 0) for _, pixel in shared.observe().screenshot.image.getcolors(1 << 20) or [])


@pytest.mark.parametrize(
    "holder",
    [
        "document.body",
        "document.body.appendChild(document.createElement('div')).attachShadow({mode:'open'})",
        "document.body.appendChild(document.createElement('div')).attachShadow({mode:'closed'})",
    ],
    ids=["page", "open shadow root", "closed shadow root"],
)
def test_an_option_of_a_select_is_chosen_by_coordinates(shared: BrowserEnv, site: Site, holder: str) -> None:
    visit(shared, site, f"""<script>addEventListener('load', () => {{
      const list = document.createElement('select');
      list.style = 'position:absolute;left:20px;top:20px;font-size:24px';
      list.innerHTML = '<option>red</option><option>green</option><option style="color:#f0f">blue</option>';
      list.onchange = () => tell('chosen', list.value);
      {holder}.appendChild(list); }})</script>""")  # fmt: skip
    shared.execute(Click(ScreenPoint(40, 36)))
    image = shared.observe().screenshot.image
    magenta = [(x, y) for x in range(300) for y in range(300) if image.getpixel((x, y)) == (255, 0, 255)]
    assert magenta, "the open list does not show its options"
    shared.execute(Click(ScreenPoint(*magenta[len(magenta) // 2])))
    eventually(lambda: site.told.get("chosen"), "blue")


def test_an_option_in_a_frame_of_another_origin_is_chosen_by_coordinates(shared: BrowserEnv, site: Site) -> None:
    site.add("/framed", """<select style="font-size:24px" onchange="tell('chosen',value)"><option>red
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
    eventually(lambda: site.told.get("chosen"), "blue")


def test_dragging_drops_in_a_page_that_uses_html_drag_and_drop(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<div class=at draggable=true style="left:20px;top:20px;width:80px;height:80px"
      ondragstart="event.dataTransfer.setData('text/plain','x')"></div>
      <div class=at style="left:400px;top:300px;width:200px;height:200px;background:#ddd"
      ondragover="event.preventDefault()" ondrop="event.preventDefault();tell('dropped',true)"></div>""")  # fmt: skip
    shared.execute(Drag((ScreenPoint(60, 60), ScreenPoint(500, 400))))
    eventually(lambda: site.told.get("dropped"), True)


def test_scrolling_moves_what_is_under_the_pointer_by_notches(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<div class=at id=a style="left:0;top:0;width:300px;height:300px;overflow:auto"
      onscroll="tell('inner',[scrollLeft,scrollTop])"><div style="width:2000px;height:2000px"></div></div>
      <div style="height:3000px"></div>""")  # fmt: skip
    shared.execute(Scroll(Direction.DOWN, 3, ScreenPoint(100, 100)))
    eventually(lambda: site.told.get("inner"), [0, 300])
    shared.execute(Scroll(Direction.RIGHT, 2, ScreenPoint(100, 100)))
    eventually(lambda: site.told.get("inner"), [200, 300])


def test_hovering_opens_what_hovering_opens(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<style>b{display:none;position:absolute;left:0;top:100px;width:100px;height:100px;
      background:#0a0} i:hover + b{display:block}</style>
      <i class=at style="left:0;top:0">over</i><b></b>""")  # fmt: skip
    shared.execute(Move(ScreenPoint(10, 10)))
    assert colour(shared, 50, 150) == (0, 170, 0)


def test_typed_line_breaks_and_tabs_are_keys_and_all_text_arrives(shared: BrowserEnv, site: Site) -> None:
    visit(
        shared, site, "<textarea class=at style='width:500px;height:400px' oninput=\"tell('text',value)\"></textarea>"
    )
    shared.execute(Click(ScreenPoint(200, 200)))
    text = "first\nsecond — naïve 日本語 🙂 " + "long " * 60
    done = shared.execute(Type(text))
    eventually(lambda: site.told.get("text"), text)
    assert done.method


def test_a_tab_in_a_text_goes_to_the_next_field(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<input autofocus oninput=\"tell('one',value)\"><input oninput=\"tell('two',value)\">")
    assert shared.execute(Type("Ada\tLovelace")).method == "keys"
    eventually(lambda: (site.told.get("one"), site.told.get("two")), ("Ada", "Lovelace"))


def test_a_file_of_this_machine_is_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<body style='background:#0f0'>")
    with BrowserEnv((tmp_path / "a.html").as_uri()) as env:
        assert colour(env, 5, 5) == (0, 255, 0)


def test_navigation_that_fails_is_refused_and_the_page_stays_usable(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<body style='background:#123456'>")
    with pytest.raises(ActionRefused, match="cannot be opened"):
        shared.execute(Navigate("http://127.0.0.1:9/"))
    shared.execute(Home())
    assert shared.observe().place.endswith("/blank")


def test_back_goes_back_and_is_refused_at_the_beginning(site: Site) -> None:
    with BrowserEnv(site.url + "/blank") as env:
        env.execute(Navigate(site.url + "/"))
        env.execute(Back())
        assert env.observe().place.endswith("/blank")


def test_back_in_a_tab_of_its_own_stops_where_that_tab_began(site: Site) -> None:
    with BrowserEnv(site.add("/opens", "<a target=_blank href=/blank style='font-size:90px'>open</a>")) as env:
        env.execute(Click(ScreenPoint(60, 60)))
        env.execute(Navigate(site.url + "/"))
        env.execute(Back())
        assert env.observe().place.endswith("/blank")
        with pytest.raises(ActionRefused, match="go back"):
            env.execute(Back())


def test_an_address_that_does_not_answer_is_refused(site: Site) -> None:
    with BrowserEnv(site.url + "/blank", settings=BrowserSettings(load_limit_s=1.0)) as env:
        site.delays = {"/never": 20.0}
        with pytest.raises(ActionRefused, match="does not answer"):
            env.execute(Navigate(site.url + "/never"))
        site.delays = {}
        env.execute(Home())


def test_it_works_from_several_threads_and_inside_asyncio(shared: BrowserEnv, site: Site) -> None:
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


SETTLING = {
    "a timer": ("setTimeout(done, 700)", {}),
    "timers in a row": ("setTimeout(() => setTimeout(done, 400), 300)", {}),
    "a slow request": ("fetch('/slow').then(done)", {"/slow": 0.8}),
    "a request after a timer": ("setTimeout(() => fetch('/slow').then(done), 300)", {"/slow": 0.5}),
    "a slow picture": ("b.innerHTML = '<img src=/slow.svg style=\"width:200px;height:200px\">'", {"/slow.svg": 0.8}),
    "another page": ("location = '/green'", {"/green": 1.0}),
    "another page after a while": ("setTimeout(() => location = '/green', 600)", {"/green": 0.5}),
    "a fade by style sheet": ("b.style.transition = 'background 0.5s'; setTimeout(done, 50)", {}),
    "an animation by script": (
        "let n = 0; (function move() { if (n++ < 30) { b.style.left = n + 'px'; requestAnimationFrame(move); }"
        " else { b.style.left = 0; done(); } })()",
        {},
    ),
    "a canvas drawn by a timer": (
        "b.innerHTML = '<canvas width=200 height=200>'; setTimeout(() => { const pen = "
        "b.firstChild.getContext('2d'); pen.fillStyle = '#0f0'; pen.fillRect(0, 0, 200, 200); }, 600)",
        {},
    ),
    "a frame of another origin": (
        "b.innerHTML = '<iframe width=200 height=200 frameborder=0 src=' + "
        "location.origin.replace('127.0.0.1', 'localhost') + '/late></iframe>'",
        {"/slow": 0.8},
    ),
    "a slow tab": ("window.open('/green')", {"/green": 1.0}),
    "a worker": (
        "const work = new Blob(['onmessage = () => setTimeout(postMessage, 200, 1)']);"
        "const worker = new Worker(window.URL.createObjectURL(work));"
        "worker.addEventListener('message', done); worker.postMessage(1)",
        {},
    ),
    "an animation": ("b.animate([{transform:'translateX(-900px)'},{}], 600); done()", {}),
}


@pytest.mark.parametrize("name", SETTLING)
def test_an_action_returns_when_what_it_set_in_motion_has_come_to_rest(
    shared: BrowserEnv, site: Site, name: str
) -> None:
    script, delays = SETTLING[name]
    site.delays = dict(delays)
    square = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="999" height="999" fill="#0f0"/></svg>'
    site.pages["/slow.svg"] = Page(square, "image/svg+xml")
    site.pages["/slow"] = Page(b"x")
    site.add("/late", "<script>fetch('/slow').then(() => document.body.style.background = '#0f0')</script><body>")
    site.add("/green", "<body style='background:#0f0'>")
    visit(shared, site, f"""<div id=b class=at style="left:0;top:200px;width:200px;height:200px"></div><script>
      const done = () => {{ b.style.background = '#0f0'; }};</script>
      <button class=at style="width:200px;height:100px" onclick="{script.replace('"', "&quot;")}">go</button>""",
      path="/settle")  # fmt: skip
    shared.execute(Click(ScreenPoint(100, 50)))
    site.delays = {}
    assert colour(shared, 100, 300) == (0, 255, 0)


@pytest.mark.parametrize(
    "script",
    [
        "setInterval(() => fetch('/slow'), 200)",
        "(function poll() { fetch('/slow').then(() => setTimeout(poll, 300)); })()",
        "(async () => { for (;;) { await new Promise(then => setTimeout(then, 250)); c.innerText = Date.now(); } })()",
        "(function count() { c.textContent = performance.now(); requestAnimationFrame(count); })()",
        "fetch('/never')",
    ],
)
def test_a_page_that_was_never_at_rest_is_known_for_it(shared: BrowserEnv, site: Site, script: str) -> None:
    site.pages["/slow"], site.delays = Page(b"x"), {"/slow": 0.1, "/never": 20.0}
    visit(shared, site, f"<p id=c></p><script>{script}</script>")
    time.sleep(1.5)
    done = shared.execute(Click(ScreenPoint(600, 600)))
    site.delays = {}
    assert done.settled_by == "rest"


def test_a_second_action_on_what_has_just_moved_is_waited_for_as_the_first(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<div id=b class=at style="left:0;top:200px;width:200px;height:200px"></div>
      <button class=at style="width:200px;height:100px">go</button><script>
      document.querySelector("button").onclick = () => {
        const start = performance.now();
        (function move() {
          const share = Math.min(1, (performance.now() - start) / 950);
          b.style.left = 900 * share + "px";
          b.style.background = share < 1 ? "#f00" : "#0f0";
          if (share < 1) requestAnimationFrame(move);
        })();
      };</script>""")  # fmt: skip
    for _ in range(3):
        shared.execute(Click(ScreenPoint(100, 50)))
        assert colour(shared, 1000, 300) == (0, 255, 0)


def test_what_never_rests_is_not_waited_for_to_the_limit(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<style>@keyframes s{to{transform:rotate(1turn)}}
      i{animation:s 1s linear infinite;display:block;width:50px;height:50px;background:#f80}</style><i></i><p id=c></p>
      <script>setInterval(() => c.textContent = Date.now(), 250);
      const tick = () => { document.title = Date.now(); setTimeout(tick, 300); }; tick();</script>""")  # fmt: skip
    time.sleep(1.5)
    assert shared.execute(Click(ScreenPoint(600, 600))).settled_by.startswith("rest")


def test_an_address_that_cannot_be_opened_is_said_before_anything_else() -> None:
    for address, says in (("http://127.0.0.1:9/", "cannot be opened"), ("no address at all", "is not an address")):
        with pytest.raises(EnvUnavailable, match=says), BrowserEnv(address) as env:
            env.observe()
