"""Replay by pixels on changed pages and programs: how many runs are right, diverged or wrong, and the time of a step.

    .venv/bin/python eval/bench/replay_trial.py [--only PAGE ...] [--changes CHANGE ...]

Each page is recorded once in 1280x720 and then performed again, unchanged and with each change: a dark theme, other
zooms, twice the pixels, another window size, moved and inserted elements; its target removed, hidden, or there twice.
The page itself reports what was clicked and typed. Wrong is a run that clicked or typed anything else than the recorded
one. With a removed or doubled target, right means that the run diverged.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from replay_pages import PAGES, SCRIPT, STYLE, TrialPage

from screenwright import Action, Agent, BrowserEnv, Click, Limits, ScreenPoint, ScriptedPolicy, Size, StopReason, Type
from screenwright.agent.core.context import DecisionContext
from screenwright.agent.core.decision import Finish
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.policy.policy import PolicyEvents
from screenwright.agent.record.events import PolicyInfo, Stepped
from screenwright.agent.record.trajectory import read_run
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import recipe_of
from screenwright.eval.benchmarks.gallery.site import Site

CHANGES: dict[str, tuple[str, Size, float]] = {
    "unchanged": ("", Size(1280, 720), 1.0),
    "dark": ("dark=1", Size(1280, 720), 1.0),
    "zoom 1.25": ("zoom=1.25", Size(1280, 720), 1.0),
    "zoom 0.8": ("zoom=0.8", Size(1280, 720), 1.0),
    "2x": ("", Size(1280, 720), 2.0),
    "window": ("", Size(1000, 640), 1.0),
    "large window": ("", Size(1680, 1000), 1.0),
    "moved": ("move=1", Size(1280, 720), 1.0),
    "inserted": ("insert=1", Size(1280, 720), 1.0),
    "dark moved 2x": ("dark=1&move=1", Size(1100, 700), 2.0),
    "removed": ("remove={}", Size(1280, 720), 1.0),
    "hidden": ("hide={}", Size(1280, 720), 1.0),
    "twice": ("twice={}", Size(1280, 720), 1.0),
}
MUST_DIVERGE = ("removed", "hidden", "twice")


class Recorder:
    """Performs `steps`; `rects` returns where the controls are, as the page or the program reports it."""

    def __init__(self, steps: Sequence[str], rects: Callable[[], object]) -> None:
        self.steps = iter(steps)
        self.rects = rects

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return ScriptedPolicy([]).info()

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: object) -> PolicyEvents:
        """See `Policy`."""
        step = next(self.steps, None)
        time.sleep(0.1)  # the report of the last click
        entry: tuple[Action, ...] | Finish = Finish("done")
        if step is not None and step.startswith("="):
            entry = (Type(step[1:]),)
        elif step is not None:
            rects = self.rects()
            assert isinstance(rects, dict)
            entry = (Click(ScreenPoint(*rects[step])),)
        yield from ScriptedPolicy([entry]).decide(context, lambda: False)


def address(site: Site, page: TrialPage, options: str) -> str:
    """The address of the page with these changes."""
    body = f"<style>{STYLE}</style><body>{page.body}<script>{SCRIPT}</script>"
    return site.add(f"/{page.name}?{options.format(page.target)}", body)


def trial(page: TrialPage, changes: list[str], folder: Path) -> Iterator[tuple[str, str, str, float]]:
    """Record the page and perform it with each change: the change, the outcome, the reason, seconds per step."""
    with Site() as site:
        with BrowserEnv(address(site, page, "")) as env:
            Agent(policy=Recorder(page.steps, lambda: site.reported["rects"])).run(
                page.name, env, out=folder / page.name
            )
            env.observe()
        time.sleep(0.2)
        recipe, wanted = recipe_of(read_run(folder / page.name)), site.reported["state"]
        for change in changes:
            options, size, scale = CHANGES[change]
            site.reported.clear()
            policy = ReplayPolicy(recipe, wait_s=1.5)
            agent = Agent(policy=policy, limits=Limits(steps=None), supervision=NO_INTERVENTION)
            out = folder / f"{page.name} {change}"
            with BrowserEnv(address(site, page, options), viewport=size, scale=scale) as env:
                result = agent.run(page.name, env, out=out)
                env.observe()
            time.sleep(0.2)
            steps = [event.total_s for event in read_run(out).events if isinstance(event, Stepped)]
            outcome = judged(site.reported.get("state"), wanted, result.stop, change)
            yield change, outcome, result.reason, sum(steps) / max(1, len(steps))


def judged(state: object, wanted: object, stop: StopReason, change: str) -> str:
    """Right, diverged or wrong, by what the page reports."""
    assert isinstance(state, dict)
    assert isinstance(wanted, dict)
    done, expected = state["clicks"], wanted["clicks"]
    typed = {name: value for name, value in state["values"].items() if value and name not in ("new", "copy")}
    wrong = [name for name, value in typed.items() if wanted["values"].get(name) != value]
    if done != expected[: len(done)] or wrong or state["values"].get("new") or state["values"].get("copy"):
        return "WRONG"
    if change in MUST_DIVERGE:
        return "right" if stop is StopReason.DIVERGED else "NOT DIVERGED"
    if stop is StopReason.DIVERGED:
        return "diverged"
    return "right" if done == expected and typed == {k: v for k, v in wanted["values"].items() if v} else "WRONG"


def main() -> None:
    """Run the trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[page.name for page in PAGES])
    parser.add_argument("--changes", nargs="*", default=list(CHANGES))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    totals: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        for page in PAGES:
            if page.name not in args.only:
                continue
            for change, outcome, reason, seconds in trial(page, args.changes, args.out or Path(temporary)):
                totals[change, outcome] += 1
                print(f"{page.name:10} {change:14} {outcome:12} {seconds:5.2f} s/step  {reason}", flush=True)
    print_totals(totals, args.changes)


def print_totals(totals: Counter[tuple[str, str]], changes: Sequence[str]) -> None:
    """The outcomes of each change, and those of all changes that leave the target alone."""
    print()
    for change in changes:
        counts = {outcome: count for (name, outcome), count in totals.items() if name == change}
        print(f"{change:16} {counts}")
    changed = Counter[str]()
    for (change, outcome), count in totals.items():
        changed[outcome] += 0 if change in ("unchanged", *MUST_DIVERGE) else count
    print(f"{'changed, in all':16} {dict(changed)}")


if __name__ == "__main__":
    main()
