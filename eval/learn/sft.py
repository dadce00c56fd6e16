"""Supervised fine-tuning on exported conversations: a configuration of TRL's `SFTTrainer`, accelerate and peft.

    train_sft(SftSettings(model="ByteDance-Seed/UI-TARS-1.5-7B", data=(Path("train.jsonl"),), out=Path("tuned")))

One process uses one GPU; `accelerate launch` starts one for each of several.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from screenwright._files import write_file
from screenwright._telemetry import disable_telemetry

from ...agent.models.local_prompt import encoder_for
from ...agent.record.trajectory import RunError
from .examples import read_lines
from .tokens import LineCollator

REPORT = "training.json"

_LANGUAGE_LAYERS = r".*language_model\..*(_proj|in_proj\w*)"
"""The linear layers of the language model. The vision tower stays as it is, since screenshots are no new kind of image
to these models, and its activations are most of the memory."""


@dataclass(frozen=True, slots=True)
class SftSettings:
    """A training. `data` and `test` are exports in the layout `chat`; `model` is a folder or a name on the Hub.

    `lora` is the rank of the adapters; 0 trains all weights. `learning_rate` is by default 1e-4 with adapters and 1e-5
    without. A step takes `batch` conversations `accumulate` times. `more` are further fields of TRL's `SFTConfig`.
    """

    model: str
    data: tuple[Path, ...]
    out: Path
    test: tuple[Path, ...] = ()
    epochs: float = 2.0
    batch: int = 1
    accumulate: int = 16
    lora: int = 0
    learning_rate: float | None = None
    seed: int = 0
    more: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class SftResult:
    """A finished training: steps of the optimizer, the mean loss, and the loss on the test data if there is any."""

    folder: Path
    dialects: tuple[str, ...]
    conversations: int
    steps: int
    loss: float
    test_loss: float | None


def train_sft(settings: SftSettings) -> SftResult:
    """Train, and write a model that `LocalModel` and vLLM load to `settings.out`.

    A training that was interrupted continues from its last checkpoint when it is started again with the same settings.

    Raises:
        RunError: data cannot be read, or `settings.out` holds a finished or a different training.
        ValueError: a setting is unknown to TRL.
        ImportError: the extra is not installed.
    """
    disable_telemetry()
    rows = _rows(settings.data)
    test_rows = _rows(settings.test)
    transformers, trl = import_module("transformers"), import_module("trl")
    arguments = _arguments(settings, has_test=bool(test_rows))
    _claim(settings)
    datasets = import_module("datasets")
    config = transformers.AutoConfig.from_pretrained(settings.model, trust_remote_code=False)
    checkpoint = _last_checkpoint(settings.out)
    # The trainer restores adapters, but it ignores whole weights whose names in files differ from those in memory, as
    # Qwen2.5-VL's do, and would continue from the untrained ones.
    source = settings.model if checkpoint is None or settings.lora else checkpoint
    model = transformers.AutoModelForImageTextToText.from_pretrained(source, dtype=_dtype(), trust_remote_code=False)
    trainer = trl.SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=datasets.Dataset.from_list(rows),
        eval_dataset=datasets.Dataset.from_list(test_rows) if test_rows else None,
        data_collator=LineCollator(encoder_for(settings.model, config)),
        processing_class=transformers.AutoProcessor.from_pretrained(settings.model, trust_remote_code=False),
        peft_config=_adapters(settings),
    )
    done = trainer.train(resume_from_checkpoint=checkpoint)
    test_loss = trainer.evaluate()["eval_loss"] if test_rows else None
    names = {str(json.loads(row["line"]).get("dialect", "")) for row in rows}
    result = SftResult(
        settings.out, tuple(sorted(names)), len(rows), done.global_step, float(done.training_loss), test_loss
    )
    if trainer.is_world_process_zero():
        _save(trainer, settings, result)
    return result


def _rows(files: Sequence[Path]) -> list[dict[str, str]]:
    return [{"line": line, "folder": str(file.resolve().parent)} for file in files for line in read_lines(file)]


def _dtype() -> str:
    """bfloat16 on accelerators: half the memory. CPUs compute float32 faster."""
    return "bfloat16" if import_module("torch").cuda.is_available() else "float32"


def _arguments(settings: SftSettings, *, has_test: bool) -> Any:
    on_gpu = import_module("torch").cuda.is_available()
    rate = settings.learning_rate or (1e-4 if settings.lora else 1e-5)
    values: dict[str, Any] = {
        "output_dir": str(settings.out / "checkpoints"),
        "num_train_epochs": settings.epochs,
        "per_device_train_batch_size": settings.batch,
        "per_device_eval_batch_size": settings.batch,
        "gradient_accumulation_steps": settings.accumulate,
        "learning_rate": rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.03,  # a share of all steps
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "bf16": on_gpu,
        "gradient_checkpointing": on_gpu,  # the activations of a prompt with five screenshots do not fit otherwise
        "use_cpu": not on_gpu,
        "dataloader_pin_memory": on_gpu,
        "max_length": None,  # a truncated prompt loses tokens of its images
        "remove_unused_columns": False,
        "dataset_kwargs": {"skip_prepare_dataset": True},  # the collator encodes
        "eval_strategy": "epoch" if has_test else "no",
        "save_strategy": "epoch",
        "save_total_limit": 1,
        "logging_steps": 10,
        "report_to": "none",
        "seed": settings.seed,
    }
    trl = import_module("trl")
    known = trl.SFTConfig.__dataclass_fields__
    for name in settings.more:
        if name not in known:
            raise ValueError(f"TRL's SFTConfig has no {name!r}")
    return trl.SFTConfig(**{**values, **settings.more})


def _adapters(settings: SftSettings) -> Any:
    if not settings.lora:
        return None
    return import_module("peft").LoraConfig(
        r=settings.lora, lora_alpha=2 * settings.lora, lora_dropout=0.05, target_modules=_LANGUAGE_LAYERS
    )


def _claim(settings: SftSettings) -> None:
    """Reserve the output folder for these settings, so that a checkpoint of another training is never continued."""
    path = settings.out / "settings.json"
    wanted = json.dumps(asdict(settings), indent=1, default=str).encode()
    try:
        if (settings.out / REPORT).exists():
            raise RunError(f"{settings.out} has a finished training: choose another --out")
        settings.out.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if path.read_bytes() != wanted:
                raise RunError(f"{settings.out} has a training with other settings: choose another --out")
        elif int(os.environ.get("RANK", "0")) == 0:
            write_file(path, wanted)
    except OSError as error:
        raise RunError(f"{settings.out} cannot be written: {error.strerror}") from error


def _last_checkpoint(out: Path) -> str | None:
    """The newest checkpoint that is complete: the state of the trainer is written last."""
    found = [path.parent for path in (out / "checkpoints").glob("checkpoint-*/trainer_state.json")]
    newest = max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
    return None if newest is None else str(newest)


def _save(trainer: Any, settings: SftSettings, result: SftResult) -> None:
    """Write the model with its adapters merged, its processor, and last of all the report."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    if settings.lora:
        model = model.merge_and_unload()
    model.save_pretrained(settings.out)
    trainer.processing_class.save_pretrained(settings.out)
    report = {**asdict(result), "settings": asdict(settings), "log": trainer.state.log_history}
    write_file(settings.out / REPORT, json.dumps(report, indent=1, default=str).encode())
