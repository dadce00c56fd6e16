"""What the families have in common that are prompted with templates of our own, from `prompts/`.

An official prompt that is available on this machine replaces the template.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...prompts.official import LoadedPrompt, OfficialPrompt, fill, load_official
from ...prompts.render import prompt_sha256, render, template_text
from ..core.coordinates import Grid, ImageRule, Space
from ..core.decision import ModelMove, ParseFailure, Reply
from ..core.image_history import ChunkedHistory, History
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import parsed
from .parser.completion import ends_with
from .parser.runaway import is_runaway
from .prompting.layout import conversation, image_size, unchanged
from .prompting.prompt_kind import Prompt, template_for
from .prompting.thoughts import without_reasoning

TASK = "Task: {task}"

OWN_WORDING = "screenwright"
"""The source of prompts in our own wording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDialect(ABC):
    """A dialect whose prompt is a system message from a template, a user message with the task, then the turns."""

    templates: ClassVar[Mapping[Prompt, str]]
    """The template for each kind of screen."""

    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = {}
    """Where the official prompts are published; the first one that is available is used instead of the template."""

    closing: ClassVar[str]
    """A pattern that matches the end of a complete reply."""

    single_turn: ClassVar[frozenset[Prompt]] = frozenset({Prompt.GROUNDING})
    """Prompts without earlier turns, as in training."""

    keeps_reasoning: ClassVar[bool] = True
    """Whether earlier replies are shown with their `<think>` part."""

    takes_several: ClassVar[bool] = True
    """Whether a reply may contain several actions, so that the prompt can ask for them."""

    prompt: Prompt = Prompt.COMPUTER
    name: str
    served_as: str
    space: Space
    image_rule: ImageRule
    sampling: Sampling
    history: History = ChunkedHistory()
    several_actions: bool = False

    @property
    def prompt_source(self) -> str:
        """See `Dialect`."""
        official = self.official_prompt()
        return official.source if official else OWN_WORDING

    def official_prompt(self) -> LoadedPrompt | None:
        """The official prompt, if it is available on this machine.

        Raises:
            ValueError: its text was changed after it was added.
        """
        return load_official(self.official.get(self.prompt, ()))

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._system("$width", "$height"), TASK)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The actions, the task, earlier turns unless the prompt has none, and the newest screenshot."""
        width, height = ("1000", "1000") if isinstance(self.space, Grid) else image_size(turns)
        return conversation(
            turns[-1:] if self.prompt in self.single_turn else turns,
            system=self._system(width, height),
            prompt=TASK.format(task=task),
            past=unchanged if self.keeps_reasoning else without_reasoning,
        )

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`."""
        return parsed(text, self.read)

    def is_complete(self, text: str) -> bool:
        """See `Dialect`."""
        return is_runaway(text) if self.several_actions else ends_with(self.closing, text)

    @abstractmethod
    def read(self, text: str) -> Reply:
        """As `parse`.

        Raises:
            ParseError, OutOfBounds: the reply cannot be parsed.
        """

    @abstractmethod
    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for `moves`.

        Raises:
            ValueError: the format cannot express one of them.
        """

    def _system(self, width: str, height: str) -> str:
        official = self.official_prompt()
        if official and "system" in official.texts:
            text = self._official_system(official.texts, width, height)
        else:
            text = self._own_system(template_for(self.prompt, self.templates, self.name), width, height)
        if instructions := self._thinking_instructions():
            text = f"{text}\n\nWhen you think:\n{instructions}"
        return f"{text}\n\n{render('several_actions')}" if self.several_actions and self.takes_several else text

    def _filled(self, key: str, **values: str) -> str:
        """The official text `key`, or else the template, with those of `values` that it has placeholders for.

        An official text names them `{name}`, a template `$name`.
        """
        official = self.official_prompt()
        if official and key in official.texts:
            text = official.texts[key]
            return fill(text, **{name: value for name, value in values.items() if f"{{{name}}}" in text})
        template = template_for(self.prompt, self.templates, self.name)
        text = template_text(template)
        return render(template, **{name: value for name, value in values.items() if name and f"${name}" in text})

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        """The official system message; a family whose text has placeholders fills them here."""
        return texts["system"]

    def _own_system(self, template: str, width: str, height: str) -> str:
        """The system message from `template`; a family whose template has other placeholders fills them here."""
        sized = "$width" in template_text(template)
        return render(template, width=width, height=height) if sized else render(template)

    def _thinking_instructions(self) -> str:
        """Lines to add to the prompt, for a family with a field `thoughts`."""
        return ""
