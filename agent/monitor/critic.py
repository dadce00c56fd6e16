"""A second look at a finish by a model: the same one, or another that is better at judging.

Agent(model, oversight=Oversight(check=ModelCheck(model)))
"""

import re

from ...prompts import render
from ..core.coordinates import ImageRule
from ..core.messages import ImagePart, Message
from ..core.model import Model, Sampling
from ..core.supervision import CompletionClaim, Critique

_VERDICT = re.compile(r"VERDICT:\W*(NOT\s+DONE|DONE)\b", re.IGNORECASE)
_LISTED = 50
_SAMPLING = Sampling(temperature=0.0, max_tokens=400)


class ModelCritic:
    """Asks `model` whether the task is done, by the newest screenshots and the list of actions.

    `image_rule` sizes the screenshots as the model's own processor would. A reply without a verdict is none.

    Raises, when called:
        ModelLost: the model does not answer.
    """

    def __init__(self, model: Model, image_rule: ImageRule = ImageRule(28, 56 * 56, 2700 * 28 * 28)) -> None:
        self.model = model
        self._rule = image_rule

    def __call__(self, claim: CompletionClaim) -> Critique:
        """The model's verdict on `claim`."""
        self.model.connect()
        asked = render(
            "second_look",
            task=claim.task,
            answer=claim.answer or "(none)",
            deeds="\n".join(claim.actions[-_LISTED:]) or "nothing",
        )
        images = (ImagePart.of(shot, self._rule.resize(shot.size)) for shot in claim.screenshots)
        completion = self.model.complete([Message.of("user", *images, asked)], _SAMPLING)
        found = _VERDICT.findall(completion.text)
        said = " ".join(_VERDICT.sub("", completion.text).split())
        if not found:
            return Critique(None, said or "no verdict was given", completion.usage)
        return Critique(found[-1].upper() == "DONE", said, completion.usage)
