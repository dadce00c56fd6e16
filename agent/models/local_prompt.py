"""A conversation as the tensors that a model of the Qwen-VL family takes, without torchvision.

The family's own processor needs torchvision for videos, of which we have none. So its two halves are used apart: the
tokenizer with its chat template, and the image processor, whose resize is off: images were sized for the model before
they came here, and are shown to it pixel by pixel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from typing import Any

from ..core.messages import ImagePart, Message, TextPart
from ..core.model import ModelLost


@dataclass(frozen=True, slots=True)
class SeenImage:
    """An image as the model takes it: its patches, and how many there are in time, height and width."""

    pixel_values: Any
    grid: Any


@dataclass(slots=True)
class PromptEncoder:
    """Encodes conversations for one model; images that were in the previous one are not worked out again.

    `image_token` is the id of the token that stands for a piece of an image. `template` is the model's chat template
    where its tokenizer does not bring it.
    """

    tokenizer: Any
    image_processor: Any
    image_token: int
    template: str | None = None
    _seen: dict[str, SeenImage] = field(default_factory=dict[str, SeenImage])

    @property
    def factor(self) -> int:
        """Pixels along each side of what one image token shows."""
        return int(self.image_processor.patch_size * self.image_processor.merge_size)

    def encode(self, messages: Sequence[Message]) -> Mapping[str, Any]:
        """What the model's `generate` takes, as tensors on the CPU.

        Raises:
            ModelLost: an image is of a size that this model cannot be shown, or there is no chat template.
        """
        torch = import_module("torch")
        images = self._look_at([part for message in messages for part in message.parts if isinstance(part, ImagePart)])
        counts = [int(image.grid.prod()) // self.image_processor.merge_size**2 for image in images]
        ids = self._with_room_for(counts, self.tokenizer.encode(self._chat(messages), add_special_tokens=False))
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
        """The conversation in the model's own chat format, up to where its reply begins."""
        chat = [{"role": message.role, "content": self._content(message)} for message in messages]
        try:
            rendered: str = self.tokenizer.apply_chat_template(
                chat, chat_template=self.template, add_generation_prompt=True, tokenize=False
            )
        except ValueError as error:  # what the tokenizer raises where it has no template
            raise ModelLost(f"the model cannot be spoken to: {_first_line(error)}") from error
        return rendered

    def _content(self, message: Message) -> str | list[dict[str, str]]:
        if all(isinstance(part, TextPart) for part in message.parts):
            return self._plain(message.text)
        return [
            {"type": "text", "text": self._plain(part.text)} if isinstance(part, TextPart) else {"type": "image"}
            for part in message.parts
        ]

    def _plain(self, text: str) -> str:
        """`text` with the image token's name broken up: written in a text, it would count as an image."""
        name: str = self.tokenizer.convert_ids_to_tokens(self.image_token)
        return text.replace(name, name.replace("|", "| "))

    def _with_room_for(self, counts: Sequence[int], ids: Sequence[int]) -> list[int]:
        """`ids` with each image token repeated as often as its image has pieces."""
        if ids.count(self.image_token) != len(counts):
            raise ModelLost("the model's chat template leaves out images: this is no template for screenshots")
        left = iter(counts)
        return list(chain.from_iterable([each] * next(left) if each == self.image_token else [each] for each in ids))

    def _look_at(self, images: Sequence[ImagePart]) -> list[SeenImage]:
        self._seen = {image.sha256: self._seen.get(image.sha256) or self._process(image) for image in images}
        return [self._seen[image.sha256] for image in images]

    def _process(self, image: ImagePart) -> SeenImage:
        """The image, pixel by pixel.

        Raises:
            ModelLost: its sides are no multiples of what a token shows, or it came out resized.
        """
        if image.size.width % self.factor or image.size.height % self.factor:
            raise ModelLost(
                f"an image of {image.size} does not fit this model, which takes steps of {self.factor} pixels: "
                "choose the dialect that belongs to the model"
            )
        processed = self.image_processor(images=[image.load()], do_resize=False, return_tensors="pt")
        seen = SeenImage(processed["pixel_values"], processed["image_grid_thw"])
        patch = self.image_processor.patch_size
        height, width = (int(side) * patch for side in seen.grid[0, 1:])
        if (width, height) != (image.size.width, image.size.height):
            raise ModelLost(f"the model's own image processor resized an image of {image.size} to {width}x{height}")
        return seen


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
