"""Where the prompts of UI-TARS and Doubao are published.

ByteDance has published two kinds. The prompts of UI-TARS 1.0 and 1.5, in the repository until May 2025 and in OSWorld's
agents, ask for `start_box='<|box_start|>(x1,y1)<|box_end|>'`. Those of the Doubao models ask for `<point>`, and are the
only ones in the `ui-tars` wheel.
"""

import re

from ui_tars.prompt import COMPUTER_USE_DOUBAO, GROUNDING_DOUBAO, MOBILE_USE_DOUBAO

from ....prompts.official import OfficialPrompt, OfficialText
from ....prompts.render import render
from .prompt_kind import Prompt

WHEEL = {
    Prompt.COMPUTER: COMPUTER_USE_DOUBAO,
    Prompt.BROWSER: COMPUTER_USE_DOUBAO,
    Prompt.MOBILE: MOBILE_USE_DOUBAO,
    Prompt.GROUNDING: GROUNDING_DOUBAO,
}
"""The prompts of the `ui-tars` wheel, which is always installed."""

USER, ACTION_SPACE = "user", "action_space"
"""The texts of a prompt: the message, and the actions if they are published separately."""


def _bytedance(path: str, name: str, sha256: str, *, commit: str = "", package: str = "") -> OfficialPrompt:
    return OfficialPrompt("bytedance/UI-TARS", {USER: OfficialText(path, name, sha256)}, commit, package)


def _osworld(path: str, **texts: tuple[str, str]) -> OfficialPrompt:
    declared = {key: OfficialText(f"mm_agents/{path}", name, sha256) for key, (name, sha256) in texts.items()}
    return OfficialPrompt("xlang-ai/OSWorld", declared, package="desktop-env")


_THOUGHT = ("UITARS_USR_PROMPT_THOUGHT", "41ccb5f9ef89a27c5d430e6fbb84a58e4cb9c8487f0b913531537017a3922667")
_COMPUTER_15 = _bytedance(
    "prompts.py",
    "COMPUTER_USE",
    "5363caa4e115ab3da862dd7a0cf8bf2859c7611ac8551e0336901bb0776ddd34",
    commit="3472240",
)
_OSWORLD_15 = _osworld(
    "uitars15_v1.py",
    user=_THOUGHT,
    action_space=("UITARS_NORMAL_ACTION_SPACE", "d9cb5b6d033bebf2ae985117b67b643856c0e28f35dbb234d66beea3a93cc65e"),
)
_OSWORLD_10 = _osworld(
    "prompts.py",
    user=_THOUGHT,
    action_space=("UITARS_CALL_USR_ACTION_SPACE", "a41c771b962714e75feee4d2fb184e0733f1adb147b530fdf84740d131ceb18c"),
)
_OSWORLD_DOUBAO = _osworld(
    "uitars15_v2.py",
    user=("COMPUTER_USE_DOUBAO", "a7f200ab42e2588270e71672c326fa050030240e0f82e3d6228ada9b23eb3e0b"),
)
_WHEEL_COMPUTER = _bytedance(
    "codes/ui_tars/prompt.py",
    "COMPUTER_USE_DOUBAO",
    "0fd4d14c3890f672de26132b5a8dccf602f413a6187e92b9b182333c7e6bd49b",
    package="ui-tars",
)

UI_TARS_15 = {
    Prompt.COMPUTER: (_COMPUTER_15, _OSWORLD_15),
    Prompt.BROWSER: (_COMPUTER_15, _OSWORLD_15),
    Prompt.MOBILE: (
        _bytedance(
            "prompts.py",
            "MOBILE_USE",
            "2367ade469667c65cc6c7f2a85cab969a2a6192ccc0bd5bda24a88253832c6e7",
            commit="3472240",
        ),
    ),
    Prompt.GROUNDING: (
        _bytedance(
            "prompts.py",
            "GROUNDING",
            "191caaba7ac95bae77849ba8a9f413366649312353ab1a247c82e9cfceaf1c22",
            commit="3472240",
        ),
    ),
}
UI_TARS_15_OSWORLD = {**UI_TARS_15, Prompt.COMPUTER: (_OSWORLD_15,), Prompt.BROWSER: (_OSWORLD_15,)}
UI_TARS_10 = {
    Prompt.COMPUTER: (_OSWORLD_10,),
    Prompt.BROWSER: (_OSWORLD_10,),
    Prompt.MOBILE: (
        _bytedance("README_v1.md", "prompt", "059f1054d8e0de7c441ce3501b307d0c7a6ae6f404d0617ddcf3831b38725145"),
    ),
    Prompt.GROUNDING: (
        _bytedance("README_v1.md", "prompt", "a4e2911dfe6d2905f2f5a5a5cade038dc3adbd1462da11f6f68557344b5656e3"),
    ),
}
DOUBAO = {
    Prompt.COMPUTER: (_OSWORLD_DOUBAO, _WHEEL_COMPUTER),
    Prompt.BROWSER: (_OSWORLD_DOUBAO, _WHEEL_COMPUTER),
    Prompt.MOBILE: (
        _bytedance(
            "codes/ui_tars/prompt.py",
            "MOBILE_USE_DOUBAO",
            "4c6da47a4608edb035dbbf35a6562fc9d18afdd41aeb374089e30ac4d0a6c47f",
            package="ui-tars",
        ),
    ),
    Prompt.GROUNDING: (
        _bytedance(
            "codes/ui_tars/prompt.py",
            "GROUNDING_DOUBAO",
            "e0fda4eb0b91efda10238a7441ba86278c4edf0c00e465b79bcc18f13abe5b3f",
            package="ui-tars",
        ),
    ),
}


def insert_actions(template: str, lines: str) -> str:
    """Insert the actions of the prompt file `lines` before the last action of `template`, unless it has them."""
    inserted = render(lines)
    if inserted.partition("(")[0] + "(" in template:
        return template
    return re.sub(r"^finished\(", lambda found: f"{inserted}\n{found[0]}", template, count=1, flags=re.MULTILINE)
