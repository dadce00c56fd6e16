"""CPU time of the progress monitor per step at 1920x1080: `.venv/bin/python eval/bench/monitor_bench.py [ROUNDS]`.

Per step an episode compares the screenshot with the previous one and checks for action loops.
"""

import argparse
import random
import time
from collections.abc import Callable

from PIL import Image, ImageDraw

from screenwright import Action, Click, ScreenPoint, Screenshot, Wait
from screenwright.agent.monitor.progress import ProgressMonitor

SIZE = (1920, 1080)


def page(seed: int) -> Image.Image:
    """A page of text and boxes."""
    choose = random.Random(seed)
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    for _ in range(600):
        left, top = choose.randrange(SIZE[0]), choose.randrange(SIZE[1])
        pen.text((left, top), f"{choose.random():.6f} words", fill=(choose.randrange(120), 40, 60))
    return image


def with_box(image: Image.Image, step: int) -> Image.Image:
    """The page with a small change."""
    changed = image.copy()
    ImageDraw.Draw(changed).rectangle((300, 200, 340, 220), fill=(step * 37 % 256, 90, 90))
    return changed


def noise(_step: int) -> Image.Image:
    """An image in which every pixel differs."""
    return Image.effect_noise(SIZE, 60).convert("RGB")


def measure(name: str, screens: Callable[[int], Image.Image], action: Callable[[int], Action], rounds: int) -> None:
    """Print milliseconds of CPU per step: median and worst."""
    monitor, times = ProgressMonitor(), list[float]()
    for step in range(rounds):
        shot = Screenshot(screens(step))
        _ = shot.sha256  # the log needs it anyway
        started = time.process_time()
        monitor.record_observation(shot)
        monitor.needs_probe()
        loop = monitor.detect_loop()
        if loop is not None:
            monitor.next_recovery(loop)
        times.append((time.process_time() - started) * 1000)
        monitor.record_actions((action(step),))
    times = sorted(times[1:])
    print(f"| {name} | {times[len(times) // 2]:.1f} | {times[-1]:.1f} |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rounds", nargs="?", type=int, default=20)
    rounds: int = parser.parse_args().rounds
    base, pages = page(0), [page(seed) for seed in range(4)]
    print("| what happens | median, ms | worst, ms |\n|---|---|---|")
    elsewhere = lambda step: Click(ScreenPoint(40.0 * step, 300))  # noqa: E731 -- one line reads better than a function
    same = lambda step: Click(ScreenPoint(320, 210))  # noqa: E731 -- one line reads better than a function
    measure("nothing changes, different clicks", lambda step: base.copy(), elsewhere, rounds)
    measure("a small change per step", lambda step: with_box(base, step), elsewhere, rounds)
    measure("a new page per step", lambda step: pages[step % 4].copy(), elsewhere, rounds)
    measure("every pixel changes per step", noise, elsewhere, rounds)
    measure("the same click, a small change each time", lambda step: with_box(base, step), same, rounds)
    measure("the same click, nothing changes", lambda step: base.copy(), same, rounds)
    measure("waiting, nothing changes", lambda step: base.copy(), lambda step: Wait(5), rounds)


if __name__ == "__main__":
    main()
