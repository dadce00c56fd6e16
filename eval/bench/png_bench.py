"""CPU time and size of the PNG of a screenshot, compared with Pillow's encoder.

    .venv/bin/python eval/bench/png_bench.py [IMAGE ...]

Without images, a page of text and a noisy picture of 1280x720 are drawn. Each time is the least of ten.
"""

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from screenwright import Screenshot

SIZE = 1280, 720
ROUNDS = 10


def text_page() -> Image.Image:
    """Lines of white text on grey, as in an editor."""
    image = Image.new("RGB", SIZE, "#2b2b2b")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(15)
    for y in range(20, 700, 20):
        draw.text((300, y), "The quick brown fox jumps over the lazy dog " * 2, fill="white", font=font)
    return image


def pillow_png(image: Image.Image, level: int) -> bytes:
    """The PNG of Pillow at a compression level."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def cpu_ms(encode: Callable[[], bytes]) -> float:
    """The CPU time of `encode` in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        encode()
        times.append(time.process_time() - started)
    return min(times) * 1000


def main() -> None:
    """Print a line for each picture and encoder."""
    images = {path: Image.open(Path(path)).convert("RGB") for path in sys.argv[1:]}
    images = images or {"text": text_page(), "noise": Image.effect_noise(SIZE, 60).convert("RGB")}
    for name, image in images.items():
        encoders: dict[str, Callable[[], bytes]] = {
            "ours": lambda image=image: Screenshot(image).png,
            "Pillow, level 1": lambda image=image: pillow_png(image, 1),
            "Pillow, level 6": lambda image=image: pillow_png(image, 6),
        }
        for title, encode in encoders.items():
            print(f"{name:30} {title:16} {cpu_ms(encode):6.1f} ms {len(encode()) / 1024:6.0f} KiB")


if __name__ == "__main__":
    main()
