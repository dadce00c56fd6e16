"""Direct preference optimization on exported pairs: a configuration of TRL's `DPOTrainer`.

train_dpo(TuningSettings(model="models/tuned", data=(Path("pairs"),), out=Path("models/preferred")))

`train_dpo` trains a model to give the chosen reply of each pair a higher probability than the rejected one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ...agent.models.local.prompt import PromptEncoder
from .examples import read_pair, read_pair_lines
from .tokens import IGNORED, collate, encode_example
from .tuning import Training, TuningResult, TuningSettings, rows_dataset


def train_dpo(settings: TuningSettings) -> TuningResult:
    """Train on folders of `export --format pairs`, and write a model that `LocalModel` and vLLM load.

    The reference is the model before the training. A training that was interrupted continues from its last checkpoint
    when it is started again with the same settings.

    Raises:
        RunError: data cannot be read, or `settings.out` holds a finished or a different training.
        ValueError: a setting is unknown to TRL.
        ImportError: the extra is not installed.
    """
    rows, test_rows = _rows(settings.data), _rows(settings.test)
    training = Training.begin(settings, "DPOConfig", {"max_length": None})
    trainer = import_module("trl").DPOTrainer(
        model=training.load_model(),
        ref_model=training.load_reference(),
        args=training.arguments,
        train_dataset=rows_dataset(rows),
        eval_dataset=rows_dataset(test_rows),
        data_collator=PairCollator(training.encoder()),
        processing_class=training.processor(),
        peft_config=training.adapters(),
    )
    return training.run(trainer, [str(json.loads(str(row["line"])).get("dialect", "")) for row in rows], len(rows))


def _rows(folders: Sequence[Path]) -> list[dict[str, object]]:
    # TRL tokenizes data without the column `images` itself, and leaves all other data to the collator.
    return [
        {"line": line, "folder": str(folder.resolve()), "images": []}
        for folder in folders
        for line in read_pair_lines(folder)
    ]


@dataclass(slots=True)
class PairCollator:
    """Makes batches for TRL's `DPOTrainer`, of rows with an exported pair as `line` and the `folder` of its images.

    The first half of a batch are the chosen replies, the second half the rejected ones, each after its prompt.
    `completion_mask` is 1 on the reply and its end token.
    """

    encoder: PromptEncoder

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The batch of `rows`.

        Raises:
            RunError: a line is damaged, or an image is missing.
        """
        pairs = [read_pair(row["line"], Path(row["folder"])) for row in rows]
        replies = [pair.chosen for pair in pairs] + [pair.rejected for pair in pairs]
        tokenizer = self.encoder.tokenizer
        batch = collate(
            [encode_example(self.encoder, example) for example in replies],
            tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id,
        )
        labels = batch.pop("labels")
        return {**batch, "completion_mask": (labels != IGNORED).long()}
