"""Which settings let a small model see: the same training on drawn rectangles, with and without each of two settings.

    scripts/test-train drawn [--steps 300]

Each model has 3 million random weights and learns to reply the center of the only rectangle of a white picture. The
table has the loss on other pictures, and the loss when each reply is asked for with the picture of another one. As long
as both are equal, the model does not use the picture. Takes about two minutes of CPU for each row.
"""

import argparse
import itertools
import json
import random
import tempfile
from pathlib import Path

import train_small
from PIL import Image, ImageDraw

from screenwright.eval.learn.sft import train_sft
from screenwright.eval.learn.tuning import TuningSettings

SIZE = (140, 112)


def draw(folder: Path, name: str, count: int, seed: int) -> Path:
    """Write `count` conversations about pictures, as `screenwright export` does."""
    rng = random.Random(seed)
    (folder / "images").mkdir(exist_ok=True)
    lines = []
    for index in range(count):
        x, y = rng.randint(5, SIZE[0] - 45), rng.randint(5, SIZE[1] - 25)
        picture = Image.new("RGB", SIZE, "white")
        ImageDraw.Draw(picture).rectangle((x, y, x + 38, y + 14), fill="steelblue", outline="black")
        image = f"images/{name}-{index}.png"
        picture.save(folder / image)
        asked = [{"type": "image", "image": image}, {"type": "text", "text": "Click the rectangle."}]
        reply = [{"type": "text", "text": f"({x + 19},{y + 7})"}]
        messages = [
            {"role": "user", "content": asked, "loss": 0},
            {"role": "assistant", "content": reply, "loss": 1},
        ]
        lines.append(json.dumps({"task": "drawn", "messages": messages}))
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(lines))
    return path


def losses(folder: Path, mean: float, initial: float, steps: int) -> tuple[float, float]:
    """Train a model with these settings; its loss with the right pictures and with others."""
    data, test = draw(folder, "train", steps * 8, 1), draw(folder, "test", 64, 2)
    train_small.make_model(folder / "model", data, initial=initial, image_mean=mean)
    more = {"max_steps": steps, "warmup_steps": 0.05, "adam_beta2": 0.98, "save_strategy": "no", "disable_tqdm": True}
    train_sft(
        TuningSettings(
            str(folder / "model"), (data,), folder / "tuned", batch=16, accumulate=1, learning_rate=1e-3, more=more
        )
    )
    return train_small.picture_losses(folder / "tuned", test)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    steps = parser.parse_args().steps
    print("image mean | random weights | loss | with other pictures\n--- | --- | --- | ---", flush=True)
    for mean, initial in itertools.product((0.5, 1.0), (0.02, 0.06)):
        with tempfile.TemporaryDirectory() as folder:
            own, other = losses(Path(folder), mean, initial, steps)
        print(f"{mean} | {initial} | {own:.2f} | {other:.2f}", flush=True)


if __name__ == "__main__":
    main()
