"""Trains a model of about 6 million parameters from the oracle's episodes, and measures it on seeds that it never saw.

    scripts/test-train trial FOLDER [--tasks click-tab,click-test] [--seeds 200] [--epochs 6]

Shows that the loop from recorded runs to a better model is closed; it is no product. The tasks are those of MiniWoB++
that need position and shape, not reading. A step whose result is in FOLDER is not repeated. Takes about an hour on two
cores, most of it with one thread.
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

TASKS = ("click-test", "click-tab", "click-dialog", "focus-text", "grid-coordinate", "click-test-2")
BENCHMARK = "miniwob-browsergym"  # its screenshots are half as large
# A short prompt, a point as the reply, and screenshots of 252x168 pixels: 54 tokens.
DIALECT = ("--dialect", "gta1", "--max-image-pixels", "45000")
FIRST_SEED = 1000
TEXT = {
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 4,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [8, 12, 12]},
}
VISION = {
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_heads": 3,
    "depth": 4,
    "out_hidden_size": 256,
    "fullatt_block_indexes": [1, 3],
}


def screenwright(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "screenwright", *map(str, arguments)], check=True)


def evaluate(folder: Path, tasks: Sequence[str], seeds: str, *agent: str) -> None:
    """Run an evaluation, or what is left of it."""
    if (folder / "manifest.json").exists():
        screenwright("eval", "--resume", folder)
        return
    chosen = [flag for task in tasks for flag in ("--task", task)]
    screenwright("eval", BENCHMARK, *chosen, "--seeds", seeds, "--out", folder, *agent)


def make_model(folder: Path, data: Path) -> None:
    """An untrained model with a tokenizer for the texts of `data`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    helper = _helper()
    texts = [
        part["text"]
        for line in data.read_text().splitlines()[:400]
        for message in json.loads(line)["messages"]
        for part in message["content"]
        if part["type"] == "text"
    ]
    tokenizer = Tokenizer(models.BPE())
    # A digit is a token: numbers that share digits are close to each other.
    split = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=1200, special_tokens=helper.SPECIAL, initial_alphabet=alphabet)
    )
    helper.make(folder, tokenizer=tokenizer, text=TEXT, vision=VISION)


def _helper() -> ModuleType:
    path = Path(__file__).parent.parent / "helpers" / "make_tiny_model.py"
    spec = importlib.util.spec_from_file_location("make_tiny_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(folder: Path, tasks: Sequence[str]) -> str:
    """Success by task, before and after training, with 95 % intervals."""
    lines = ["task | untrained | trained", "--- | --- | ---"]
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
    parser.add_argument("--seeds", type=int, default=200, help="seeds of each task to train on")
    parser.add_argument("--epochs", type=float, default=6)
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
        given = ("--model", folder / "model", "--out", folder / "tuned", "--epochs", str(args.epochs))
        files = (folder / "data" / "train.jsonl", "--test", folder / "data" / "test.jsonl")
        more = ("--set", "save_strategy=steps", "--set", "save_steps=20", "--set", "warmup_steps=0.05")
        screenwright(
            "train", "sft", *files, *given, "--batch", "16", "--accumulate", "1", "--learning-rate", "1e-3", *more
        )
    model = ("--workers", "1", "--steps", "1", *DIALECT)
    for name, source in (("untrained", "model"), ("trained", "tuned")):
        evaluate(folder / name, tasks, f"0-{args.held_out - 1}", "--model", str(folder / source), *model)
    print(report(folder, tasks))


if __name__ == "__main__":
    main()
