"""Performs a recipe for each of 100 rows, kills it five times, and checks that each row was done exactly once.

    .venv/bin/python tests/acceptance/rows_trial.py [--rows 100] [--kills 5] [--seed 1] [--out FOLDER]

A form is recorded once: type a name, click Order, which the page sends to a server of this trial. `screenwright replay
RECIPE --each` then orders for each row, is killed with SIGKILL at random moments, and is started again with the same
command. A row whose last step had begun when it was killed is `unconfirmed` and not repeated: the trial counts these,
and whether their orders arrived. The exit code is 0 if no row was done twice, and only unconfirmed rows were not done.
"""

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from screenwright import Action, Agent, BrowserEnv, Click, ScreenPoint, ScriptedPolicy, Type
from screenwright.agent.core.decision import Finish
from screenwright.agent.record.trajectory import read_run
from screenwright.agent.replay.parametrize import parametrized
from screenwright.agent.replay.recipe import recipe_of
from screenwright.agent.replay.recipe_file import write_recipe
from screenwright.eval.benchmarks.gallery.site import Site

PAGE = """<style>body{font:18px sans-serif}body>*{position:absolute;left:60px}input{font:inherit}</style>
<label style="top:60px">Name <input id="person" size="30"></label>
<button style="top:120px" onclick="fetch('/order/' + person.value); result.textContent = 'Ordered for ' + person.value">
Order</button><p id="result" style="top:180px"></p>"""
STEPS: tuple[tuple[Action, ...], ...] = (
    (Click(ScreenPoint(250, 72)),),
    (Type("Person 0"),),
    (Click(ScreenPoint(90, 130)),),
)
RUN_S = 3600.0


class Orders:
    """The page, and what was ordered on it."""

    def __init__(self, rows: int) -> None:
        self.site = Site()
        self.url = self.site.add("/", PAGE)
        for row in range(rows + 1):
            self.site.add(f"/order/Person%20{row}", "")

    def count(self) -> Counter[str]:
        """How often each name was ordered for."""
        return Counter(path.removeprefix("/order/") for path in self.site.requests if path.startswith("/order/"))


def write_recipe_of(orders: Orders, folder: Path) -> Path:
    """Record the order for one person, and write it as a recipe."""
    with BrowserEnv(orders.url) as env:
        Agent(policy=ScriptedPolicy([*STEPS, Finish("done")])).run("Order", env, out=folder / "recorded")
    recipe = parametrized(recipe_of(read_run(folder / "recorded")))
    assert recipe.parameters == {"name": "Person 0"}, recipe.parameters
    write_recipe(recipe, folder / "recipe")
    return folder / "recipe"


def killed_at(rows: int, kills: int, rng: random.Random) -> Iterator[int]:
    """After how many orders each process is killed."""
    yield from sorted(rng.sample(range(1, rows), kills))


def main() -> int:
    """Run the trial; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rng, orders = random.Random(given.seed), Orders(given.rows)
    with tempfile.TemporaryDirectory() as temporary, orders.site:
        folder = given.out or Path(temporary)
        recipe = write_recipe_of(orders, folder)
        orders.site.requests.clear()
        (folder / "rows.csv").write_text("name\n" + "".join(f"Person {row}\n" for row in range(1, given.rows + 1)))
        command = [sys.executable, "-m", "screenwright", "replay", str(recipe), "--url", orders.url]
        command += ["--each", str(folder / "rows.csv"), "--out", str(folder / "out")]
        for number in killed_at(given.rows, given.kills, rng):
            perform(command, orders, number, rng.random() * 1.5)
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False, timeout=RUN_S)
        time.sleep(0.5)
        return report(orders.count(), folder / "out" / "results.csv")


def perform(command: list[str], orders: Orders, until: int, later_s: float) -> None:
    """Start the command, and kill it `later_s` seconds after the order `until` has arrived."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while len(orders.count()) < until and process.poll() is None:
            time.sleep(0.02)
        time.sleep(later_s)
        process.kill()
    print(f"killed after {len(orders.count())} orders", flush=True)


def report(orders: Counter[str], results: Path) -> int:
    """Print what was done; returns the exit code."""
    with results.open(newline="") as file:
        rows = list(csv.DictReader(file))
    done = {row["name"]: orders[row["name"].replace(" ", "%20")] for row in rows}
    states = Counter(row["result"] for row in rows)
    twice = [name for name, count in done.items() if count > 1]
    never = [row for row in rows if not done[row["name"]]]
    print(f"{len(rows)} rows: {dict(states)}; ordered once: {sum(count == 1 for count in done.values())}")
    print(f"ordered twice: {twice}; not ordered: {[(row['name'], row['result']) for row in never]}")
    is_right = not twice and all(row["result"] == "unconfirmed" for row in never)
    return 0 if is_right and states.keys() <= {"finished", "unconfirmed"} else 1


if __name__ == "__main__":
    sys.exit(main())
