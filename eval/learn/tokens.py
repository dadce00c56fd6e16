"""Training data as tokens: the prompt that the model was sent, and labels on its own replies only.

Prompts are encoded by the class that encodes them for `LocalModel`, so that training sees what inference sees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ...agent.models.local.prompt import PromptEncoder
from .examples import TrainingExample, read_example

IGNORED = -100
"""The label of tokens without a loss."""


class TemplateChangesPrompt(ValueError):
    """The chat template does not show an earlier prompt unchanged, so one conversation cannot train several replies."""


def encode_example(encoder: PromptEncoder, example: TrainingExample) -> dict[str, Any]:
    """The tensors of a conversation up to its last reply to learn, each for a batch of one, with `labels`.

    `input_ids` and `labels` have the shape (1, tokens). A label is a token of a reply, or the end token after it, or
    else `IGNORED`.

    Raises:
        TemplateChangesPrompt: the prompts of the replies are no prefixes of each other.
        ModelLost: the model does not support the size of an image.
    """
    torch = import_module("torch")
    end = encoder.tokenizer.eos_token_id
    # Earlier replies are also part of the later prompts, whose template tokenizes their text.
    *earlier, last = example.learned
    spans = [*(_span(encoder, example, index, ()) for index in earlier)]
    spans.append(_span(encoder, example, last, example.sampled.get(last, ())))
    prompt, reply = spans[-1]
    ids = [*prompt["input_ids"][0].tolist(), *reply, end]
    labels = [IGNORED] * len(ids)
    for before, text in spans:
        start = int(before["input_ids"].shape[1])
        learned = [*text, end]
        if ids[: start + len(learned)] != [*before["input_ids"][0].tolist(), *learned]:
            raise TemplateChangesPrompt("the chat template changes earlier turns: export with --per step")
        labels[start : start + len(learned)] = learned
    input_ids = torch.tensor([ids])
    added = input_ids.shape[1] - prompt["input_ids"].shape[1]
    tensors = {
        name: torch.nn.functional.pad(tensor, (0, added), value=int(name == "attention_mask"))
        if _is_per_token(tensor, prompt)
        else tensor
        for name, tensor in prompt.items()
    }
    return {**tensors, "input_ids": input_ids, "labels": torch.tensor([labels])}


def _span(
    encoder: PromptEncoder, example: TrainingExample, index: int, recorded: Sequence[int]
) -> tuple[Mapping[str, Any], list[int]]:
    """The prompt of the reply at `index`, and the tokens of the reply: those that were `recorded`, if they fit."""
    prompt = encoder.encode(example.messages[:index], example.request)
    reply, tokenizer = example.messages[index], encoder.tokenizer
    whole = f"<think>{reply.reasoning}</think>{reply.text}" if reply.reasoning else reply.text
    text = whole.removeprefix(prompt.opening)
    sampled = [token for token in recorded if token != tokenizer.eos_token_id]
    if sampled and tokenizer.decode(sampled, clean_up_tokenization_spaces=False) == text:
        return prompt.tensors, sampled  # the same text may have other tokens, and another model has others
    return prompt.tensors, tokenizer.encode(text, add_special_tokens=False)


def _is_per_token(tensor: Any, prompt: Mapping[str, Any]) -> bool:
    return tuple(tensor.shape) == tuple(prompt["input_ids"].shape)


def collate(examples: Sequence[Mapping[str, Any]], pad_id: int) -> dict[str, Any]:
    """One batch of examples, padded on the right; what is not per token, such as pixels, is joined."""
    torch = import_module("torch")
    longest = max(int(example["input_ids"].shape[1]) for example in examples)
    fill = {"input_ids": pad_id, "labels": IGNORED}
    batch: dict[str, Any] = {}
    for name in dict.fromkeys(name for example in examples for name in example):
        tensors = [example[name] for example in examples if name in example]
        if _is_per_token(examples[0].get(name, tensors[0]), examples[0]):
            tensors = [
                torch.nn.functional.pad(tensor, (0, longest - tensor.shape[1]), value=fill.get(name, 0))
                for tensor in tensors
            ]
        batch[name] = torch.cat(tensors)
    return batch


@dataclass(slots=True)
class LineCollator:
    """Makes batches for `transformers`' trainers, of rows with an exported `line` and the `folder` of its images."""

    encoder: PromptEncoder

    def __call__(self, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """The batch of `rows`.

        Raises:
            RunError: a line is damaged, or an image is missing.
        """
        examples = [encode_example(self.encoder, read_example(row["line"], Path(row["folder"]))) for row in rows]
        tokenizer = self.encoder.tokenizer
        return collate(examples, tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id)
