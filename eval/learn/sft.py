"""Supervised fine-tuning on exported conversations: a configuration of TRL's `SFTTrainer`, accelerate and peft.

    train_sft(TuningSettings(model="ByteDance-Seed/UI-TARS-1.5-7B", data=(Path("train.jsonl"),), out=Path("tuned")))

One process uses one GPU; `accelerate launch` starts one for each of several.
"""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from .examples import read_lines
from .tokens import LineCollator
from .tuning import Training, TuningResult, TuningSettings, rows_dataset


def train_sft(settings: TuningSettings) -> TuningResult:
    """Train on exports of the layout `chat`, and write a model that `LocalModel` and vLLM load to `settings.out`.

    A training that was interrupted continues from its last checkpoint when it is started again with the same settings.

    Raises:
        RunError: data cannot be read, or `settings.out` holds a finished or a different training.
        ValueError: a setting is unknown to TRL.
        ImportError: the extra is not installed.
    """
    rows, test_rows = _rows(settings.data), _rows(settings.test)
    fields = {
        "max_length": None,  # a truncated prompt loses tokens of its images
        "dataset_kwargs": {"skip_prepare_dataset": True},  # the collator encodes
    }
    training = Training.begin(settings, "SFTConfig", fields)
    trainer = import_module("trl").SFTTrainer(
        model=training.load_model(),
        args=training.arguments,
        train_dataset=rows_dataset(rows),
        eval_dataset=rows_dataset(test_rows),
        data_collator=LineCollator(training.encoder()),
        processing_class=training.processor(),
        peft_config=training.adapters(),
    )
    return training.run(trainer, [str(json.loads(row["line"]).get("dialect", "")) for row in rows], len(rows))


def _rows(files: Sequence[Path]) -> list[dict[str, str]]:
    return [{"line": line, "folder": str(file.resolve().parent)} for file in files for line in read_lines(file)]
