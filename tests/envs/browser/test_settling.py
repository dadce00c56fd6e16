"""Settling: which activity an action waits for, and which it ignores."""

import time

import pytest
from browser_pages import colour, visit
from page_site import Page, Site

from screenwright import BrowserEnv, Click, ScreenPoint

pytestmark = pytest.mark.browser


def test_caret_does_not_blink_between_screenshots(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<input autofocus style='font-size:60px;caret-color:#f00' value=x>")
    shots = set[bytes]()
    for _ in range(6):
        shots.add(shared.observe().screenshot.image.tobytes())
        time.sleep(0.2)
    assert len(shots) == 1
    assert any(pixel == (255, 0, 0) for _, pixel in shared.observe().screenshot.image.getcolors(1 << 20) or [])


SETTLING = {
    "a timer": ("setTimeout(done, 700)", {}),
    "timers in a row": ("setTimeout(() => setTimeout(done, 400), 300)", {}),
    "a slow request": ("fetch('/slow').then(done)", {"/slow": 0.8}),
    "a request after a timer": ("setTimeout(() => fetch('/slow').then(done), 300)", {"/slow": 0.5}),
    "a slow image": ("b.innerHTML = '<img src=/slow.svg style=\"width:200px;height:200px\">'", {"/slow.svg": 0.8}),
    "another page": ("location = '/green'", {"/green": 1.0}),
    "another page after a while": ("setTimeout(() => location = '/green', 600)", {"/green": 0.5}),
    "a CSS transition": ("b.style.transition = 'background 0.5s'; setTimeout(done, 50)", {}),
    "a scripted animation": (
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
def test_action_returns_when_its_effects_have_settled(shared: BrowserEnv, site: Site, name: str) -> None:
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
def test_continuous_activity_before_the_action_is_ignored(shared: BrowserEnv, site: Site, script: str) -> None:
    site.pages["/slow"], site.delays = Page(b"x"), {"/slow": 0.1, "/never": 20.0}
    visit(shared, site, f"<p id=c></p><script>{script}</script>")
    time.sleep(1.5)
    done = shared.execute(Click(ScreenPoint(600, 600)))
    site.delays = {}
    assert done.settled_by == "settled"


def test_second_action_on_an_animated_element_waits_like_the_first(shared: BrowserEnv, site: Site) -> None:
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


def test_continuous_changes_do_not_use_up_the_limit(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<style>@keyframes s{to{transform:rotate(1turn)}}
      i{animation:s 1s linear infinite;display:block;width:50px;height:50px;background:#f80}</style><i></i><p id=c></p>
      <script>setInterval(() => c.textContent = Date.now(), 250);
      const tick = () => { document.title = Date.now(); setTimeout(tick, 300); }; tick();</script>""")  # fmt: skip
    time.sleep(1.5)
    assert shared.execute(Click(ScreenPoint(600, 600))).settled_by.startswith("settled")
