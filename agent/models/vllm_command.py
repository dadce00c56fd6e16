"""The right `vllm serve` command for a model of this family.

Flags and their reasons (vLLM 0.25 and later): a context for long histories; room for as many images a prompt as the
history keeps, and none for video; an encoder cache that holds several full-HD screenshots (it has as many slots as
`--max-num-batched-tokens`); the counts that tell whether the prefix cache hits; and no sampling settings taken silently
from the checkpoint. The prefix cache needs no flag, being on by default. A model that fits one GPU is copied onto each,
since that serves more episodes than splitting it; a larger one is split over as few as hold it, and the group copied.
"""

import json
import re
from dataclasses import dataclass

CONTEXT_TOKENS = 65536
BATCHED_TOKENS = 16384

WEIGHTS_A_GPU = 48.0
"""Gigabytes of weights on a GPU of 80, which leaves room for the cache, the encoder and its working memory."""

MOST_A_GPU = 120.0
"""Gigabytes of weights that no common GPU holds together with a cache; from here on, one alone is refused."""

_FOUR_BITS = re.compile(r"awq|gptq|int4|w4a16|4bit|nvfp4", re.IGNORECASE)
_EIGHT_BITS = re.compile(r"fp8|int8|w8a8|8bit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve: on which address, on how many GPUs, for how many images a prompt, over Ray on several machines.

    `more` is handed to vLLM after our own flags, so that it overrules them.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    gpus: int = 1
    images: int = 5
    ray: bool = False
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.gpus < 1 or self.images < 1 or not 0 < self.port < 65536:
            raise ValueError("serving takes at least one GPU and one image, and a port from 1 to 65535")


def vllm_command(model: str, serving: Serving) -> list[str]:
    """The command that serves `model`, a name at the hub or a folder.

    Raises:
        ValueError: the model is too large for one GPU and only one is given, or its name is a flag.
    """
    if not model or model.startswith("-"):
        raise ValueError(f"{model!r} is not a model: say a name at the hub, a folder, or reader")
    command = ["vllm", "serve", model, "--host", serving.host, "--port", str(serving.port)]
    command += ["--max-model-len", str(CONTEXT_TOKENS)]
    command += ["--limit-mm-per-prompt", json.dumps({"image": serving.images, "video": 0}, separators=(",", ":"))]
    command += ["--max-num-batched-tokens", str(BATCHED_TOKENS), "--enable-prompt-tokens-details"]
    command += ["--generation-config", "vllm"]
    return [*command, *_parallel_flags(model, serving), *serving.more]


def _parallel_flags(model: str, serving: Serving) -> list[str]:
    split = min(gpus_to_hold(model), _power_of_two_up_to(serving.gpus))
    if serving.gpus == 1 and (weights_gb(model) or 0) > MOST_A_GPU:
        raise ValueError(f"the weights of {model} take {weights_gb(model):.0f} GB, too many for one GPU: say --gpus 4")
    copies = serving.gpus // split
    flags: list[str] = []
    if split > 1:
        flags += ["--tensor-parallel-size", str(split), "--mm-encoder-tp-mode", "data"]
    if copies > 1:
        flags += ["--data-parallel-size", str(copies)]
        flags += ["--data-parallel-backend", "ray"] if serving.ray else []
    if serving.ray:
        flags += ["--distributed-executor-backend", "ray"]
    return flags


def gpus_to_hold(model: str) -> int:
    """The fewest GPUs that hold a model of that name with room to work, as a power of two; 1 if it does not say.

    A power of two, since the attention heads must divide by it.
    """
    gigabytes = weights_gb(model) or 0.0
    gpus = 1
    while gigabytes / gpus > WEIGHTS_A_GPU:
        gpus *= 2
    return gpus


def weights_gb(model: str) -> float | None:
    """How many gigabytes the weights of a model take by its name: two bytes a parameter, fewer if it is quantised."""
    size = billions(model)
    if size is None:
        return None
    return size * (0.5 if _FOUR_BITS.search(model) else 1.0 if _EIGHT_BITS.search(model) else 2.0)


def billions(model: str) -> float | None:
    """How many billion parameters a model's name says it has, such as 7 for `UI-TARS-1.5-7B`; None if it does not.

    Of a folder, its own name counts, not those above it.
    """
    name = model.rstrip("/").rpartition("/")[2]
    found = re.findall(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)[Bb](?![A-Za-z0-9])", name)
    return max(map(float, found), default=None)


def _power_of_two_up_to(most: int) -> int:
    return int(2 ** (most.bit_length() - 1))
