"""Screenwright works a screen as a person does: it looks at a screenshot, thinks, and acts with mouse and keyboard.

    from screenwright import Agent, BrowserEnv

    with BrowserEnv("https://example.org") as env:
        print(Agent("reader").run('Click "More information"', env).stop)

Names are imported when they are first used, so that this package costs nothing to import and needs only the extras
of what is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._extras import missing_extra
from ._version import __version__

if TYPE_CHECKING:
    from .agent.agent import Agent, Result
    from .agent.dialects.dialect import Dialect
    from .agent.dialects.registry import dialect_named
    from .agent.dialects.thoughts import Thoughts
    from .agent.dialects.ui_tars import UiTars15
    from .agent.episode import Episode
    from .agent.events import (
        Acted,
        Change,
        ChangeKind,
        Checked,
        Condensed,
        Decided,
        Ended,
        Event,
        Misread,
        NeedsUser,
        Noted,
        Observed,
        Reflected,
        Replied,
        Resumed,
        Started,
        Stepped,
        Told,
        Trouble,
    )
    from .agent.guard import Allow, Deny, Guard
    from .agent.history import (
        ChangeHistory,
        ChunkedHistory,
        History,
        KeepAllHistory,
        KeyframeHistory,
        WindowHistory,
        history_named,
    )
    from .agent.limits import Limits, StopReason
    from .agent.messages import ImageFormat, ImagePart, Message, TextPart, Turn
    from .agent.models.local import LocalModel
    from .agent.models.model import Completion, Model, ModelInfo, ModelLost, Sampling, Usage
    from .agent.models.reader import ReaderModel, read_screen
    from .agent.models.scripted import ScriptedModel
    from .agent.models.served import ServedModel
    from .agent.oversight import Check, Claim, Oversight, Rung, Verdict
    from .agent.policy import ModelPolicy, Policy, ScriptedPolicy
    from .agent.second_look import ModelCheck
    from .agent.trajectory import Run, RunError, read_run
    from .agent.viewer import render_page
    from .envs.actions import (
        Action,
        Back,
        Button,
        ButtonDown,
        ButtonUp,
        Click,
        Direction,
        Drag,
        Home,
        Hotkey,
        KeyDown,
        KeyUp,
        LongPress,
        Move,
        Navigate,
        OpenApp,
        Scroll,
        Type,
        Wait,
    )
    from .envs.android import AndroidEnv
    from .envs.browser import BrowserEnv
    from .envs.browser.window import BrowserWindowEnv
    from .envs.desktop import DesktopEnv, Stopping, VirtualDisplay
    from .envs.env import ActionRefused, Done, Env, EnvError, EnvLost, EnvUnavailable, Observation
    from .envs.fake import FakeEnv
    from .envs.geometry import ScreenPoint, Size
    from .envs.osworld import OSWorldEnv
    from .envs.screenshot import Screenshot
    from .envs.vnc import VncEnv

_HOMES = {
    "agent.agent": ("Agent", "Result"),
    "agent.dialects.dialect": ("Dialect",),
    "agent.dialects.registry": ("dialect_named",),
    "agent.dialects.thoughts": ("Thoughts",),
    "agent.dialects.ui_tars": ("UiTars15",),
    "agent.episode": ("Episode",),
    "agent.events": (
        "Acted",
        "Change",
        "ChangeKind",
        "Checked",
        "Condensed",
        "Decided",
        "Ended",
        "Event",
        "Misread",
        "NeedsUser",
        "Noted",
        "Observed",
        "Reflected",
        "Replied",
        "Resumed",
        "Started",
        "Stepped",
        "Told",
        "Trouble",
    ),
    "agent.guard": ("Allow", "Deny", "Guard"),
    "agent.history": (
        "ChangeHistory",
        "ChunkedHistory",
        "History",
        "KeepAllHistory",
        "KeyframeHistory",
        "WindowHistory",
        "history_named",
    ),
    "agent.limits": ("Limits", "StopReason"),
    "agent.messages": ("ImageFormat", "ImagePart", "Message", "TextPart", "Turn"),
    "agent.models.local": ("LocalModel",),
    "agent.models.model": ("Completion", "Model", "ModelInfo", "ModelLost", "Sampling", "Usage"),
    "agent.models.reader": ("ReaderModel", "read_screen"),
    "agent.models.scripted": ("ScriptedModel",),
    "agent.models.served": ("ServedModel",),
    "agent.oversight": ("Check", "Claim", "Oversight", "Rung", "Verdict"),
    "agent.policy": ("ModelPolicy", "Policy", "ScriptedPolicy"),
    "agent.second_look": ("ModelCheck",),
    "agent.trajectory": ("Run", "RunError", "read_run"),
    "agent.viewer": ("render_page",),
    "envs.actions": (
        "Action",
        "Back",
        "Button",
        "ButtonDown",
        "ButtonUp",
        "Click",
        "Direction",
        "Drag",
        "Home",
        "Hotkey",
        "KeyDown",
        "KeyUp",
        "LongPress",
        "Move",
        "Navigate",
        "OpenApp",
        "Scroll",
        "Type",
        "Wait",
    ),
    "envs.android": ("AndroidEnv",),
    "envs.browser": ("BrowserEnv",),
    "envs.browser.window": ("BrowserWindowEnv",),
    "envs.desktop": ("DesktopEnv", "Stopping", "VirtualDisplay"),
    "envs.env": ("ActionRefused", "Done", "Env", "EnvError", "EnvLost", "EnvUnavailable", "Observation"),
    "envs.fake": ("FakeEnv",),
    "envs.geometry": ("ScreenPoint", "Size"),
    "envs.osworld": ("OSWorldEnv",),
    "envs.screenshot": ("Screenshot",),
    "envs.vnc": ("VncEnv",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Acted",
    "Action",
    "ActionRefused",
    "Agent",
    "Allow",
    "AndroidEnv",
    "Back",
    "BrowserEnv",
    "BrowserWindowEnv",
    "Button",
    "ButtonDown",
    "ButtonUp",
    "Change",
    "ChangeHistory",
    "ChangeKind",
    "Check",
    "Checked",
    "ChunkedHistory",
    "Claim",
    "Click",
    "Completion",
    "Condensed",
    "Decided",
    "Deny",
    "DesktopEnv",
    "Dialect",
    "Direction",
    "Done",
    "Drag",
    "Ended",
    "Env",
    "EnvError",
    "EnvLost",
    "EnvUnavailable",
    "Episode",
    "Event",
    "FakeEnv",
    "Guard",
    "History",
    "Home",
    "Hotkey",
    "ImageFormat",
    "ImagePart",
    "KeepAllHistory",
    "KeyDown",
    "KeyUp",
    "KeyframeHistory",
    "Limits",
    "LocalModel",
    "LongPress",
    "Message",
    "Misread",
    "Model",
    "ModelCheck",
    "ModelInfo",
    "ModelLost",
    "ModelPolicy",
    "Move",
    "Navigate",
    "NeedsUser",
    "Noted",
    "OSWorldEnv",
    "Observation",
    "Observed",
    "OpenApp",
    "Oversight",
    "Policy",
    "ReaderModel",
    "Reflected",
    "Replied",
    "Result",
    "Resumed",
    "Run",
    "RunError",
    "Rung",
    "Sampling",
    "ScreenPoint",
    "Screenshot",
    "ScriptedModel",
    "ScriptedPolicy",
    "Scroll",
    "ServedModel",
    "Size",
    "Started",
    "Stepped",
    "StopReason",
    "Stopping",
    "TextPart",
    "Thoughts",
    "Told",
    "Trouble",
    "Turn",
    "Type",
    "UiTars15",
    "Usage",
    "Verdict",
    "VirtualDisplay",
    "VncEnv",
    "Wait",
    "WindowHistory",
    "__version__",
    "dialect_named",
    "history_named",
    "read_run",
    "read_screen",
    "render_page",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value: object = getattr(import_module(f".{home}", __name__), name)
    except ModuleNotFoundError as error:
        raise missing_extra(error) or error from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
