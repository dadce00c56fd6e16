"""The progress monitor over a long run."""

import gc
import tracemalloc
from functools import partial
from itertools import pairwise

from PIL import Image

from screenwright import Click, ScreenPoint, Screenshot
from screenwright.agent.monitor.progress import ProgressMonitor

STEPS = 20


def test_a_long_run_of_new_screens_takes_little_memory() -> None:
    monitor = ProgressMonitor()

    def run(first: int) -> int:
        for step in range(first, first + STEPS):
            shot = Screenshot(Image.new("RGB", (640, 480), (step * 37 % 256, step * 59 % 256, step)))
            shot.stored(partial(bytes, shot.png))  # as a recorded run does, whose file a small picture stands for here
            monitor.record_observation(shot)
            assert monitor.detect_loop() is None
            monitor.record_actions((Click(ScreenPoint(step * 7 % 600, step * 13 % 400)),))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        held = [run(20 + STEPS * count) for count in range(3)]
        # a thread of an earlier test may allocate meanwhile; what the monitor keeps grows in each round
        assert min(after - before for before, after in pairwise(held)) / STEPS < 10_000
    finally:
        tracemalloc.stop()
