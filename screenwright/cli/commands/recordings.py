"""Commands about recorded runs: `view` and `export`."""

import argparse
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from screenwright._files import read_file, write_file
from screenwright._text import counted

from ...agent.core.image_history import history_named
from ...agent.core.limits import StopReason
from ...agent.dialects.prompting.prompt_kind import Prompt
from ...agent.record.archive import DIVERGENCE
from ...agent.record.events import Event, Started
from ...agent.record.trajectory import Run, RunError, read_run
from ...agent.record.viewer import mask_events, render_page
from ...agent.record.viewer.video import write_video
from ...envs.screenshot import MAX_IMAGE_BYTES, Screenshot
from ...eval.analysis.report import Entry
from ...eval.analysis.results import write_report
from ...eval.core.store import Store
from ...eval.datasets.conversations import ConversationFormat
from ...eval.datasets.export import export
from ...eval.datasets.filters import StepFilter
from ...eval.datasets.pairs import export_pairs
from ..arguments import Command, positive
from ..settings import SettingsError
from .images import line_reader, target_reader

# -- view


def _add_view_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run or of an evaluation, or a bundle")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="file to write (default: RUN/view.html; an evaluation: RUN/report.html)",
    )
    parser.add_argument(
        "--video",
        type=Path,
        metavar="FILE",
        help="write the run as a video instead: an animated .gif or, if ffmpeg is installed, an .mp4",
    )
    parser.add_argument(
        "--share",
        action="store_true",
        help="mask typed texts, titles, hosts and values in facts, and what the screen shows of them "
        "(default file: RUN/shared.html)",
    )
    parser.add_argument("--open", action="store_true", help="open it in the web browser")


def _view(args: argparse.Namespace) -> int:
    is_evaluation = (args.run / "manifest.json").exists()
    if args.video is not None:
        if is_evaluation or args.out is not None:
            raise SettingsError("--video shows a single run: name its folder, and leave out --out")
        path = write_run_video(args.run, args.video, share=args.share)
    elif is_evaluation:
        if args.share:
            raise SettingsError("--share masks a single run: name its folder, such as RUN/episodes/TASK/SEED")
        path = write_report(Entry.of(Store(args.run)), args.out)
    else:
        path = write_page(args.run, args.out, share=args.share)
    print(path)
    if args.open:
        webbrowser.open(path.resolve().as_uri())
    return 0


def write_run_video(run: Path, path: Path, *, share: bool = False) -> Path:
    """Write a recorded run, with `share` a masked copy, as a video, GIF or MP4; returns `path`.

    Raises:
        RunError: there is no such run, or the video cannot be written.
    """
    try:
        write_video(_events_of(read_run(run), share=share), path)
    except OSError as error:
        raise RunError(f"the video cannot be written to {path}: {error.strerror or error}") from error
    return path


def write_page(run: Path, path: Path | None = None, *, share: bool = False) -> Path:
    """Write the page of a recorded run, with `share` of a masked copy, by default in its folder; returns its path.

    Raises:
        RunError: there is no such run, or the page cannot be written.
    """
    recorded = read_run(run)
    name = "shared.html" if share else "view.html"
    path = path or (run.with_suffix(f".{name}") if run.is_file() else run / name)
    events = _events_of(recorded, share=share)
    title = next(event.task for event in events if isinstance(event, Started))
    try:
        divergence = None if share else _divergence(recorded)
        page = render_page(events, title=title, target_at=target_reader(), masked=share, divergence=divergence)
        write_file(path, page.encode())
    except OSError as error:
        raise RunError(f"the page cannot be written to {path}: {error.strerror}") from error
    return path


def _divergence(run: Run) -> Screenshot | None:
    """The picture of where the replay diverged, if the run is one that did."""
    if run.ended is None or run.ended.stop is not StopReason.DIVERGED or run.folder.is_file():
        return None
    with suppress(OSError, ValueError):  # the picture was removed or changed
        return Screenshot.decoded(read_file(run.folder / DIVERGENCE, MAX_IMAGE_BYTES, inside=run.folder))
    return None


def _events_of(run: Run, *, share: bool) -> Sequence[Event]:
    return mask_events(run.events, line_reader()) if share else run.events


# -- export


def _add_export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of an evaluation or of a run")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write; but for chat, a folder")
    parser.add_argument(
        "--keep",
        default="done",
        metavar="WHICH",
        help="steps to keep: conditions with commas, all of which must hold: all, done, changed, "
        "parsed, no-recovery, verified, score>=N, steps<=N, seed=N-M, task=NAME, category=NAME (default: done)",
    )
    parser.add_argument("--per", choices=("step", "episode"), default="step", help="content of a line (default: step)")
    parser.add_argument(
        "--format",
        choices=("chat", "hf", "trl", "pairs"),
        default="chat",
        help="JSON lines, an imagefolder, one with prompts and completions for TRL, or one with preference pairs "
        "(default: chat)",
    )
    parser.add_argument("--dialect", metavar="NAME", help="rewrite the conversations in this dialect")
    parser.add_argument("--prompt", choices=("computer", "browser", "mobile"), help="with --dialect: its prompt")
    parser.add_argument("--history", metavar="RULE", help="with --dialect: chunked:HIGH:LOW or window:N")
    parser.add_argument("--max-image-pixels", type=positive, metavar="N", help="with --dialect: as of run and eval")


def _export(args: argparse.Namespace) -> int:
    if args.format == "pairs":
        return _export_pairs(args)
    done = export(args.run, args.out, StepFilter.parse(args.keep), args.per, args.format, _conversation_format(args))
    print(
        f"{args.out}: {counted(done.lines, 'line')} with {counted(done.replies, 'reply', 'replies')} to learn and "
        f"{counted(done.images, 'image')}, from {counted(done.episodes, 'episode')}; skipped: "
        f"{counted(done.skipped_episodes, 'episode')}, {counted(done.skipped_steps, 'step')} in total"
    )
    return 0


def _export_pairs(args: argparse.Namespace) -> int:
    given = {"--dialect": args.dialect, "--keep": args.keep != "done", "--per": args.per != "step"}
    for flag in (name for name, value in given.items() if value):
        raise SettingsError(f"{flag} does not apply to --format pairs, which has its own rules: leave it out")
    _conversation_format(args)  # refuses what needs --dialect
    counts = export_pairs(args.run, args.out)
    print(
        f"{args.out}: {counted(sum(counts.values()), 'pair')}: "
        + ", ".join(f"{count} by {one}" for one, count in counts.items())
    )
    return 0


def _conversation_format(args: argparse.Namespace) -> ConversationFormat | None:
    if args.dialect is None:
        if args.prompt or args.history or args.max_image_pixels:
            flags = "--prompt, --history and --max-image-pixels"
            raise SettingsError(f"{flags} need --dialect; without it, conversations stay as recorded")
        return None
    history = history_named(args.history or "chunked:5:2")
    prompt = Prompt(args.prompt) if args.prompt else None
    return ConversationFormat(args.dialect, prompt, history, max_image_pixels=args.max_image_pixels)


COMMANDS = {
    "view": Command(
        _view, "Write a recorded run as one self-contained HTML page and print its path.", _add_view_arguments
    ),
    "export": Command(
        _export,
        "Write an evaluation, or one recorded run, as conversations with images and loss masks, for fine-tuning.",
        _add_export_arguments,
    ),
}
