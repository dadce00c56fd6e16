"""Recovery actions on faulty screens with faulty models, as a table.

PYTHONPATH=tests/helpers .venv/bin/python eval/bench/recovery_table.py [--chromium]
"""

import argparse

from chaos import CASES, ended, in_chromium, in_memory, play, recovery_actions


def main() -> None:
    """Run every case and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chromium", action="store_true", help="pages in Chromium instead of screens in memory")
    chromium: bool = parser.parse_args().chromium
    print("| screen and model | recovery actions and their steps | ended | after steps |\n|---|---|---|---|")
    for case in CASES:
        with in_chromium(case) if chromium else in_memory(case) as env:
            events, _ = play(case, env)
        end = ended(events)
        actions = ", ".join(f"{action} {step}" for step, action in recovery_actions(events)) or "(nothing)"
        print(f"| {case.name} | {actions} | `{end.stop}` | {end.steps} |", flush=True)


if __name__ == "__main__":
    main()
