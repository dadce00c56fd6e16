"""Write the pages of the benchmark `grounding` as a set in ScreenSpot's form, for any tool that reads those.

.venv/bin/python scripts/grounding_set.py FOLDER [--pages N]
"""

import argparse
from pathlib import Path

from screenwright.eval.benchmarks.grounding_pages import PageGrounding, write_set


def main() -> None:
    """Write it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--pages", type=int, default=20, help="how many, from seed 0 (20)")
    given = options.parse_args()
    boxes = write_set(given.folder, range(given.pages))
    PageGrounding().close()
    print(f"{given.folder}: {given.pages} pages, {boxes} boxes; screenwright eval screenspot --root {given.folder}")


if __name__ == "__main__":
    main()
