"""What goes on while a local model generates: listening to the text so far, and the penalty on repeating tokens.

Both are called by `transformers` with the ids so far, prompt included, of shape (1, tokens).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..core.model import Sampling

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"
"""What a character decodes to of which not all bytes are there yet."""


@dataclass(slots=True)
class Listening:
    """A stopping criterion: ends the reply once `stop`, asked after each token, has heard enough.

    `start` is where in the ids the reply begins; `ends` are the tokens that end one and are not part of its text.
    Other special tokens stay in the text, as a model's boxes are written with them.
    """

    tokenizer: Any
    stop: Callable[[str], bool]
    start: int
    ends: Collection[int]
    heard_enough: bool = False

    def __call__(self, input_ids: Any, _scores: Any, **_kwargs: object) -> Any:
        """Whether the reply is over, as a tensor of shape (1,)."""
        self.heard_enough = self.stop(self.text(input_ids[0, self.start :].tolist()).rstrip(_UNFINISHED))
        return import_module("torch").full((1,), self.heard_enough, device=input_ids.device)

    def text(self, ids: Sequence[int]) -> str:
        """The text of a reply, up to the token that ends it."""
        length = next((index for index, each in enumerate(ids) if each in self.ends), len(ids))
        decoded: str = self.tokenizer.decode(
            ids[:length], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return decoded


@dataclass(frozen=True, slots=True)
class FrequencyPenalty:
    """A logits processor: takes `penalty` off a token for each time that the reply has it already, as servers do."""

    penalty: float
    start: int

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores, of shape (1, vocabulary), less the penalty."""
        said = import_module("torch").bincount(input_ids[0, self.start :], minlength=scores.shape[-1])
        return scores - self.penalty * said


def generation_settings(sampling: Sampling) -> dict[str, float | int | bool | None]:
    """`sampling` in the words of `transformers`; temperature 0 takes the likeliest token. Nothing else narrows it."""
    if sampling.temperature <= 0:
        return {"max_new_tokens": sampling.max_tokens, "do_sample": False}
    return {
        "max_new_tokens": sampling.max_tokens,
        "do_sample": True,
        "temperature": sampling.temperature,
        "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
        "top_k": 0,
    }
