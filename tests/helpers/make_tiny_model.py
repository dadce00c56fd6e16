"""Make a tiny model of a real architecture with random weights, small enough for a CPU.

    python make_tiny_model.py FOLDER [ARCHITECTURE] [TOKENIZER_FOLDER]

The architectures are those of `ARCHITECTURES`; the default is Qwen2.5-VL, that of UI-TARS-1.5. Needs transformers,
tokenizers and torch, which vLLM's environment has. The tokenizer is the original one of the Qwen family, from a folder
with its `tokenizer.json`, or else a small one trained on sample replies; both have the box tokens.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

SPECIAL = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>", "<|box_start|>", "<|box_end|>",
]  # fmt: skip
TAGS = ["<think>", "</think>", "<tool_call>", "</tool_call>"]
"""Tokens that parsers of vLLM look for; they are not special, so that they stay in the text."""

PLACEHOLDERS = {
    "molmo2": [
        "<|image|>", "<|video|>", "<im_patch>", "<im_col>", "<im_start>", "<low_res_im_start>", "<frame_start>",
        "<im_end>", "<frame_end>", "<im_low>",
    ],
    "kimi_k25": ["<|media_pad|>", "<|kimi_k25_video_placeholder|>"],
    "glm4v": ["<|image|>", "<|video|>", "<|begin_of_video|>", "<|end_of_video|>"],
}  # fmt: skip

# A template with all that families use: functions, thinking, past reasoning, past calls and their results.
TEMPLATE = """
{%- if tools %}<|im_start|>system
Functions: {% for tool in tools %}{{ tool | tojson }}{% endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message['role'] }}
{% if message['reasoning_content'] %}<think>{{ message['reasoning_content'] }}</think>{% endif %}
{%- if message['content'] is string %}{{ message['content'] }}
{%- else %}{% for part in message['content'] %}
{%- if part['type'] in ('image', 'image_url') %}<|vision_start|>IMAGE<|vision_end|>
{%- else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}
{%- for call in message['tool_calls'] or [] %}<tool_call><function={{ call['function']['name'] }}>
{%- for name, value in call['function']['arguments'].items() %}<parameter={{ name }}>{{ value }}</parameter>
{%- endfor %}</function></tool_call>{% endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% if enable_thinking is defined %}<think>
{% if not enable_thinking %}
</think>

{% endif %}{% endif %}{% endif %}"""
REPLIES = ["Thought: I click on the button.\nAction: click(start_box='(12,345)')", "type(content='hello')", "finished"]


def trained_tokenizer() -> Tokenizer:
    """A byte-level tokenizer of 400 tokens, which can encode any text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        REPLIES * 20, trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )
    return tokenizer


TEXT: dict[str, Any] = {
    "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 65536, "bos_token_id": None,
}  # fmt: skip
VISION: dict[str, Any] = {"depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 2}


def rope(**more: object) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6, **more}}


def qwen(
    text: dict[str, Any], vision: dict[str, Any], image: str = "<|image_pad|>", video: str = "<|video_pad|>"
) -> Callable[[Callable[[str], int]], dict[str, Any]]:
    """A configuration of the Qwen-VL and GLM-V families, which have the same fields."""
    return lambda token: {
        "text_config": TEXT | {"tie_word_embeddings": True} | text, "vision_config": vision,
        "image_token_id": token(image), "video_token_id": token(video),
        "vision_start_token_id": token("<|vision_start|>"), "vision_end_token_id": token("<|vision_end|>"),
        "tie_word_embeddings": True,
    }  # fmt: skip


def kimi(token: Callable[[str], int]) -> dict[str, Any]:
    heads = {"num_key_value_heads": 4, "kv_lora_rank": 32, "q_lora_rank": 32, "v_head_dim": 16}
    rotated = {"qk_rope_head_dim": 16, "qk_nope_head_dim": 16, **rope()}
    experts = {"n_routed_experts": 4, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 2}
    text = {**TEXT, **heads, **rotated, **experts, "moe_intermediate_size": 64, "first_k_dense_replace": 1}
    vision = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 2, "num_hidden_layers": 2}
    return {
        "text_config": {"model_type": "deepseek_v3", **text}, "vision_config": vision,
        "projection_hidden_size": 64, "image_token_id": token("<|media_pad|>"),
        "video_token_id": token("<|kimi_k25_video_placeholder|>"),
    }  # fmt: skip


def molmo(token: Callable[[str], int]) -> dict[str, Any]:
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 32}
    vision = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, **heads}
    adapter = {"vision_feature_layer": [1, 0], "hidden_size": 64, "intermediate_size": 128, "text_hidden_size": 128}
    names = {
        "image_start_token_id": "<im_start>", "low_res_image_start_token_id": "<low_res_im_start>",
        "image_end_token_id": "<im_end>", "image_patch_id": "<im_patch>", "image_col_id": "<im_col>",
        "frame_start_token_id": "<frame_start>", "frame_end_token_id": "<frame_end>", "image_low_res_id": "<im_low>",
    }  # fmt: skip
    return {
        "text_config": {**TEXT, "head_dim": 32, "additional_vocab_size": 0, **rope()},
        "vision_config": vision, "adapter_config": {**adapter, **heads},
        **{field: token(name) for field, name in names.items()},
    }  # fmt: skip


QWEN3_VISION = {**VISION, "out_hidden_size": 128, "num_position_embeddings": 2304}
QWEN3_ROPE = rope(mrope_section=[6, 5, 5], mrope_interleaved=True)
ARCHITECTURES: dict[str, tuple[str, Callable[[Callable[[str], int]], dict[str, Any]], int]] = {
    "qwen2_vl": (
        "Qwen2VL",
        qwen(
            rope(mrope_section=[4, 6, 6]),
            {"depth": 2, "embed_dim": 64, "hidden_size": 128, "num_heads": 2, "mlp_ratio": 2},
        ),
        14,
    ),
    "qwen2_5_vl": (
        "Qwen2_5_VL",
        qwen(
            rope(mrope_section=[4, 6, 6]),
            {**VISION, "out_hidden_size": 128, "window_size": 112, "fullatt_block_indexes": [1]},
        ),
        14,
    ),
    "qwen3_vl": (
        "Qwen3VL",
        qwen({**QWEN3_ROPE, "head_dim": 32}, {**QWEN3_VISION, "deepstack_visual_indexes": [0]}),
        16,
    ),
    "qwen3_5": (
        "Qwen3_5",
        qwen(
            {
                **rope(mrope_section=[6, 5, 5], mrope_interleaved=True, partial_rotary_factor=1.0),
                "head_dim": 32,
                "layer_types": ["linear_attention", "full_attention"],
                "linear_key_head_dim": 128,
                "linear_value_head_dim": 128,
                "linear_num_key_heads": 2,
                "linear_num_value_heads": 2,
            },
            QWEN3_VISION,
        ),
        16,
    ),
    "glm4v": (
        "Glm4v",
        qwen(
            rope(mrope_section=[4, 6, 6]),
            {**VISION, "out_hidden_size": 128, "intermediate_size": 256},
            "<|image|>",
            "<|video|>",
        ),
        14,
    ),
    "kimi_k25": ("Kimi_K25", kimi, 14),
    "molmo2": ("Molmo2", molmo, 14),
}
"""The name of the classes, the configuration, and the side of a patch of the image."""


def make(
    folder: Path,
    architecture: str = "qwen2_5_vl",
    tokenizer_folder: Path | None = None,
    *,
    tokenizer: Tokenizer | None = None,
    text: dict[str, Any] | None = None,
    vision: dict[str, Any] | None = None,
    image_mean: float = 0.5,
) -> None:
    """Write the model, its tokenizer and its image processor's settings to `folder`.

    `text` and `vision` replace fields of those two parts of the configuration, for a larger model. `image_mean` is the
    brightness, from 0 to 1, that becomes 0 in the pixel values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name, fields, patch = ARCHITECTURES[architecture]
    patch = (vision or {}).get("patch_size", patch)
    placeholders = PLACEHOLDERS.get(architecture, [])
    image = placeholders[0] if placeholders else "<|image_pad|>"
    if tokenizer_folder is not None:
        tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    tokenizer = tokenizer or trained_tokenizer()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>",
        extra_special_tokens=[*SPECIAL, *placeholders], model_max_length=65536,
        chat_template=TEMPLATE.replace("IMAGE", image),
    )  # fmt: skip
    fast.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in TAGS])
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    settings = fields(fast.convert_tokens_to_ids)
    settings["vision_config"] |= vision or {}
    settings["text_config"] |= (text or {}) | {
        "vocab_size": len(fast),
        "eos_token_id": fast.convert_tokens_to_ids("<|im_end|>"),
    }
    config = getattr(transformers, f"{name}Config")(**settings)
    model = getattr(transformers, f"{name}ForConditionalGeneration")(config)
    model.to(torch.float32).save_pretrained(folder)
    if architecture in ("kimi_k25", "molmo2"):  # their image processors have defaults for everything
        processor = {"image_processor_type": f"{name}ImageProcessor", "processor_class": f"{name}Processor"}
        videos = {"video_processor_type": f"{name}VideoProcessor"}
        (folder / "video_preprocessor_config.json").write_text(json.dumps(videos))
    else:
        images = name if name == "Glm4v" else "Qwen2VL"
        processor = {
            "image_processor_type": f"{images}ImageProcessor", "min_pixels": 3136, "max_pixels": 12845056,
            "patch_size": patch, "temporal_patch_size": 2, "merge_size": 2, "image_mean": [image_mean] * 3,
            "image_std": [0.5, 0.5, 0.5],
            "processor_class": f"{'Qwen3VL' if architecture == 'qwen3_5' else name}Processor",
        }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))


if __name__ == "__main__":
    make(Path(sys.argv[1]), *sys.argv[2:3], *(Path(folder) for folder in sys.argv[3:4] if folder))
