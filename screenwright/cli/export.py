"""`screenwright export`: converts recorded runs to training data."""

import argparse
from pathlib import Path

from ..agent.dialects.prompting.prompt_kind import Prompt
from ..agent.policy.image_history import history_named
from ..eval.datasets.conversations import ConversationFormat
from ..eval.datasets.export import export
from ..eval.datasets.filters import StepFilter
from .settings import SettingsError

DESCRIPTION = "Write an evaluation, or one recorded run, as conversations with images and loss masks, for fine-tuning."


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of an evaluation or of a run")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write; with hf, a folder")
    parser.add_argument(
        "--keep",
        default="done",
        metavar="WHICH",
        help="steps to keep: conditions with commas, all of which must hold: all, done, changed, parsed, score>=N, "
        "steps<=N, task=NAME, category=NAME (default: done)",
    )
    parser.add_argument("--per", choices=("step", "episode"), default="step", help="content of a line (default: step)")
    parser.add_argument("--format", choices=("chat", "hf"), default="chat", help="JSON lines, or an imagefolder")
    parser.add_argument("--dialect", metavar="NAME", help="rewrite the conversations in this dialect")
    parser.add_argument("--prompt", choices=("computer", "browser", "mobile"), help="with --dialect: its prompt")
    parser.add_argument("--history", metavar="RULE", help="with --dialect: chunked:HIGH:LOW or window:N")


def main(args: argparse.Namespace) -> int:
    """Export, and print how much was written; returns the exit code.

    Raises:
        SettingsError, ValueError, RunError: one line for the user.
    """
    done = export(args.run, args.out, StepFilter.parse(args.keep), args.per, args.format, _conversation_format(args))
    print(
        f"{args.out}: {done.lines} lines with {done.replies} replies to learn and {done.images} images, from "
        f"{done.episodes} episodes; skipped: {done.skipped_episodes} episodes, {done.skipped_steps} steps in total"
    )
    return 0


def _conversation_format(args: argparse.Namespace) -> ConversationFormat | None:
    if args.dialect is None:
        if args.prompt or args.history:
            raise SettingsError("--prompt and --history need --dialect; without it, conversations stay as recorded")
        return None
    history = history_named(args.history or "chunked:5:2")
    return ConversationFormat(args.dialect, Prompt(args.prompt) if args.prompt else None, history)
