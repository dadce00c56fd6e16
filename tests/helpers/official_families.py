"""The official agents: where they are, how their runners construct them, and replies in the form of their family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from official_adapters import GlmExample, VenusNavigation, venus_in_browsers

from screenwright.agent.core.coordinates import smart_resize
from screenwright.envs.geometry import Size

FULL_HD = Size(1920, 1080)
POINTS = ((120, 240), (500, 500), (812, 64), (33, 990), (700, 300), (250, 750))


@dataclass(frozen=True, slots=True)
class OfficialAgent:
    """An official agent for `dialect`: its class in `module` of a checkout, constructed with `settings`.

    `task` is the task as the agent states it, if it adds to it. `replaced` are functions of the module that would reach
    another machine.

    `reply` is the text of a click, with `{x}`, `{y}` and the number `{n}` of the step; `reasoning` is sent separately.
    `differences` are the parts of the requests that are known to differ, each with the reason; every other part is
    equal, and each of these differs. `only_screen` is the screen that the agent is written for, if there is one, and
    `point_slack` the pixels by which it places points less exactly than the model means them.

    An `adapter` makes the agent from its module and the client, if it is no class in the form of OSWorld's. `marker` is
    a file that tells its checkout from another one with the same module. Without `places_points`, the agent does not
    convert coordinates as its model means them.
    """

    dialect: str
    module: str
    agent: str
    settings: Mapping[str, Any]
    reply: str
    reasoning: str = ""
    task: str = "{task}"
    replaced: Mapping[str, Any] = field(default_factory=dict)
    ours: Mapping[str, Any] = field(default_factory=dict)
    differences: Mapping[str, str] = field(default_factory=dict)
    only_screen: Size | None = None
    point_slack: float = 0.0
    adapter: Callable[[Any, Any], Any] | None = None
    marker: str = ""
    places_points: bool = True


UI_TARS_RUNTIME = {
    "infer_mode": "qwen25vl_normal",
    "prompt_style": "qwen25vl_normal",
    "input_swap": False,
    "language": "English",
    "history_n": 5,
    "max_pixels": 16384 * 28 * 28,
    "min_pixels": 100 * 28 * 28,
    "callusr_tolerance": 3,
    "temperature": 0.0,
    "top_k": -1,
    "top_p": 0.9,
    "max_tokens": 1000,
    "screen_height": 1080,
    "screen_width": 1920,
}
BOX_REPLY = "Thought: Step {n}.\nAction: click(start_box='({x},{y})')"
TOOL_REPLY = (
    'Action: Step {n}.\n<tool_call>\n{{"name": "computer_use", "arguments": '
    '{{"action": "left_click", "coordinate": [{x}, {y}]}}}}\n</tool_call>'
)
OWL_REPLY = (
    "<thinking>\nThought {n}.\n</thinking>\n<tool_call>\n"
    '{{"name": "computer_use", "arguments": {{"action": "click", "coordinate": [{x}, {y}]}}}}'
    "\n</tool_call>\n<conclusion>\nClicked {n}.\n</conclusion>"
)
NEVER = "_never_used_51bce0c785ca2f68081bfa7d91973934"
SEED_REPLY = (
    f"<seed:tool_call{NEVER}><function{NEVER}=click><parameter{NEVER}=point><point>{{x}} {{y}}</point>"
    f"</parameter{NEVER}></function{NEVER}></seed:tool_call{NEVER}>"
)
CODE_REPLY = (
    "# Step {n}\n## Thought:\nThought {n}.\n\n## Action:\nAction {n}.\n\n"
    "## Code:\n```python\npyautogui.click(x={x}, y={y})\n```"
)


def data_url(image: str) -> str:
    """The address of an image in base64, in the place of an upload."""
    return f"data:image/png;base64,{image}"


def qwen25_size(height: int, width: int) -> tuple[int, int]:
    """Height and width within the limits of Qwen2.5-VL's processor; the agent's own are 12 times smaller."""
    size = smart_resize(Size(width, height), 28, 56 * 56, 16384 * 28 * 28)
    return size.height, size.width


VENUS_REPLY = "<think>Step {n}.</think>\n<action>Click(box=({x},{y}))</action>\n<conclusion>Clicked {n}.</conclusion>"

OFFICIAL = (
    OfficialAgent(
        "ui-tars-1.5-osworld",
        "mm_agents.uitars15_v1",
        "UITARSAgent",
        {"model": "ui-tars-1.5-7b", "runtime_conf": UI_TARS_RUNTIME},
        BOX_REPLY,
    ),
    OfficialAgent(
        "ui-tars-1.0",
        "mm_agents.uitars_agent",
        "UITARSAgent",
        {
            "model": "ui-tars-7b-dpo",
            "observation_type": "screenshot",
            "runtime_conf": {**UI_TARS_RUNTIME, "infer_mode": "qwen2vl_user", "prompt_style": "qwen2vl_user"},
        },
        BOX_REPLY,
        only_screen=FULL_HD,
    ),
    OfficialAgent(
        "doubao",
        "mm_agents.uitars15_v2",
        "UITarsAgent",
        {
            "model": "doubao-1-5-thinking-vision-pro",
            "model_type": "doubao",
            "max_tokens": 3000,
            "top_p": None,
            "temperature": 0,
            "max_trajectory_length": None,
            "max_image_history_length": 5,
            "language": "English",
        },
        "Thought: Step {n}.\nAction: click(point='<point>{x} {y}</point>')",
        only_screen=FULL_HD,
    ),
    OfficialAgent(
        "seed-xml",
        "mm_agents.seed_agent",
        "SeedAgent",
        {
            "model": "doubao-seed-1-8",
            "model_type": "doubao",
            "max_tokens": 4096,
            "top_p": 0.7,
            "temperature": 1.0,
            "max_trajectory_length": None,
            "history_n": 5,
        },
        SEED_REPLY,
        task="{task}\nThe sudo password is osworld-public-evaluation",
        reasoning="Step {n}.",
    ),
    OfficialAgent(
        "qwen3-vl",
        "mm_agents.qwen3vl_agent",
        "Qwen3VLAgent",
        {"model": "qwen3-vl", "api_backend": "openai"},
        TOOL_REPLY,
        differences=dict.fromkeys(("temperature", "top_p"), "its client has them, but leaves them to the server"),
    ),
    OfficialAgent(
        "qwen2.5-vl",
        "mm_agents.qwen25vl_agent",
        "Qwen25VLAgent",
        {"temperature": 0.0},
        TOOL_REPLY,
        replaced={"smart_resize": qwen25_size},
    ),
    OfficialAgent(
        "gui-owl-1.5",
        "mm_agents.owl15_agent",
        "Owl15Agent",
        {"model": "gui-owl-1.5-8b", "history_n": 5, "api_url": "http://127.0.0.1:9", "api_key": "none"},
        TOOL_REPLY,
        replaced={"get_image_url": data_url},
    ),
    OfficialAgent(
        "gui-owl-1.0",
        "mm_agents.owl_agent",
        "OwlAgent",
        {"model": "gui-owl-7b", "top_k": -1, "api_url": "http://127.0.0.1:9", "api_key": "none"},
        OWL_REPLY,
        replaced={"get_image_url": data_url},
        differences={"order": "its system message has two texts, which the chat template joins"},
        only_screen=FULL_HD,
    ),
    OfficialAgent(
        "opencua-72b",
        "mm_agents.opencua.opencua_agent",
        "OpenCUAAgent",
        {
            "model": "opencua-72b",
            "history_type": "action_history",
            "max_steps": 100,
            "max_tokens": 2048,
            "coordinate_type": "qwen25",
            "password": "password",
        },
        CODE_REPLY,
        only_screen=FULL_HD,
    ),
    OfficialAgent(
        "kimi",
        "mm_agents.kimi.kimi_agent",
        "KimiAgent",
        {"model": "kimi-k2.5", "max_steps": 100, "password": "unknown"},
        "## Action:\nAction {n}.\n\n## Code:\n```python\npyautogui.click(x=0.{x}, y=0.{y})\n```",
        reasoning="Thought {n}.",
        only_screen=FULL_HD,
    ),
    OfficialAgent(
        "evocua",
        "mm_agents.evocua.evocua_agent",
        "EvoCUAAgent",
        {"model": "EvoCUA-S2", "temperature": 0.01},
        TOOL_REPLY,
    ),
    OfficialAgent(
        "ui-venus-1.5",
        "models.navigation.ui_venus_navi_agent",
        "VenusNaviAgent",
        {},
        VENUS_REPLY,
        adapter=venus_in_browsers,
        marker="models/grounding/ui_venus1_5_gd.py",
        places_points=False,  # it takes the grid of 1000 for pixels
    ),
    OfficialAgent(
        "ui-venus-1.0",
        "models.navigation.ui_venus_navi_agent",
        "VenusNaviAgent",
        {},
        VENUS_REPLY,
        adapter=VenusNavigation,
        marker="models/grounding/ui_venus_ground_7b.py",
    ),
    OfficialAgent(
        "glm-v",
        "examples.gui-agent.glm-45v.gui_agent_45v",
        "",
        {},
        "Step {n}. <|begin_of_box|>left_click(start_box='[{x},{y}]', element_info='it')<|end_of_box|>\n"
        'Memory:\n[{{"step": "{n}"}}]',
        differences={"images": "earlier screenshots are halved after the resize, not before"},
        adapter=GlmExample,
        places_points=False,  # it only parses
    ),
)
