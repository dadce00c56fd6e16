"""Exports recorded runs as training data: conversations with images and a loss mask.

    export(Path("runs/demo"), Path("demo.jsonl"))

A line is one step, or one segment of an episode: the prompt messages, the reply, and a `loss` for each message: 1 for
the replies that are kept and 0 for everything else. Layout and masks follow ByteDance's training example.
"""

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...agent.core.limits import StopReason
from ...agent.record.trajectory import Run, RunError, read_run
from ..core.plan import EpisodeId
from ..core.record import Record
from ..core.store import Store
from .conversations import Conversation, ConversationBuilder, ConversationFormat
from .filters import StepFilter
from .lines import Layout, LineWriter
from .steps import RecordedStep, steps_of

Per = Literal["step", "episode"]

METADATA_FILE = "metadata.jsonl"
"""The lines of an `imagefolder`."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The numbers of exported lines, replies with a loss, images and episodes; and of skipped episodes and steps."""

    lines: int
    replies: int
    images: int
    episodes: int
    skipped_episodes: int
    skipped_steps: int


def export(
    source: Path,
    out: Path,
    step_filter: StepFilter | None = None,
    per: Per = "step",
    layout: Layout = "chat",
    conversation_format: ConversationFormat | None = None,
) -> ExportResult:
    """Export an evaluation or a single run in the folder `source`.

    `chat` writes the file `out`, with an image folder next to it. `hf` and `trl` write a folder `out` that the
    `datasets` library loads as an `imagefolder`; lines of `trl` have a prompt and a completion, as TRL's trainers take
    them, and are always single steps. By default, steps of successful episodes are exported, as they were recorded.

    Raises:
        RunError: `source` has no run, a run is invalid or cannot be converted, or `out` cannot be written.
        ValueError: the dialect is unknown.
    """
    if layout == "trl" and per != "step":
        raise ValueError("lines of the layout trl are single steps: leave out --per episode, or use --format chat")
    step_filter = step_filter or StepFilter.parse("done")
    lines = replies = episodes = skipped_episodes = skipped_steps = 0
    with open_lines(out, layout) as writer:
        form = conversation_format or ConversationFormat()
        for record, run in recorded_episodes(source):
            steps = steps_of(run, by_user=form.dialect is not None)  # no recorded prompt shows what the user did
            kept = frozenset(step.number for step in steps if step_filter(record, step))
            skipped_steps += len(steps) - len(kept)
            skipped_episodes += not kept
            if not kept:
                continue
            episodes += 1
            builder = ConversationBuilder(run, steps, form)
            for conversation in _conversations(builder, steps, kept, per):
                learned = {
                    reply: builder.sampled(number) for number, reply in conversation.replies.items() if number in kept
                }
                metadata = _metadata(record, builder.dialect.name, conversation, kept)
                writer.write(metadata, conversation.messages, learned, builder.request)
                lines, replies = lines + 1, replies + len(learned)
        if not lines:
            raise RunError(f"no step in {source} matches {step_filter.text!r}: nothing was exported")
        return ExportResult(lines, replies, writer.images, episodes, skipped_episodes, skipped_steps)


def _conversations(
    builder: ConversationBuilder, steps: tuple[RecordedStep, ...], kept: frozenset[int], per: Per
) -> Iterator[Conversation]:
    if per == "episode":
        yield from (segment for segment in builder.segments() if kept & segment.replies.keys())
    else:
        yield from (builder.step(index) for index, step in enumerate(steps) if step.number in kept)


def recorded_episodes(source: Path) -> Iterator[tuple[Record, Run]]:
    """The episodes of an evaluation that have a result, or the single run."""
    if not (source / "manifest.json").exists():
        run = read_run(source)
        yield _record_of(run), run
        return
    store = Store(source)
    for record in store.records(store.manifest().episodes):
        if record.is_judged:
            yield record, read_run(store.folder_of(record.id))


def _record_of(run: Run) -> Record:
    """A record of a single run, which counts as done if the agent finished."""
    ended = run.ended
    done = ended is not None and ended.stop is StopReason.FINISHED
    steps = 0 if ended is None else ended.steps
    return Record(EpisodeId(run.folder.resolve().name, 0), instruction=run.started.task, done=done, steps=steps)


def _metadata(record: Record, dialect: str, conversation: Conversation, kept: frozenset[int]) -> dict[str, object]:
    steps = sorted(conversation.replies.keys() & kept)
    return {
        "id": f"{record.id.path}#{'-'.join(map(str, sorted({steps[0], steps[-1]})))}",
        "task": record.id.task,
        "seed": record.id.seed,
        "trial": record.id.trial,
        "steps": steps,
        "instruction": record.instruction,
        "done": record.done,
        "score": record.score,
        "dialect": dialect,
    }


@contextmanager
def open_lines(out: Path, layout: Layout) -> Generator[LineWriter]:
    """The writer of an export; the file appears only if the export succeeds."""
    in_folder = layout != "chat"
    path = out / METADATA_FILE if in_folder else out
    if in_folder and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} already exists: choose a new folder")
    if not in_folder and out.is_dir():
        raise RunError(f"{out} is a folder: name a file, such as {out / 'train.jsonl'}")
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with partial.open("x", encoding="utf-8") as file:
            yield LineWriter(file, path.parent, layout)
        partial.replace(path)
    except OSError as error:
        raise RunError(f"cannot write {out}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
        if in_folder and not path.exists():
            shutil.rmtree(out, ignore_errors=True)
