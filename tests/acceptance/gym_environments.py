"""Runs Gymnasium's environment checker on the registered environments.

    .venv/bin/python tests/acceptance/gym_environments.py FILE [--each 1] [--benchmark miniwob] [--category]

FILE gets a line for each environment, and those that it has are not checked again. `--each 0` checks all of them, and
`--category` counts by category, such as the programs of Workbench.
"""

import argparse
import json
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium
from gymnasium.utils.env_checker import check_env
from PIL import Image

import screenwright.gym
from screenwright.envs.env import EnvUnavailable
from screenwright.eval.benchmarks.registry import benchmark_for
from screenwright.eval.core.config import EvalConfig


def chosen(benchmarks: Sequence[str], each: int, *, by_category: bool) -> list[str]:
    """The names of `each` environments of each benchmark, or of each of its categories; all of them if it is 0."""
    gymnasium.register_envs(screenwright.gym)
    found, count = [], Counter[tuple[str, str]]()
    for name, spec in gymnasium.registry.items():
        benchmark = spec.kwargs.get("benchmark") if name.startswith("screenwright/") else None
        if benchmark is None or (benchmarks and benchmark not in benchmarks):
            continue
        kind = benchmark, categories(benchmark)[spec.kwargs["task"]] if by_category else ""
        count[kind] += 1
        if each and count[kind] > each:
            continue
        found.append(name)
    return found


@cache
def categories(benchmark: str) -> dict[str, str]:
    """The category of each task."""
    return {task.name: task.category for task in benchmark_for(EvalConfig.of(benchmark=benchmark)).tasks()}


def difference(env: gymnasium.Env[Any, Any]) -> str:
    """What two resets with the same seed have different."""
    first, second = (env.reset(seed=123)[0] for _ in range(2))
    changed = (first["image"] != second["image"]).any(axis=2)
    box = Image.fromarray(changed).getbbox()
    texts = "equal" if first["text"] == second["text"] else "different"
    return f"{changed.sum()} pixels in {box} differ, texts are {texts}"


def check(name: str) -> dict[str, object]:
    """The problem of an environment, empty if there is none, and what the checker warned of."""
    began, problem = time.process_time(), ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            env = gymnasium.make(name)
            try:
                check_env(env.unwrapped)
            except AssertionError as error:
                problem = f"{error} ({difference(env.unwrapped)})"
            finally:
                env.close()
        except EnvUnavailable as error:
            return {"name": name, "skipped": str(error)}
        except Exception as error:  # noqa: BLE001 -- the trial reports whatever fails
            problem = f"{type(error).__name__}: {error}"
    messages = sorted({str(warning.message) for warning in caught if "gymnasium" in warning.filename})
    return {"name": name, "problem": problem, "warnings": messages, "cpu_s": round(time.process_time() - began, 2)}


def main() -> int:
    """Check; the exit code is 1 if an environment has a problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--benchmark", action="append", default=[])
    parser.add_argument("--category", action="store_true")
    given = parser.parse_args()
    given.file.touch()
    results = {(one := json.loads(line))["name"]: one for line in given.file.read_text().splitlines()}
    for name in chosen(given.benchmark, given.each, by_category=given.category):
        if name not in results:
            results[name] = check(name)
            with given.file.open("a") as file:
                file.write(json.dumps(results[name]) + "\n")
            print(json.dumps(results[name]), flush=True)
    failed = [one for one in results.values() if one.get("problem")]
    skipped = sum("skipped" in one for one in results.values())
    print(f"{len(results)} environments, {len(failed)} with a problem, {skipped} skipped")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
