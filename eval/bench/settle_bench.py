"""When is a page looked at: in time, too early or too late? Pages that behave in known ways, by several ways to wait.

    .venv/bin/python eval/bench/settle_bench.py [--apps] [--only TEXT]

An action starts each behaviour. In a plain browser the green box that is its result is watched, which tells when it is
shown and, for notices, when it is gone; what fixed sleeps, `networkidle` and half a second without a change of the
document would have seen follows from that. Then the same action is carried out by `BrowserEnv`: right means that the
box is green in its screenshot, late that it had been green for a second before. `--apps` adds pages of React, Vue and
others, which npm installs and node bundles in the cache folder. Ends with the cost of a plain click at 1280x720.
"""

import argparse
import io
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page, Request, sync_playwright
from settle_behaviours import APPS, KINDS, PAGES, PLAIN, STYLE, Behaviour

from screenwright import Action, BrowserEnv, Click, Direction, Navigate, ScreenPoint, Scroll, Type
from screenwright.envs.browser.launch.chromium import find_chromium, switches
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

BUTTON = (100, 50)
BOX = (100, 300)
GREEN = (0, 255, 0)
WATCH_S, SHORT_WATCH_S = 6.5, 3.6
LIMIT_S = 5.0
IDLE_S = 0.5
SLEEPS_S = (0.5, 1.0, 2.0, 3.0)
LATE_S = 1.0
HERE = Path(__file__).parent / "settle_apps"
BUILT = Path.home() / ".cache" / "screenwright" / "settle-lab"
WATCHER = """new MutationObserver(() => { window.changedAt = Date.now(); })
  .observe(document, {subtree: true, childList: true, characterData: true, attributes: true})"""


class LabSite:
    """Answers `/SECONDS/NAME` after that many seconds, and `/NUMBER` with the page of a behaviour."""

    def __init__(self, behaviours: Sequence[Behaviour]) -> None:
        self.behaviours = behaviours

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`."""
        seconds, _, name = request.path.removeprefix("/").partition("/")
        if not name:
            return HttpResponse(self.page(int(seconds) if seconds.isdigit() else 0).encode())
        time.sleep(float(seconds))
        if name.startswith("app/"):
            return HttpResponse((BUILT / "dist" / name.removeprefix("app/")).read_bytes(), "text/javascript")
        kind = KINDS.get(name.rpartition(".")[2], "text/html; charset=utf-8")
        return HttpResponse(PAGES.get(name, "x").encode(), kind, headers={"Access-Control-Allow-Origin": "*"})

    def page(self, number: int) -> str:
        """The page of a behaviour."""
        behaviour = self.behaviours[number]
        has_button = behaviour.trigger in ("click", "load") and "/app/" not in behaviour.page
        button = f'<button id=go onclick="{behaviour.script}">go</button>' if has_button else ""
        return f"{STYLE}{button}{behaviour.page}"


@dataclass(frozen=True)
class Outcome:
    """Whether the result was visible, the seconds waited, and the seconds since the result had become visible."""

    right: bool
    wait_s: float
    late_s: float = 0.0
    by: str = ""


@dataclass
class Timeline:
    """What happened after an action, in seconds: when the box was green, and when the page had been idle."""

    green: list[tuple[float, bool]] = field(default_factory=list[tuple[float, bool]])
    network_idle_s: float = LIMIT_S
    dom_quiet_s: float = LIMIT_S

    @property
    def shown_s(self) -> float:
        """When the box turned green; infinite if it never did."""
        return next((at for at, is_green in self.green if is_green), float("inf"))

    def at(self, seconds: float) -> Outcome:
        """What a look after `seconds` would have seen."""
        is_green = next((is_green for at, is_green in reversed(self.green) if at <= seconds), False)
        return Outcome(is_green, seconds, seconds - self.shown_s)


def watch(context: BrowserContext, url: str, behaviour: Behaviour) -> Timeline:
    """Carry out the action in a plain browser, and watch the box."""
    page = context.new_page()
    running: set[Request] = set()
    last_request_s = time.monotonic()

    def on_request(request: Request, started: bool) -> None:
        nonlocal last_request_s
        (running.add if started else running.discard)(request)
        last_request_s = time.monotonic()

    page.on("request", lambda request: on_request(request, True))
    page.on("requestfinished", lambda request: on_request(request, False))
    page.on("requestfailed", lambda request: on_request(request, False))
    timeline = Timeline()
    if behaviour.trigger != "load":
        page.goto(url, wait_until="commit")
        page.wait_for_timeout(1500)
    if behaviour.trigger == "type":
        page.mouse.click(*BUTTON)
    started, started_at = time.monotonic(), time.time()
    if behaviour.trigger == "load":
        page.goto(url, wait_until="commit")
    elif behaviour.trigger == "type":
        page.keyboard.type("abc")
    elif behaviour.trigger == "scroll":
        page.mouse.wheel(0, 6000)
    else:
        page.mouse.click(*BUTTON)
    is_idle = is_quiet = False
    while time.monotonic() - started < (SHORT_WATCH_S if is_idle and is_quiet else WATCH_S):
        shown = context.pages[-1]
        try:
            has_result = is_green(shown)
            timeline.green.append((time.monotonic() - started, has_result))
            changed_s = (shown.evaluate("window.changedAt ?? 0")) / 1000 - started_at
        except Error:  # between two documents
            continue
        now = time.monotonic() - started
        if not is_idle and not running and time.monotonic() - max(last_request_s, started) >= IDLE_S:
            is_idle, timeline.network_idle_s = True, min(now, LIMIT_S)
        if not is_quiet and now - max(changed_s, 0.0) >= IDLE_S:
            is_quiet, timeline.dom_quiet_s = True, min(now, LIMIT_S)
        page.wait_for_timeout(10)
    for each in context.pages:
        each.close()
    return timeline


def is_green(page: Page) -> bool:
    """Whether the box of `page` is green."""
    png = page.screenshot(clip={"x": BOX[0], "y": BOX[1], "width": 2, "height": 2}, animations="allow", caret="initial")
    return Image.open(io.BytesIO(png)).convert("RGB").getpixel((0, 0)) == GREEN


def act(env: BrowserEnv, url: str, behaviour: Behaviour, shown_s: float) -> Outcome:
    """Carry out the action in `env`, and look."""
    at = ScreenPoint(*BUTTON)
    if behaviour.trigger != "load":
        env.execute(Navigate(url))
        time.sleep(1.5)  # the time a model takes
    if behaviour.trigger == "type":
        env.execute(Click(at))
    actions: dict[str, Action] = {
        "load": Navigate(url),
        "type": Type("abc"),
        "scroll": Scroll(Direction.DOWN, 60, ScreenPoint(600, 300)),
    }
    done = env.execute(actions.get(behaviour.trigger, Click(at)))
    right = env.observe().screenshot.image.getpixel(BOX) == GREEN
    return Outcome(right, done.settle_s, done.act_s + done.settle_s - shown_s, done.settled_by)


def show_table(methods: dict[str, list[Outcome]], behaviours: Sequence[Behaviour]) -> None:
    """Print each way to wait, and each behaviour with ours."""
    for behaviour, ours, quiet, idle in zip(
        behaviours, methods["Screenwright"], methods["no change 0.5 s"], methods["networkidle"], strict=True
    ):
        verdict = f"{'right' if ours.right else 'EARLY'} {ours.wait_s:5.2f} s {ours.late_s:+6.2f}"
        others = (f"{each.wait_s:4.2f} {'right' if each.right else 'wrong'}" for each in (quiet, idle))
        print(f"  {verdict} {behaviour.name:34} {ours.by:32} quiet {' idle '.join(others)}")
    print(f"\n{'':18}{'right':>10}{'late':>6}{'mean wait':>11}")
    for name, outcomes in methods.items():
        late = sum(each.right and each.late_s > LATE_S for each in outcomes)
        right = f"{sum(each.right for each in outcomes)}/{len(outcomes)}"
        print(f"{name:18}{right:>10}{late:6}{statistics.mean(each.wait_s for each in outcomes):9.2f} s")


def show_step_cost(env: BrowserEnv, url: str) -> None:
    """Print the cost of a plain click."""
    env.execute(Navigate(url))
    acts: list[float] = []
    settles: list[float] = []
    captures: list[float] = []
    for _ in range(30):
        done = env.execute(Click(ScreenPoint(*BUTTON)))
        start = time.perf_counter()
        env.observe()
        captures.append(time.perf_counter() - start)
        acts.append(done.act_s)
        settles.append(done.settle_s)
    for name, values in (("act", acts), ("settle", settles), ("capture", captures)):
        print(f"  {name:7} median {statistics.median(values) * 1000:6.1f} ms, worst {max(values) * 1000:6.1f} ms")


def build_apps() -> None:
    """Install the packages and bundle the apps."""
    BUILT.mkdir(parents=True, exist_ok=True)
    (BUILT / "package.json").write_text((HERE / "package.json").read_text())
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=BUILT, check=True)
    subprocess.run(["node", HERE / "build.mjs", BUILT], check=True)


def watch_all(jobs: Sequence[tuple[str, Behaviour]]) -> list[Timeline]:
    """Watch each of `jobs` in one plain browser."""
    with sync_playwright() as playwright:
        program = find_chromium(Path(playwright.chromium.executable_path), None)
        browser = playwright.chromium.launch(executable_path=program, args=switches(()))
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_init_script(WATCHER)
        timelines = [watch(context, url, behaviour) for url, behaviour in jobs]
        browser.close()
    return timelines


def act_all(jobs: Sequence[tuple[str, Behaviour]], timelines: Sequence[Timeline]) -> list[Outcome]:
    """Carry out each of `jobs` in one `BrowserEnv`."""
    with BrowserEnv() as env:
        return [act(env, *job, timeline.shown_s) for job, timeline in zip(jobs, timelines, strict=True)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apps", action="store_true", help="with pages of React, Vue and others; needs npm and node")
    parser.add_argument("--only", default="", help="behaviours whose name contains this")
    parser.add_argument("--part", default="1/1", help="K/N: the K-th of N parts of the behaviours")
    parser.add_argument("--workers", type=int, default=2, help="browsers at a time (default: 2)")
    arguments = parser.parse_args()
    if arguments.apps:
        build_apps()
    every = (*PLAIN, *(APPS if arguments.apps else ()))
    part, parts = map(int, arguments.part.split("/"))
    behaviours = [each for each in every if arguments.only.lower() in each.name.lower()][part - 1 :: parts]
    with LocalServer(LabSite(behaviours)) as server, ThreadPoolExecutor(arguments.workers) as pool:
        urls = [f"{server.url}/{number}?{each.query}" for number, each in enumerate(behaviours)]
        jobs = list(zip(urls, behaviours, strict=True))
        shares = [jobs[worker :: arguments.workers] for worker in range(arguments.workers)]
        watched = list(pool.map(watch_all, shares))
        acted = list(pool.map(act_all, shares, watched))
        order = [divmod(number, arguments.workers)[::-1] for number in range(len(jobs))]
        timelines = [watched[worker][place] for worker, place in order]
        ways: dict[str, Callable[[Timeline], Outcome]] = {
            "networkidle": lambda timeline: timeline.at(timeline.network_idle_s),
            "no change 0.5 s": lambda timeline: timeline.at(timeline.dom_quiet_s),
        } | {f"sleep of {sleep_s:g} s": lambda timeline, s=sleep_s: timeline.at(s) for sleep_s in SLEEPS_S}
        methods = {"Screenwright": [acted[worker][place] for worker, place in order]}
        methods |= {name: [look(timeline) for timeline in timelines] for name, look in ways.items()}
        show_table(methods, behaviours)
        print("\na plain click at 1280x720")
        with BrowserEnv() as env:
            show_step_cost(env, urls[0])


if __name__ == "__main__":
    main()
