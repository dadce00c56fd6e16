"""Settling: which activity an action waits for, and which it ignores."""

import time

import pytest
from browser_pages import colour, visit
from page_site import Page, Site

from screenwright import BrowserEnv, Click, ScreenPoint
from screenwright.envs.browser.page.traffic import Series
from screenwright.testing import eventually

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
    "a schedule of messages": ("passOn(40)", {}),
    "messages after a reply": ("fetch('/slow').then(() => passOn(40))", {"/slow": 0.2}),
    "messages to itself": ("onmessage = () => step(40, () => postMessage(0)); postMessage(0)", {}),
    "posted tasks": ("(function next() { step(30, () => scheduler.postTask(next)); })()", {}),
    "animation frames": ("(function next() { step(20, () => requestAnimationFrame(next)); })()", {}),
    "a database": (
        "const open = indexedDB.open('d', 1); open.onupgradeneeded = () => open.result.createObjectStore('s');"
        "open.onsuccess = () => { const put = () => { const store = open.result.transaction('s', 'readwrite')"
        ".objectStore('s'); store.put(1, 1).onsuccess = () => step(40, put); }; put(); }",
        {},
    ),
    "many requests to one address": (
        "Promise.all([1, 2, 3, 4].map(n => fetch('/slow?' + n))).then(() => fetch('/slow')).then(done)",
        {"/slow": 0.3, "/slow?1": 0.2, "/slow?2": 0.4, "/slow?3": 0.6, "/slow?4": 0.8},
    ),
    "a request while the address changes": (
        "const reply = fetch('/slow'); history.pushState({}, '', '?route'); location.hash = 'a'; reply.then(done)",
        {"/slow": 0.8},
    ),
    "a long request": ("b.textContent = 'Orders'; fetch('/slow').then(done)", {"/slow": 3.3}),
    "timers whose handlers are wrapped": (
        "const real = setTimeout; const wrapped = (f, ms) => real(() => f(), ms);"
        "for (let n = 0; n < 4; n++) wrapped(() => {}, 10); wrapped(() => wrapped(done, 500), 100)",
        {},
    ),
    "a timer behind a text that says so": ("b.textContent = 'Loading'; setTimeout(done, 1200)", {}),
    "work of a worker by itself, behind a text that says so": (
        "b.textContent = 'Loading'; const work = new Blob(['setTimeout(postMessage, 1200, 1)']);"
        "new Worker(window.URL.createObjectURL(work)).onmessage = () => { b.textContent = ''; done(); }",
        {},
    ),
    "a worker that reports progress": (
        "b.setAttribute('aria-busy', 'true'); const work = new Blob(['let n = 0; onmessage = () => '"
        "+ 'setInterval(() => postMessage(++n), 350)']); const worker = new Worker(window.URL.createObjectURL(work));"
        "worker.onmessage = ({data}) => { if (data === 4) { b.removeAttribute('aria-busy'); done(); } };"
        "worker.postMessage(1)",
        {},
    ),
    "modules that keep the thread busy": (
        "const next = n => import('data:text/javascript,//' + n).then(() => { burn(80); n ? next(n - 1) : done(); });"
        "next(6)",
        {},
    ),
    "a canvas drawn in frames": (
        "b.innerHTML = '<canvas width=200 height=200>'; const pen = b.firstChild.getContext('2d'); let n = 0;"
        "(function draw() { pen.fillStyle = ++n < 40 ? '#00f' : '#0f0'; pen.fillRect(0, 0, 200, 200);"
        " if (n < 40) requestAnimationFrame(draw); })()",
        {},
    ),
    "frames in frames": ("b.innerHTML = '<iframe width=200 height=200 frameborder=0 src=/nest?2></iframe>'", {}),
    "an animation": ("b.animate([{transform:'translateX(-900px)'},{}], 600); done()", {}),
}


NESTED = """<style>body { margin: 0 }</style><body><script>
  const more = Number(location.search.slice(1)), channel = new MessageChannel();
  channel.port1.onmessage = () => {
    if (more) document.body.innerHTML = `<iframe width=200 height=200 frameborder=0 src=/nest?${more - 1}>`;
    else document.body.style.background = "#0f0";
  };
  channel.port2.postMessage(0);</script>"""


@pytest.mark.parametrize("name", SETTLING)
def test_action_returns_when_its_effects_have_settled(shared: BrowserEnv, site: Site, name: str) -> None:
    script, delays = SETTLING[name]
    site.delays = dict(delays)
    square = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="999" height="999" fill="#0f0"/></svg>'
    site.pages["/slow.svg"] = Page(square, "image/svg+xml")
    site.pages["/slow"] = Page(b"x")
    site.add("/late", "<script>fetch('/slow').then(() => document.body.style.background = '#0f0')</script><body>")
    site.add("/green", "<body style='background:#0f0'>")
    for depth in range(3):
        site.add(f"/nest?{depth}", NESTED)
    visit(shared, site, f"""<div id=b class=at style="left:0;top:200px;width:200px;height:200px"></div><script>
      const done = () => {{ b.style.background = '#0f0'; }};
      const burn = ms => {{ const end = performance.now() + ms; while (performance.now() < end); }};
      let count = 0;
      const step = (steps, next) => {{ burn(5); ++count < steps ? next() : done(); }};
      const passOn = steps => {{
        const channel = new MessageChannel();
        channel.port1.onmessage = () => step(steps, () => channel.port2.postMessage(0));
        channel.port2.postMessage(0);
      }};</script>
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


@pytest.mark.parametrize(
    "script",
    [
        "b.innerHTML = '<p role=alert>Not saved</p>'; setTimeout(() => { b.innerHTML = ''; }, 3000)",
        "b.textContent = 'Copied'; setTimeout(() => { b.textContent = 'Copy'; }, 1500)",
        "fetch('/never', {keepalive: true})",
    ],
)
def test_action_does_not_wait_for_what_is_no_result(shared: BrowserEnv, site: Site, script: str) -> None:
    site.delays = {"/never": 20.0}
    visit(shared, site, f"""<div id=b></div><button class=at style="width:200px;height:100px"
      onclick="{script}">go</button>""")  # fmt: skip
    done = shared.execute(Click(ScreenPoint(100, 50)))
    site.delays = {}
    assert done.settled_by in ("settled", "settled after changes")


def test_polling_that_an_action_starts_does_not_use_up_the_limit(shared: BrowserEnv, site: Site) -> None:
    site.pages["/slow"] = Page(b"x")
    visit(shared, site, """<button class=at style="width:200px;height:100px" onclick="poll()">go</button><script>
      const poll = () => fetch("/slow").then(() => setTimeout(poll, 50));</script>""")  # fmt: skip
    assert shared.execute(Click(ScreenPoint(100, 50))).settled_by.startswith("settled")


def test_notice_that_no_screenshot_shows_is_reported(shared: BrowserEnv, site: Site) -> None:
    site.pages["/slow"] = Page(b"x")
    visit(shared, site, """<p id=b></p><button class=at style="width:200px;height:100px">go</button><script>
      document.querySelector("button").onclick = () => {
        b.innerHTML = "<span role=status>Not saved</span>";
        fetch("/slow").then(() => setTimeout(() => { b.innerHTML = "<h1>Orders</h1>"; }, 500));
      };</script>""")  # fmt: skip
    shared.observe()
    shared.execute(Click(ScreenPoint(100, 50)))
    assert [str(fact) for fact in shared.observe().facts] == ['The page showed this for a moment: "Not saved"']
    shared.execute(Click(ScreenPoint(600, 600)))
    assert not shared.observe().facts


def test_progress_bar_can_be_stopped_on_its_way(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<button class=at style="width:200px;height:100px">go</button>
      <style>#bar { height: 9px; width: 0; background: #27a; transition: width 0.4s linear }</style><div id=bar></div>
      <script>let value = 0, timer;
      document.querySelector("button").onclick = () => {
        if (timer) { clearInterval(timer); report("stopped", value); return; }
        timer = setInterval(() => { value++; bar.style.width = `${value / 100}%`; }, 200);
      };</script>""")  # fmt: skip
    for _ in range(2):
        assert not shared.execute(Click(ScreenPoint(100, 50))).settled_by.startswith("limit")
    eventually(lambda: site.reported.get("stopped") in range(1, 10000), True)


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


@pytest.mark.parametrize(
    ("starts_s", "is_poll"),
    [
        ((0.0, 0.5, 1.02, 1.49), True),
        ((0.0, 0.5, 1.0), False),
        ((0.0, 0.01, 0.02, 0.03), False),
        ((0.0, 0.5, 1.0, 3.0), False),
    ],
)
def test_resource_that_loads_at_an_even_pace_is_a_poll(starts_s: tuple[float, ...], is_poll: bool) -> None:
    series = Series()
    assert [series.add(start_s) for start_s in starts_s][-1] is is_poll
