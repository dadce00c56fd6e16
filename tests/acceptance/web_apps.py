"""Jobs in real web applications, done by coordinates: are they done, and was each look at the final screen?

    .venv/bin/python tests/acceptance/web_apps.py [APP ...] [--only TEXT] [--quick] [--summary]

Installs the applications by pip and npm into the cache folder, serves each on loopback, and does its jobs. A job is
checked in the application's files, database or API. A look is early if the screen is another one 2 s later, except for
what moves by itself, for notices that went, and where a job says that the application goes on by itself. It is late if
nothing had changed for 1 s. `--quick` does the jobs without judging looks. `--summary` prints the totals of the latest
runs.
"""

import argparse
import importlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from web_jobs.app import App, Job, Site
from web_jobs.hand import LATE_S, Hand, Look, Missing

from screenwright import BrowserEnv
from screenwright.eval.benchmarks.workbench.web.program import WebProgram, apps_folder
from screenwright.eval.benchmarks.workbench.web.program import install as install_programs
from screenwright.eval.core.task import TaskError
from screenwright.testing import eventually

HERE = Path(__file__).parent / "web_jobs"
NAMES = tuple(sorted(path.stem for path in (HERE / "apps").glob("[a-z]*.py")))
INSTALLED = apps_folder()
CHECK_S = 5.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the jobs in an application."""

    app: str
    verdicts: dict[str, str]
    looks: list[Look]

    @classmethod
    def read(cls, file: Path) -> "Result":
        """The result that `file` contains."""
        saved = json.loads(file.read_text())
        return cls(saved["app"], saved["verdicts"], [Look(**look) for look in saved["looks"]])


def load(name: str) -> App:
    """The application called `name`."""
    app = importlib.import_module(f"web_jobs.apps.{name}").APP
    assert isinstance(app, App)
    return app


def install(app: App) -> None:
    """Install what is missing."""
    try:
        install_programs([WebProgram(app.name, app.command, app.packages, app.npm)])
    except TaskError as error:
        sys.exit(f"web_apps: {error}")


@contextmanager
def served(app: App, folder: Path) -> Generator[Site]:
    """The application on a free port, with new data."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    places = {"BIN": INSTALLED / "venv/bin", "NPM": INSTALLED / "npm", "HERE": HERE, "FOLDER": folder, "PORT": port}

    def filled(text: str) -> str:
        for name, place in places.items():
            text = text.replace(name, str(place))
        return text

    app.prepare(folder)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PORT": str(port), "FOLDER": str(folder), "NPM": str(places["NPM"])}
    environment |= {name: filled(value) for name, value in app.environment.items()}
    command = [filled(part) for part in app.command]
    with open(folder / "server.log", "wb") as log:  # noqa: PTH123
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True)
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: _answers(url + app.path), True, within_s=240)
            yield Site(folder, url)
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # with the processes that it started
            server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def work(app: App, folder: Path, jobs: Sequence[Job], judges: bool) -> Result:
    """Do `jobs` in an application that keeps its data in `folder`."""
    verdicts: dict[str, str] = {}
    with served(app, folder) as site, BrowserEnv() as env:
        hand = Hand(env, site.url, folder, moves=app.moves, judges=judges)
        hand.job = "begin"
        app.begin(hand)
        for job in jobs:
            hand.job, hand.facts = job.__name__, []
            verdicts[hand.job] = "done"
            try:
                check = job(hand, site)
                hand.end()
                end = time.monotonic() + CHECK_S
                while not check():
                    if time.monotonic() > end:
                        verdicts[hand.job] = "not done"
                        break
                    time.sleep(0.1)
            except Missing as missing:
                verdicts[hand.job] = str(missing)
            except Exception:  # noqa: BLE001 - a job that fails is a row of the table
                verdicts[hand.job] = traceback.format_exc(limit=-2)
            if verdicts[hand.job] != "done":
                env.observe().screenshot.image.save(folder / f"{hand.job}.png")
            print(f"{app.name:12}{hand.job:34}{verdicts[hand.job]}", flush=True)
            for look in hand.looks:
                if look.job == hand.job and (look.changed or look.late_s > LATE_S or look.is_finish or look.note):
                    verdict = "EARLY" if look.changed else "late " if look.late_s > LATE_S else "     "
                    print(
                        f"    {verdict} {look.settle_s:5.2f} s, final for {look.late_s:5.2f} s, {look.changed:4} cells"
                        f" {look.action[:40]:40} {look.by} {look.note}"
                    )
            for fact in hand.facts:
                print(f"    fact: {fact}")
    return Result(app.name, verdicts, hand.looks)


def show(name: str, results: Sequence[Result]) -> None:
    """Print a row of the table."""
    verdicts = [verdict for each in results for verdict in each.verdicts.values()]
    looks = [look for each in results for look in each.looks]
    if not looks or not verdicts:
        return
    finishing = [look.settle_s for look in looks if look.is_finish] or [0.0]
    early, late = sum(look.changed > 0 for look in looks), sum(look.late_s > LATE_S for look in looks)
    print(
        f"| {name} | {verdicts.count('done')} of {len(verdicts)} | {len(looks)} | {early} ({early / len(looks):.1%})"
        f" | {late} ({late / len(looks):.1%}) | {statistics.median(finishing):.2f} s"
        f" | {statistics.mean(look.settle_s for look in looks):.2f} s |"
    )


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("apps", nargs="*", choices=[*NAMES, []], help=f"applications (default: {', '.join(NAMES)})")
    parser.add_argument("--only", default="", help="jobs whose name contains this")
    parser.add_argument("--quick", action="store_true", help="do the jobs without judging looks")
    parser.add_argument("--summary", action="store_true", help="print the totals of the latest runs")
    parser.add_argument("--folder", type=Path, default=Path("build/web-apps"))
    given = parser.parse_args()
    folder = given.folder.resolve()
    if given.summary:
        summarize(folder)
        return 0
    for name in given.apps or NAMES:
        app = load(name)
        install(app)
        jobs = [job for job in app.jobs if given.only in job.__name__]
        result = work(app, folder / name, jobs, not given.quick)
        if not given.only and not given.quick:
            (folder / f"{name}.json").write_text(json.dumps(asdict(result), indent=1))
        show(name, [result])
    return 0


def summarize(folder: Path) -> None:
    """Print the totals of the latest runs."""
    print("| application | done | looks | early | late | finishing click, median | any action, mean |")
    print("|---|---|---|---|---|---|---|")
    results = [Result.read(path) for path in sorted(folder.glob("*.json"))]
    for each in results:
        show(each.app, [each])
    show("all", results)


if __name__ == "__main__":
    sys.exit(main())
