"""`screenwright export`: recorded runs as data to learn from."""

import argparse
from pathlib import Path

from ..agent.dialects.prompting.prompt_kind import Prompt
from ..agent.policy.image_history import history_named
from ..eval.datasets.conversations import Wording
from ..eval.datasets.export import export
from ..eval.datasets.filters import StepFilter
from .settings import SettingsError

HELP = "Write an evaluation, or one recorded run, as conversations with images and loss masks, to fine-tune on."


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of `export`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the folder of an evaluation or of a run")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file, or with hf the folder")
    parser.add_argument(
        "--keep",
        default="done",
        metavar="WHICH",
        help="conditions with commas, all of which hold: all, done, changed, read, score>=N, steps<=N, task=NAME, "
        "category=NAME (default: done)",
    )
    parser.add_argument("--per", choices=("step", "episode"), default="step", help="what a line is (default: step)")
    parser.add_argument("--format", choices=("chat", "hf"), default="chat", help="JSON lines, or an imagefolder")
    parser.add_argument("--dialect", metavar="NAME", help="tell the runs in the words of this dialect instead")
    parser.add_argument("--prompt", choices=("computer", "browser", "mobile"), help="with --dialect: which prompt")
    parser.add_argument("--history", metavar="RULE", help="with --dialect: chunked:HIGH:LOW or window:N")


def export_run(given: argparse.Namespace) -> int:
    """Export as the flags say, and print what it came to.

    Raises:
        SettingsError, ValueError, RunError: one line for the user.
    """
    done = export(given.run, given.out, StepFilter.parse(given.keep), given.per, given.format, _wording(given))
    print(
        f"{given.out}: {done.lines} lines with {done.answers} answers to learn and {done.images} images, of "
        f"{done.episodes} episodes; left out: {done.episodes_left_out} episodes, {done.steps_left_out} steps in all"
    )
    return 0


def _wording(given: argparse.Namespace) -> Wording | None:
    if given.dialect is None:
        if given.prompt or given.history:
            raise SettingsError("--prompt and --history need --dialect: without it, runs are told as they were")
        return None
    rule = given.history or "chunked:5:2"
    history = history_named(rule)
    return Wording(given.dialect, Prompt(given.prompt) if given.prompt else None, history)
