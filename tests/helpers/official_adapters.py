"""Official agents with other methods than those of OSWorld, in the form of OSWorld's: `reset`, `predict`."""

import base64
import io
import logging
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

from PIL import Image

from screenwright.agent.core.coordinates import smart_resize
from screenwright.envs.geometry import Size


@dataclass(frozen=True, slots=True)
class _Shown:
    """A screenshot in the place of an opened image; its pixels are not needed."""

    png: bytes
    size: tuple[int, int]

    def convert(self, _mode: str) -> "_Shown":
        return self


def _same(shown: _Shown) -> _Shown:
    return shown


class VenusNavigation:
    """UI-Venus' `VenusNaviAgent`, which runs its model itself and reads screenshots from files."""

    def __init__(self, module: Any, client: Any, prompt: str = "") -> None:
        self._client = client
        self._config = SimpleNamespace(min_pixels=3136, max_pixels=12_845_056)
        self._messages = module.NaviVLLM.create_message_for_image
        if prompt:
            module.USER_PROMPT = getattr(sys.modules[module.parse_answer.__module__], prompt)
        module.NaviVLLM = self._model
        module.smart_resize = _smart_resize
        module.Image = SimpleNamespace(open=_same)
        self._agent = module.VenusNaviAgent(self._config, logging.getLogger("official"))

    def reset(self, _logger: logging.Logger) -> None:
        """Forget the episode."""
        self._agent.reset()

    def predict(self, task: str, observation: dict[str, Any]) -> tuple[str, str]:
        """The action in one step."""
        with Image.open(io.BytesIO(observation["screenshot"])) as image:
            shown = _Shown(observation["screenshot"], image.size)
        x, y = self._agent.step(task, shown)["params"]["box"]
        return "", f"click({x}, {y})"

    def _model(self, **_settings: object) -> Any:
        return self._reply

    def _reply(self, data: list[tuple[Any, str]]) -> list[list[str]]:
        (shown, query) = data[0]
        messages = self._messages(SimpleNamespace(model_config=self._config), shown, query)
        for part in messages[1]["content"]:
            if part["type"] == "image":
                part.update(type="image_url", image_url=_url(part.pop("image").png))
        reply = self._client.create(messages=messages, temperature=0.0, max_tokens=2048, repetition_penalty=1.05)
        return [[reply.choices[0].message.content]]


def venus_in_browsers(module: ModuleType, client: Any) -> VenusNavigation:
    """The agent of UI-Venus-1.5 with its prompt for web pages."""
    return VenusNavigation(module, client, "WEB_USER_PROMPT")


class GlmExample:
    """The functions of GLM-V's example for computers, one call after the other."""

    def __init__(self, module: Any, client: Any) -> None:
        self._module, self._client = module, client
        self.reset()

    def reset(self, _logger: logging.Logger | None = None) -> None:
        """Forget the episode."""
        self._replies: list[str] = []
        self._screenshots: list[bytes] = []

    def predict(self, task: str, observation: dict[str, Any]) -> tuple[str, str]:
        """The reply in one step; the example carries nothing out."""
        memory = self._module.parse_pc_response(self._replies[-1])["memory"] if self._replies else "[]"
        small = self._module.build_history_images(self._screenshots)
        content = self._module.get_pc_prompt(task, self._replies, memory, small)
        content.append({"type": "image_url", "image_url": _url(observation["screenshot"])})
        reply = self._module.call_openai_api([{"role": "user", "content": content}], self._client, "glm-4.5v")
        self._replies.append(reply)
        self._screenshots.append(observation["screenshot"])
        return reply, ""


def _smart_resize(height: int, width: int, *, min_pixels: int, max_pixels: int, factor: int = 28) -> tuple[int, int]:
    """That of `qwen_vl_utils`, whose sizes have the height first."""
    size = smart_resize(Size(width, height), factor, min_pixels, max_pixels)
    return size.height, size.width


def _url(png: bytes) -> dict[str, str]:
    return {"url": f"data:image/png;base64,{base64.b64encode(png).decode()}"}
