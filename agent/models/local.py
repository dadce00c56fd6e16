"""A model in this process, on `transformers` and `accelerate`: for machines with a GPU and without a server.

    model = LocalModel("ByteDance-Seed/UI-TARS-1.5-7B")
    print(Agent(model).run("Open the settings", env).answer)

It speaks the same dialects as a served model, and a reply is ended as early. A server is still the better choice for
speed: it keeps the prompt of the previous step, while here each step works out its whole prompt anew.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..core.messages import Message
from ..core.model import Completion, ModelInfo, ModelLost, Sampling, Usage, never
from .local_generation import FrequencyPenalty, Listening, generation_settings
from .local_prompt import PromptEncoder

Dtype: TypeAlias = Literal["auto", "float32", "bfloat16", "float16"]

FAMILY = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe")
"""The architectures that are known to take images as this file prepares them, as `config.json` names them."""

_NEEDED = ("torch", "transformers", "accelerate")
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The model in memory; `ends` are the tokens that end a reply."""

    model: Any
    encoder: PromptEncoder
    ends: tuple[int, ...]
    context_tokens: int | None
    version: str


class LocalModel:
    """A `Model` of the Qwen-VL family, UI-TARS among them, loaded from a folder or by its name at the hub.

    `device` is one of torch (`cuda:1`, `mps`, `cpu`); `auto` spreads the model over all GPUs that there are, else takes
    Apple's, else the CPU. `dtype` `auto` is bfloat16, and float32 on the CPU, where it is faster on most. `name` is
    what it is called in logs and what the dialect is chosen by; else the folder's name, or that at the hub. Code that
    comes with a checkpoint is never run. Sampling is ours alone: the settings in a checkpoint's generation config,
    such as a repetition penalty, are not used, and a grammar is not enforced.

    Nothing is loaded before `connect` or the first call. Calls from several threads wait for each other.

    Raises:
        ValueError: there is no such folder, or no model in it.
        ImportError: the extra is not installed; says how to.
    """

    def __init__(
        self, path_or_name: str | Path, *, name: str | None = None, device: str = "auto", dtype: Dtype = "auto"
    ) -> None:
        self._source = _checked_source(path_or_name)
        _check_installed()
        self._name = name or _name_of(self._source)
        self._device = device
        self._dtype: Dtype = dtype
        self._loaded: _Loaded | None = None
        self._one_at_a_time = threading.RLock()

    def __repr__(self) -> str:
        return f"LocalModel({self._source!r})"

    def info(self) -> ModelInfo:
        """See `Model`. Version and context are known once it is loaded."""
        if self._loaded is None:
            return ModelInfo(self._name)
        return ModelInfo(self._name, version=self._loaded.version, context_tokens=self._loaded.context_tokens)

    def connect(self) -> None:
        """See `Model`: loads the weights. The first time that a name at the hub is used, it is downloaded."""
        self._load()

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`. `stop` is asked at the beginning and after each token, but not while the prompt is read."""
        with self._one_at_a_time:
            if stop(""):
                return Completion("")
            loaded = self._load()
            encoded = loaded.encoder.encode(messages)
            start = int(encoded["input_ids"].shape[1])
            listening = Listening(loaded.encoder.tokenizer, stop, start, loaded.ends)
            ids = self._generate(loaded, encoded, sampling, listening)
        ended = listening.heard_enough or (bool(ids) and ids[-1] in loaded.ends)
        return Completion(listening.text(ids), Usage(start, len(ids)), complete=ended)

    def _generate(
        self, loaded: _Loaded, encoded: Mapping[str, Any], sampling: Sampling, listening: Listening
    ) -> list[int]:
        """The ids of the reply."""
        torch = import_module("torch")
        penalty = sampling.frequency_penalty
        processors = [FrequencyPenalty(penalty, listening.start)] if penalty else []
        try:
            output = loaded.model.generate(
                **{key: tensor.to(loaded.model.device) for key, tensor in encoded.items()},
                **generation_settings(sampling),
                stopping_criteria=[listening],
                logits_processor=processors,
            )
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            raise ModelLost(f"{self._name} failed on {loaded.model.device}: {_one_line(error)}") from error
        ids: list[int] = output[0, listening.start :].tolist()
        return ids

    def _load(self) -> _Loaded:
        with self._one_at_a_time:
            if self._loaded is None:
                try:
                    self._loaded = _load(self._source, self._device, self._dtype)
                except _what_loading_raises() as error:
                    raise ModelLost(f"{self._source} cannot be loaded: {_one_line(error)}") from error
            return self._loaded


def _load(source: str, device: str, dtype: Dtype) -> _Loaded:
    torch, transformers = import_module("torch"), import_module("transformers")
    config = transformers.AutoConfig.from_pretrained(source)
    if config.model_type not in FAMILY:
        raise ModelLost(f"{source} is a {config.model_type}, which cannot be run here: serve it, for instance by vLLM")
    device = _device(device)
    kind = _dtype(dtype, device)
    model = _weights(source, device, kind)
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    images = transformers.AutoImageProcessor.from_pretrained(source, backend="pil")
    ends = _ends(model, tokenizer)
    model.generation_config = transformers.GenerationConfig(eos_token_id=list(ends), pad_token_id=ends[0])
    where = f"{kind} on {device if device != 'auto' else f'{torch.cuda.device_count()} x cuda'}"
    return _Loaded(
        model,
        PromptEncoder(tokenizer, images, config.image_token_id, _processor_template(source)),
        ends,
        getattr(config.get_text_config(), "max_position_embeddings", None),
        f"transformers {transformers.__version__}, torch {torch.__version__}, {where}",
    )


def _weights(source: str, device: str, dtype: Dtype) -> Any:
    """The model with its weights, ready to answer.

    Raises:
        ValueError: some weights are missing, in whose place there would be random ones.
    """
    model, report = import_module("transformers").AutoModelForImageTextToText.from_pretrained(
        source, dtype=dtype, device_map="auto" if device == "auto" else {"": device}, output_loading_info=True
    )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ValueError(f"{len(missing)} of its weights are missing, such as {missing[0]}")
    return model.eval()


def _device(wanted: str) -> str:
    """The device to load onto; `auto` where several are to share."""
    torch = import_module("torch")
    if wanted != "auto":
        return str(torch.device(wanted))
    if torch.cuda.is_available():
        return "auto" if torch.cuda.device_count() > 1 else "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _dtype(wanted: Dtype, device: str) -> Dtype:
    if wanted != "auto":
        return wanted
    return "float32" if device == "cpu" else "bfloat16"


def _ends(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """The tokens that end a reply: those that the checkpoint says, and its tokenizer's own."""
    said = model.generation_config.eos_token_id
    said = said if isinstance(said, list) else [said]
    ends = dict.fromkeys(each for each in (tokenizer.eos_token_id, *said) if each is not None)
    if not ends:
        raise ValueError("nothing says which token ends a reply (eos_token_id)")
    return tuple(ends)


def _processor_template(source: str) -> str | None:
    """The chat template beside the model, which counts before the tokenizer's own; older checkpoints have one."""
    found = import_module("transformers.utils").cached_file(
        source, "chat_template.json", _raise_exceptions_for_missing_entries=False
    )
    if found is None:
        return None
    template = json.loads(Path(found).read_text(encoding="utf-8"))["chat_template"]
    return str(template)


def _checked_source(path_or_name: str | Path) -> str:
    source = str(path_or_name)
    folder = Path(source).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ValueError(f"there is no model in the folder {source}: it has no config.json")
        return str(folder)
    if isinstance(path_or_name, Path) or not _HUB_NAME.fullmatch(source):
        raise ValueError(f"there is no folder {source}; say a model's folder, or its name at the hub, such as org/name")
    return source


def _name_of(source: str) -> str:
    return Path(source).resolve().name if Path(source).is_dir() else source


def _check_installed() -> None:
    for package in _NEEDED:
        if find_spec(package) is None:
            raise ImportError(f"this needs the package {package}: pip install 'screenwright[local]'")


def _what_loading_raises() -> tuple[type[Exception], ...]:
    """What a model that is broken, or no model, is found out by."""
    return OSError, ValueError, RuntimeError, KeyError, import_module("safetensors").SafetensorError


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
