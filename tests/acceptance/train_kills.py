"""Kills rounds of training at random moments and repeats the command; nothing may be lost, repeated or different.

    scripts/test-train kills FOLDER [--kills 5] [--seed 1]

A tiny model learns to press a button of an in-memory screen in half of its replies. Two rounds run undisturbed, as the
reference. Then the same command is killed (SIGKILL) at a random moment and repeated, again and again, until it has
finished; another run starts where kills are left. The data, the weights of each round and the verdict on each episode
have to be those of the reference, byte by byte, and what is finished at a kill must not be written again.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL

HELPERS = Path(__file__).parent.parent / "helpers"
sys.path.insert(0, str(HELPERS))

from tiny_models import tiny_model_maker  # noqa: E402 -- it is next to the tests

from screenwright import Agent, FakeEnv, Limits, ModelPolicy, ScriptedModel  # noqa: E402
from screenwright.agent.dialects.gta1 import Gta1  # noqa: E402
from screenwright.agent.dialects.registry import with_max_image_pixels  # noqa: E402
from screenwright.eval.datasets.export import export  # noqa: E402
from screenwright.eval.datasets.filters import StepFilter  # noqa: E402
from screenwright.eval.learn.sft import train_sft  # noqa: E402
from screenwright.eval.learn.tuning import TuningSettings  # noqa: E402

PIXELS = 30_000
TUNING = {"max_steps": 40, "save_strategy": "steps", "save_steps": 10}
DONE_ONCE = ("**/episode.json", "round-*/data.jsonl", "round-*/model/training.json", "**/trainer_state.json")


def make_model(folder: Path) -> Path:
    """A model that presses the button in about half of its replies, and misses it in the others."""
    model = folder / "model"
    if (model / "training.json").exists():
        return model
    tiny_model_maker()(folder / "untrained")
    at, screen = FakeEnv().where("Greet"), FakeEnv().observe().screenshot.size
    sent = with_max_image_pixels(Gta1(), PIXELS).image_rule.resize(screen)
    press = f"({round(at.x * sent.width / screen.width)},{round(at.y * sent.height / screen.height)})"
    for name, reply in (("press", press), ("miss", f"({sent.width - 3},{sent.height - 3})")):
        policy = ModelPolicy(ScriptedModel([reply]), Gta1(), max_image_pixels=PIXELS)
        Agent(policy=policy, limits=Limits(steps=1)).run('Click "Greet" 1 times', FakeEnv(), out=folder / name)
        export(folder / name, folder / f"{name}.jsonl", StepFilter.parse("all"))
    data = (folder / "miss.jsonl", folder / "press.jsonl")
    tuning = TuningSettings(str(folder / "untrained"), data, model, epochs=40, accumulate=2, learning_rate=3e-3)
    train_sft(replace(tuning, more={"save_strategy": "no"}))
    return model


def command(out: Path, model: Path) -> list[str]:
    """The command line of the rounds in `out`."""
    fields = [word for name, value in TUNING.items() for word in ("--set", f"{name}={value}")]
    more = [
        word for field in (f"root={out.parent}", "steps=1", f"max_image_pixels={PIXELS}") for word in ("--eval", field)
    ]
    given = ["--model", str(model), "--dialect", "gta1", "--task", "press-and-end", "--seeds", "0", "--held-out", "1-9"]
    given += ["--trials", "40", "--rounds", "2", "--batch", "4", "--accumulate", "1", "--learning-rate", "1e-4"]
    return [sys.executable, "-m", "screenwright", "train", "round", "toy", *given, *more, *fields, "--out", str(out)]


def start(out: Path, model: Path) -> "subprocess.Popen[bytes]":
    """Start or continue the rounds; one thread, whose sums are always in the same order."""
    path = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    with out.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(command(out, model), stdout=log, stderr=log, env=environment)


def lineage(out: Path) -> dict[str, object]:
    """The hashes of data and weights, the verdicts, and the steps of each training."""
    files = [*out.glob("round-*/data.jsonl"), *out.glob("round-*/model/model.safetensors")]
    found: dict[str, object] = {str(file.relative_to(out)): sha256(file.read_bytes()).hexdigest() for file in files}
    for file in out.glob("**/episode.json"):
        found[str(file.relative_to(out))] = json.loads(file.read_text())["done"]
    for file in out.glob("round-*/model/training.json"):
        report = json.loads(file.read_text())
        found[str(file.relative_to(out))] = [entry["step"] for entry in report["log"]], round(report["loss"], 4)
    return found


def finished(out: Path) -> dict[Path, int]:
    """When each finished part was written."""
    return {file: file.stat().st_mtime_ns for pattern in DONE_ONCE for file in out.glob(pattern)}


def phase(out: Path) -> str:
    """What the rounds were doing."""
    lines = [line for line in out.with_suffix(".log").read_text().splitlines() if line.startswith("round ")]
    parts = sorted(out.glob("round-*/*"), key=lambda part: part.stat().st_mtime_ns)
    newest = parts[-1].relative_to(out) if parts else "nothing"
    return f"after {lines[-1] if lines else 'the start'!r}, newest part {newest}"


def repeated(before: dict[Path, int]) -> list[Path]:
    """The finished parts that were written again. Old checkpoints are removed, which is no repetition."""
    return [file for file, moment in before.items() if file.exists() and file.stat().st_mtime_ns != moment]


def main() -> int:
    """Run the trial; the exit code is 1 if anything was lost or repeated, or is different."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder, chance = given.folder.resolve(), random.Random(given.seed)
    folder.mkdir(parents=True, exist_ok=True)
    model = make_model(folder)
    began = time.monotonic()
    if start(folder / "reference", model).wait():
        raise SystemExit(f"the reference failed: see {folder / 'reference.log'}")
    duration, wanted = time.monotonic() - began, lineage(folder / "reference")
    print(f"reference: {len(wanted)} parts in {duration:.0f} s", flush=True)
    problems: list[str] = []
    kills = run = 0
    while kills < given.kills:
        run += 1
        out = folder / f"run-{run}"
        before: dict[Path, int] = {}
        while True:
            process = start(out, model)
            try:
                code = process.wait(chance.uniform(0.05, 0.4) * duration if kills < given.kills else None)
                problems += [f"run {run}: exit code {code}"] if code else []
                break
            except subprocess.TimeoutExpired:
                process.send_signal(SIGKILL)
                process.wait()
                kills += 1
            problems += [f"kill {kills}: {file} was written again" for file in repeated(before)]
            before = finished(out)
            print(f"kill {kills}: {len(before)} parts finished, {phase(out)}", flush=True)
        problems += [f"run {run}: {file} was written again" for file in repeated(before)]
        result = lineage(out)
        different = sorted(name for name in wanted.keys() | result.keys() if wanted.get(name) != result.get(name))
        problems += [f"run {run}: {name} is different" for name in different]
    print(f"{kills} kills in {run} runs, problems: {len(problems)}")
    print("\n".join(problems))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
