"""Builds the `vllm serve` command for a model.

The flags (vLLM 0.25 and later) set the longest context that the model's configuration and the GPU memory allow, as many
images per prompt as the history keeps and no video, an encoder cache for several full-HD screenshots (its size is
`--max-num-batched-tokens`), reports of prefix cache hits, and no sampling settings from the checkpoint. The prefix
cache is on by default. A model that fits on one GPU is replicated on each, which serves more episodes than tensor
parallelism; a larger one is split over as few GPUs as possible, and that group is replicated. The parsers and further
flags of the model's family come from `serving_profile`.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .vllm_families import serving_profile

BATCHED_TOKENS = 16384

WEIGHTS_PER_GPU_GB = 48.0
"""Weights per 80 GB GPU, which leaves room for the cache, the encoder and activations."""

MAX_WEIGHTS_PER_GPU_GB = 120.0
"""More weights than this plus a cache fit on no common GPU, so a single GPU is rejected."""

_CONFIGURATIONS = ("config.json", "params.json")  # of transformers, and of Mistral's own format
_STORE = r"(s3|gs|az)://."
_HUB_NAME = r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*(:[\w.-]+)?)?"
"""`model`, `owner/model`, or `owner/model:quantization` for a GGUF file of a repository."""

_FOUR_BIT = re.compile(r"awq|gptq|int4|w4a16|4bit|nvfp4", re.IGNORECASE)
_EIGHT_BIT = re.compile(r"fp8|int8|w8a8|8bit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The address, the number of GPUs, the images per prompt, and whether to use Ray for several machines.

    `gpus` are all GPUs; with Ray, each machine has at most `gpus_per_machine` of them. `extra_args` follow the
    generated flags, so they override them.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    gpus: int = 1
    images: int = 5
    ray: bool = False
    gpus_per_machine: int = 8
    extra_args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("gpus", "images", "gpus_per_machine"):
            if getattr(self, name) < 1:
                flag = name.replace("_", "-")
                raise ValueError(f"--{flag} is {getattr(self, name)}, but should be at least 1")
        if not 0 < self.port < 65536:
            raise ValueError(f"--port is {self.port}, but should be from 1 to 65535")


def vllm_command(model: str, serving: ServeOptions) -> list[str]:
    """The command that serves `model`, a folder or a name on the Hugging Face Hub.

    Raises:
        ValueError: the model is too large for the only GPU, or it is neither a folder with a model nor a name.
    """
    _check_servable(model)
    command = ["vllm", "serve", model, "--host", serving.host, "--port", str(serving.port)]
    command += ["--max-model-len", "auto"]
    command += ["--limit-mm-per-prompt", json.dumps({"image": serving.images, "video": 0}, separators=(",", ":"))]
    command += ["--max-num-batched-tokens", str(BATCHED_TOKENS), "--enable-prompt-tokens-details"]
    command += ["--generation-config", "vllm", *serving_profile(model).arguments()]
    return [*command, *_parallel_flags(model, serving), *serving.extra_args]


def _check_servable(model: str) -> None:
    advice = "name a model on the Hugging Face hub such as ByteDance-Seed/UI-TARS-1.5-7B, the folder of one, or reader"
    path = Path(model)
    if model and os.path.isdir(path):  # noqa: PTH112 -- Path.is_dir raises for a name that is too long
        if not any((path / name).exists() for name in _CONFIGURATIONS):
            raise ValueError(f"the folder {model} contains no model: it has no config.json")
        return
    if path.suffix == ".gguf" or re.match(_STORE, model):
        return
    if os.path.isfile(path):  # noqa: PTH113 -- as above
        raise ValueError(f"{model} is a file, not a model: {advice}")
    if model.startswith(("http:", "https:")):
        raise ValueError(f"{model} is an address, not a model: {advice}; use --model {model} of run for a server")
    if not re.fullmatch(_HUB_NAME, model):
        raise ValueError(f"{model!r} is neither a folder nor a name on the Hugging Face hub: {advice}")


def _parallel_flags(model: str, serving: ServeOptions) -> list[str]:
    split = min(gpus_needed(model), _power_of_two_up_to(serving.gpus))
    if serving.gpus == 1 and (weights_gb(model) or 0) > MAX_WEIGHTS_PER_GPU_GB:
        raise ValueError(f"the weights of {model} take {weights_gb(model):.0f} GB, too many for one GPU: use --gpus 4")
    copies = serving.gpus // split
    flags: list[str] = []
    if split > 1:
        flags += ["--tensor-parallel-size", str(split), "--mm-encoder-tp-mode", "data"]
    if copies > 1:
        flags += ["--data-parallel-size", str(copies)]
        if serving.ray:  # vLLM places all copies on the first machine unless it knows how many fit there
            local = max(1, min(serving.gpus, serving.gpus_per_machine) // split)
            flags += ["--data-parallel-backend", "ray", "--data-parallel-size-local", str(min(copies, local))]
    if serving.ray:
        flags += ["--distributed-executor-backend", "ray"]
    return flags


def gpus_needed(model: str) -> int:
    """The minimum number of GPUs for a model by the size in its name; 1 if the name has none.

    A power of two, since the number of attention heads must be divisible by it.
    """
    gigabytes = weights_gb(model) or 0.0
    gpus = 1
    while gigabytes / gpus > WEIGHTS_PER_GPU_GB:
        gpus *= 2
    return gpus


def weights_gb(model: str) -> float | None:
    """The size of a model's weights in GB, estimated from its name: two bytes per parameter, less if quantized."""
    size = billion_parameters(model)
    if size is None:
        return None
    return size * (0.5 if _FOUR_BIT.search(model) else 1.0 if _EIGHT_BIT.search(model) else 2.0)


def billion_parameters(model: str) -> float | None:
    """The billions of parameters in a model's name, such as 7 for `UI-TARS-1.5-7B`; None if the name has none.

    For a folder, only the last part of the path is used.
    """
    name = model.rstrip("/").rpartition("/")[2]
    found = re.findall(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)[Bb](?![A-Za-z0-9])", name)
    return max(map(float, found), default=None)


def _power_of_two_up_to(most: int) -> int:
    return int(2 ** (most.bit_length() - 1))
