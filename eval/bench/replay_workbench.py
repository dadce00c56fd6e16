"""Replay by pixels in real programs and web applications: tasks of the Workbench, judged by their files.

    .venv/bin/python eval/bench/replay_workbench.py TASK... [--changes CHANGE ...]

The solution of each task is recorded once, and then performed again on a new copy of the same documents: unchanged,
with a dark theme, texts in another size (more pixels for each unit of a page), and another size of the screen. Right is
a run that finished with the files as they should be, and WRONG one that finished with others. Tasks are named as by
`screenwright eval workbench --list`; `screenwright eval workbench --setup` installs their programs.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from unittest.mock import patch

from replay_trial import print_totals

from screenwright import Agent, BrowserSettings, Limits, Size, StopReason
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.record.events import Stepped
from screenwright.agent.record.trajectory import RunError, read_run
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import Recipe, recipe_of
from screenwright.eval.benchmarks.browsers import PageSettings
from screenwright.eval.benchmarks.workbench import Workbench, desk
from screenwright.eval.benchmarks.workbench.benchmark import WorkbenchInstance, WorkbenchTask
from screenwright.eval.benchmarks.workbench.web import screen
from screenwright.eval.benchmarks.workbench.web.screen import close_browsers

NORMAL = Size(1280, 720)
CHANGES: dict[str, tuple[bool, float, Size]] = {
    "unchanged": (False, 1.0, NORMAL),
    "dark": (True, 1.0, NORMAL),
    "larger": (False, 1.25, NORMAL),
    "small screen": (False, 1.0, Size(1120, 660)),
    "large screen": (False, 1.0, Size(1600, 900)),
}
"""Whether it is dark, the size of texts or the pixels per CSS pixel, and the size of the screen."""

_GTK = "[Settings]\ngtk-cursor-blink=0\ngtk-application-prefer-dark-theme={dark}\ngtk-xft-dpi={dpi}\n"


@contextmanager
def opened(task: WorkbenchTask, change: str) -> Generator[WorkbenchInstance]:
    """The task with its first seed on a screen with the change."""
    dark, scale, size = CHANGES[change]
    page = PageSettings(size, scale, settings=BrowserSettings(allow_hosts=("127.0.0.1",), dark=dark))
    gtk = _GTK.format(dark=int(dark), dpi=round(96 * 1024 * scale))
    app = task.template.apps[0]
    settings = {**app.settings, ".config/gtk-3.0/settings.ini": gtk}
    apps = (replace(app, settings=settings), *task.template.apps[1:])
    changed = replace(task, template=replace(task.template, apps=apps))
    with patch.object(screen, "_PAGE", page), patch.object(desk, "SCREEN", size), changed.set_up(0) as instance:
        yield instance


def record(task: WorkbenchTask, folder: Path) -> Recipe | None:
    """The recipe of the solution; None if that fails."""
    with opened(task, "unchanged") as instance:
        agent = Agent(policy=instance.solution(), limits=Limits(60), supervision=NO_INTERVENTION)
        result = agent.run(instance.instruction, instance.env, out=folder)
        if not instance.judge(result).done:
            return None
    try:
        return recipe_of(read_run(folder))
    except RunError:
        return None


def trial(task: WorkbenchTask, changes: list[str], folder: Path) -> Iterator[tuple[str, str, str, float]]:
    """Record the task and perform it with each change: the change, the outcome, the reason, seconds per step."""
    recipe = record(task, folder / task.name)
    if recipe is None:
        print(f"{task.name}: its solution was not recorded")
        return
    for change in changes:
        out = folder / f"{task.name} {change}"
        with opened(task, change) as instance:
            policy = ReplayPolicy(recipe, wait_s=5.0)
            agent = Agent(policy=policy, limits=Limits(steps=None), supervision=NO_INTERVENTION)
            result = agent.run(instance.instruction, instance.env, out=out)
            found = instance.judge(result)
        outcome = "diverged" if result.stop is StopReason.DIVERGED else "right" if found.done else "WRONG"
        steps = [event.total_s for event in read_run(out).events if isinstance(event, Stepped)]
        yield change, outcome, result.reason or found.found, sum(steps) / max(1, len(steps))


def main() -> None:
    """Run the trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", help="names, or patterns such as 'wiki-*'")
    parser.add_argument("--changes", nargs="*", default=list(CHANGES))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    totals: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.out or Path(temporary)
        for task in Workbench().tasks():
            if not any(fnmatchcase(task.name, one) for one in args.tasks):
                continue
            for change, outcome, reason, seconds in trial(task, args.changes, folder):
                totals[change, outcome] += 1
                print(f"{task.name:26} {change:13} {outcome:9} {seconds:5.2f} s/step  {reason[:120]}", flush=True)
    close_browsers()
    print_totals(totals, args.changes)


if __name__ == "__main__":
    main()
