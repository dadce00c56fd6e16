"""The right `vllm serve` command for a model of this family.

Flags and their reasons (vLLM 0.25 and later): a context for long histories; room for as many images a prompt as the
history keeps, and none for video; an encoder cache that holds several full-HD screenshots (it has as many slots as
`--max-num-batched-tokens`); the counts that tell whether the prefix cache hits; and no sampling settings taken silently
from the checkpoint. Small models are copied onto each GPU, since that serves more episodes than splitting them; large
ones are split.
"""

import json
import re
from dataclasses import dataclass

CONTEXT_TOKENS = 65536
BATCHED_TOKENS = 16384
SPLIT_FROM_BILLIONS = 20.0
"""A model of more parameters does not fit one common GPU in 16 bits, with room for its cache."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve: on which address, on how many GPUs, for how many images a prompt, over Ray on several machines."""

    host: str = "127.0.0.1"
    port: int = 8000
    gpus: int = 1
    images: int = 5
    ray: bool = False

    def __post_init__(self) -> None:
        if self.gpus < 1 or self.images < 1 or not 0 < self.port < 65536:
            raise ValueError("serving takes at least one GPU and one image, and a port from 1 to 65535")


def vllm_command(model: str, serving: Serving) -> list[str]:
    """The command that serves `model`, a name at the hub or a folder.

    Raises:
        ValueError: the model is too large for one GPU and only one is given.
    """
    command = ["vllm", "serve", model, "--host", serving.host, "--port", str(serving.port)]
    command += ["--max-model-len", str(CONTEXT_TOKENS)]
    command += ["--limit-mm-per-prompt", json.dumps({"image": serving.images, "video": 0}, separators=(",", ":"))]
    command += ["--max-num-batched-tokens", str(BATCHED_TOKENS), "--enable-prompt-tokens-details"]
    command += ["--generation-config", "vllm"]
    size = billions(model)
    if size is not None and size > SPLIT_FROM_BILLIONS:
        if serving.gpus == 1:
            raise ValueError(f"{model} has {size:g} billion parameters, too many for one GPU: say --gpus 4, or 8")
        command += ["--tensor-parallel-size", str(serving.gpus), "--mm-encoder-tp-mode", "data"]
    elif serving.gpus > 1:
        command += ["--data-parallel-size", str(serving.gpus)]
    if serving.ray:
        command += ["--distributed-executor-backend", "ray"]
    return command


def billions(model: str) -> float | None:
    """How many billion parameters a model's name says it has, such as 7 for `UI-TARS-1.5-7B`; None if it does not."""
    found = re.findall(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)[Bb](?![A-Za-z0-9])", model)
    return max(map(float, found), default=None)
