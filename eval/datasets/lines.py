"""The lines of an export: a conversation as JSON, and its images as files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Literal

from screenwright._files import write_file

from ...agent.core.messages import FunctionCall, ImagePart, Message
from ...agent.core.model import Sampling
from ...agent.record.trajectory import RunError

Layout = Literal["chat", "hf", "trl"]

IMAGES = "images"
"""The folder of the images, next to the file of the lines."""


class LineWriter:
    """Writes lines, and each image once, named by its SHA-256.

    A line of `chat` and `hf` has all messages, each with its `loss`; one of `trl` has a `prompt` and a `completion`, as
    TRL's trainers expect them.
    """

    def __init__(self, file: IO[str], folder: Path, layout: Layout) -> None:
        self._file, self._folder, self._layout = file, folder, layout
        self._written: set[str] = set()

    @property
    def images(self) -> int:
        """The number of different images so far."""
        return len(self._written)

    def write(
        self,
        metadata: Mapping[str, object],
        messages: tuple[Message, ...],
        learned: Mapping[int, tuple[int, ...]],
        request: Sampling,
    ) -> None:
        """Write one conversation; the messages at the indices `learned` have a loss of 1.

        The values are the tokens that the model sampled, empty if they are unknown; only `chat` has a place for them.
        `request` has the functions and the template variables with which the model was asked.

        Raises:
            RunError: the layout cannot express the conversation.
        """
        images = [self._image(part) for message in messages for part in message.parts if isinstance(part, ImagePart)]
        line = {**metadata, **self._conversation(messages, learned)}
        if self._layout != "chat" and any(message.calls for message in messages):
            raise RunError(f"the layout {self._layout} has no place for function calls: use --format chat")
        line |= self._request(request)
        key = "images" if self._layout == "chat" else "images_file_names"
        self._file.write(json.dumps({**line, key: images}, ensure_ascii=False) + "\n")

    def write_pair(
        self,
        metadata: Mapping[str, object],
        prompt: tuple[Message, ...],
        chosen: Message,
        rejected: Message,
        request: Sampling,
    ) -> None:
        """Write two replies to the same prompt; `request` is that of `write`.

        Raises:
            RunError: the prompt has function calls, which the layout cannot express.
        """
        if any(message.calls for message in prompt):
            raise RunError(f"the layout {self._layout} has no place for function calls")
        images = [self._image(part) for message in prompt for part in message.parts if isinstance(part, ImagePart)]
        line = {
            **metadata,
            **self._request(request),
            "prompt": list(map(self._message, prompt)),
            "chosen": [self._message(chosen)],
            "rejected": [self._message(rejected)],
            "images_file_names": images,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _request(self, request: Sampling) -> dict[str, object]:
        line: dict[str, object] = {}
        if request.tools:
            tools = [dict(tool) for tool in request.tools]
            line["tools"] = tools if self._layout == "chat" else json.dumps(tools)  # a column has one type
        if request.chat_template_kwargs:
            line["chat_template_kwargs"] = dict(request.chat_template_kwargs)
        return line

    def _conversation(self, messages: tuple[Message, ...], learned: Mapping[int, tuple[int, ...]]) -> dict[str, object]:
        if self._layout == "trl":
            assert list(learned) == [len(messages) - 1]
            return {
                "prompt": [self._message(one) for one in messages[:-1]],
                "completion": [self._message(messages[-1])],
            }
        written = [{**self._message(one), "loss": int(index in learned)} for index, one in enumerate(messages)]
        for index, tokens in learned.items():
            if tokens and self._layout == "chat":
                written[index]["token_ids"] = tokens
        return {"messages": written}

    def _message(self, message: Message) -> dict[str, object]:
        written: dict[str, object] = {"role": message.role, "content": [self._part(part) for part in message.parts]}
        if message.reasoning:
            written["reasoning_content"] = message.reasoning
        if message.calls:
            written["tool_calls"] = [_call(call) for call in message.calls]
        if message.call_id:
            written["tool_call_id"] = message.call_id
        return written

    def _part(self, part: object) -> dict[str, str | None]:
        if isinstance(part, ImagePart):
            return (
                {"type": "image", "image": self._image(part)}
                if self._layout == "chat"
                else {"type": "image", "text": None}
            )
        return {"type": "text", "text": getattr(part, "text", "")}

    def _image(self, part: ImagePart) -> str:
        name = f"{IMAGES}/{part.sha256}.{part.image_format}"
        if name not in self._written:
            path = self._folder / name
            path.parent.mkdir(exist_ok=True)
            write_file(path, part.data, inside=self._folder, sync=False)
            self._written.add(name)
        return name


def _call(call: FunctionCall) -> dict[str, object]:
    return {
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": dict(call.arguments)},
    }
