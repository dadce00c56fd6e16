"""Episodes of a model in training: what it was sent, what it sampled, and what the judge says.

    runner = RolloutRunner(settings, RolloutModel.around(model, encoder, source, 1.0), Path("rollouts"))
    rollout = runner.run(EpisodeId("click-tab", 1003), "step-00000")

Each reply is one `SampledReply`, so an episode trains on exactly the prompts it had, whatever its history drops.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from ...agent.core.limits import Limits
from ...agent.core.messages import Message
from ...agent.core.model import Completion, Model, ModelInfo, Sampling, never
from ...agent.models.local.model import LocalModel
from ...agent.models.local.prompt import EncodedPrompt, PromptEncoder
from ...agent.policy.policy import Policy
from ..benchmarks.registry import benchmark_for
from ..core.config import EvalConfig
from ..core.plan import EpisodeId
from ..core.record import FailedAttempt
from ..core.task import TaskInstance
from ..runner.episode import EpisodeJob, EpisodeRunner

_TRIES = 2


@dataclass(frozen=True, slots=True)
class SampledReply:
    """A reply as token ids, with the log-probability of each, and the tensors of its prompt."""

    prompt: Mapping[str, Any]
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rollout:
    """An episode. `reward` is the benchmark's score, or else 1 or 0; None if the episode could not be judged."""

    id: EpisodeId
    replies: tuple[SampledReply, ...]
    reward: float | None


@dataclass(slots=True)
class _KeepingEncoder:
    """Encodes as `encoder` does, and keeps the newest prompt."""

    encoder: PromptEncoder
    newest: EncodedPrompt | None = None

    @property
    def tokenizer(self) -> Any:
        """See `PromptEncoder`."""
        return self.encoder.tokenizer

    def encode(self, messages: Sequence[Message], sampling: Sampling) -> EncodedPrompt:
        """See `PromptEncoder`."""
        self.newest = self.encoder.encode(messages, sampling)
        return self.newest


@dataclass(slots=True)
class RolloutModel:
    """A model that samples from its whole distribution, and keeps what it was sent and sampled in `replies`.

    `top_p`, penalties and the like are left out, since the gradient is that of the distribution itself.
    """

    model: Model
    encoder: _KeepingEncoder
    temperature: float
    replies: list[SampledReply] = field(default_factory=list[SampledReply])

    @classmethod
    def around(cls, model: Any, encoder: PromptEncoder, source: str, temperature: float) -> Self:
        """The model of a trainer, whose checkpoint is `source`."""
        keeping = _KeepingEncoder(encoder)
        return cls(LocalModel.around(model, keeping, source), keeping, temperature)

    def info(self) -> ModelInfo:
        """See `Model`."""
        return self.model.info()

    def connect(self) -> None:
        """See `Model`."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`."""
        plain = replace(
            sampling,
            temperature=self.temperature,
            top_p=None,
            top_k=None,
            frequency_penalty=None,
            presence_penalty=None,
            repetition_penalty=None,
            extra_body={"return_token_ids": True, "logprobs": True},
        )
        completion = self.model.complete(messages, plain, stop)
        if completion.tokens is not None and completion.tokens.reply and self.encoder.newest is not None:
            tokens = completion.tokens
            self.replies.append(SampledReply(self.encoder.newest.tensors, tokens.reply, tokens.logprobs))
        return completion


class RolloutRunner:
    """Runs episodes of the benchmark of `settings`, one after another, recorded in `folder`.

    Leaving its context closes the benchmark.

    Raises:
        ValueError, TaskError: a setting is invalid, or the benchmark's data is missing.
    """

    def __init__(self, settings: EvalConfig, model: RolloutModel, folder: Path) -> None:
        self._settings, self._model, self._folder = settings, model, folder
        benchmark = benchmark_for(settings)
        self._limits = settings.limits.build(Limits(benchmark.rules.steps, benchmark.rules.seconds))
        self._runner = EpisodeRunner(benchmark, self._policy, rules=settings.action_rules.build())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.__exit__()

    def run(self, episode: EpisodeId, part: str) -> Rollout:
        """Run and judge an episode, in the folder `part`; one that fails through no fault of the model is repeated."""
        for _ in range(_TRIES):
            folder = self._folder / part / episode.path
            shutil.rmtree(folder, ignore_errors=True)  # of a training that was killed
            self._model.replies.clear()
            attempt = self._runner.run(EpisodeJob(episode, folder, self._limits))
            if not isinstance(attempt, FailedAttempt):
                reward = float(attempt.done is True) if attempt.score is None else attempt.score
                return Rollout(episode, tuple(self._model.replies), reward)
        return Rollout(episode, (), None)

    def _policy(self, instance: TaskInstance, episode: EpisodeId) -> Policy:
        return self._settings.agent.build_policy(self._model, summarize=False)
