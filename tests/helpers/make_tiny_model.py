"""Make a tiny model of UI-TARS's architecture with random weights: a real Qwen-VL, small enough for a CPU.

    python make_tiny_model.py FOLDER [TOKENIZER_FOLDER]

The architecture is Qwen2.5-VL, that of UI-TARS-1.5; `make` also supports Qwen2-VL, that of UI-TARS 1.0. Needs
transformers, tokenizers and torch, which vLLM's environment has. The tokenizer is the original one, from a folder with
its `tokenizer.json`, or else a small one trained on sample replies; both have the box tokens.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
)

SPECIAL = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>", "<|box_start|>", "<|box_end|>",
]  # fmt: skip
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] in ('image', 'image_url') %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
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


VISION = {
    "qwen2_5_vl": {
        "depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 2, "out_hidden_size": 128,
        "window_size": 112, "fullatt_block_indexes": [1],
    },
    "qwen2_vl": {"depth": 2, "embed_dim": 64, "hidden_size": 128, "num_heads": 2, "mlp_ratio": 2},
}  # fmt: skip


def make(folder: Path, tokenizer_folder: Path | None = None, architecture: str = "qwen2_5_vl") -> None:
    """Write the model, its tokenizer and its image processor's settings to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if tokenizer_folder is None:
        tokenizer = trained_tokenizer()
    else:
        tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>",
        extra_special_tokens=SPECIAL, model_max_length=65536, chat_template=TEMPLATE,
    )  # fmt: skip
    fast.save_pretrained(folder)
    token = fast.convert_tokens_to_ids
    torch.manual_seed(0)
    is_2_5 = architecture == "qwen2_5_vl"
    config = (Qwen2_5_VLConfig if is_2_5 else Qwen2VLConfig)(
        text_config={
            "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": len(fast), "max_position_embeddings": 65536,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]},
            "tie_word_embeddings": True, "bos_token_id": None, "eos_token_id": token("<|im_end|>"),
        },
        vision_config=VISION[architecture],
        image_token_id=token("<|image_pad|>"), video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"), vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
    )  # fmt: skip
    model = (Qwen2_5_VLForConditionalGeneration if is_2_5 else Qwen2VLForConditionalGeneration)(config)
    model.to(torch.float32).save_pretrained(folder)
    processor = {
        "image_processor_type": "Qwen2VLImageProcessor", "processor_class": "Qwen2_5_VLProcessor",
        "min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14, "temporal_patch_size": 2, "merge_size": 2,
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
