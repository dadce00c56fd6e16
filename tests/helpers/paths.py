"""Paths that tests share."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
ACCEPTANCE = ROOT / "tests" / "acceptance"
BENCH = ROOT / "eval" / "bench"
DATA = ROOT / "tests" / "agent" / "data"
STAGE = ROOT / "tests" / "helpers" / "programs" / "stage.py"
