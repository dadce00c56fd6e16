"""The cost of a screenshot and of an action in `BrowserEnv`, compared with Playwright's defaults, in the same Chromium.

    .venv/bin/python eval/bench/browser_bench.py

Screenshot: ours and `page.screenshot()`. Action: a click, settling and the next screenshot; the alternative is a click,
the shortest fixed sleep that agents use (0.5 s) and `page.screenshot()`. The page has text, a gradient and a button
that changes it.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from screenwright import BrowserEnv, Click, ScreenPoint, Size
from screenwright.envs.browser.launch.chromium import find_chromium, switches

ROUNDS = 15
SLEEP_S = 0.5
ROWS = "".join(f"<tr><td>{n}<td>{'lorem ipsum dolor ' * 4}<td style='color:teal'>{n * 37 % 91}" for n in range(40))
PAGE = (
    "data:text/html,<body style='margin:0;font:14px sans-serif'><div style='height:120px;"
    "background:linear-gradient(90deg,navy,teal)'></div><button style='position:absolute;left:40px;top:40px;"
    "width:200px;height:60px' onclick='textContent=Date.now()'>Press</button>"
    f"<table>{ROWS}</table>"
)
AT = (140, 70)


def main() -> None:
    """Print the comparison."""
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    for size in (Size(1280, 720), Size(1920, 1080)):
        ours, theirs = measure_ours(size), measure_playwright(size)
        print(f"\n{size}, medians of {ROUNDS}, milliseconds{'ours':>12}{'Playwright':>12}{'ratio':>8}")
        for what, seconds in ours.items():
            print(f"{what:38}{seconds * 1e3:12.1f}{theirs[what] * 1e3:12.1f}{seconds / theirs[what]:8.2f}")


def measure_ours(size: Size) -> dict[str, float]:
    """Medians of `BrowserEnv`, in seconds."""
    with BrowserEnv(PAGE, viewport=size) as env:
        env.observe()

        def step() -> None:
            env.execute(Click(ScreenPoint(*AT)))
            env.observe()

        return {"screenshot": median(env.observe), "click, settle, screenshot": median(step)}


def measure_playwright(size: Size) -> dict[str, float]:
    """Medians of plain Playwright, in seconds."""
    with sync_playwright() as playwright:
        program = find_chromium(Path(playwright.chromium.executable_path), None)
        browser = playwright.chromium.launch(executable_path=program, args=switches(()))
        page = browser.new_page(viewport={"width": size.width, "height": size.height})
        page.goto(PAGE)

        def step() -> None:
            page.mouse.click(*AT)
            time.sleep(SLEEP_S)
            page.screenshot()

        found = {"screenshot": median(page.screenshot), "click, settle, screenshot": median(step)}
        browser.close()
        return found


def median(work: Callable[[], object]) -> float:
    """The median seconds of `work` over several rounds after a warm-up."""
    work()
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
