"""What a step costs as screenshots stay in the prompt: softmax attention and a hybrid with linear attention.

    PYTHONPATH=tests/helpers PYTHON eval/bench/attention_growth.py [--screenshots 1,4,16,64] [--layers 8] [--hidden 256]

PYTHON has the extra `learn`. Two models with random weights and the same width and depth: one of the Qwen3-VL kind, and
one of the Qwen3.5 kind, in which three of four layers are gated delta layers. For each number of screenshots of 256x160
pixels, in a process of its own with one thread: CPU seconds to read the prompt without a cache, CPU milliseconds for a
token of the reply with it, the bytes that the cache holds, and CPU seconds and the peak memory of a training step.

The second table has the tokens that histories send at a step, and how many of them a prefix cache does not have.
"""

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from screenwright.agent.core.image_history import history_named
from screenwright.agent.core.messages import ImagePart, Message
from screenwright.agent.core.model import Sampling
from screenwright.agent.models.local.prompt import encoder_for
from screenwright.envs.geometry import Size

SHAPES = {"softmax": "qwen3_vl", "hybrid": "qwen3_5"}
SIZE = Size(256, 160)
REPLY = "Thought: I click on the button.\nAction: click(start_box='(12,345)')"
TOKENS = 16
HISTORIES = ("all", "chunked:5:2", "keyframes:5", "window:5")


def make_models(folder: Path, layers: int, hidden: int) -> None:
    """Write a model of each shape."""
    from make_tiny_model import make

    common = {"hidden_size": hidden, "intermediate_size": 3 * hidden, "num_hidden_layers": layers}
    heads = {"num_attention_heads": hidden // 32, "num_key_value_heads": max(1, hidden // 64)}
    vision = {"out_hidden_size": hidden, "deepstack_visual_indexes": []}
    kinds = ["full_attention" if (index + 1) % 4 == 0 else "linear_attention" for index in range(layers)]
    linear = {
        "layer_types": kinds,
        "linear_key_head_dim": 32,
        "linear_value_head_dim": 32,
        "linear_num_key_heads": hidden // 32,
        "linear_num_value_heads": hidden // 32,
    }
    make(folder / "softmax", SHAPES["softmax"], text=common | heads, vision=vision)
    vision.pop("deepstack_visual_indexes")
    make(folder / "hybrid", SHAPES["hybrid"], text=common | heads | linear, vision=vision)


def conversation(screenshots: int) -> list[Message]:
    """A conversation whose last message is the newest of its screenshots, each of them different."""
    messages: list[Message] = []
    for number in range(screenshots):
        data = io.BytesIO()
        Image.new("RGB", (SIZE.width, SIZE.height), (number * 3 % 256, 120, 200)).save(data, "PNG")
        messages.append(Message.of("user", "Click the button", ImagePart(data.getvalue(), SIZE)))
        messages.append(Message.of("assistant", REPLY))
    return messages[:-1]


def measure(folder: Path, screenshots: int) -> dict[str, float]:
    """The figures of a model for one number of screenshots."""
    import torch
    import transformers

    torch.set_num_threads(1)
    config = transformers.AutoConfig.from_pretrained(folder)
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype="float32")
    encoder = encoder_for(str(folder), config)
    tensors = dict(encoder.encode(conversation(screenshots), Sampling()).tensors)
    tokens = int(tensors["input_ids"].shape[1])
    with torch.no_grad():
        model.eval()
        model(**tensors, use_cache=False, logits_to_keep=1)  # the first call allocates
        read_s = seconds(lambda: model(**tensors, use_cache=False, logits_to_keep=1))
        one_s, all_s, cache = reply_seconds(model, tensors)
    before = peak_bytes()
    model.train()
    step_s = seconds(lambda: train_step(model, tensors))
    return {
        "tokens": tokens,
        "read_s": read_s,
        "token_ms": 1000 * (all_s - one_s) / (TOKENS - 1),
        "cache_kib": cache / 1024,
        "step_s": step_s,
        "step_mib": max(0, peak_bytes() - before) / 2**20,
        "peak_mib": peak_bytes() / 2**20,
    }


def train_step(model: Any, tensors: dict[str, Any]) -> None:
    """The loss of all tokens and its gradient."""
    model(**tensors, labels=tensors["input_ids"], use_cache=False).loss.backward()


def reply_seconds(model: Any, tensors: dict[str, Any]) -> tuple[float, float, int]:
    """CPU seconds to generate one token and `TOKENS` tokens, and the bytes of the cache afterwards."""
    found: list[Any] = []

    def generate(count: int) -> None:
        output = model.generate(
            **tensors, do_sample=False, min_new_tokens=count, max_new_tokens=count, return_dict_in_generate=True
        )
        found[:] = [output.past_key_values]

    one_s, all_s = seconds(lambda: generate(1)), seconds(lambda: generate(TOKENS))
    return one_s, all_s, tensor_bytes(found[0], set())


def tensor_bytes(value: Any, seen: set[int]) -> int:
    """The bytes of all tensors in `value` and its parts."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if hasattr(value, "element_size"):
        return int(value.numel() * value.element_size())
    if isinstance(value, dict):
        return sum(tensor_bytes(one, seen) for one in value.values())
    if isinstance(value, (list, tuple)):
        return sum(tensor_bytes(one, seen) for one in value)
    return tensor_bytes(vars(value), seen) if hasattr(value, "__dict__") and "cache" in type(value).__module__ else 0


def seconds(run: Any) -> float:
    """CPU seconds of a call."""
    started = time.process_time()
    run()
    return time.process_time() - started


def peak_bytes() -> int:
    """The largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def histories(steps: int, screenshot: int, text: int) -> list[tuple[str, int, int]]:
    """For each history the prompt tokens of the last of `steps` steps, and the mean of those that are not cached.

    A screenshot has `screenshot` tokens, and a reply `text`. A token is cached if all before it were in the prompt of
    the step before.
    """
    rows: list[tuple[str, int, int]] = []
    for name in HISTORIES:
        history = history_named(name)
        sizes, fresh = [0], []
        before: tuple[int, ...] = ()
        for step in range(1, steps + 1):
            shown = tuple(history.images(step, [0.1] * step))
            kept = next((at for at, (a, b) in enumerate(zip(before, shown, strict=False)) if a != b), len(before))
            first = shown[kept] if kept < len(shown) else step - 1
            sizes.append(len(shown) * screenshot + step * text)
            fresh.append(sum(screenshot for one in shown if one >= first) + (step - first) * text)
            before = shown
        rows.append((name, sizes[-1], sum(fresh) // len(fresh)))
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--screenshots", default="1,2,4,8,16,32,64")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--one", nargs=2, metavar=("FOLDER", "N"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        print(json.dumps(measure(Path(given.one[0]), int(given.one[1]))))
        return
    print("| shape | screenshots | tokens | read, s | token, ms | cache, KiB | training step, s | its memory, MiB |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        make_models(Path(folder), given.layers, given.hidden)
        for shape in SHAPES:
            for count in given.screenshots.split(","):
                command = [sys.executable, __file__, "--one", str(Path(folder) / shape), count]
                one = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                cells = f"{one['tokens']} | {one['read_s']:.2f} | {one['token_ms']:.1f} | {one['cache_kib']:.0f}"
                print(f"| {shape} | {count} | {cells} | {one['step_s']:.2f} | {one['step_mib']:.0f} |", flush=True)
    print("\n| history | prompt tokens at step 64 | tokens a step that are not cached |\n|---|---|---|")
    for name, size, fresh in histories(64, 40, 50):
        print(f"| {name} | {size} | {fresh} |")


if __name__ == "__main__":
    main()
