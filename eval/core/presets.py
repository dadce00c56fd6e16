"""Protocols that published figures were made by, each as the settings that give it, with its source.

What is set beside a preset is taken, and told wherever the preset is named; so a figure that says `preset X` alone was
made by exactly these settings. `differs` says what of the protocol no setting of ours can give.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_RUNNER = "xlang-ai/OSWorld, run_multienv_uitars15_v1.py and mm_agents/uitars15_v1.py"
_REPAIRS = (
    "a reply that cannot be read is answered with the reason, twice at most, at temperature 0.7; the official agent "
    "asks again three times at 1, without a reason"
)
_CIRCLES = "a run that goes in an endless circle is ended; the official loop goes on to its last step"
_REST = ("ready_s=60", "rest_s=20", "unfinished=fail")
"""A machine that comes to rest for 60 s before and 20 s after; an episode without an end counts as giving up."""


@dataclass(frozen=True, slots=True)
class Preset:
    """The settings of a protocol. `values` are those of `EvalSettings`, `source` where they were read."""

    name: str
    benchmark: str
    values: Mapping[str, object]
    source: str
    differs: tuple[str, ...] = ()


def _ui_tars_15(steps: int) -> Preset:
    return Preset(
        f"ui-tars-1.5-osworld-{steps}",
        "osworld",
        {
            "steps": steps, "dialect": "ui-tars-1.5", "prompt": "computer", "language": "Chinese",
            "history": "window:5", "temperature": 0.0, "top_p": 0.9, "max_tokens": 1000, "image_format": "png",
            "reflect": False,
            "option": (*_REST, "pause_s=3"),
        },
        f"{_RUNNER}: runtime_conf (which overrules the flags' temperature of 1.0), history_n 5, sleep_after_execution "
        "3.0; published with 15, 50 and 100 steps",
        (
            _REPAIRS,
            _CIRCLES,
            "a call for the user ends the episode at once; the official agent waits three times first",
        ),
    )  # fmt: skip


def _ui_tars_10(steps: int) -> Preset:
    return Preset(
        f"ui-tars-1.0-osworld-{steps}",
        "osworld",
        {
            "steps": steps, "trials": 3, "dialect": "ui-tars-1.0", "prompt": "computer", "language": "Chinese",
            "history": "window:5", "temperature": 1.0, "top_p": 0.9, "max_tokens": 1500, "image_format": "png",
            "reflect": False,
            "option": (*_REST, "pause_s=3"),
        },
        "arXiv 2501.12326: mean of 3 runs, 5 images, no finish counts as infeasible; the paper states no sampling, and "
        "this is that of run_multienv_uitars.py",
        (_REPAIRS, _CIRCLES),
    )  # fmt: skip


def _ui_tars_15_web(benchmark: str) -> Preset:
    return Preset(
        f"ui-tars-1.5-{benchmark}",
        benchmark,
        {
            "steps": 100, "dialect": "ui-tars-1.5", "prompt": "browser", "language": "Chinese", "history": "window:5",
            "temperature": 0.0, "top_p": 0.9, "max_tokens": 1000, "image_format": "png",
            "reflect": False,
        },
        f"history and sampling of {_RUNNER}",
        (
            _REPAIRS,
            _CIRCLES,
            "neither the step budget nor the prompt of the published browser figures is stated anywhere: 100 steps and "
            "our browser prompt are choices",
            "judged in our own words unless --judge-prompts gives the official ones",
        ),
    )  # fmt: skip


_ALL = (
    *(_ui_tars_15(steps) for steps in (15, 50, 100)),
    *(_ui_tars_10(steps) for steps in (15, 50)),
    Preset(
        "doubao-osworld-15",
        "osworld",
        {
            "steps": 15, "dialect": "doubao", "prompt": "computer", "language": "Chinese", "history": "window:5",
            "temperature": 0.0, "max_tokens": 3000, "image_format": "png",
            "reflect": False,
            "option": ("ready_s=60", "rest_s=20", "pause_s=3"),
        },
        "xlang-ai/OSWorld, run_multienv_uitars15_v2.py and mm_agents/uitars15_v2.py",
        (_REPAIRS, _CIRCLES, "a system message stands before the prompt, which the official agent leaves out"),
    ),
    Preset(
        "seed-osworld-100",
        "osworld",
        {
            "steps": 100, "dialect": "seed-xml", "history": "window:5", "temperature": 1.0, "top_p": 0.7,
            "max_tokens": 4096, "image_format": "png",
            "reflect": False, "option": ("ready_s=60", "rest_s=20", "pause_s=5"),
        },
        "xlang-ai/OSWorld, the runner of mm_agents/seed_agent.py",
        (
            _REPAIRS,
            _CIRCLES,
            "functions are described in our words, and screenshots are user messages, not results of a tool",
        ),
    ),
    *(_ui_tars_15_web(benchmark) for benchmark in ("webvoyager", "online-mind2web")),
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}


def preset_named(name: str) -> Preset:
    """The preset `name`.

    Raises:
        ValueError: there is none; says which there are.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]


def with_preset(given: Mapping[str, object]) -> dict[str, object]:
    """`given` with what its preset sets and it does not; options are joined by name.

    Raises:
        ValueError: there is no such preset, or it is of another benchmark.
    """
    name = given.get("preset")
    if name is None:
        return dict(given)
    preset = preset_named(str(name))
    if given.get("benchmark") != preset.benchmark:
        raise ValueError(f"the preset {preset.name} is of {preset.benchmark}, not of {given.get('benchmark')}")
    options = [*_texts(preset.values.get("option")), *_texts(given.get("option"))]
    by_name = {text.partition("=")[0]: text for text in options}
    return {**preset.values, **given, **({"option": tuple(by_name.values())} if by_name else {})}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
