"""UI-TARS: 1.5-7B (absolute coordinates), 1.0 (a grid of 1000), and the Doubao models (`<point>`, a grid of 1000).

The prompts are those of ByteDance: see `prompting.ui_tars_prompts`. While the prompt of UI-TARS 1.0 or 1.5 was not
added, the one of the Doubao models from the `ui-tars` wheel is used. There is none for a page without browser window,
so two lines about URLs are added to the prompt for computers. Message layout and sampling follow ByteDance's OSWorld
agents; grounding is a single message with the image first.

UI-TARS 1.0 and 1.5 take one action per reply: the prompts ask for "the next action", and a second one would act on a
screen that the model has not seen. A streamed reply is therefore stopped after its first complete action
(`one_action`). The Doubao models are trained to reply with several. All actions of a reply are parsed in any case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import ClassVar

from ...envs.geometry import Size
from ...prompts.official import LoadedPrompt, OfficialPrompt, load_official
from ...prompts.render import prompt_sha256, render
from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import ModelMove, ParseFailure, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .grammar import ui_tars_grammar
from .parser.box_tokens import with_box_tokens
from .parser.call import parsed
from .parser.completion import first_action_is_complete
from .parser.reply import read_reply
from .parser.runaway import is_runaway
from .prompting.layout import conversation, single_message
from .prompting.prompt_kind import Prompt, template_for
from .prompting.thoughts import Thoughts, thinking_instructions, without_reasoning, without_reflection
from .prompting.ui_tars_prompts import (
    ACTION_SPACE,
    DOUBAO,
    UI_TARS_10,
    UI_TARS_15,
    UI_TARS_15_OSWORLD,
    USER,
    WHEEL,
    insert_actions,
)
from .vocabulary.ui_tars import SEED, UI_TARS
from .vocabulary.writing import BOXES, POINTS, PointForm, write_reply

TASK = "\n\n## User Instruction"
"""Instructions on thinking are inserted before this line of the prompts."""


@dataclass(frozen=True, slots=True)
class UiTars15:
    """UI-TARS-1.5-7B.

    `language` is the language of the thoughts; `thoughts` may ask for a plan. `ask_user` offers `call_user()`.
    `box_tokens` restores the special tokens that servers strip from replies, as the model was trained to see them;
    `Reflection:` and `<think>` parts are removed from past replies. Image limits are those of the official code.
    """

    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = UI_TARS_15
    """Where its prompts are published; the first one that is available is used."""

    system: ClassVar[str] = "You are a helpful assistant."
    """The system message of the official agents."""

    prompt: Prompt = Prompt.COMPUTER
    language: str = "English"
    thoughts: Thoughts = Thoughts.OFFICIAL
    ask_user: bool = False
    one_action: bool = True
    several_actions: bool = False
    box_tokens: bool = True
    form: PointForm = BOXES
    name: str = "ui-tars-1.5"
    served_as: str = "ui-?tars-?(7b-?)?v?1[-p]?5|^reader$|ui-?tars(-7b)?"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 100 * 28 * 28, 16384 * 28 * 28, scale_first=True)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=1000, frequency_penalty=1.0)
    history: History = WindowHistory(5)

    def for_model(self, name: str) -> "UiTars15":
        """See `HasVariants`. The reader gets the screenshot itself: resizing blurs small text."""
        return replace(self, image_rule=ImageRule(1, 1, 1 << 31)) if name == "reader" else self

    @property
    def prompt_source(self) -> str:
        """See `Dialect`."""
        official = self.official_prompt()
        return official.source if official else f"ui-tars {version('ui-tars')}, written for Doubao"

    def official_prompt(self) -> LoadedPrompt | None:
        """The model's own prompt, if it is available on this machine.

        Raises:
            ValueError: its text was changed after it was added.
        """
        return load_official(self.official.get(self.prompt, ()))

    @property
    def template(self) -> str:
        """The prompt text, with the placeholders `{language}` and `{instruction}`; the task may also follow it."""
        if official := self.official_prompt():
            template = official.texts[USER].replace("{action_space}", official.texts.get(ACTION_SPACE, ""))
        else:
            template = template_for(self.prompt, WHEEL, "UI-TARS")
        if self.prompt is Prompt.BROWSER:
            template = insert_actions(template, "ui_tars_browser")
        if instructions := thinking_instructions(self.thoughts):
            template = template.replace(TASK, f"\n{instructions}{TASK}")
        if self.several_actions:
            template = template.replace(TASK, f"\n{render('several_actions')}{TASK}")
        return insert_actions(template, "ui_tars_ask_user") if self.ask_user else template

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self.system, self.template)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The system message, the prompt, earlier screenshots and replies, and the newest screenshot."""
        template = self.template.replace("{language}", self.language)
        prompt = template.replace("{instruction}", task) if "{instruction}" in template else template + task
        if self.prompt is Prompt.GROUNDING:
            return single_message(turns[-1:], prompt=prompt, image_first=True)
        return conversation(turns, system=self.system, prompt=prompt, past=self._past)

    def _past(self, reply: str) -> str:
        shown = without_reflection(without_reasoning(reply))
        return with_box_tokens(shown) if self.box_tokens else shown

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`. Accepts every syntax of the family."""
        return parsed(text, lambda reply: read_reply(reply, UI_TARS if self.form is BOXES else SEED))

    def is_complete(self, text: str) -> bool:
        """The reply is runaway repetition, or, if one action is expected, its first action is complete."""
        return first_action_is_complete(text) if self.one_action else is_runaway(text)

    def grammar(self, image: Size) -> str:
        """See `Constrainable`."""
        return ui_tars_grammar(image, browser=self.prompt is Prompt.BROWSER)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        return write_reply(thought, moves, self.form)


@dataclass(frozen=True, slots=True)
class UiTars15OSWorld(UiTars15):
    """UI-TARS-1.5-7B with the prompt of OSWorld's own agent, for comparison with published figures."""

    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = UI_TARS_15_OSWORLD

    name: str = "ui-tars-1.5-osworld"
    served_as: str = ""


@dataclass(frozen=True, slots=True)
class UiTars10(UiTars15):
    """UI-TARS 2B, 7B and 72B (1.0, SFT and DPO): a grid of 1000, with images of at most 2,116,800 pixels."""

    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = UI_TARS_10

    box_tokens: bool = False
    name: str = "ui-tars-1.0"
    served_as: str = "ui-?tars-?v?1[-p]?0|ui-?tars-?(2b|72b|7b-(sft|dpo))|ui-?tars(-7b)?"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 2700 * 28 * 28, scale_first=True)


@dataclass(frozen=True, slots=True)
class Doubao(UiTars15):
    """Doubao-1.5-UI-TARS, Doubao-1.5-thinking-vision-pro, Seed1.5-VL: `<point>` on a grid of 1000, with reasoning.

    `thinking` is a parameter of the vendor's API.
    """

    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = DOUBAO
    system: ClassVar[str] = ""

    one_action: bool = False
    box_tokens: bool = False
    form: PointForm = POINTS
    name: str = "doubao"
    served_as: str = "doubao(?!-seed)[a-z0-9-]*|seed-?1-?5"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 5120 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=3000, extra_body={"thinking": {"type": "enabled"}})
