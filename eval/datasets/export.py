"""Recorded runs as data to learn from: conversations with images, and which messages of them to learn.

    export(Path("runs/demo"), Path("demo.jsonl"))

A line is one step, or one stretch of an episode: the messages that the model was shown, its answer, and a `loss` a
message, 1 on the answers that are kept and 0 on all else. Layout and masks follow ByteDance's training example.
"""

import json
import shutil
import tomllib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from ...agent.core.limits import StopReason
from ...agent.core.messages import ImageFormat, ImagePart, Message
from ...agent.record.trajectory import Run, RunError, read_run
from ..core.plan import EpisodeId
from ..core.record import Record
from ..core.store import Store
from .conversations import Conversation, ConversationBuilder, Wording
from .filters import StepFilter
from .steps import RecordedStep, steps_of

Per = Literal["step", "episode"]
Layout = Literal["chat", "hf"]

_IMAGES = "images"
_METADATA = "metadata.jsonl"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to: lines written, answers to learn in them, images, and episodes and steps left out."""

    lines: int
    answers: int
    images: int
    episodes: int
    episodes_left_out: int
    steps_left_out: int


def export(
    source: Path,
    out: Path,
    keep: StepFilter | None = None,
    per: Per = "step",
    layout: Layout = "chat",
    wording: Wording | None = None,
) -> Exported:
    """Write what is kept of an evaluation, or of one recorded run, in the folder `source`.

    `chat` writes the file `out` and puts the images into a folder beside it; `hf` writes a folder `out` that the
    `datasets` library loads as an `imagefolder`. Without a `wording`, runs are told as they were.

    Raises:
        RunError: there is nothing in `source`, a run is damaged or cannot be told, or `out` cannot be written.
        ValueError: there is no such dialect, or it has no words for what was done.
    """
    keep = keep or StepFilter.parse("done")
    lines = answers = left_out = episodes = skipped = 0
    with _open(out, layout) as writer:
        for record, run, as_it_was in _episodes(source):
            steps = steps_of(run)
            kept = frozenset(step.number for step in steps if keep(record, step))
            left_out += len(steps) - len(kept)
            skipped += not kept
            if not kept:
                continue
            episodes += 1
            told = ConversationBuilder(run, steps, wording or as_it_was)
            for one in _told(told, steps, kept, per):
                learned = {answer for number, answer in one.answers.items() if number in kept}
                writer.write(_about(record, told.dialect.name, one, kept), one, learned)
                lines, answers = lines + 1, answers + len(learned)
        if not lines:
            raise RunError(f"no step in {source} is kept by {keep.text!r}: nothing is exported")
        return Exported(lines, answers, writer.images, episodes, skipped, left_out)


def _told(
    told: ConversationBuilder, steps: tuple[RecordedStep, ...], kept: frozenset[int], per: Per
) -> Iterator[Conversation]:
    if per == "episode":
        yield from (one for one in told.stretches() if kept & one.answers.keys())
    else:
        yield from (told.step(index) for index, step in enumerate(steps) if step.number in kept)


def _episodes(source: Path) -> Iterator[tuple[Record, Run, Wording]]:
    """The judged episodes of an evaluation, or the single run, done if it finished; and how the model was asked."""
    if not (source / "manifest.json").exists():
        run = read_run(source)
        yield _record_of(run), run, Wording(image_format=_format_of(source))
        return
    store = Store(source)
    manifest = store.manifest()
    agent = manifest.settings.agent
    asked = Wording(image_format=ImageFormat(agent.image_format), language=agent.language, thoughts=agent.thoughts)
    for record in store.records(manifest.episodes):
        if record.is_judged:
            yield record, read_run(store.folder_of(record.id)), asked


def _record_of(run: Run) -> Record:
    ended = run.ended
    done = ended is not None and ended.stop is StopReason.FINISHED
    steps = 0 if ended is None else ended.steps
    return Record(EpisodeId(run.folder.resolve().name, 0), instruction=run.started.task, done=done, steps=steps)


def _format_of(folder: Path) -> ImageFormat:
    """How a run that was started from the command line sent its images."""
    try:
        settings = tomllib.loads((folder / "settings.toml").read_text(encoding="utf-8"))
        return ImageFormat(settings.get("image_format", ImageFormat.PNG))
    except (OSError, ValueError):
        return ImageFormat.PNG


def _about(record: Record, dialect: str, told: Conversation, kept: frozenset[int]) -> dict[str, object]:
    steps = sorted(told.answers.keys() & kept)
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
    """Writes lines, and each image once, named by its content."""

    def __init__(self, file: IO[str], folder: Path, layout: Layout) -> None:
        self._file, self._folder, self._layout = file, folder, layout
        self._written: set[str] = set()

    @property
    def images(self) -> int:
        """How many different images there are so far."""
        return len(self._written)

    def write(self, about: dict[str, object], told: Conversation, learned: set[int]) -> None:
        """Write one conversation, of which the messages `learned` carry a loss."""
        messages = [self._message(one, int(index in learned)) for index, one in enumerate(told.messages)]
        parts = (part for message in told.messages for part in message.parts)
        images = [self._image(part) for part in parts if isinstance(part, ImagePart)]
        named = "images_file_names" if self._layout == "hf" else "images"
        self._file.write(json.dumps({**about, "messages": messages, named: images}, ensure_ascii=False) + "\n")

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
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(part.data)
            self._written.add(name)
        return name


@contextmanager
def _open(out: Path, layout: Layout) -> Generator[_Writer]:
    """The writer of an export; its lines appear whole or not at all."""
    path = out / _METADATA if layout == "hf" else out
    if layout == "hf" and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} is there already: choose a new folder")
    if layout == "chat" and out.is_dir():
        raise RunError(f"{out} is a folder: name a file, such as {out / 'train.jsonl'}")
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            yield _Writer(file, path.parent, layout)
        unfinished.replace(path)
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
        if layout == "hf" and not path.exists():
            shutil.rmtree(out, ignore_errors=True)
