"""Hooks into the generation of a local model: a stopping criterion on the text, and the penalties of servers.

`transformers` calls both with the token ids so far, including the prompt, of shape (1, tokens).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ...core.model import Sampling

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"
"""An incomplete multi-byte character decodes to this."""


@dataclass(slots=True)
class TextStoppingCriteria:
    """Stops the generation when `stop`, called after each token, returns True, or after one of `stop_strings`.

    `start` is the index of the first token of the reply, whose text begins with `opening`; the tokens `eos_ids` end it
    and are not part of its text. Other special tokens stay in the text, since models write boxes with them.
    """

    tokenizer: Any
    stop: Callable[[str], bool]
    start: int
    eos_ids: Collection[int]
    opening: str = ""
    stop_strings: Sequence[str] = ()
    stopped: bool = False

    def __call__(self, input_ids: Any, _scores: Any, **_kwargs: object) -> Any:
        """Whether to stop, as a tensor of shape (1,)."""
        text = self.text(input_ids[0, self.start :].tolist()).rstrip(_UNFINISHED)
        self.stopped = self.stop(text) or any(each in text for each in self.stop_strings)
        return import_module("torch").full((1,), self.stopped, device=input_ids.device)

    def text(self, ids: Sequence[int]) -> str:
        """The text of a reply, up to its end token, or up to and including the first stop string."""
        length = next((index for index, each in enumerate(ids) if each in self.eos_ids), len(ids))
        decoded: str = self.tokenizer.decode(
            ids[:length], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        ends = [decoded.index(each) + len(each) for each in self.stop_strings if each in decoded]
        return self.opening + decoded[: min(ends, default=len(decoded))]


@dataclass(frozen=True, slots=True)
class ReplyPenalties:
    """A logits processor with the penalties that servers apply to the tokens of the reply.

    `frequency` is subtracted per earlier occurrence of a token, and `presence` once if there is one.
    """

    frequency: float
    presence: float
    start: int

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores, of shape (1, vocabulary), minus the penalties."""
        counts = import_module("torch").bincount(input_ids[0, self.start :], minlength=scores.shape[-1])
        return scores - self.frequency * counts - self.presence * (counts > 0)


def generation_settings(sampling: Sampling) -> dict[str, float | int | bool | None]:
    """`sampling` as arguments of `transformers`' `generate`; temperature 0 means greedy decoding."""
    settings: dict[str, float | int | bool | None] = {"max_new_tokens": sampling.max_tokens}
    if sampling.repetition_penalty is not None:
        settings["repetition_penalty"] = sampling.repetition_penalty
    if sampling.temperature <= 0:
        return {**settings, "do_sample": False}
    return {
        **settings,
        "do_sample": True,
        "temperature": sampling.temperature,
        "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
        "top_k": max(sampling.top_k or 0, 0),
    }
