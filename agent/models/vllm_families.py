"""What vLLM must know about a model family: its parsers for calls and reasoning, and code that it brings.

Sources: the recipes of the vLLM project (github.com/vllm-project/recipes) and the model pages of the families.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from screenwright._files import read_text_file


@dataclass(frozen=True, slots=True)
class ServingProfile:
    """Flags of `vllm serve` for a family.

    `tool_parser` reads function calls and `reasoning_parser` separates reasoning, by the names that vLLM has for them.
    `runs_code` families bring Python code, which vLLM executes with `--trust-remote-code`, a flag for the user to add.
    `flags` are others.
    """

    tool_parser: str = ""
    reasoning_parser: str = ""
    runs_code: bool = False
    flags: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """The flags as arguments of the command."""
        arguments = ["--enable-auto-tool-choice", "--tool-call-parser", self.tool_parser] if self.tool_parser else []
        arguments += ["--reasoning-parser", self.reasoning_parser] if self.reasoning_parser else []
        return [*arguments, *self.flags]


_QWEN35 = ServingProfile("qwen3_coder", "qwen3")
_HERMES = ServingProfile("hermes")
_AUTOGLM = ServingProfile(
    flags=("--chat-template-content-format", "string", "--mm-processor-kwargs", '{"max_pixels":5000000}')
)

_BY_NAME: tuple[tuple[str, ServingProfile], ...] = (
    (r"qwen-?3-?[5-9]|fara-?1-?5|ui-?venus-?2|holo-?[34]", _QWEN35),
    (r"holotron", ServingProfile("qwen3_coder", "nemotron_v3", runs_code=True)),
    (r"holo-?2", ServingProfile(reasoning_parser="holo2")),
    (r"autoglm", _AUTOGLM),
    (r"glm-?(4-?[5-9]v|[5-9]v)", ServingProfile("glm45", "glm45")),
    (r"kimi-?k3", ServingProfile("kimi_k3", "kimi_k3", runs_code=True)),
    (r"kimi-?k2", ServingProfile("kimi_k2", "kimi_k2", runs_code=True)),
    (r"kimi-?vl|opencua|molmo", ServingProfile(runs_code=True)),
    (r"qwen-?(2-?5|3)-?vl|gui-?owl|mai-?ui|evocua|fara", _HERMES),
    (r"gemma-?4", ServingProfile("gemma4", "gemma4")),
    (r"minimax-?m3", ServingProfile("minimax_m3", "minimax_m3", flags=("--block-size", "128"))),
    (r"mimo-?v2", ServingProfile("mimo", "mimo", runs_code=True)),
    (r"step-?3-?[57]", ServingProfile("step3p5", "step3p5", runs_code=True)),
)
"""The first pattern found in a model's name, as the patterns of dialects are. UI-TARS and other families need nothing:
their replies are text."""

_BY_TYPE = {
    "qwen3_5": _QWEN35,
    "qwen3_5_moe": _QWEN35,
    "kimi_k25": ServingProfile("kimi_k2", "kimi_k2", runs_code=True),
    "kimi_k3": ServingProfile("kimi_k3", "kimi_k3", runs_code=True),
    "gemma4": ServingProfile("gemma4", "gemma4"),
}
"""By the `model_type` in a folder's `config.json`, for names that match no pattern.

Only types whose checkpoints all use one form of calls: models of the Qwen-VL types differ.
"""

_SEPARATORS = re.compile(r"[^a-z0-9/]+")


def serving_profile(model: str) -> ServingProfile:
    """The profile of a model by its name, or, for a folder, by its configuration; an empty one if it is unknown."""
    name = _SEPARATORS.sub("-", model.lower().rstrip("/"))
    # The last part of a path comes first: a folder may be named after another model.
    for text in (name.rpartition("/")[2], name):
        for pattern, profile in _BY_NAME:
            if re.search(pattern, text):
                return profile
    return _BY_TYPE.get(_model_type(Path(model)), ServingProfile())


def _model_type(folder: Path) -> str:
    try:
        config = json.loads(read_text_file(folder / "config.json"))
    except (OSError, ValueError, RecursionError):
        return ""
    return str(config.get("model_type", "")) if isinstance(config, dict) else ""
