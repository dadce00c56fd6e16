"""Encodes conversations as input tensors for models of the Qwen-VL family, without torchvision.

The family's own processor needs torchvision for videos. This module uses its two parts directly: the tokenizer with its
chat template, and the image processor with resizing turned off, since images already have the right size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from typing import Any

from ..core.messages import ImagePart, Message, TextPart
from ..core.model import ModelLost
from .replies import one_line


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An encoded image: its patches, and their number in time, height and width."""

    pixel_values: Any
    grid: Any


@dataclass(slots=True)
class PromptEncoder:
    """Encodes conversations for one model; reuses the images of the previous conversation.

    `image_token` is the id of the image placeholder token. `template` overrides the tokenizer's chat template.
    """

    tokenizer: Any
    image_processor: Any
    image_token: int
    template: str | None = None
    _cache: dict[str, EncodedImage] = field(default_factory=dict[str, EncodedImage])

    @property
    def factor(self) -> int:
        """The side of the square that one image token covers, in pixels."""
        return int(self.image_processor.patch_size * self.image_processor.merge_size)

    def encode(self, messages: Sequence[Message]) -> Mapping[str, Any]:
        """The arguments for the model's `generate`, as tensors on the CPU.

        Raises:
            ModelLost: the model does not support the size of an image, or has no chat template.
        """
        torch = import_module("torch")
        images = self._encode_images(
            [part for message in messages for part in message.parts if isinstance(part, ImagePart)]
        )
        counts = [int(image.grid.prod()) // self.image_processor.merge_size**2 for image in images]
        ids = self._expand_image_tokens(counts, self.tokenizer.encode(self._chat(messages), add_special_tokens=False))
        input_ids = torch.tensor([ids])
        encoded = {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids),
            "mm_token_type_ids": (input_ids == self.image_token).long(),
        }
        if images:
            encoded["pixel_values"] = torch.cat([image.pixel_values for image in images])
            encoded["image_grid_thw"] = torch.cat([image.grid for image in images])
        return encoded

    def _chat(self, messages: Sequence[Message]) -> str:
        """The conversation in the model's chat format, up to the start of its reply."""
        chat = [{"role": message.role, "content": self._content(message)} for message in messages]
        try:
            rendered: str = self.tokenizer.apply_chat_template(
                chat, chat_template=self.template, add_generation_prompt=True, tokenize=False
            )
        except ValueError as error:  # the tokenizer has no template
            raise ModelLost(f"the model has no usable chat template: {one_line(str(error))}") from error
        return rendered

    def _content(self, message: Message) -> str | list[dict[str, str]]:
        if all(isinstance(part, TextPart) for part in message.parts):
            return self._escape_image_token(message.text)
        return [
            {"type": "text", "text": self._escape_image_token(part.text)}
            if isinstance(part, TextPart)
            else {"type": "image"}
            for part in message.parts
        ]

    def _escape_image_token(self, text: str) -> str:
        """Break up the image token's name in `text`, where it would count as an image."""
        name: str = self.tokenizer.convert_ids_to_tokens(self.image_token)
        return text.replace(name, name.replace("|", "| "))

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
