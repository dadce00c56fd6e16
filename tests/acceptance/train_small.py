"""Trains a model of 3 million parameters from the oracle's episodes and then from its own, and measures it.

    scripts/test-train trial FOLDER [--tasks click-tab,click-test] [--seeds 128] [--steps 600] [--rounds 2]

Shows that the loop from recorded runs to a better model is closed; it is no product. The tasks are those of MiniWoB++
that need position, shape and color, not reading. Rounds of rejection sampling then improve the tasks of `--improve`.
Success is measured on seeds that were never trained. A step whose result is in FOLDER is not repeated. The report has
the loss on test data with the right screenshots and with those of other seeds: a model that ignores the screenshot has
the same loss with both. It also has the CPU seconds of each phase, all processes together (Linux only).
"""

import argparse
import ctypes
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
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
IMPROVED = ("click-test", "focus-text", "click-widget")
FIRST_SEED = 1000
FIRST_ROUND_SEED = 2000
PR_SET_CHILD_SUBREAPER = 36
# Little randomness: a reply that did the task is an example for others, and is to be near the middle of its target.
ROUND = (
    *("--dialect", "gta1", "--trials", "2", "--temperature", "0.8", "--learning-rate", "4e-4"),
    *("--eval", "workers=2", "--eval", "steps=1", "--eval", "max_image_pixels=32000"),
)
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


@contextmanager
def costed(folder: Path, phase: str) -> Generator[None]:
    """Add the CPU seconds of all processes that the block starts to those of `phase` in `folder`."""
    before = _children_s()
    yield
    with suppress(ChildProcessError):
        while True:  # orphans, such as browsers of workers, are children of this process
            os.waitpid(-1, 0)
    file = folder / "cpu.json"
    costs = json.loads(file.read_text()) if file.exists() else {}
    costs[phase] = round(costs.get(phase, 0) + _children_s() - before, 1)
    file.write_text(json.dumps(costs, indent=1))


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
    """Success by task with 95 % intervals, before and after training and by round; losses and costs."""
    own, other = picture_losses(folder / "tuned", folder / "data" / "test.jsonl")
    lines = [f"loss on test data: {own:.2f}, with screenshots of other seeds: {other:.2f}", ""]
    lines += ["task | untrained | trained", "--- | --- | ---"]
    stores = [Store(folder / name) for name in ("untrained", "trained")]
    records = [store.records(store.manifest().episodes) for store in stores]
    for task in (*tasks, "all"):
        cells = []
        for found in records:
            done = [bool(record.done) for record in found if task in ("all", record.id.task)]
            interval = wilson(sum(done), len(done)) if done else None
            cells.append(f"{sum(done)} of {len(done)} ({interval.low:.2f} to {interval.high:.2f})" if interval else "")
        lines.append(f"{task} | {' | '.join(cells)}")
    costs = json.loads((folder / "cpu.json").read_text())
    lines += ["", (folder / "rounds" / "rounds.md").read_text()]
    return "\n".join([*lines, *(f"{phase}: {seconds:.0f} s of CPU" for phase, seconds in costs.items())])


def demonstrate(folder: Path, tasks: Sequence[str], seeds: int) -> None:
    """The oracle's episodes as training data and test data."""
    last = FIRST_SEED + seeds - 1
    evaluate(folder / "oracle", tasks, f"{FIRST_SEED}-{last}", "--agent", "oracle", "--workers", "2")
    data = {"train": f"{FIRST_SEED}-{last - seeds // 20}", "test": f"{last - seeds // 20 + 1}-{last}"}
    for name, chosen in data.items():
        out = folder / "data" / f"{name}.jsonl"
        if not out.exists():
            screenwright("export", folder / "oracle", "--out", out, "--keep", f"done,seed={chosen}", *DIALECT)


def settings_of_trl(steps: int) -> list[str]:
    """The arguments of a training that has `steps`."""
    values = {"max_steps": steps, "warmup_steps": 0.05, "adam_beta2": 0.98, "eval_strategy": "no"}
    values |= {"save_strategy": "steps", "save_steps": 100}
    fields = [flag for name, value in values.items() for flag in ("--set", f"{name}={value}")]
    return ["--batch", "16", "--accumulate", "1", *fields]


def imitate(folder: Path, steps: int) -> None:
    """The model that has learned the demonstrations."""
    if not (folder / "model").exists():
        make_model(folder / "model.part", folder / "data" / "train.jsonl")
        shutil.move(folder / "model.part", folder / "model")
    if not (folder / "tuned" / "training.json").exists():
        files = (folder / "data" / "train.jsonl", "--test", folder / "data" / "test.jsonl")
        given = ("--model", folder / "model", "--out", folder / "tuned", "--learning-rate", "1e-3")
        screenwright("train", "sft", *files, *given, *settings_of_trl(steps))


def improve(folder: Path, tasks: Sequence[str], rounds: int, seeds: int, held_out: int) -> None:
    """Rounds of rejection sampling from the model that has learned the demonstrations."""
    chosen = [flag for task in tasks for flag in ("--task", task)]
    model: list[str | Path] = ["--model", folder / "tuned", "--out", folder / "rounds"]
    chosen += ["--seeds", f"{FIRST_ROUND_SEED}-{FIRST_ROUND_SEED + seeds - 1}", "--held-out", f"0-{held_out - 1}"]
    screenwright("train", "round", BENCHMARK, *model, *chosen, "--rounds", str(rounds), *ROUND, *settings_of_trl(150))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--seeds", type=int, default=128, help="seeds of each task to train on")
    parser.add_argument("--steps", type=int, default=600, help="steps of the optimizer, with 16 replies each")
    parser.add_argument("--held-out", type=int, default=25, help="seeds of each task to measure on")
    parser.add_argument("--improve", default=",".join(IMPROVED), help="tasks of the rounds")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--round-seeds", type=int, default=400, help="seeds of each task to try in a round")
    parser.add_argument("--round-held-out", type=int, default=100, help="seeds of each task to measure rounds on")
    args = parser.parse_args()
    folder, tasks, improved = args.folder.resolve(), args.tasks.split(","), args.improve.split(",")
    folder.mkdir(parents=True, exist_ok=True)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with costed(folder, "demonstrations"):
        demonstrate(folder, tasks, args.seeds)
    with costed(folder, "imitation"):
        imitate(folder, args.steps)
    model = ("--workers", "1", "--steps", "1", *DIALECT)
    with costed(folder, "evaluation"):
        for name, source in (("untrained", "model"), ("trained", "tuned")):
            evaluate(folder / name, tasks, f"0-{args.held_out - 1}", "--model", str(folder / source), *model)
    with costed(folder, "rounds"):
        improve(folder, improved, args.rounds, args.round_seeds, args.round_held_out)
    print(report(folder, tasks))


if __name__ == "__main__":
    main()
