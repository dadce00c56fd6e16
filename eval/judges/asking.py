"""Asking a judge: a model at any OpenAI-compatible server, its prompts, and what came of it.

A reply that holds no verdict is asked for again; where there is none in the end, the episode is not judged, which is
not the same as not done.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ...agent.core.messages import Message
from ...agent.core.model import Model, ModelLost, Sampling, Usage
from ...agent.models.served import ServedModel
from ...prompts.render import prompt_sha256, template_text
from ..core.task import Outcome, TaskError

T = TypeVar("T")

TRIES = 3
_TOKENS = 4000
_SEED = 42
_FIXED_TEMPERATURE = re.compile(r"(^|/)(o\d|gpt-5)")
"""Names of models that take no temperature but 1."""


@dataclass(frozen=True, slots=True)
class JudgePrompts:
    """The prompt texts of a judge, by name: ours, or the files `NAME.txt` of `folder`, with the same `$blanks`.

    A file of the folder replaces that one text, which is how the official wording is used.
    """

    names: tuple[str, ...]
    folder: Path | None = None

    def render(self, name: str, **values: str) -> str:
        """The text `name` with its blanks filled.

        Raises:
            TaskError: a file of the folder has a blank that there is nothing for.
        """
        try:
            return string.Template(self._text(name)).substitute(values)
        except (KeyError, ValueError) as error:
            raise TaskError(f"{name}.txt: there is no {error}; there are {', '.join(values) or 'no blanks'}") from error

    @property
    def sha256(self) -> str:
        """The identity of all its texts."""
        return prompt_sha256(*(self._text(name) for name in self.names))

    def _text(self, name: str) -> str:
        path = self.folder / f"{name}.txt" if self.folder is not None else None
        if path is None or not path.exists():
            return template_text(name)
        try:
            return path.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise TaskError(f"{path} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class JudgeScore:
    """What a judge found. `replies` are all that it said, in order; `images` how many screenshots it was shown."""

    done: bool
    why: str
    replies: tuple[str, ...] = ()
    images: int = 0
    usage: Usage = Usage()


@dataclass(slots=True)
class JudgeModel:
    """A judge's model in one case, and all that was said in it."""

    model: Model
    replies: list[str] = field(default_factory=list[str])
    usage: Usage = Usage()

    def ask(self, system: str, message: Message, read: Callable[[str], T | None]) -> T:
        """What `read` makes of the reply; a reply that it makes nothing of is asked for again, a little warmer.

        Raises:
            TaskError: the model does not answer, or never as it was asked to.
        """
        messages = (*((Message.of("system", system),) if system else ()), message)
        said = ""
        for attempt in range(TRIES):
            try:
                self.model.connect()
                completion = self.model.complete(messages, self._sampling(attempt))
            except ModelLost as lost:
                raise TaskError(f"the judge does not answer: {lost}") from lost
            said = completion.text
            self.replies.append(said)
            self.usage += completion.usage
            value = read(said)
            if value is not None:
                return value
        raise TaskError(f"the judge gave no verdict in {TRIES} replies; the last: {_short(said)}")

    def _sampling(self, attempt: int) -> Sampling:
        if _FIXED_TEMPERATURE.search(self.model.info().name):
            return Sampling(temperature=1.0, max_tokens=_TOKENS)
        return Sampling(temperature=0.0 if attempt == 0 else 0.5, max_tokens=_TOKENS)

    def verdict(self, done: bool, why: str, images: int) -> JudgeScore:
        """The verdict of this case."""
        return JudgeScore(done, why, tuple(self.replies), images, self.usage)


def open_judge(text: str) -> Model:
    """The judge's model, from `URL` or `URL,MODEL`.

    Raises:
        ValueError: that is not the address of a server.
    """
    url, _, name = text.partition(",")
    return ServedModel(url, name or None, extra_body={"seed": _SEED})


def outcome_of(verdict: JudgeScore, judge: str, model: Model, prompts: JudgePrompts) -> Outcome:
    """The outcome of a judged episode; says who judged, by which prompts, and why."""
    word = "done" if verdict.done else "not done"
    name = model.info().name or model.info().endpoint
    who = f"{judge} {name} (prompts {prompts.sha256[:12]}, {verdict.images} screenshots)"
    return Outcome(verdict.done, f"{who}: {word}; {_short(verdict.why, 2000)}")


def _short(text: str, most: int = 200) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= most else joined[: most - 1] + "…"
