"""Encodes conversations as input tensors for a local model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from typing import Any, Protocol

from screenwright._text import one_line

from ...core.messages import ImagePart, Message
from ...core.model import ModelLost, Sampling
from .chat import ChatTemplate, processor_template

PATCH_GRID_TYPES = (
    "qwen2_vl",
    "qwen2_5_vl",
    "qwen3_vl",
    "qwen3_vl_moe",
    "qwen3_5",
    "qwen3_5_moe",
    "glm4v",
    "glm4v_moe",
    "glm46v",
)
"""Model types, as named in `config.json`, that `PatchGridEncoder` encodes exactly as their own processors do."""

_OPENED_THINKING = "<think>"


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """The arguments of the model's `generate`, as tensors on the CPU, and how the reply begins.

    `opening` is `<think>` if the prompt ends inside the reasoning: the tag is then part of the prompt, not of the
    reply.
    """

    tensors: Mapping[str, Any]
    opening: str = ""

    @property
    def length(self) -> int:
        """The number of tokens."""
        return int(self.tensors["input_ids"].shape[1])


class PromptEncoder(Protocol):
    """Encodes conversations for one model."""

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        ...

    def encode(self, messages: Sequence[Message], sampling: Sampling) -> EncodedPrompt:
        """The prompt, with the functions and template variables of `sampling`.

        Raises:
            ModelLost: the model does not support the size of an image, or its template does not support the messages.
        """
        ...


def encoder_for(source: str, config: Any) -> PromptEncoder:
    """The encoder of the model in `source`."""
    transformers = import_module("transformers")
    if config.model_type in PATCH_GRID_TYPES:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        images = transformers.AutoImageProcessor.from_pretrained(source, backend="pil", trust_remote_code=False)
        name: str = tokenizer.convert_ids_to_tokens(config.image_token_id)
        template = ChatTemplate(tokenizer, processor_template(source), name)
        return PatchGridEncoder(template, images, config.image_token_id)
    processor = transformers.AutoProcessor.from_pretrained(source, trust_remote_code=False)
    image_token = getattr(processor, "image_token", "")
    template = ChatTemplate(processor.tokenizer, processor.chat_template, image_token)
    return ProcessorEncoder(template, processor)


@dataclass(slots=True)
class ProcessorEncoder:
    """Encodes with the model's own processor, which resizes the images by its own rule."""

    template: ChatTemplate
    processor: Any

    @property
    def tokenizer(self) -> Any:
        """See `PromptEncoder`."""
        return self.template.tokenizer

    def encode(self, messages: Sequence[Message], sampling: Sampling) -> EncodedPrompt:
        """See `PromptEncoder`."""
        text, images = self.template.render(messages, sampling), [image.load() for image in _images_in(messages)]
        try:
            # The template writes the special tokens, among them the first.
            tensors = self.processor(text=[text], images=images or None, add_special_tokens=False, return_tensors="pt")
        except (ValueError, TypeError, IndexError, KeyError, RuntimeError) as error:
            raise ModelLost(f"the model's processor rejects the prompt: {one_line(str(error))}") from error
        return EncodedPrompt(dict(tensors), _opening_of(text))


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An encoded image: its patches, and their number in time, height and width."""

    pixel_values: Any
    grid: Any


@dataclass(slots=True)
class PatchGridEncoder:
    """Encodes for the Qwen-VL and GLM-V families; reuses the images of the previous conversation.

    Their own processors would encode each image again and resize it. This class uses the two parts directly: the
    tokenizer, and the image processor with resizing turned off, since images already have the right size.
    `image_token` is the id of the image placeholder token.
    """

    template: ChatTemplate
    image_processor: Any
    image_token: int
    _cache: dict[str, EncodedImage] = field(default_factory=dict[str, EncodedImage])

    @property
    def tokenizer(self) -> Any:
        """See `PromptEncoder`."""
        return self.template.tokenizer

    @property
    def factor(self) -> int:
        """The side of the square that one image token covers, in pixels."""
        return int(self.image_processor.patch_size * self.image_processor.merge_size)

    def encode(self, messages: Sequence[Message], sampling: Sampling) -> EncodedPrompt:
        """See `PromptEncoder`."""
        torch = import_module("torch")
        images = self._encode_images(_images_in(messages))
        counts = [int(image.grid.prod()) // self.image_processor.merge_size**2 for image in images]
        text = self.template.render(messages, sampling)
        ids = self._expand_image_tokens(counts, self.tokenizer.encode(text, add_special_tokens=False))
        input_ids = torch.tensor([ids])
        encoded = {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids),
            "mm_token_type_ids": (input_ids == self.image_token).long(),
        }
        if images:
            encoded["pixel_values"] = torch.cat([image.pixel_values for image in images])
            encoded["image_grid_thw"] = torch.cat([image.grid for image in images])
        return EncodedPrompt(encoded, _opening_of(text))

    def _expand_image_tokens(self, counts: Sequence[int], ids: Sequence[int]) -> list[int]:
        """Repeat each image token once per token of its image."""
        if ids.count(self.image_token) != len(counts):
            raise ModelLost("the model's chat template does not support images")
        left = iter(counts)
        return list(chain.from_iterable([each] * next(left) if each == self.image_token else [each] for each in ids))

    def _encode_images(self, images: Sequence[ImagePart]) -> list[EncodedImage]:
        self._cache = {image.sha256: self._cache.get(image.sha256) or self._process(image) for image in images}
        return [self._cache[image.sha256] for image in images]

    def _process(self, image: ImagePart) -> EncodedImage:
        """Encode an image without resizing.

        Raises:
            ModelLost: its sides are not multiples of `factor`, or the processor resized it.
        """
        if image.size.width % self.factor or image.size.height % self.factor:
            raise ModelLost(
                f"an image of {image.size} does not fit this model, whose sizes are multiples of {self.factor} pixels: "
                "choose the dialect of this model"
            )
        processed = self.image_processor(images=[image.load()], do_resize=False, return_tensors="pt")
        encoded = EncodedImage(processed["pixel_values"], processed["image_grid_thw"])
        patch = self.image_processor.patch_size
        height, width = (int(side) * patch for side in encoded.grid[0, 1:])
        if (width, height) != (image.size.width, image.size.height):
            raise ModelLost(f"the model's own image processor resized an image of {image.size} to {width}x{height}")
        return encoded


def _images_in(messages: Sequence[Message]) -> list[ImagePart]:
    return [part for message in messages for part in message.parts if isinstance(part, ImagePart)]


def _opening_of(prompt: str) -> str:
    return _OPENED_THINKING if prompt.rstrip().endswith(_OPENED_THINKING) else ""
