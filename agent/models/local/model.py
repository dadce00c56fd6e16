"""A model in this process with `transformers` and `accelerate`, for machines with a GPU but no model server.

    model = LocalModel("ByteDance-Seed/UI-TARS-1.5-7B")
    print(Agent(model).run("Open the settings", env).answer)

Supports the same dialects and early stopping as a served model. A server is faster: it has a prefix cache, whereas this
class processes the whole prompt at each step.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

from screenwright._home import expand_home
from screenwright._telemetry import disable_telemetry
from screenwright._text import one_line

from ...core.messages import Message
from ...core.model import Completion, ModelInfo, ModelLost, SampledTokens, Sampling, Usage, never
from .generation import ReplyPenalties, TextStoppingCriteria, generation_settings
from .patch_products import use_patch_products
from .prompt import EncodedPrompt, PromptEncoder, encoder_for

Dtype: TypeAlias = Literal["auto", "float32", "bfloat16", "float16"]

_PACKAGES = ("torch", "torchvision", "transformers", "accelerate")
_CLASSES = "transformers.models.auto.modeling_auto"
_OWN_CODE = "{} brings its own code, which LocalModel never runs: serve it with vLLM"
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class _LoadedModel:
    """A model in memory; the tokens `eos_ids` end a reply."""

    model: Any
    encoder: PromptEncoder
    eos_ids: tuple[int, ...]
    context_tokens: int | None
    version: str


class LocalModel:
    """A `Model` of any image-text-to-text class of `transformers`, from a folder or the Hugging Face Hub.

    `device` is a torch device (`cuda:1`, `mps`, `cpu`); `auto` distributes the model over all GPUs, or else uses MPS or
    the CPU. `dtype` `auto` is bfloat16, but float32 on CPUs, most of which are faster with it. `name` is used in logs
    and to select the dialect; it defaults to the name of the folder or on the Hub. Code in a checkpoint is never
    executed. The checkpoint's generation config, such as a repetition penalty, is ignored. The functions and variables
    of a request are given to the chat template, but `tool_choice` and a JSON schema have no effect, and a grammar is
    refused. Of an `extra_body`, `return_token_ids` and `logprobs` are known.

    The weights are loaded at `connect` or the first call. Calls from several threads run one at a time.

    Raises:
        ValueError: the folder does not exist or contains no model.
        ImportError: the extra is not installed; the message says how to install it.
    """

    parameters = frozenset(
        (
            *("max_tokens", "temperature", "top_p", "top_k", "stop", "tools", "chat_template_kwargs"),
            *("frequency_penalty", "presence_penalty", "repetition_penalty", "reasoning_effort"),
        )
    )
    """The parameters of `Sampling` that have an effect."""

    extra_parameters = frozenset(("return_token_ids", "logprobs"))
    """The fields of an `extra_body` that have an effect."""

    def __init__(
        self, path_or_name: str | Path, *, name: str | None = None, device: str = "auto", dtype: Dtype = "auto"
    ) -> None:
        self._source = _checked_source(path_or_name)
        _check_installed()
        folder = Path(self._source)
        self._name = name or (folder.resolve().name if folder.is_dir() else self._source)
        self._device = device
        self._dtype: Dtype = dtype
        self._loaded: _LoadedModel | None = None
        self._seed: int | None = None
        self._lock = threading.RLock()

    @classmethod
    def around(cls, model: Any, encoder: PromptEncoder, name: str) -> "LocalModel":
        """A model that is in memory already, such as one in training; each call uses its weights of that moment.

        `encoder` is that of the checkpoint in the folder, or with the name, `name`.
        """
        local = cls(name)
        local._loaded = _LoadedModel(model, encoder, _eos_ids(model, encoder.tokenizer), None, "in memory")
        return local

    def __repr__(self) -> str:
        return f"LocalModel({self._source!r})"

    def info(self) -> ModelInfo:
        """See `Model`. Version and context length are known after loading."""
        if self._loaded is None:
            return ModelInfo(self._name)
        return ModelInfo(self._name, version=self._loaded.version, context_tokens=self._loaded.context_tokens)

    def connect(self) -> None:
        """See `Model`. Loads the weights, and downloads them first if necessary."""
        self._load()

    def seed(self, text: str) -> None:
        """Have the next calls sample as they do after each `seed` with the same `text`, if their prompts are the same.

        Sets torch's generators, which belong to the whole process.
        """
        self._seed = int.from_bytes(sha256(text.encode()).digest()[:7])

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`. `stop` is called before the prompt is processed and after each token."""
        with self._lock:
            if stop(""):
                return Completion("")
            if sampling.grammar is not None:
                raise ModelLost(f"{self._name} runs without a grammar: leave out --constrain, or serve it with vLLM")
            loaded = self._load()
            prompt = loaded.encoder.encode(messages, sampling)
            criteria = TextStoppingCriteria(
                loaded.encoder.tokenizer, stop, prompt.length, loaded.eos_ids, prompt.opening, sampling.stop
            )
            if self._seed is not None:  # not earlier: loading may draw random numbers
                import_module("torch").manual_seed(self._seed)
                self._seed = None
            output = self._generate(loaded, prompt.tensors, sampling, criteria)
            ids: list[int] = output.sequences[0, criteria.start :].tolist()
            tokens = _sampled_tokens(loaded.model, prompt, output, sampling)
        ended = criteria.stopped or (bool(ids) and ids[-1] in loaded.eos_ids)
        return Completion(criteria.text(ids), Usage(prompt.length, len(ids)), complete=ended, tokens=tokens)

    def _generate(
        self, loaded: _LoadedModel, tensors: Mapping[str, Any], sampling: Sampling, criteria: TextStoppingCriteria
    ) -> Any:
        """The output of `generate`: `sequences`, of shape (1, tokens) with the prompt, and `scores` for `logprobs`."""
        torch = import_module("torch")
        penalties = ReplyPenalties(sampling.frequency_penalty or 0, sampling.presence_penalty or 0, criteria.start)
        processors = [penalties] if penalties.frequency or penalties.presence else []
        model = loaded.model
        try:
            return model.generate(
                return_dict_in_generate=True,
                output_scores=bool(sampling.extra_body.get("logprobs")),
                **{key: _moved(tensor, model.device, model.dtype) for key, tensor in tensors.items()},
                **generation_settings(sampling),
                stopping_criteria=[criteria],
                logits_processor=processors,
            )
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            raise ModelLost(f"{self._name} failed on {loaded.model.device}: {one_line(str(error))}") from error

    def _load(self) -> _LoadedModel:
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = _load(self._source, self._device, self._dtype)
                except _loading_errors() as error:
                    if "trust_remote_code" in str(error):
                        raise ModelLost(_OWN_CODE.format(self._source)) from error
                    raise ModelLost(f"{self._source} cannot be loaded: {one_line(str(error))}") from error
            return self._loaded


def _sampled_tokens(model: Any, prompt: EncodedPrompt, output: Any, sampling: Sampling) -> SampledTokens | None:
    """What the `extra_body` of `sampling` asks for. Log-probabilities are those after penalties and temperature."""
    if not LocalModel.extra_parameters & sampling.extra_body.keys():
        return None
    logprobs: list[float] = []
    if sampling.extra_body.get("logprobs"):
        logprobs = model.compute_transition_scores(output.sequences, output.scores, normalize_logits=True)[0].tolist()
    if not sampling.extra_body.get("return_token_ids"):
        return SampledTokens(logprobs=tuple(logprobs))
    ids: list[int] = output.sequences[0].tolist()
    return SampledTokens(tuple(ids[: prompt.length]), tuple(ids[prompt.length :]), tuple(logprobs))


def _load(source: str, device: str, dtype: Dtype) -> _LoadedModel:
    disable_telemetry()
    torch, transformers = import_module("torch"), import_module("transformers")
    config = transformers.AutoConfig.from_pretrained(source, trust_remote_code=False)
    if config.model_type not in import_module(_CLASSES).MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise ModelLost(
            f"{source} is a {config.model_type}, which LocalModel does not support: serve it, for example with vLLM"
        )
    device = _device(device)
    default: Dtype = "float32" if device == "cpu" else "bfloat16"
    kind = default if dtype == "auto" else dtype
    model = _weights(source, device, kind)
    encoder = encoder_for(source, config)
    eos_ids = _eos_ids(model, encoder.tokenizer)
    model.generation_config = transformers.GenerationConfig(eos_token_id=list(eos_ids), pad_token_id=eos_ids[0])
    where = f"{kind} on {device if device != 'auto' else f'{torch.cuda.device_count()} x cuda'}"
    return _LoadedModel(
        model,
        encoder,
        eos_ids,
        getattr(config.get_text_config(), "max_position_embeddings", None),
        f"transformers {transformers.__version__}, torch {torch.__version__}, {where}",
    )


def _weights(source: str, device: str, dtype: Dtype) -> Any:
    """The model with its weights, in evaluation mode.

    Raises:
        ValueError: weights are missing; transformers would use random ones.
    """
    model, report = import_module("transformers").AutoModelForImageTextToText.from_pretrained(
        source,
        dtype=dtype,
        device_map="auto" if device == "auto" else {"": device},
        output_loading_info=True,
        trust_remote_code=False,
    )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ValueError(f"{len(missing)} of its weights are missing, such as {missing[0]}")
    use_patch_products(model)
    return model.eval()


def _device(wanted: str) -> str:
    """The device to load onto; `auto` for several GPUs."""
    torch = import_module("torch")
    if wanted != "auto":
        return str(torch.device(wanted))
    if torch.cuda.is_available():
        return "auto" if torch.cuda.device_count() > 1 else "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _eos_ids(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """The tokens that end a reply, from the checkpoint and from its tokenizer."""
    configured = model.generation_config.eos_token_id
    configured = configured if isinstance(configured, list) else [configured]
    eos_ids = dict.fromkeys(each for each in (tokenizer.eos_token_id, *configured) if each is not None)
    if not eos_ids:
        raise ValueError("the checkpoint defines no end token (eos_token_id)")
    return tuple(eos_ids)


def _moved(tensor: Any, device: Any, dtype: Any) -> Any:
    """`tensor` on `device`; pixels in the type of the weights."""
    return tensor.to(device, dtype) if tensor.is_floating_point() else tensor.to(device)


def _checked_source(path_or_name: str | Path) -> str:
    source = str(path_or_name)
    folder = expand_home(source)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ValueError(f"the folder {source} contains no model: it has no config.json")
        if _needs_own_code(folder / "config.json"):
            raise ValueError(_OWN_CODE.format(source))
        return str(folder)
    if isinstance(path_or_name, Path) or not _HUB_NAME.fullmatch(source):
        raise ValueError(f"there is no folder {source}; use a model's folder, or its name on the Hub, such as org/name")
    return source


def _needs_own_code(config: Path) -> bool:
    """Whether the model is of a type that only the code in its folder knows; other faults are found when it loads."""
    with suppress(OSError, ValueError):
        read = json.loads(config.read_bytes())
        if isinstance(read, dict) and "auto_map" in read:
            return read.get("model_type") not in import_module("transformers").CONFIG_MAPPING
    return False


def _check_installed() -> None:
    for package in _PACKAGES:
        if find_spec(package) is None:
            raise ImportError(f"this needs the package {package}: pip install 'screenwright[local]'")


def _loading_errors() -> tuple[type[Exception], ...]:
    """The errors of loading a broken or invalid model."""
    return OSError, ValueError, RuntimeError, KeyError, ImportError, import_module("safetensors").SafetensorError
