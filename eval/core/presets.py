"""Protocols of published figures, each as the settings that reproduce it, with its source.

Settings given in addition to a preset override it and are listed with it, so a figure labelled `preset X` was made with
exactly these settings. `differs` lists what no setting can reproduce.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_RUNNER = "xlang-ai/OSWorld, run_multienv_uitars15_v1.py and mm_agents/uitars15_v1.py"
_REPAIRS = (
    "a reply that cannot be parsed is answered with the reason, at most twice, at temperature 0.7; the official "
    "agent asks again three times at 1, without a reason"
)
_LOOPS = "an episode in an endless loop is ended; the official loop continues to its last step"
_PROMPT = (
    "the official prompt is used only if it was added with screenwright prompts; the agent's prompt source says so"
)
_WAITS = ("ready_s=60", "rest_s=20", "unfinished=fail")
"""60 s for the machine to settle before the task and 20 s after; an episode without an end counts as giving up."""

_COMMON: Mapping[str, object] = {"history": "window:5", "image_format": "png", "recovery": False}
_UI_TARS: Mapping[str, object] = {"language": "Chinese", "top_p": 0.9}


@dataclass(frozen=True, slots=True)
class Preset:
    """The settings of a protocol: `values` by the names of `EvalConfig`, `source` where they were found."""

    name: str
    benchmark: str
    values: Mapping[str, object]
    source: str
    differs: tuple[str, ...] = ()


def _preset(name: str, benchmark: str, source: str, *differs: str, **values: object) -> Preset:
    return Preset(name, benchmark, {**_COMMON, **values}, source, (_PROMPT, _REPAIRS, _LOOPS, *differs))


# fmt: off
_ALL = (
    *(
        _preset(
            f"ui-tars-1.5-osworld-{steps}", "osworld",
            f"{_RUNNER}: runtime_conf (which overrides the flags' temperature of 1.0), history_n 5, "
            "sleep_after_execution 3.0; published with 15, 50 and 100 steps",
            "a call for the user ends the episode at once; the official agent waits three times first",
            **_UI_TARS, steps=steps, dialect="ui-tars-1.5-osworld", prompt="computer", temperature=0.0, max_tokens=1000,
            option=(*_WAITS, "pause_s=3"),
        )
        for steps in (15, 50, 100)
    ),
    *(
        _preset(
            f"ui-tars-1.0-osworld-{steps}", "osworld",
            "arXiv 2501.12326: mean of 3 runs, 5 images, no finish counts as infeasible; the paper states no sampling, "
            "and this is that of run_multienv_uitars.py",
            **_UI_TARS, steps=steps, trials=3, dialect="ui-tars-1.0", prompt="computer", temperature=1.0,
            max_tokens=1500, option=(*_WAITS, "pause_s=3"),
        )
        for steps in (15, 50)
    ),
    _preset(
        "doubao-osworld-15", "osworld", "xlang-ai/OSWorld, run_multienv_uitars15_v2.py and mm_agents/uitars15_v2.py",
        "run with --use_thinking",
        steps=15, dialect="doubao", prompt="computer", language="Chinese", temperature=0.0, max_tokens=3000,
        option=("ready_s=60", "rest_s=20", "pause_s=3"),
    ),
    _preset(
        "seed-osworld-100", "osworld", "xlang-ai/OSWorld, the runner of mm_agents/seed_agent.py",
        "function descriptions are our own, and screenshots are user messages instead of tool results",
        steps=100, dialect="seed-xml", temperature=1.0, top_p=0.7, max_tokens=4096,
        option=("ready_s=60", "rest_s=20", "pause_s=5"),
    ),
    *(
        _preset(
            f"ui-tars-1.5-{benchmark}", benchmark, f"history and sampling of {_RUNNER}",
            "the published browser figures state neither their step budget nor their prompt: 100 steps and our browser "
            "prompt are choices",
            "judged with our own prompts unless --judge-prompts gives the official ones",
            **_UI_TARS, steps=100, dialect="ui-tars-1.5", prompt="browser", temperature=0.0, max_tokens=1000,
        )
        for benchmark in ("webvoyager", "online-mind2web")
    ),
)
# fmt: on

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}


def preset_named(name: str) -> Preset:
    """The preset `name`.

    Raises:
        ValueError: there is no such preset; the message lists them.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; available: {', '.join(PRESETS)}")
    return PRESETS[name]
