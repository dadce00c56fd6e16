"""Exports recorded runs as training data: conversations with images and a loss mask.

    export(Path("runs/demo"), Path("demo.jsonl"))

A line is one step, or one segment of an episode: the prompt messages, the reply, and a `loss` for each message: 1 for
the replies that are kept and 0 for everything else. Layout and masks follow ByteDance's training example.
"""

import json
import shutil
import tomllib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from screenwright._files import read_text_file, write_file

from ...agent.core.limits import StopReason
from ...agent.core.messages import ImageFormat, ImagePart, Message
from ...agent.record.trajectory import Run, RunError, read_run
from ..core.plan import EpisodeId
from ..core.record import Record
from ..core.store import Store
from .conversations import Conversation, ConversationBuilder, ConversationFormat
from .filters import StepFilter
from .steps import RecordedStep, steps_of

Per = Literal["step", "episode"]
Layout = Literal["chat", "hf"]

_IMAGES = "images"
_METADATA_FILE = "metadata.jsonl"


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

    `chat` writes the file `out`, with an image folder next to it; `hf` writes a folder `out` that the `datasets`
    library loads as an `imagefolder`. By default, steps of successful episodes are exported, as they were recorded.

    Raises:
        RunError: `source` has no run, a run is invalid or cannot be converted, or `out` cannot be written.
        ValueError: the dialect is unknown, or it cannot express an action.
    """
    step_filter = step_filter or StepFilter.parse("done")
    lines = replies = episodes = skipped_episodes = skipped_steps = 0
    with _open(out, layout) as writer:
        for record, run, recorded_format in _episodes(source):
            steps = steps_of(run)
            kept = frozenset(step.number for step in steps if step_filter(record, step))
            skipped_steps += len(steps) - len(kept)
            skipped_episodes += not kept
            if not kept:
                continue
            episodes += 1
            builder = ConversationBuilder(run, steps, conversation_format or recorded_format)
            for conversation in _conversations(builder, steps, kept, per):
                learned = {reply for number, reply in conversation.replies.items() if number in kept}
                writer.write(_metadata(record, builder.dialect.name, conversation, kept), conversation, learned)
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


def _episodes(source: Path) -> Iterator[tuple[Record, Run, ConversationFormat]]:
    """The episodes of an evaluation that have a result, or the single run; with the format of the recorded prompts."""
    if not (source / "manifest.json").exists():
        run = read_run(source)
        yield _record_of(run), run, ConversationFormat(image_format=_image_format_of(source))
        return
    store = Store(source)
    manifest = store.manifest()
    agent = manifest.settings.agent
    recorded_format = ConversationFormat(
        image_format=ImageFormat(agent.image_format), language=agent.language, thoughts=agent.thoughts
    )
    for record in store.records(manifest.episodes):
        if record.is_judged:
            yield record, read_run(store.folder_of(record.id)), recorded_format


def _record_of(run: Run) -> Record:
    """A record of a single run, which counts as done if the agent finished."""
    ended = run.ended
    done = ended is not None and ended.stop is StopReason.FINISHED
    steps = 0 if ended is None else ended.steps
    return Record(EpisodeId(run.folder.resolve().name, 0), instruction=run.started.task, done=done, steps=steps)


def _image_format_of(folder: Path) -> ImageFormat:
    """The image format in the recorded settings of a run that was started from the command line."""
    try:
        settings = tomllib.loads(read_text_file(folder / "settings.toml", inside=folder))
        return ImageFormat(settings.get("image_format", ImageFormat.PNG))
    except (OSError, ValueError, RecursionError):
        return ImageFormat.PNG


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


class _Writer:
    """Writes lines, and each image once, named by its SHA-256."""

    def __init__(self, file: IO[str], folder: Path, layout: Layout) -> None:
        self._file, self._folder, self._layout = file, folder, layout
        self._written: set[str] = set()

    @property
    def images(self) -> int:
        """The number of different images so far."""
        return len(self._written)

    def write(self, metadata: dict[str, object], conversation: Conversation, learned: set[int]) -> None:
        """Write one conversation; the messages at the indices `learned` have a loss of 1."""
        messages = [self._message(one, int(index in learned)) for index, one in enumerate(conversation.messages)]
        parts = (part for message in conversation.messages for part in message.parts)
        images = [self._image(part) for part in parts if isinstance(part, ImagePart)]
        key = "images_file_names" if self._layout == "hf" else "images"
        self._file.write(json.dumps({**metadata, "messages": messages, key: images}, ensure_ascii=False) + "\n")

    def _message(self, message: Message, loss: int) -> dict[str, object]:
        return {"role": message.role, "content": [self._part(part) for part in message.parts], "loss": loss}

    def _part(self, part: object) -> dict[str, str | None]:
        if isinstance(part, ImagePart):
            return (
                {"type": "image", "text": None}
                if self._layout == "hf"
                else {"type": "image", "image": self._image(part)}
            )
        return {"type": "text", "text": getattr(part, "text", "")}

    def _image(self, part: ImagePart) -> str:
        name = f"{_IMAGES}/{part.sha256}.{part.image_format}"
        if name not in self._written:
            path = self._folder / name
            path.parent.mkdir(exist_ok=True)
            write_file(path, part.data, inside=self._folder, sync=False)
            self._written.add(name)
        return name


@contextmanager
def _open(out: Path, layout: Layout) -> Generator[_Writer]:
    """The writer of an export; the file appears only if the export succeeds."""
    path = out / _METADATA_FILE if layout == "hf" else out
    if layout == "hf" and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} already exists: choose a new folder")
    if layout == "chat" and out.is_dir():
        raise RunError(f"{out} is a folder: name a file, such as {out / 'train.jsonl'}")
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with partial.open("x", encoding="utf-8") as file:
            yield _Writer(file, path.parent, layout)
        partial.replace(path)
    except OSError as error:
        raise RunError(f"cannot write {out}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
        if layout == "hf" and not path.exists():
            shutil.rmtree(out, ignore_errors=True)
