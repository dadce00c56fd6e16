"""Runs an official agent from its checkout with a stubbed client, and keeps the requests that it would send."""

import base64
import importlib
import io
import logging
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from official_families import OfficialAgent
from PIL import Image

from screenwright.agent.core.coordinates import ImageRule, smart_resize
from screenwright.envs.geometry import Size

ABSENT = (
    "cv2",
    "dashscope",
    "google",
    "jsonlines",
    "lxml",
    "megfile",
    "mm_agents.accessibility_tree_wrap",
    "oss2",
    "pytesseract",
    "qwen_vl_utils",
    "transformers",
    "vllm",
    "volcenginesdkarkruntime",
)
"""Packages that the agents import for other things than their requests; they are replaced by empty ones."""


class _Placeholder(Exception):
    """Stands for whatever an absent package defines; an exception, because some are named in `except`."""


class _Absent(ModuleType):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Placeholder


class _AbsentPackages:
    """Finds every module in the packages `ABSENT`."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if any(name == absent or name.startswith(f"{absent}.") for absent in ABSENT):
            return ModuleSpec(name, _AbsentPackages, is_package=True)  # type: ignore[arg-type]  # a loader by its methods
        return None

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return _Absent(spec.name)

    @staticmethod
    def exec_module(_module: ModuleType) -> None:
        pass


@contextmanager
def checkout(folder: Path) -> Generator[None]:
    """Import from `folder`, and forget its modules at the end."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    sys.meta_path.append(_AbsentPackages)
    try:
        yield
    finally:
        sys.meta_path.remove(_AbsentPackages)
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__file__", None) is None or str(folder) in str(sys.modules[name].__file__):
                del sys.modules[name]


class StubbedClient:
    """Answers with `replies` in order, in the place of every client that the agents use; keeps the requests."""

    def __init__(self, replies: Sequence[Mapping[str, str]]) -> None:
        self.requests: list[dict[str, Any]] = []
        self._replies = replies
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=self.create))

    def install(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace the clients in `module` and in the packages that it calls."""
        for name in ("OpenAI", "Ark"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, self.opened)
        for package in ("openai", "httpx", "requests"):
            used = getattr(module, package, None)
            if isinstance(used, ModuleType):
                name = "OpenAI" if package == "openai" else "post"
                monkeypatch.setattr(used, name, self.opened if package == "openai" else self.post)

    def opened(self, **_: Any) -> "StubbedClient":
        """What the constructor of a client returns."""
        return self

    def create(self, *, extra_body: Mapping[str, Any] | None = None, **body: Any) -> Any:
        reply = self._reply({**body, **(extra_body or {})})
        message = SimpleNamespace(content=reply["content"], reasoning_content=reply.get("reasoning"))
        choice = SimpleNamespace(message=message, delta=message, finish_reason="stop")
        return [SimpleNamespace(choices=[choice])] if body.get("stream") else SimpleNamespace(choices=[choice])

    def post(self, _url: str, **options: Any) -> Any:
        reply = self._reply(options["json"])
        message = {"role": "assistant", "content": reply["content"], "reasoning_content": reply.get("reasoning")}
        body = {"choices": [{"message": message, "finish_reason": "stop"}]}
        return SimpleNamespace(status_code=200, json=lambda: body, text="")

    def _reply(self, body: dict[str, Any]) -> Mapping[str, str]:
        self.requests.append(_copied(body))
        return self._replies[len(self.requests) - 1]


@dataclass(frozen=True, slots=True)
class OfficialEpisode:
    """What an official agent did: its requests, and the code of its actions."""

    requests: list[dict[str, Any]]
    actions: list[str]


def official_episode(
    folder: Path,
    family: OfficialAgent,
    task: str,
    screenshots: Sequence[bytes],
    replies: Sequence[Mapping[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    single_steps: bool = False,
) -> OfficialEpisode:
    """The official agent with a screenshot and a reply for each step; with `single_steps`, each is an episode."""
    for name in ("DOUBAO_API_URL", "DOUBAO_API_KEY", "OPENCUA_API_KEY", "KIMI_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")
    with checkout(folder):
        loaded = importlib.import_module(family.module)
        for name, value in family.replaced.items():
            monkeypatch.setattr(loaded, name, value)
        client = StubbedClient(replies)
        client.install(loaded, monkeypatch)
        adapter = family.adapter
        official = adapter(loaded, client) if adapter else getattr(loaded, family.agent)(**family.settings)
        actions = []
        for step, screenshot in enumerate(screenshots):
            if step == 0 or single_steps:
                official.reset(logging.getLogger("official"))
            actions.append(str(official.predict(task, {"screenshot": screenshot, "accessibility_tree": None})[1]))
    return OfficialEpisode(client.requests, actions)


def _copied(value: Any) -> Any:
    """A deep copy, since agents change their lists of messages later."""
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list | tuple) else value


# -- what is compared


def normalized(messages: Sequence[Mapping[str, Any]], rule: ImageRule) -> list[dict[str, Any]]:
    """The messages with the content as a list of parts, and each image as its size after the server's resize."""
    return [
        {
            **{name: value for name, value in message.items() if name not in ("content", "tool_call_id")},
            "content": _parts(message.get("content"), rule),
        }
        for message in messages
    ]


def _parts(content: Any, rule: ImageRule) -> list[Any]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [content]
    return [part["text"] if part["type"] == "text" else _size(part["image_url"]["url"], rule) for part in content]


def _size(url: str, rule: ImageRule) -> tuple[int, int]:
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        size = smart_resize(Size(*image.size), rule.factor, rule.min_pixels, rule.max_pixels)
        return size.width, size.height
