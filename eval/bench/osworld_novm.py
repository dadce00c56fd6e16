"""Which of OSWorld's tasks can run in a sandbox, and what the others need: a table of domains, or of tasks.

.venv/bin/python eval/bench/osworld_novm.py CHECKOUT [--tasks]
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from screenwright.eval.benchmarks.data_files import read_json
from screenwright.eval.benchmarks.osworld.benchmark import EXAMPLE, OSWorld
from screenwright.eval.benchmarks.osworld.sandbox.needs import ACCOUNT, CODE, FILES, NETWORK, needs_of

GROUPS = (
    "run as they are",
    "with OSWorld's files",
    "need the internet or an account",
    "need Visual Studio Code",
    "need GNOME, systemd or root",
)


def group_of(needs: tuple[str, ...]) -> str:
    """The column of a task."""
    if not needs:
        return GROUPS[0]
    if needs == (FILES,):
        return GROUPS[1]
    return GROUPS[2] if {NETWORK, ACCOUNT} & {*needs} else GROUPS[3] if CODE in needs else GROUPS[4]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--tasks", action="store_true", help="a row for each task instead of each domain")
    given = parser.parse_args()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    lines = ["| task | needs |", "|---|---|"]
    for task in OSWorld(given.checkout).tasks():
        needs = needs_of(read_json(task.file, EXAMPLE))
        lines.append(f"| `{task.name}` | {', '.join(needs) or 'nothing else'} |")
        for name in (f"`{task.category}`", "all"):
            counts[name][group_of(needs)] += 1
    if not given.tasks:
        lines = [f"| domain | tasks | {' | '.join(GROUPS)} |", "|---" * (len(GROUPS) + 2) + "|"]
        for name, mine in sorted(counts.items(), key=lambda item: (item[0] == "all", item[0])):
            lines.append(f"| {name} | {sum(mine.values())} | {' | '.join(str(mine[group]) for group in GROUPS)} |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
