"""Browser settling on pages that change in known ways: was the expected content visible, and how long was the wait?

    .venv/bin/python eval/bench/settle_bench.py [--sleeps]

A click or typing triggers each behaviour; the result is right if the green box is visible when the action returns.
`--sleeps` repeats the run with fixed sleeps. Ends with the cost of a plain click at 1280x720.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from screenwright import BrowserEnv, Click, Navigate, ScreenPoint, Type
from screenwright.envs.browser import BrowserSettings
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

BUTTON = ScreenPoint(100, 50)
BOX = (100, 300)
GREEN = (0, 255, 0)
IMAGE = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="999" height="999" fill="#0f0"/></svg>'
STYLE = """<!doctype html><meta charset=utf-8><style>body{margin:0;font:16px sans-serif}
#go{position:absolute;left:0;top:0;width:200px;height:100px}
#box{position:absolute;left:0;top:200px;width:200px;height:200px;overflow:hidden}
.spinner{position:absolute;left:600px;top:300px;width:50px;height:50px;background:#f80;
animation:turn 1s linear infinite}@keyframes turn{to{transform:rotate(1turn)}}</style>
<div id=box></div><script>const show = () => { box.style.background = '#0f0'; };</script>"""
SPINNER = "<div class=spinner></div>"


@dataclass(frozen=True)
class Behaviour:
    """A page and the script of its button."""

    name: str
    script: str
    page: str = ""
    typed: bool = False


DASHBOARD = STYLE + (
    "<script>Promise.all([.3,.5,.9].map(s => fetch(`/${s}/x`).then(r => r.text()))).then(show)</script>"
)
SKELETON = STYLE + "<p>Loading</p><script>fetch('/2.0/x').then(r => r.text()).then(show)</script>"
GREEN_PAGE = STYLE + "<script>show()</script>"
FRAME_PAGE = STYLE + "<script>fetch('/0.8/x').then(() => { document.body.style.background = '#0f0'; })</script>"

BEHAVIOURS = (
    Behaviour("static page", "location='/0/green'"),
    Behaviour("dashboard", "location='/0/dashboard'"),
    Behaviour("skeleton 2 s", "location='/0/skeleton'"),
    Behaviour("navigation after 0.8 s", "location='/0.8/green'"),
    Behaviour("navigation after 2.5 s", "location='/2.5/green'"),
    Behaviour("slow image", "box.innerHTML='<img src=/1.2/image.svg width=200 height=200>'"),
    Behaviour(
        "spinner, then fade",
        "document.body.insertAdjacentHTML('beforeend', spinner); fetch('/1.0/x').then(() => {"
        "document.querySelector('.spinner').remove(); show(); box.animate([{opacity:0},{opacity:1}], 500); })",
        f"<script>const spinner = '{SPINNER}';</script>",
    ),
    Behaviour("static Loading 1 s", "box.textContent='Loading'; setTimeout(show, 1000)"),
    Behaviour("ticking clock", "show()", "<p id=c></p><script>setInterval(() => c.textContent=Date(), 1000)</script>"),
    Behaviour("long poll + fetch", "fetch('/0.7/x').then(show)", "<script>fetch('/30/poll')</script>"),
    Behaviour(
        "debounce 0.3 + 0.5 s",
        "",
        "<input id=go oninput=\"clearTimeout(window.t);t=setTimeout(() => fetch('/0.5/x').then(show), 300)\">",
        typed=True,
    ),
    Behaviour(
        "canvas by timer",
        "setTimeout(() => { const c = p.getContext('2d'); c.fillStyle='#0f0'; c.fillRect(0,0,200,200); }, 600)",
        "<canvas id=p width=200 height=200 style='position:absolute;left:0;top:200px'></canvas>",
    ),
    Behaviour(
        "drawer",
        "d.style.left='0'",
        "<div id=d style='position:absolute;left:-600px;top:200px;width:200px;height:200px;background:#0f0;"
        "transition:left .4s'></div>",
    ),
    Behaviour("no-op", "", "<script>show()</script>"),
    Behaviour("endless animation", "show()", SPINNER),
    Behaviour("drawer moved by script", "const t=performance.now(); (function move() {"
        "const p=Math.min(1,(performance.now()-t)/500); box.style.left=(p-1)*300+'px';"
        "if (p < 1) requestAnimationFrame(move); else show(); })()"),
    Behaviour("timers in a row", "setTimeout(() => setTimeout(() => setTimeout(show, 300), 300), 300)"),
    Behaviour("frame of another origin", "box.innerHTML='<iframe width=200 height=200 frameborder=0 src=http://localhost:'"
        " + location.port + '/0.2/frame></iframe>'"),
    Behaviour("new tab after 1 s", "window.open('/1.0/green')"),
    Behaviour("poll every 0.4 s", "show()", "<script>setInterval(() => fetch('/0.1/tick'), 400)</script>"),
    Behaviour("poll that re-arms", "show()", "<script>(function poll() { fetch('/0.1/tick').then(() => setTimeout(poll,"
        " 300)); })()</script>"),
    Behaviour("count every frame", "show()", "<p id=c></p><script>(function f() { c.textContent=performance.now();"
        " requestAnimationFrame(f); })()</script>"),
)  # fmt: skip
PAGES = {"green": GREEN_PAGE, "dashboard": DASHBOARD, "skeleton": SKELETON, "frame": FRAME_PAGE, "image.svg": IMAGE}


def respond(request: HttpRequest) -> HttpResponse:
    """Answer `/SECONDS/NAME` after that many seconds, and `/NUMBER` with the page of a behaviour."""
    seconds, _, name = request.target.removeprefix("/").partition("/")
    if name:
        time.sleep(float(seconds))
        body = PAGES.get(name, "x")
    else:
        behaviour = BEHAVIOURS[int(seconds)] if seconds.isdigit() else BEHAVIOURS[0]
        body = f'{STYLE}{behaviour.page}<button id=go onclick="{behaviour.script}">go</button>'
        if behaviour.typed:
            body = STYLE + behaviour.page
    kind = "image/svg+xml" if name.endswith("svg") else "text/html; charset=utf-8"
    return HttpResponse(body.encode(), kind, headers={"Access-Control-Allow-Origin": "*"})


@dataclass(frozen=True)
class SettleResult:
    """Whether the expected content was visible, the seconds waited, and the rule that ended the wait."""

    right: bool
    seconds: float
    by: str


def measure(env: BrowserEnv, calm: BrowserEnv, url: str, sleep_s: float | None, behaviour: int) -> SettleResult:
    """Run one behaviour with our settling, or with `sleep_s` instead."""
    chosen = BEHAVIOURS[behaviour]
    used = env if sleep_s is None else calm
    used.execute(Navigate(url + str(behaviour)))
    time.sleep(2.0)  # the time a model takes
    if chosen.typed:
        used.execute(Click(BUTTON))
    done = used.execute(Type("abc") if chosen.typed else Click(BUTTON))
    waited_s = done.settle_s
    if sleep_s is not None:
        time.sleep(max(0.0, sleep_s - done.settle_s))
        waited_s = max(sleep_s, done.settle_s)
    right = used.observe().screenshot.image.getpixel(BOX) == GREEN
    return SettleResult(right, waited_s, done.settled_by)


def show(name: str, outcome: Callable[[int], SettleResult]) -> None:
    """Print the table of one way to wait."""
    outcomes = [outcome(number) for number in range(len(BEHAVIOURS))]
    print(f"\n{name}: {sum(o.right for o in outcomes)} of {len(outcomes)} right, mean wait "
          f"{statistics.mean(o.seconds for o in outcomes):.2f} s")  # fmt: skip
    for behaviour, o in zip(BEHAVIOURS, outcomes, strict=True):
        print(f"  {'right' if o.right else 'WRONG'}  {o.seconds:5.2f} s  {behaviour.name:26} {o.by}", flush=True)


def show_step_cost(env: BrowserEnv, url: str) -> None:
    """Print the cost of a plain click."""
    env.execute(Navigate(url + "14"))
    acts: list[float] = []
    settles: list[float] = []
    captures: list[float] = []
    for _ in range(30):
        done = env.execute(Click(BUTTON))
        start = time.perf_counter()
        env.observe()
        captures.append(time.perf_counter() - start)
        acts.append(done.act_s)
        settles.append(done.settle_s)
    for name, values in (("act", acts), ("settle", settles), ("capture", captures)):
        print(f"  {name:7} median {statistics.median(values) * 1000:6.1f} ms, worst {max(values) * 1000:6.1f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sleeps", action="store_true", help="compare with fixed sleeps, which takes some minutes")
    with_sleeps: bool = parser.parse_args().sleeps
    calm = BrowserEnv(settings=BrowserSettings(settle_limit_s=0.0, load_limit_s=0.5))
    with LocalServer(respond) as server, BrowserEnv() as env, calm:
        url = f"{server.url}/"
        show("settling", partial(measure, env, calm, url, None))
        for sleep_s in (0.5, 1.0, 2.0, 3.0) if with_sleeps else ():
            show(f"sleep {sleep_s:g} s", partial(measure, env, calm, url, sleep_s))
        print("\na plain click at 1280x720, next to an endless animation")
        show_step_cost(env, url)


if __name__ == "__main__":
    main()
