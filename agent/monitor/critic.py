"""A critic that asks a model whether the task is done: the agent's own model, or a better judge."""

import re

from screenwright._text import without_tokens

from ...prompts import render
from ..core.coordinates import ImageRule
from ..core.messages import ImagePart, Message
from ..core.model import Model, Sampling
from ..core.supervision import CompletionClaim, Critique

_VERDICT = re.compile(r"VERDICT:\W*(NOT\s+DONE|DONE)\b", re.IGNORECASE)
_MAX_LISTED_ACTIONS = 50
_SAMPLING = Sampling(temperature=0.0, max_tokens=400)


class ModelCritic:
    """Asks `model` whether the task is done, given the newest screenshots and the list of actions.

    `image_rule` resizes the screenshots as the model's own processor would. A reply without a verdict counts as no
    verdict.

    Raises, when called:
        ModelLost: the model does not respond.
    """

    def __init__(self, model: Model, image_rule: ImageRule = ImageRule(28, 56 * 56, 2700 * 28 * 28)) -> None:
        self.model = model
        self._rule = image_rule

    def __call__(self, claim: CompletionClaim) -> Critique:
        """The model's verdict on `claim`."""
        self.model.connect()
        question = render(
            "critic",
            task=without_tokens(claim.task),
            answer=without_tokens(claim.answer) or "(none)",
            actions=without_tokens("\n".join(claim.actions[-_MAX_LISTED_ACTIONS:])) or "(none)",
        )
        images = (ImagePart.of(shot, self._rule.resize(shot.size)) for shot in claim.screenshots)
        completion = self.model.complete([Message.of("user", *images, question)], _SAMPLING)
        verdicts = _VERDICT.findall(completion.text)
        reason = " ".join(_VERDICT.sub("", completion.text).split())
        if not verdicts:
            return Critique(None, reason or "the reply has no verdict", completion.usage)
        return Critique(verdicts[-1].upper() == "DONE", reason, completion.usage)
