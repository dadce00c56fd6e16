"""Every command that `screenwright serve` prints is accepted by vLLM's own parser."""

import json
import os
import subprocess

import pytest

from screenwright.agent.models.vllm_command import ServeOptions, vllm_command

PYTHON = os.environ.get("VLLM_PYTHON", "")
pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not PYTHON, reason="needs vLLM: run scripts/test-vllm")]

MODELS = (
    "ByteDance-Seed/UI-TARS-1.5-7B",
    "ByteDance-Seed/UI-TARS-72B-DPO",
    "Qwen/Qwen3.5-9B",
    "Qwen/Qwen3-VL-8B-Instruct",
    "Hcompany/Holo2-8B",
    "Hcompany/Holo4-35B-A3B",
    "Hcompany/Holotron4-30B-A3B",
    "microsoft/Fara1.5-27B",
    "inclusionAI/UI-Venus-2-9B",
    "zai-org/GLM-4.6V",
    "zai-org/AutoGLM-Phone-9B",
    "moonshotai/Kimi-K2.6",
    "moonshotai/Kimi-K3",
    "allenai/MolmoWeb-8B",
    "google/gemma-4-12B-it",
    "MiniMaxAI/MiniMax-M3",
    "XiaomiMiMo/MiMo-V2.5",
    "stepfun-ai/Step-3.7-Flash",
)
OPTIONS = (
    ServeOptions(gpus=8, images=10),
    ServeOptions(gpus=16, ray=True),
    ServeOptions("::1", 8123, 4, extra_args=("--max-model-len", "8192", "--seed", "1")),
)
PARSE = """
import json, sys
from vllm.entrypoints.cli.serve import cmd_init
from vllm.reasoning import ReasoningParserManager
from vllm.tool_parsers import ToolParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser()
subparsers = parser.add_subparsers(dest="subparser")
serve, = cmd_init()
serve.subparser_init(subparsers)
for command in json.load(sys.stdin):
    args = parser.parse_args(command[1:])
    serve.validate(args)
    if args.tool_call_parser:
        ToolParserManager.get_tool_parser(args.tool_call_parser)
    if args.reasoning_parser:
        ReasoningParserManager.get_reasoning_parser(args.reasoning_parser)
    print(json.dumps([args.model_tag, args.limit_mm_per_prompt["image"]]))
"""


def test_every_command_is_accepted_by_the_parser_of_vllm() -> None:
    cases = [(model, options) for model in MODELS for options in OPTIONS]
    commands = [vllm_command(model, options) for model, options in cases]
    done = subprocess.run(
        [PYTHON, "-c", PARSE], input=json.dumps(commands), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    parsed = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert parsed == [[model, options.images] for model, options in cases]
