"""Whole conversations of phone and web agents: ours against what the official code builds from the same replies.

Needs checkouts of Tongyi-MAI/MAI-UI, stepfun-ai/gelab-zero, zai-org/Open-AutoGLM, allenai/molmoweb and
OpenGVLab/ScaleCUA; a family whose checkout is missing is skipped.
"""

import io
import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from official_agents import checkout
from PIL import Image

from screenwright.agent.core.messages import ImagePart, TextPart, Turn
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.registry import dialect_named
from screenwright.cli.main import main
from screenwright.envs.geometry import Size

CHECKOUTS = tuple(map(Path, filter(None, os.environ.get("CONFORMANCE_CHECKOUTS", "").split(os.pathsep))))
STEPS = 13
TASK = "Öffne die {Uhr}."
SCREEN = Size(1080, 2400)

Conversation = list[tuple[str, list[str]]]

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not CHECKOUTS, reason="needs official checkouts: run scripts/test-conformance FOLDER..."),
]


class Requests:
    """Stands for the client of an official agent: answers with `replies`, and keeps the messages it is sent."""

    def __init__(self, replies: list[str]) -> None:
        self.sent: list[Conversation] = []
        self._replies = replies
        self.chat = SimpleNamespace(completions=self)
        self.models = SimpleNamespace(list=lambda: SimpleNamespace(data=[SimpleNamespace(id="model")]))

    def create(self, *, messages: list[dict[str, Any]], **_: Any) -> Any:
        return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content=self.answer(messages)))])

    def answer(self, messages: list[dict[str, Any]]) -> str:
        self.sent.append(as_texts(messages))
        return self._replies[len(self.sent) - 1]


def as_texts(messages: list[dict[str, Any]]) -> Conversation:
    """Roles and parts, with `image` for each image."""
    return [
        (each["role"], [each["content"]] if isinstance(each["content"], str) else [*map(as_text, each["content"])])
        for each in messages
    ]


def as_text(part: dict[str, Any]) -> str:
    return str(part["text"]) if part["type"] == "text" else "image"


def ours(dialect: Dialect, replies: list[str]) -> list[Conversation]:
    """The conversation at each step."""
    image = ImagePart(b"", SCREEN)
    found: list[Conversation] = []
    for step in range(STEPS):
        kept = dialect.history.images(step + 1)
        past = [Turn(image if index in kept else None, reply=reply) for index, reply in enumerate(replies[:step])]
        messages = dialect.render(TASK, [*past, Turn(image)])
        parts = [[part.text if isinstance(part, TextPart) else "image" for part in each.parts] for each in messages]
        found.append([(each.role, row) for each, row in zip(messages, parts, strict=True)])
    return found


@contextmanager
def official(dialect: str, file: str, root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[None]:
    """Import from the checkout that has `file`, in its folder `root`, and add its prompt."""
    folder = next((each for each in CHECKOUTS if (each / file).is_file()), None)
    if folder is None:
        pytest.skip(f"no checkout has {file}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    main(["prompts", "add", dialect, str(folder), "--any-version"])
    with checkout(folder / root):
        yield


class Phone:
    """Stands for AutoGLM's device and for its executor."""

    def get_screenshot(self, _device: object) -> Any:
        return SimpleNamespace(base64_data="AA==", width=SCREEN.width, height=SCREEN.height)

    def get_current_app(self, _device: object) -> str:
        return "App"

    def execute(self, *_: object) -> Any:
        return SimpleNamespace(success=True, should_finish=False, message=None)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PNG")
    return buffer.getvalue()


def test_mai_ui(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    call = '{{"name": "mobile_use", "arguments": {{"action": "click", "coordinate": [{0}, {1}]}}}}'
    form = f"<thinking>\nZuerst {{0}}.\n</thinking>\n<tool_call>\n{call}\n</tool_call>"
    replies = [form.format(71 * step, 999 - step) for step in range(STEPS)]
    with official("mai-ui", "src/prompt.py", "src", monkeypatch, tmp_path):
        agent = import_module("mai_naivigation_agent").MAIUINaivigationAgent("http://127.0.0.1:9", "model")
        agent.llm = requests = Requests(replies)
        agent.reset()
        for _ in replies:
            agent.predict(TASK, {"screenshot": Image.open(io.BytesIO(png()))})
        assert ours(dialect_named("mai-ui"), replies) == requests.sent


def test_step_gui(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    form = "<THINK> hm </THINK>\nexplain:Tap.\taction:CLICK\tpoint:5,{0}\tsummary:Schritt {0}: x"
    replies = [form.format(step) for step in range(STEPS)]
    with official("step-gui", "copilot_tools/parser_0920_summary.py", "", monkeypatch, tmp_path):
        parser = import_module("copilot_tools.parser_0920_summary").Parser0920Summary()
        actions = [parser.str2action(reply) for reply in replies]
        screens = [{"image": "", "user_comment": ""}] * STEPS
        built = [parser.env2messages4ask(TASK, screens[: step + 1], actions[:step]) for step in range(STEPS)]
        assert ours(dialect_named("step-gui"), replies) == [*map(as_texts, built)]


@pytest.mark.parametrize(("lang", "language"), [("en", "English"), ("cn", "Chinese")])
def test_autoglm(lang: str, language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replies = [f'Schritt {step}.\ndo(action="Tap", element=[{step},5])' for step in range(STEPS)]
    requests = Requests(replies)
    with official("autoglm", "phone_agent/agent.py", "", monkeypatch, tmp_path):
        module = import_module("phone_agent.agent")
        monkeypatch.setattr(module, "get_device_factory", Phone)
        agent = module.PhoneAgent(agent_config=module.AgentConfig(lang=lang, verbose=False))
        split: Callable[[str], tuple[str, str]] = agent.model_client._parse_response

        def request(messages: list[dict[str, Any]]) -> Any:
            thinking, action = split(requests.answer(messages))
            return SimpleNamespace(thinking=thinking, action=action)

        agent.model_client = SimpleNamespace(request=request)
        agent.action_handler = Phone()
        for step in range(STEPS):
            agent.step(TASK if step == 0 else None)
        app = json.dumps({"current_app": "App"})  # the name of the open app is not known to us
        expected = [
            [(role, [part.replace(app, "{}") for part in parts]) for role, parts in sent] for sent in requests.sent
        ]
        dialect: Any = dialect_named("autoglm")
        assert ours(replace(dialect, language=language), replies) == expected


def test_molmoweb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replies = [
        json.dumps({"thought": f"Schritt {step}: ü", "action": {"name": "click", "x": step / 2, "y": 99}})
        for step in range(STEPS)
    ]
    with official("molmoweb", "agent/multimodal_agent.py", "", monkeypatch, tmp_path):
        package: Any = ModuleType("agent")  # a namespace, which our own folder of that name hides
        package.__path__ = [str(Path(sys.path[0]) / "agent")]
        monkeypatch.setitem(sys.modules, "agent", package)
        numpy = import_module("numpy")
        agent = import_module("agent.multimodal_agent").MultimodalAgent("http://127.0.0.1:9", max_past_steps=10)
        requests = Requests(replies)

        def predict(*, prompt: str, **_: Any) -> str:
            content = [{"type": "text", "text": prompt}, {"type": "image"}]
            return requests.answer([{"role": "user", "content": content}])

        agent.predictor = SimpleNamespace(predict=predict)
        screen = numpy.zeros((720, 1280, 3), numpy.uint8)
        page = {"active_page_index": [0], "open_pages_titles": [""], "open_pages_urls": [""], "url": ""}
        for _ in replies:
            agent.predict_action({**page, "goal": TASK, "screenshot": screen})
        assert ours(dialect_named("molmoweb"), replies) == requests.sent


def test_scalecua(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    form = "<think>\nhm\n</think>\n<operation>\nSchritt {0}\n</operation>\n<action>\nclick(x={0}, y=5)\n</action>"
    replies = [form.format(step) for step in range(STEPS)]
    file = "evaluation/OSWorld/mm_agents/scalecua_agent.py"
    with official("scalecua", file, "evaluation/OSWorld", monkeypatch, tmp_path):
        agent = import_module("mm_agents.scalecua_agent").ScaleCUA(max_steps=STEPS + 1)
        agent.vlm = requests = Requests(replies)
        for _ in replies:
            agent.predict(TASK, {"screenshot": png(), "accessibility_tree": None})
        assert ours(dialect_named("scalecua"), replies) == requests.sent
