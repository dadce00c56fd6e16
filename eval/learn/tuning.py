"""What all trainings share: settings, the trainer's configuration, checkpoints, and the folder of the result.

training = Training.begin(settings, "SFTConfig", {"max_length": None})
trainer = trl.SFTTrainer(model=training.load_model(), args=training.arguments, ...)
result = training.run(trainer, rows)
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

from ...agent.models.local.patch_products import use_patch_products
from ...agent.models.local.prompt import PromptEncoder, encoder_for
from ...agent.record.trajectory import RunError

REPORT = "training.json"

_LANGUAGE_LAYERS = r".*language_model\..*(_proj|in_proj\w*)"
"""The linear layers of the language model. The vision tower stays as it is, since screenshots are no new kind of image
to these models, and its activations are most of the memory."""


@dataclass(frozen=True, slots=True)
class TuningSettings:
    """A training. `data` and `test` are exports; `model` is a folder or a name on the Hub.

    `lora` is the rank of the adapters; 0 trains all weights. `learning_rate` is by default 1e-4 with adapters and 1e-5
    without. A step takes `batch` examples `accumulate` times. `more` are further fields of the trainer's configuration
    in TRL.
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
class TuningResult:
    """A finished training: steps of the optimizer, the mean loss, and the loss on the test data if there is any.

    `examples` is the number of conversations or pairs.
    """

    folder: Path
    dialects: tuple[str, ...]
    examples: int
    steps: int
    loss: float
    test_loss: float | None


@dataclass(frozen=True, slots=True)
class Training:
    """A training in the folder of `settings`, new or continued from `checkpoint`; `arguments` configures TRL."""

    settings: TuningSettings
    arguments: Any
    checkpoint: str | None

    @classmethod
    def begin(
        cls, settings: TuningSettings, config: str, fields: Mapping[str, object], about: Sequence[object] = ()
    ) -> "Training":
        """Reserve the folder. `fields` replace defaults of TRL's class `config`, and `settings.more` replaces both.

        A folder is only continued with the same settings, and the same `about`.

        Raises:
            RunError: the folder holds a finished or a different training.
            ValueError: a setting is unknown to TRL.
            ImportError: the extra is not installed.
        """
        disable_telemetry()
        arguments = _arguments(settings, config, fields)
        _claim(settings, [config, *about])
        return cls(settings, arguments, _last_checkpoint(settings.out))

    def load_model(self) -> Any:
        """The model to train, with the weights of the checkpoint if there is one."""
        # The trainer restores adapters, but it ignores whole weights whose names in files differ from those in memory,
        # as Qwen2.5-VL's do, and would continue from the untrained ones.
        source = self.settings.model if self.checkpoint is None or self.settings.lora else self.checkpoint
        return self._load(source)

    def load_reference(self) -> Any:
        """The model before the training, to compare with; None with adapters, which can be switched off."""
        return None if self.settings.lora else self._load(self.settings.model)

    def _load(self, source: str) -> Any:
        model = import_module("transformers").AutoModelForImageTextToText.from_pretrained(
            source, dtype=_dtype(), trust_remote_code=False
        )
        use_patch_products(model)
        return model

    def processor(self) -> Any:
        """The model's processor."""
        return import_module("transformers").AutoProcessor.from_pretrained(self.settings.model, trust_remote_code=False)

    def encoder(self) -> PromptEncoder:
        """The class that encodes prompts for this model in `LocalModel`."""
        config = import_module("transformers").AutoConfig.from_pretrained(self.settings.model, trust_remote_code=False)
        return encoder_for(self.settings.model, config)

    def adapters(self) -> Any:
        """The adapters to train; None to train all weights."""
        if not self.settings.lora:
            return None
        return import_module("peft").LoraConfig(
            r=self.settings.lora,
            lora_alpha=2 * self.settings.lora,
            lora_dropout=0.05,
            target_modules=_LANGUAGE_LAYERS,
        )

    def run(self, trainer: Any, dialects: Sequence[str], examples: int) -> TuningResult:
        """Train to the end and write the model that `LocalModel` and vLLM load."""
        done = trainer.train(resume_from_checkpoint=self.checkpoint)
        test_loss = trainer.evaluate()["eval_loss"] if self.settings.test else None
        names = tuple(sorted(set(dialects)))
        loss = self._mean_loss(float(done.training_loss), trainer.state.log_history)
        result = TuningResult(self.settings.out, names, examples, done.global_step, loss, test_loss)
        if trainer.is_world_process_zero():
            self._save(trainer, result)
        return result

    def _mean_loss(self, since_start: float, log: Sequence[Mapping[str, Any]]) -> float:
        """The mean loss of all steps. The trainer's own sum begins with this process, but its log is continued."""
        logged = [float(entry["loss"]) for entry in log if "loss" in entry]
        return sum(logged) / len(logged) if self.checkpoint and logged else since_start

    def _save(self, trainer: Any, result: TuningResult) -> None:
        """Write the model with its adapters merged, its processor, and last of all the report."""
        model = trainer.accelerator.unwrap_model(trainer.model)
        if self.settings.lora:
            model = model.merge_and_unload()
        model.save_pretrained(self.settings.out)
        trainer.processing_class.save_pretrained(self.settings.out)
        report = {**asdict(result), "settings": asdict(self.settings), "log": trainer.state.log_history}
        write_file(self.settings.out / REPORT, json.dumps(report, indent=1, default=str).encode())


def rows_dataset(rows: Sequence[Mapping[str, object]]) -> Any:
    """`rows` as a data set of the `datasets` library; None if there are none."""
    return import_module("datasets").Dataset.from_list([dict(row) for row in rows]) if rows else None


def _dtype() -> str:
    """bfloat16 on accelerators: half the memory. CPUs compute float32 faster."""
    return "bfloat16" if import_module("torch").cuda.is_available() else "float32"


def _arguments(settings: TuningSettings, config: str, fields: Mapping[str, object]) -> Any:
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
        "remove_unused_columns": False,
        "eval_strategy": "epoch" if settings.test else "no",
        "save_strategy": "epoch",
        "save_total_limit": 1,
        "logging_steps": 10,
        "report_to": "none",
        "seed": settings.seed,
    }
    chosen = getattr(import_module("trl"), config)
    for name in settings.more:
        if name not in chosen.__dataclass_fields__:
            raise ValueError(f"TRL's {config} has no {name!r}")
    return chosen(**{**values, **fields, **settings.more})


def _claim(settings: TuningSettings, about: Sequence[object]) -> None:
    """Reserve the output folder for these settings, so that a checkpoint of another training is never continued."""
    path = settings.out / "settings.json"
    wanted = json.dumps({"training": about, **asdict(settings)}, indent=1, default=str).encode()
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
