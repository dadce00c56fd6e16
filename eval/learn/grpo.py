"""Group relative policy optimization over whole episodes: TRL's `GRPOTrainer` with rollouts of ours.

    tuning = TuningSettings("models/tuned", (), Path("models/grpo"))
    train_grpo(GrpoSettings("miniwob", tuning, "ui-tars-1.5", "1000-1099"))

The model does each task and seed several times. TRL compares the rewards of such a group, and each reply of an episode
gets the advantage of its episode. A reply is a sequence of its own: the prompt that the model was sent, with its
pictures, and the tokens that it sampled, so any history and any chat template can be trained.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ...agent.models.local.prompt import PatchGridEncoder
from ...agent.record.trajectory import RunError
from ..benchmarks.registry import benchmark_for
from ..core.config import EvalConfig
from ..core.plan import EpisodeId, make_plan
from .rollouts import Rollout, RolloutModel, RolloutRunner, SampledReply
from .tuning import Training, TuningResult, TuningSettings, rows_dataset

_FIXED = {
    "num_iterations": "each rollout is used once",
    "beta": "there is no reference model",
    "use_vllm": "episodes run in this process",
    "steps_per_generation": "rollouts are those of one step of the optimizer",
    "generation_batch_size": "rollouts are those of one step of the optimizer",
    "num_generations": "it is --group",
    "temperature": "it is --temperature",
}
"""Fields of TRL's `GRPOConfig` that cannot be set, and why."""


@dataclass(frozen=True, slots=True)
class GrpoSettings:
    """A training on rollouts of `tasks` of `benchmark` with `seeds`, each of which is done `group` times.

    `tuning` names the start model, and has no data; its `batch` times `accumulate` is the number of episodes for a step
    of the optimizer. `more` are further settings of `screenwright eval`, by name.
    """

    benchmark: str
    tuning: TuningSettings
    dialect: str
    seeds: str
    tasks: tuple[str, ...] = ()
    group: int = 8
    temperature: float = 1.0
    more: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        episodes = self.tuning.batch * self.tuning.accumulate
        if self.group < 2 or episodes % self.group:
            raise ValueError(
                f"a step has {episodes} episodes ({self.tuning.batch} x {self.tuning.accumulate}), which should be a "
                f"multiple of the group of {self.group}, and a group has at least 2"
            )
        for name in sorted(_FIXED.keys() & self.tuning.more.keys()):
            raise ValueError(f"{name} cannot be set: {_FIXED[name]}")

    def evaluation(self) -> EvalConfig:
        """The settings of the episodes."""
        values: dict[str, object] = {
            "benchmark": self.benchmark,
            "task": self.tasks,
            "seeds": self.seeds,
            "model": self.tuning.model,
            "dialect": self.dialect,
            **self.more,
        }
        return EvalConfig.from_flat(values)


def train_grpo(settings: GrpoSettings) -> TuningResult:
    """Train, and write a model that `LocalModel` and vLLM load, and each episode to `rollouts` in its folder.

    A training that was interrupted continues from its last checkpoint when it is started again with the same settings.

    Raises:
        RunError: `settings.tuning.out` holds a finished or a different training, or no episode could be judged.
        ValueError: a setting is unknown, or the model is of an unsupported kind.
        TaskError: the benchmark's data is missing.
        ImportError: the extra is not installed.
    """
    evaluation = settings.evaluation()
    plan = make_plan(benchmark_for(evaluation), evaluation)
    fields = {
        "num_generations": settings.group,
        "temperature": settings.temperature,
        "save_strategy": "steps",
        "save_steps": 20,
        "logging_steps": 1,
    }
    about = (settings.benchmark, settings.dialect, settings.seeds, *settings.tasks, settings.more)
    training = Training.begin(settings.tuning, "GRPOConfig", fields, about)
    encoder = training.encoder()
    if not isinstance(encoder, PatchGridEncoder):
        raise ValueError(f"{settings.tuning.model} is of a kind that GRPO does not support: the Qwen-VL family is")
    model = training.load_model()
    source = settings.tuning.model
    rollouts = RolloutModel.around(model, encoder, source, settings.temperature)
    with RolloutRunner(evaluation, rollouts, settings.tuning.out / "rollouts") as runner:
        trainer = _trainer_class()(
            runner,
            model=model,
            args=training.arguments,
            train_dataset=rows_dataset([{"prompt": episode.path} for episode in plan]),
            processing_class=training.processor(),
            peft_config=training.adapters(),
        )
        return training.run(trainer, [settings.dialect], len(plan))


def _rewards(reward: Sequence[float | None], **_: object) -> list[float | None]:
    return list(reward)


def _trainer_class() -> Any:
    """TRL's trainer, whose rollouts are episodes."""
    base: Any = import_module("trl").GRPOTrainer

    class EpisodeTrainer(base):  # type: ignore[misc]  # it is imported when it is used
        """Trains on all replies of the episodes that `runner` runs."""

        def __init__(self, runner: RolloutRunner, **arguments: Any) -> None:
            self._runner = runner
            self._rollouts: list[Rollout] = []
            super().__init__(reward_funcs=_rewards, rollout_func=self._roll, **arguments)

        def _roll(self, prompts: Sequence[str], _trainer: Any) -> dict[str, list[Any]]:
            """See TRL's `rollout_func`. Of each episode it gets the last reply, to log; all of them are trained."""
            seen: Counter[str] = Counter()
            model = self.accelerator.unwrap_model(self.model)
            model.eval()
            self._rollouts = []
            for prompt in prompts:
                task, _, seed = prompt.rpartition("/")
                folder = f"step-{self.state.global_step:05}" + f".{self.accelerator.process_index}"
                self._rollouts.append(self._runner.run(EpisodeId(task, int(seed), seen[prompt]), folder))
                seen[prompt] += 1
            model.train()
            empty = SampledReply({}, (self._tokenizer.eos_token_id,), (0.0,))
            last = [rollout.replies[-1] if rollout.replies else empty for rollout in self._rollouts]
            return {
                "prompt_ids": [_ids(reply) or [self._tokenizer.eos_token_id] for reply in last],
                "completion_ids": [list(reply.ids) for reply in last],
                "logprobs": [list(reply.logprobs) for reply in last],
                "reward": [rollout.reward for rollout in self._rollouts],
            }

        def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
            """As in TRL, but with a sequence for each reply of an episode."""
            scored = super()._generate_and_score_completions(inputs)
            advantages = scored["advantages"].tolist()
            pairs = zip(self._rollouts, advantages, strict=True)
            rows = [(reply, advantage) for rollout, advantage in pairs for reply in rollout.replies]
            batch = batch_of(rows, self.args.steps_per_generation, self._tokenizer.pad_token_id)
            batch = {name: _moved(value, self.accelerator.device) for name, value in batch.items()}
            items = self.accelerator.gather(batch["completion_mask"].sum()).sum()
            return {**batch, "num_items_in_batch": items}

    return EpisodeTrainer


def batch_of(rows: Sequence[tuple[SampledReply, float]], multiple: int, pad_id: int) -> dict[str, Any]:
    """The tensors of replies, each with its advantage, as TRL's GRPO loss takes them.

    Prompts are padded on the left, and replies on the right. The number of rows is a multiple of `multiple`: the last
    row is repeated without a loss. A reply in which the model sampled the placeholder of an image is left out: the
    model's own code expects a picture for each of them.

    Raises:
        RunError: there are no rows.
    """
    rows = [row for row in rows if not _placeholders(row[0].prompt) & set(row[0].ids)]
    if not rows:
        raise RunError("no episode has a reply: look at the newest folder of the rollouts")
    torch = import_module("torch")
    added = -len(rows) % multiple
    filled = [*rows, *[(rows[-1][0], 0.0)] * added]
    replies = [reply for reply, _ in filled]
    masks = [[1] * len(reply.ids) for reply in replies[: len(rows)]] + [[0] * len(rows[-1][0].ids)] * added
    prompts = [_ids(reply) for reply in replies]
    completion_ids = _padded([list(reply.ids) for reply in replies], pad_id)
    kinds = _padded([reply.prompt["mm_token_type_ids"][0].tolist() for reply in replies], 0, left=True)
    batch = {
        "prompt_ids": _padded(prompts, pad_id, left=True),
        "prompt_mask": _padded([[1] * len(ids) for ids in prompts], 0, left=True),
        "completion_ids": completion_ids,
        "completion_mask": _padded(masks, 0),
        "advantages": torch.tensor([advantage for _, advantage in filled]),
        "sampling_per_token_logps": _padded([list(reply.logprobs) for reply in replies], 0.0),
        "mm_token_type_ids": torch.cat([kinds, torch.zeros_like(completion_ids)], dim=1),
        "num_images": [len(reply.prompt.get("image_grid_thw", ())) for reply in replies],
    }
    for name in ("pixel_values", "image_grid_thw"):
        found = [reply.prompt[name] for reply in replies if name in reply.prompt]
        if found:
            batch[name] = torch.cat(found)
    return batch


def _placeholders(prompt: Mapping[str, Any]) -> set[int]:
    """The tokens of `prompt` that stand for pictures."""
    return set(prompt["input_ids"][prompt["mm_token_type_ids"] == 1].tolist())


def _ids(reply: SampledReply) -> list[int]:
    return [] if "input_ids" not in reply.prompt else list(reply.prompt["input_ids"][0].tolist())


def _padded(rows: Sequence[Sequence[float]], fill: float, *, left: bool = False) -> Any:
    longest = max(map(len, rows))
    pads = [[fill] * (longest - len(row)) for row in rows]
    return import_module("torch").tensor(
        [[*pad, *row] if left else [*row, *pad] for row, pad in zip(rows, pads, strict=True)]
    )


def _moved(value: Any, device: Any) -> Any:
    return value.to(device) if hasattr(value, "to") else value
