"""WebArena-Infinity's own solved states, checked by its verifiers through our server.

Each verifier runs on the initial state and on the solved state.

    .venv/bin/python eval/bench/infinity_oracle.py CHECKOUT [--only APP ...]

Each application's `sanity_check*.py` contains the solved state of each task. It is third-party code and runs in a
subprocess.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import requests

from screenwright.eval.benchmarks.infinity import webarena_infinity_all
from screenwright.eval.benchmarks.infinity.benchmark import InfinityTask, run_verifier, serve_app

STATES = """
import importlib.util, copy, io, json, sys
sys.stdout, answers = io.StringIO(), sys.stdout
spec = importlib.util.spec_from_file_location("checks", sys.argv[1])
checks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(checks)
names = ("load_seed_state", "generate_seed_state", "get_seed_state")
seed = next(getattr(checks, name) for name in names if hasattr(checks, name))()
solvers = next(getattr(checks, name) for name in ("SOLVERS", "SOLVE_MAP") if hasattr(checks, name))
print(json.dumps(seed), file=answers)
for name, solve in solvers.items():
    state = copy.deepcopy(seed)
    changed = solve(state)
    print(json.dumps([name, changed if isinstance(changed, dict) else state]), file=answers)
"""


def main() -> None:
    """Print a line per application, and each unexpected result."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("root", type=Path)
    options.add_argument("--only", nargs="*", help="names of applications")
    given = options.parse_args()
    tasks: dict[Path, list[InfinityTask]] = {}
    for task in webarena_infinity_all(given.root).tasks():
        if not given.only or task.app.name in given.only:
            tasks.setdefault(task.app, []).append(task)
    solved = untouched = every = 0
    for app, of_app in tasks.items():
        with serve_app(app) as url:
            early, done = check(app, of_app, url)
        real = [task for task in of_app if ".function-" not in task.name]
        every, solved, untouched = every + len(real), solved + len(done), untouched + len(early)
        print(f"{app.name:36} solved {len(done)} of {len(real)}; satisfied initially: {' '.join(early) or 'none'}")
        for name in sorted({task.name for task in real} - set(done)):
            print(f"    not satisfied by its solution: {name}")
    print(f"solved {solved} of {every}; satisfied initially {untouched}")


def check(app: Path, tasks: list[InfinityTask], url: str) -> tuple[list[str], list[str]]:
    """The tasks that pass on the initial state, and the real tasks that pass on their solved state."""
    lines = states(app)
    seed = json.loads(lines[0])
    requests.put(f"{url}/api/state", json=seed, timeout=10).raise_for_status()
    early = [task.name for task in tasks if run_verifier(task.verifier, url)[0]]
    by_name = {f"{app.name}.{name.removeprefix('task_')}": state for name, state in map(json.loads, lines[1:])}
    done = [task.name for task in tasks if task.name in by_name and is_solved(task, by_name[task.name], url)]
    return early, done


def is_solved(task: InfinityTask, state: object, url: str) -> bool:
    """Reset the application, set the state, run the verifier."""
    requests.post(f"{url}/api/reset", timeout=10).raise_for_status()
    requests.put(f"{url}/api/state", json=state, timeout=10).raise_for_status()
    return run_verifier(task.verifier, url)[0]


def states(app: Path) -> list[str]:
    """The initial state and the solved states, as lines of JSON."""
    file = next(path for name in ("sanity_check_real.py", "sanity_check.py") if (path := app / name).exists())
    command = [sys.executable, "-B", "-c", STATES, str(file)]
    return subprocess.run(command, cwd=app, capture_output=True, text=True, check=True).stdout.splitlines()


if __name__ == "__main__":
    main()
