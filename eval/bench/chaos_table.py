"""What the ladder does on screens that go wrong, as a table: `python eval/bench/chaos_table.py [--chromium]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

from chaos import CASES, climbed, ended, in_chromium, in_memory, play


def main(*, chromium: bool) -> None:
    """Play every case and print what came of it."""
    print("| screen and model | the ladder, at which step | ended | after steps |\n|---|---|---|---|")
    for case in CASES:
        with in_chromium(case) if chromium else in_memory(case) as env:
            events, _ = play(case, env)
        end = ended(events)
        rungs = ", ".join(f"{rung} {step}" for step, rung in climbed(events)) or "(nothing)"
        print(f"| {case.name} | {rungs} | `{end.stop}` | {end.steps} |", flush=True)


if __name__ == "__main__":
    main(chromium="--chromium" in sys.argv[1:])
