"""A model as a judge, at any OpenAI-compatible server: its prompts, retries and verdict.

A reply without a verdict is requested again. If none arrives, the episode is left unjudged instead of counted as
failed.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from screenwright._text import without_tokens

from ...agent.core.messages import Message
from ...agent.core.model import Model, ModelLost, Sampling, Usage
from ...agent.models.served.model import ServedModel
from ...prompts.render import prompt_sha256, template_text
from ..core.task import TaskError

T = TypeVar("T")

MAX_TRIES = 3
_TOKENS = 4000
_SEED = 42
_FIXED_TEMPERATURE = re.compile(r"(^|/)(o\d|gpt-5)")
"""Names of models that only support a temperature of 1."""


@dataclass(frozen=True, slots=True)
class JudgePrompts:
    """The prompts of a judge by name: ours, or files `NAME.txt` in `folder` with the same `$variables`.

    Each file replaces one of our prompts; this is how the official wording can be used.
    """

    names: tuple[str, ...]
    folder: Path | None = None

    def render(self, name: str, **values: str) -> str:
        """The prompt `name` with its variables substituted.

        Raises:
            TaskError: a file of the folder has an unknown variable.
        """
        try:
            text = string.Template(self._text(name))
            return text.substitute({key: without_tokens(value) for key, value in values.items()})
        except (KeyError, ValueError) as error:
            raise TaskError(
                f"{name}.txt: there is no {error}; there are {', '.join(values) or 'no variables'}"
            ) from error

    @property
    def sha256(self) -> str:
        """The digest of all prompts."""
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
    """A judge's verdict. `replies` are all its replies in order; `images` is the number of screenshots it saw."""

    done: bool
    why: str
    replies: tuple[str, ...] = ()
    images: int = 0
    usage: Usage = Usage()


@dataclass(slots=True)
class JudgeModel:
    """A judge's model for one episode, with all its replies."""

    model: Model
    replies: list[str] = field(default_factory=list[str])
    usage: Usage = Usage()

    def ask(self, system: str, message: Message, parse: Callable[[str], T | None]) -> T:
        """The parsed reply; one that cannot be parsed is requested again at a higher temperature.

        Raises:
            TaskError: the model does not respond, or no reply can be parsed.
        """
        messages = (*((Message.of("system", system),) if system else ()), message)
        reply = ""
        for attempt in range(MAX_TRIES):
            try:
                self.model.connect()
                completion = self.model.complete(messages, self._sampling(attempt))
            except ModelLost as lost:
                raise TaskError(f"the judge does not answer: {lost}") from lost
            reply = completion.text
            self.replies.append(reply)
            self.usage += completion.usage
            value = parse(reply)
            if value is not None:
                return value
        raise TaskError(f"the judge gave no verdict in {MAX_TRIES} replies; the last: {shorten(reply)}")

    def _sampling(self, attempt: int) -> Sampling:
        if _FIXED_TEMPERATURE.search(self.model.info().name):
            return Sampling(temperature=1.0, max_tokens=_TOKENS)
        return Sampling(temperature=0.0 if attempt == 0 else 0.5, max_tokens=_TOKENS)

    def verdict(self, done: bool, why: str, images: int) -> JudgeScore:
        """The verdict with the replies and usage so far."""
        return JudgeScore(done, why, tuple(self.replies), images, self.usage)


def open_judge(text: str) -> Model:
    """The judge's model from `URL` or `URL,MODEL`.

    Raises:
        ValueError: the URL is invalid.
    """
    url, _, name = text.partition(",")
    return ServedModel(url, name or None, extra_body={"seed": _SEED})


def shorten(text: str, most: int = 200) -> str:
    """`text` on one line, cut to `most` characters."""
    joined = " ".join(text.split())
    return joined if len(joined) <= most else joined[: most - 1] + "…"
