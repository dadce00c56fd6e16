"""CPU time that reflection takes in a step at 1920x1080: `python eval/bench/reflection_bench.py [ROUNDS]`.

A step is what an episode asks for at a look: compare it with the look before, and see whether the run goes in circles.
"""

import random
import sys
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
    """The page with one small thing changed."""
    changed = image.copy()
    ImageDraw.Draw(changed).rectangle((300, 200, 340, 220), fill=(step * 37 % 256, 90, 90))
    return changed


def noise(_step: int) -> Image.Image:
    """A picture of which every pixel differs."""
    return Image.effect_noise(SIZE, 60).convert("RGB")


def measure(name: str, screens: Callable[[int], Image.Image], deed: Callable[[int], Action], rounds: int) -> None:
    """Print milliseconds of CPU a look: the middle and the worst."""
    reflection, times = ProgressMonitor(), list[float]()
    for step in range(rounds):
        shot = Screenshot(screens(step))
        _ = shot.sha256  # the log asks for it at any rate
        started = time.process_time()
        reflection.record_observation(shot)
        reflection.needs_probe()
        circle = reflection.detect_loop()
        if circle is not None:
            reflection.next_recovery(circle)
        times.append((time.process_time() - started) * 1000)
        reflection.record_actions((deed(step),))
    times = sorted(times[1:])
    print(f"| {name} | {times[len(times) // 2]:.1f} | {times[-1]:.1f} |")


def main(rounds: int = 20) -> None:
    """Print the table."""
    base, pages = page(0), [page(seed) for seed in range(4)]
    print("| what happens | middle, ms | worst, ms |\n|---|---|---|")
    elsewhere = lambda step: Click(ScreenPoint(40.0 * step, 300))  # noqa: E731
    same = lambda step: Click(ScreenPoint(320, 210))  # noqa: E731
    measure("nothing changes, always other places", lambda step: base.copy(), elsewhere, rounds)
    measure("one small change a step", lambda step: with_box(base, step), elsewhere, rounds)
    measure("a new page at each step", lambda step: pages[step % 4].copy(), elsewhere, rounds)
    measure("every pixel differs at each step", noise, elsewhere, rounds)
    measure("the same click, a small change each time", lambda step: with_box(base, step), same, rounds)
    measure("the same click, nothing changes", lambda step: base.copy(), same, rounds)
    measure("waiting, nothing changes", lambda step: base.copy(), lambda step: Wait(5), rounds)


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:2]))
