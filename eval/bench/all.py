"""Runs the benchmarks that compare us with other tools, and writes the table of docs/explanation/measurements.md.

    PYTHONPATH=tests/helpers .venv/bin/python eval/bench/all.py [--quick] [--only NAME ...] [--runs N]

Each benchmark runs `--runs` times, in turns with the others, the long ones once. Each measures ours and the other
tool in one run. Five runs take about an hour. The table has the median of each figure, and of each ratio the least,
the median and the greatest. BrowserGym and browser-use are installed in environments of their own when they are first
needed (`--no-peers`: leave them out). The output of each run is kept in `--logs`. With `--quick`, everything runs
once with few rounds; nothing is written.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "explanation" / "measurements.md"
BEGIN, END = "<!-- all.py writes this table -->", "<!-- end of the table -->"
CACHE = Path.home() / ".cache" / "screenwright"
NUMBER = r"([\d.]+)"
PEERS = {
    "browsergym": ("browsergym-core==0.14.3", "browsergym-miniwob==0.14.3", "miniwob==1.1.0"),
    "browser-use": ("browser-use==0.13.14",),
}
LIMIT_S = 3600


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table: the patterns of two numbers in the output, ours and the other tool's, if there is one."""

    title: str
    ours: str
    peer: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """A program of this folder with its arguments; `needs` names the environments of other tools.

    One that runs `once` takes long, or always has the same results.
    """

    name: str
    figures: tuple[Figure, ...]
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    once: bool = False


def _columns(title: str, row: str, peer: str) -> Figure:
    """The first two numbers in a line that begins with `row`."""
    return Figure(title, rf"^{row}[^\d\n]*{NUMBER}", peer, rf"^{row}[^\d\n]*[\d.]+[^\d\n]+{NUMBER}")


def _rate(title: str, count: int, peer: str = "") -> Figure:
    """The last number in the line about so many workers of ours, and processes of the other tool."""
    return Figure(
        title, rf"^Screenwright, {count} .* {NUMBER}$", peer, rf"^{peer}, {count} .* {NUMBER}$" if peer else ""
    )


BENCHES = (
    Bench(
        "step_cost",
        (
            Figure(
                "browser step without the model, ms", f"^  ours +{NUMBER}", "BrowserGym", f"^  BrowserGym +{NUMBER}"
            ),
            *(Figure(f"- {one}", f"^    {one} +{NUMBER}") for one in ("capture", "encode", "settle", "act", "log")),
        ),
        needs=("browsergym",),
    ),
    Bench(
        "browser_bench",
        (
            _columns("screenshot of a page, ms", "screenshot", "Playwright"),
            _columns("click, settle, screenshot, ms", "click, settle, screenshot", "Playwright, 0.5 s of sleep"),
        ),
    ),
    Bench(
        "desktop_bench",
        (
            _columns("desktop screenshot, ms", r"\| screenshot", "pyautogui"),
            _columns("desktop click, ms", r"\| click", "pyautogui"),
            _columns("desktop, 200 characters, ms", r"\| 200 characters \|", "pyautogui"),
        ),
        quick=("--times", "5"),
    ),
    Bench(
        "eval_throughput",
        (
            _rate("MiniWoB++ episodes a minute, 1 worker", 1, "BrowserGym"),
            _rate("- 2 workers", 2, "BrowserGym"),
            _rate("- 4 workers", 4),
        ),
        ("--episodes", "48", "--peer-episodes", "8"),
        ("--episodes", "24", "--peer-episodes", "4"),
        needs=("browsergym",),
    ),
    Bench(
        "gallery_peers",
        tuple(
            Figure("gallery pages solved, of 46", r"^of \d+ +(\d+)", name, rf"^of \d+ +(?:\d+ +){{{place}}}(\d+)")
            for place, name in enumerate(("Playwright", "BrowserGym", "browser-use"), 1)
        ),
        quick=("--only", "select"),
        needs=("browsergym", "browser-use"),
        once=True,
    ),
    Bench(
        "png_bench",
        (
            Figure(
                "PNG of a text page, CPU ms", f"^text +ours +{NUMBER}", "Pillow", f"^text +Pillow, level 6 +{NUMBER}"
            ),
        ),
    ),
    Bench(
        "start_up",
        (
            Figure("`screenwright --help`, ms", r"^\| `screenwright --help` \| \d+ \| (\d+)"),
            Figure("`run` to the first screenshot, ms", r"first screenshot \| \| (\d+)"),
        ),
        quick=("--rounds", "2"),
    ),
    Bench(
        "long_run",
        (
            Figure("page of a run of 2,000 steps: written, CPU s", f"^report: {NUMBER}"),
            Figure("- opened in Chromium, s", f"^opened: {NUMBER}"),
        ),
        ("2000",),
        ("200",),
        once=True,
    ),
    Bench(
        "large_evaluation",
        (
            Figure("100,000 records: what is left to run, CPU s", rf"^\| find what is left to run \| {NUMBER}"),
            Figure("- read, results written, CPU s", rf"^\| read all records and write the results \| {NUMBER}"),
        ),
        (),
        ("2000",),
        once=True,
    ),
)


@dataclass(slots=True)
class Results:
    """The numbers of each figure, one for each run."""

    ours: dict[Figure, list[float]] = field(default_factory=dict[Figure, list[float]])
    theirs: dict[Figure, list[float]] = field(default_factory=dict[Figure, list[float]])

    def add(self, bench: Bench, output: str) -> None:
        """Add the figures of a run."""
        for figure in bench.figures:
            for pattern, found in ((figure.ours, self.ours), (figure.theirs, self.theirs)):
                match = re.search(pattern, output, re.MULTILINE) if pattern else None
                if match is not None:
                    found.setdefault(figure, []).append(float(match[1]))

    def table(self, benches: Sequence[Bench]) -> str:
        """The figures as a table."""
        lines = ["| | Screenwright | other | ratio | least to greatest |", "|---|---|---|---|---|"]
        for figure in (figure for bench in benches for figure in bench.figures if figure in self.ours):
            ours, theirs = self.ours[figure], self.theirs.get(figure, [])
            cells = [figure.title, f"{median(ours):g}", "", "", f"{min(ours):g} to {max(ours):g}"]
            if len(theirs) == len(ours) and all(theirs):
                ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
                cells[2:] = [
                    f"{median(theirs):g} ({figure.peer})",
                    f"{median(ratios):.3g}",
                    f"{min(ratios):.3g} to {max(ratios):.3g}",
                ]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)


def install(name: str, packages: Sequence[str]) -> Path:
    """The Python of an environment with `packages`, created at the first use."""
    python, complete = CACHE / name / "bin" / "python", CACHE / name / "complete"
    if not complete.exists():
        print(f"installing {', '.join(packages)} in {CACHE / name}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", CACHE / name], check=True)
        pip = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *packages], check=True)
        if name == "browsergym":  # so that pixels can be compared: the Playwright that we use
            subprocess.run([*pip, "--no-deps", f"playwright=={version('playwright')}", "pyee"], check=True)
        complete.touch()
    return python


def run(bench: Bench, peers: dict[str, Path], log: Path, *, quick: bool) -> str:
    """The output of one run, which is also written to `log`; empty if it failed."""
    options = [text for name in bench.needs for text in (f"--{name}", str(peers[name]))]
    command = [sys.executable, str(HERE / f"{bench.name}.py"), *(bench.quick if quick else bench.arguments), *options]
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False).returncode
    result = "" if code == 0 else f"FAILED with exit code {code}, see "
    print(f"{bench.name:18} {time.monotonic() - started:6.1f} s  {result}{log}", flush=True)
    return log.read_text(encoding="utf-8") if code == 0 else ""


def write(table: str, runs: int) -> None:
    """Replace the table in the documentation."""
    cores = len(os.sched_getaffinity(0))
    note = f"{time.strftime('%-d %B %Y')}, {runs} runs, {cores} cores, Python {platform.python_version()}."
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{note}\n\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(f"written to {PAGE}")


def main() -> int:
    """Run everything; returns the exit code: 1 if a benchmark failed, 2 if another tool cannot be installed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one run with few rounds; writes nothing")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[bench.name for bench in BENCHES])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true", help="without BrowserGym and browser-use")
    parser.add_argument("--logs", type=Path, default=Path("bench-logs"))
    given = parser.parse_args()
    benches = [bench for bench in BENCHES if not given.only or bench.name in given.only]
    if given.no_peers:
        benches = [bench for bench in benches if not bench.needs]
    needed = {name for bench in benches for name in bench.needs}
    try:
        peers = {name: install(name, PEERS[name]) for name in sorted(needed)}
    except subprocess.CalledProcessError as error:
        print(f"all: {error}; use --no-peers, or see eval/bench/README.md", file=sys.stderr)
        return 2
    given.logs.mkdir(parents=True, exist_ok=True)
    results, failed, runs = Results(), False, 1 if given.quick else given.runs
    for number in range(1, runs + 1):
        for bench in [bench for bench in benches if number == 1 or not bench.once]:
            output = run(bench, peers, given.logs / f"{bench.name}.{number}.txt", quick=given.quick)
            failed = failed or not output
            results.add(bench, output)
    table = results.table(benches)
    print(f"\n{table}")
    if not (given.quick or given.only or failed):
        write(table, runs)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
