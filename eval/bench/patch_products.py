"""CPU seconds of the patch embedding of a vision tower, as the convolution it is and as a matrix product.

python eval/bench/patch_products.py
"""

import time
from collections.abc import Callable

import torch

from screenwright.agent.models.local.patch_products import use_patch_products

CASES = {"16 screenshots of 196x140, width 128": (2240, 128), "one of 1288x728, width 1280": (4784, 1280)}


def cpu_seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """The mean of `repeat` calls, after one that does not count."""
    work()
    start = time.process_time()
    for _ in range(repeat):
        work()
    return (time.process_time() - start) / repeat


def main() -> None:
    """Print a table."""
    torch.set_num_threads(1)
    print("patches | computed as | forward, s | forward and backward, s\n--- | --- | --- | ---")
    for name, (count, width) in CASES.items():
        conv = torch.nn.Conv3d(3, width, (2, 14, 14), (2, 14, 14), bias=False)
        patches = torch.randn(count, 3, 2, 14, 14)
        for kind in ("convolution", "product"):
            forward = cpu_seconds(lambda: conv(patches))  # noqa: B023 -- called at once
            both = cpu_seconds(lambda: conv(patches).sum().backward())  # noqa: B023 -- called at once
            print(f"{name} | {kind} | {forward:.3f} | {both:.3f}", flush=True)
            use_patch_products(conv)


if __name__ == "__main__":
    main()
