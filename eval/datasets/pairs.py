"""Preference pairs from recorded runs: two replies to the same prompt, of which one was better.

    export_pairs(Path("runs/rollouts"), Path("pairs"))

A line has a prompt, the chosen and the rejected reply, and the images, as TRL's `DPOTrainer` takes them. Pairs are

- trials of a task and seed that were asked the same, of which one did the task and the other did not (`outcome`);
- steps whose first reply could not be parsed, and the reply that could (`parse`);
- steps without effect, and the next reply, which had one on the same screen (`recovery`), in episodes that were done.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from ...agent.core.messages import ImagePart, Message
from ...agent.core.model import Sampling
from ...agent.record.trajectory import RunError
from ..core.record import Record
from .conversations import ConversationBuilder, ConversationFormat
from .export import open_lines, recorded_episodes
from .steps import RecordedStep, steps_of

Cause = Literal["outcome", "parse", "recovery"]


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two replies to `prompt`. `cause` says why one is chosen, and `id` names the step of the rejected one.

    `request` has the functions and the template variables with which the model was asked.
    """

    id: str
    cause: Cause
    prompt: tuple[Message, ...]
    chosen: Message
    rejected: Message
    request: Sampling


@dataclass(frozen=True, slots=True)
class _Answer:
    """A reply that an episode gave to a prompt."""

    id: str
    done: bool
    prompt: tuple[Message, ...]
    reply: Message
    request: Sampling


def export_pairs(source: Path, out: Path) -> dict[Cause, int]:
    """Write the pairs of the evaluation or run in `source` to the folder `out`; returns their numbers by cause.

    Raises:
        RunError: `source` has no run or no pair, or `out` cannot be written.
    """
    counts: dict[Cause, int] = {"outcome": 0, "parse": 0, "recovery": 0}
    with open_lines(out, "trl") as writer:
        for pair, metadata in _pairs(source):
            writer.write_pair({**metadata, "cause": pair.cause}, pair.prompt, pair.chosen, pair.rejected, pair.request)
            counts[pair.cause] += 1
        if not any(counts.values()):
            raise RunError(f"{source} has no two replies to the same prompt of which one was better")
    return counts


def _pairs(source: Path) -> Iterator[tuple[PreferencePair, dict[str, object]]]:
    answers: dict[tuple[str, int, str], list[_Answer]] = {}
    for record, run in recorded_episodes(source):
        steps = steps_of(run)
        builder = ConversationBuilder(run, steps, ConversationFormat())
        about = {"task": record.id.task, "seed": record.id.seed, "dialect": builder.dialect.name}
        for index, step in enumerate(steps):
            name, prompt = f"{record.id.path}#{step.number}", builder.prompt(index)
            for pair in _own_pairs(name, record, builder, steps, index, prompt):
                yield pair, {"id": pair.id, **about}
            answer = _Answer(name, record.done is True, prompt, builder.reply(index), builder.request)
            group = answers.setdefault((record.id.task, record.id.seed, _digest(prompt)), [])
            for other in group:
                pair_of_two = _by_outcome(answer, other)
                if pair_of_two is not None:
                    yield pair_of_two, {"id": pair_of_two.id, **about}
            group.append(answer)


def _own_pairs(
    name: str,
    record: Record,
    builder: ConversationBuilder,
    steps: tuple[RecordedStep, ...],
    index: int,
    prompt: tuple[Message, ...],
) -> Iterator[PreferencePair]:
    """The pairs within one episode."""
    step, reply = steps[index], builder.reply(index)
    if step.parse_failures and step.replies and step.replies[0].text != reply.text:
        yield PreferencePair(
            name, "parse", prompt, reply, Message.of("assistant", step.replies[0].text), builder.request
        )
    following = steps[index + 1] if index + 1 < len(steps) else None
    if record.done and following is not None and step.changed is False and step.acts and following.changed:
        chosen = builder.reply(index + 1)
        if chosen.text != reply.text:
            yield PreferencePair(name, "recovery", prompt, chosen, reply, builder.request)


def _by_outcome(one: _Answer, other: _Answer) -> PreferencePair | None:
    if one.done == other.done or one.reply.text == other.reply.text:
        return None
    good, bad = (one, other) if one.done else (other, one)
    return PreferencePair(bad.id, "outcome", bad.prompt, good.reply, bad.reply, bad.request)


def _digest(prompt: tuple[Message, ...]) -> str:
    """Identifies a prompt by its texts and images."""
    parts = (
        f"{message.role}:{part.sha256 if isinstance(part, ImagePart) else part.text}"
        for message in prompt
        for part in message.parts
    )
    return sha256("\0".join(parts).encode()).hexdigest()
