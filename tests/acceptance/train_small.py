"""Trains a model of 3 million parameters from the oracle's episodes, and measures it on seeds that it never saw.

    scripts/test-train trial FOLDER [--tasks click-tab,click-test] [--seeds 128] [--steps 600]

Shows that the loop from recorded runs to a better model is closed; it is no product. The tasks are those of MiniWoB++
that need position, shape and color, not reading. A step whose result is in FOLDER is not repeated. The report has the
loss on test data with the right screenshots and with those of other seeds: a model that ignores the screenshot has the
same loss with both.
"""

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from screenwright.eval.analysis.statistics import wilson
from screenwright.eval.core.store import Store

TASKS = (
    *("click-test", "click-test-2", "click-dialog", "focus-text"),
    *("click-color", "click-widget", "click-tab", "grid-coordinate"),
)
BENCHMARK = "miniwob-browsergym"  # its screenshots are half as large
# A short prompt, a point as the reply, and screenshots of 224x140 pixels: 40 tokens.
DIALECT = ("--dialect", "gta1", "--max-image-pixels", "32000")
FIRST_SEED = 1000
TEXT = {
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 3,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [8, 12, 12]},
}
VISION = {
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_heads": 2,
    "depth": 2,
    "out_hidden_size": 256,
    "fullatt_block_indexes": [1],
}
# The standard deviation of random weights. The usual 0.02 is for wide layers: in narrow ones the picture fades.
INITIAL = 0.06
# White becomes 0. With the usual mean of 0.5 all pixels of a page are near 1: patches look alike to random weights, and
# the model learns the average position before it notices differences.
IMAGE_MEAN = 1.0


def screenwright(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "screenwright", *map(str, arguments)], check=True)


def evaluate(folder: Path, tasks: Sequence[str], seeds: str, *agent: str) -> None:
    """Run an evaluation, or what is left of it."""
    if (folder / "manifest.json").exists():
        screenwright("eval", "--resume", folder)
        return
    chosen = [flag for task in tasks for flag in ("--task", task)]
    screenwright("eval", BENCHMARK, *chosen, "--seeds", seeds, "--out", folder, *agent)


def make_model(folder: Path, data: Path, *, initial: float = INITIAL, image_mean: float = IMAGE_MEAN) -> None:
    """An untrained model with a tokenizer for the texts of `data`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    helper = _helper()
    texts = ["system", "user", "assistant"] * 400  # of the chat template
    texts += [
        part["text"]
        for line in data.read_text().splitlines()[:400]
        for message in json.loads(line)["messages"]
        for part in message["content"]
        if part["type"] == "text"
    ]
    tokenizer = Tokenizer(models.BPE())
    # A digit is a token: numbers that share digits are close to each other. Words are not split, so that the prompt,
    # which is always the same, is few tokens.
    split = [
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=1200, special_tokens=helper.SPECIAL, initial_alphabet=alphabet)
    )
    text, vision = (fields | {"initializer_range": initial} for fields in (TEXT, VISION))
    helper.make(folder, tokenizer=tokenizer, text=text, vision=vision, image_mean=image_mean)


def _helper() -> ModuleType:
    path = Path(__file__).parent.parent / "helpers" / "make_tiny_model.py"
    spec = importlib.util.spec_from_file_location("make_tiny_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def picture_losses(model: Path, file: Path) -> tuple[float, float]:
    """The mean loss of the replies in `file` with their own screenshots, and with those of other seeds of the task."""
    import torch
    from transformers import AutoModelForImageTextToText

    from screenwright.eval.learn.tokens import LineCollator
    from screenwright.eval.learn.tuning import Training, TuningSettings

    training = Training(TuningSettings(str(model), (file,), model), None, None)
    collator, network = LineCollator(training.encoder()), AutoModelForImageTextToText.from_pretrained(model).eval()
    by_task: dict[str, list[dict[str, str]]] = {}
    for line in file.read_text().splitlines():
        by_task.setdefault(json.loads(line)["task"], []).append({"line": line, "folder": str(file.parent)})
    own, other = [], []
    for rows in by_task.values():
        batch = collator(rows)
        pixels = batch.pop("pixel_values")
        rolled = pixels.reshape(len(rows), -1, pixels.shape[-1]).roll(1, 0).reshape(pixels.shape)
        with torch.no_grad():
            own.append(network(**batch, pixel_values=pixels).loss.item())
            other.append(network(**batch, pixel_values=rolled).loss.item())
    return sum(own) / len(own), sum(other) / len(other)


def report(folder: Path, tasks: Sequence[str]) -> str:
    """Success by task, before and after training, with 95 % intervals, and what the screenshot contributes."""
    own, other = picture_losses(folder / "tuned", folder / "data" / "test.jsonl")
    lines = [f"loss on test data: {own:.2f}, with screenshots of other seeds: {other:.2f}", ""]
    lines += ["task | untrained | trained", "--- | --- | ---"]
    records = {}
    for name in ("untrained", "trained"):
        store = Store(folder / name)
        records[name] = store.records(store.manifest().episodes) if (folder / name).exists() else ()
    for task in (*tasks, "all"):
        cells = []
        for found in records.values():
            done = [bool(record.done) for record in found if task in ("all", record.id.task)]
            interval = wilson(sum(done), len(done)) if done else None
            cells.append(f"{sum(done)} of {len(done)} ({interval.low:.2f} to {interval.high:.2f})" if interval else "")
        lines.append(f"{task} | {' | '.join(cells)}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--seeds", type=int, default=128, help="seeds of each task to train on")
    parser.add_argument("--steps", type=int, default=600, help="steps of the optimizer, with 16 replies each")
    parser.add_argument("--held-out", type=int, default=25, help="seeds of each task to measure on")
    args = parser.parse_args()
    folder, tasks = args.folder.resolve(), args.tasks.split(",")
    folder.mkdir(parents=True, exist_ok=True)
    last = FIRST_SEED + args.seeds - 1
    evaluate(folder / "oracle", tasks, f"{FIRST_SEED}-{last}", "--agent", "oracle", "--workers", "2")
    data = {"train": f"{FIRST_SEED}-{last - args.seeds // 20}", "test": f"{last - args.seeds // 20 + 1}-{last}"}
    for name, seeds in data.items():
        out = folder / "data" / f"{name}.jsonl"
        if not out.exists():
            screenwright("export", folder / "oracle", "--out", out, "--keep", f"done,seed={seeds}", *DIALECT)
    if not (folder / "model").exists():
        make_model(folder / "model.part", folder / "data" / "train.jsonl")
        shutil.move(folder / "model.part", folder / "model")
    if not (folder / "tuned" / "training.json").exists():
        given = ("--model", folder / "model", "--out", folder / "tuned")
        files = (folder / "data" / "train.jsonl", "--test", folder / "data" / "test.jsonl")
        values = {"max_steps": args.steps, "warmup_steps": 0.05, "adam_beta2": 0.98, "eval_strategy": "no"}
        values |= {"save_strategy": "steps", "save_steps": 100}
        more = [flag for name, value in values.items() for flag in ("--set", f"{name}={value}")]
        screenwright(
            "train", "sft", *files, *given, "--batch", "16", "--accumulate", "1", "--learning-rate", "1e-3", *more
        )
    model = ("--workers", "1", "--steps", "1", *DIALECT)
    for name, source in (("untrained", "model"), ("trained", "tuned")):
        evaluate(folder / name, tasks, f"0-{args.held_out - 1}", "--model", str(folder / source), *model)
    print(report(folder, tasks))


if __name__ == "__main__":
    main()
