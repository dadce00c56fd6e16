"""UI-TARS: 1.5-7B (absolute coordinates), 1.0 (a grid of 1000), and the Doubao models (`<point>`, a grid of 1000).

The prompt texts are those that the checkpoints were trained on, taken from the `ui-tars` wheel; the wheel has none for
a browser without its frame, so two lines about addresses are added to the one for computers. Layout of the messages
and sampling: ByteDance's own OSWorld agents.

UI-TARS 1.0 and 1.5 act once a reply: the prompts ask for "the next action", and a second one would be carried out on a
screen that the model has not seen. So a streamed reply is ended after its first whole action (`one_action`). The
Doubao models are trained to give several. A reply that holds several is read in full in any case.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ui_tars.prompt import COMPUTER_USE_DOUBAO, GROUNDING_DOUBAO, MOBILE_USE_DOUBAO

from ...envs.geometry import Size
from ...prompts.render import prompt_sha256, render
from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .grammar import ui_tars_grammar
from .parser.box_tokens import with_box_tokens
from .parser.completion import first_action_is_whole
from .parser.reply import read_reply
from .parser.runaway import runs_wild
from .prompting.layout import conversation
from .prompting.prompt_kind import Prompt, template_for
from .prompting.thoughts import Thoughts, asked_for, without_reasoning, without_reflection
from .vocabulary.ui_tars import UI_TARS
from .vocabulary.writing import BOXES, POINTS, PointForm, write_reply

SYSTEM = "You are a helpful assistant."
LAST_ACTION = "finished(content="
"""In the wheel's prompts, the line before which further actions are listed."""

TASK = "\n\n## User Instruction"
"""In the wheel's prompts, what follows the notes on thinking."""

TEMPLATES = {
    Prompt.COMPUTER: COMPUTER_USE_DOUBAO,
    Prompt.BROWSER: COMPUTER_USE_DOUBAO,
    Prompt.MOBILE: MOBILE_USE_DOUBAO,
    Prompt.GROUNDING: GROUNDING_DOUBAO,
}


@dataclass(frozen=True, slots=True)
class UiTars15:
    """UI-TARS-1.5-7B.

    `language` is that of the thoughts; `thoughts` may ask for more of them than the prompt does. `ask_user` offers
    `call_user()`, which ends the episode. `box_tokens` puts the special tokens that servers strip back into past
    replies, as the model was trained to see them; `Reflection:` and `<think>` parts are not shown again. Image limits
    are those of its own code; the server's lower limit may be smaller, which no screenshot comes near.
    """

    prompt: Prompt = Prompt.COMPUTER
    language: str = "English"
    thoughts: Thoughts = Thoughts.OFFICIAL
    ask_user: bool = False
    one_action: bool = True
    box_tokens: bool = True
    form: PointForm = BOXES
    name: str = "ui-tars-1.5"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 100 * 28 * 28, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=1000, frequency_penalty=1.0)

    @property
    def template(self) -> str:
        """The prompt text, with the blanks `{language}` and `{instruction}`."""
        template = template_for(self.prompt, TEMPLATES, "UI-TARS")
        if self.prompt is Prompt.BROWSER:
            template = _offer(template, "ui_tars_browser")
        if more := asked_for(self.thoughts):
            template = template.replace(TASK, f"\n{more}{TASK}")
        return _offer(template, "ui_tars_ask_user") if self.ask_user else template

    @property
    def prompt_sha256(self) -> str:
        """The identity of the prompt text."""
        return prompt_sha256(SYSTEM, self.template)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """System, prompt, past images and replies, and the look to be answered."""
        prompt = self.template.replace("{language}", self.language).replace("{instruction}", task)
        return conversation(turns, system=SYSTEM, prompt=prompt, past=self._past)

    def _past(self, reply: str) -> str:
        shown = without_reflection(without_reasoning(reply))
        return with_box_tokens(shown) if self.box_tokens else shown

    def parse(self, text: str) -> Reply | ParseFailure:
        """What `text` asks for, in any of the syntaxes of the family."""
        return read_reply(text, UI_TARS)

    def is_complete(self, text: str) -> bool:
        """The reply runs wild, or, where one action is asked for, its first action is whole."""
        return first_action_is_whole(text) if self.one_action else runs_wild(text)

    def grammar(self, image: Size) -> str:
        """See `Constrainable`."""
        return ui_tars_grammar(image, browser=self.prompt is Prompt.BROWSER)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply in which the model would ask for `moves`.

        Raises:
            ValueError: it has no words for one of them.
        """
        return write_reply(thought, moves, self.form)


@dataclass(frozen=True, slots=True)
class UiTars10(UiTars15):
    """UI-TARS 2B, 7B and 72B (1.0, SFT and DPO): a grid of 1000, and images of at most 2,116,800 pixels."""

    box_tokens: bool = False
    name: str = "ui-tars-1.0"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 2700 * 28 * 28)


@dataclass(frozen=True, slots=True)
class Doubao(UiTars15):
    """Doubao-1.5-UI-TARS, Doubao-1.5-thinking-vision-pro, Seed1.5-VL: `<point>` on a grid of 1000, thinking aloud."""

    one_action: bool = False
    box_tokens: bool = False
    form: PointForm = POINTS
    name: str = "doubao"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 5120 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=3000)


def _offer(template: str, lines: str) -> str:
    """`template` with the actions of the prompt file `lines` listed before the last one."""
    return template.replace(LAST_ACTION, f"{render(lines)}\n{LAST_ACTION}")
