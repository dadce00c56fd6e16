"""Runs one episode: sets the task up, runs the agent, and judges the result."""

import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from screenwright._files import write_file

from ...agent.core.limits import Limits, StopReason
from ...agent.core.model import ModelLost
from ...agent.core.supervision import Supervision
from ...agent.guard.rules import RuleSet
from ...agent.loop.agent import result_of
from ...agent.loop.control import Control
from ...agent.loop.episode import Episode
from ...agent.record.events import Acted, Ended, Event, Observed, PolicyInfo, Replied, Started, Stepped
from ...agent.record.trajectory import RunError, RunLog, read_run
from ...agent.record.viewer import render_page
from ...envs.env import EnvError, EnvInfo
from ..analysis.failure_modes import triage
from ..analysis.filmstrip import FILMSTRIP, RUN_PAGE, make_filmstrip
from ..core.manifest import now
from ..core.plan import EpisodeId
from ..core.record import Attempt, FailedAttempt, Phases, Record
from ..core.task import Benchmark, Budgeted, Outcome, SelfEnding, Task, TaskError, TaskInstance, release
from .baselines import AgentFactory, report_model_lost

TASK_OVER = "task_over"
"""The stop reason of an episode that its task ended."""


_FAILED = (StopReason.ENV_LOST, StopReason.MODEL_LOST)


@dataclass(frozen=True, slots=True)
class EpisodeJob:
    """An episode to run, and where to record it."""

    id: EpisodeId
    folder: Path
    limits: Limits


class EpisodeRunner:
    """Runs episodes one after another; leaving its context closes the benchmark and the agent's model.

    There is no one to ask, so what `rules` ask about is denied.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        agents: AgentFactory,
        supervision: Supervision = Supervision(),
        rules: RuleSet | None = None,
    ) -> None:
        self._benchmark = benchmark
        self._agents = agents
        self._supervision = supervision
        self._rules = rules
        self._tasks = {task.name: task for task in benchmark.tasks()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        release(self._agents)
        release(self._benchmark)

    def run(self, job: EpisodeJob, control: Control | None = None) -> Attempt:
        """Set up, run and judge an episode. Errors are returned as a failed attempt.

        Raises:
            RunError: the episode cannot be recorded.
        """
        task = self._tasks[job.id.task]
        timing, started = now(), time.monotonic()
        try:
            with task.set_up(job.id.seed) as instance:
                set_up_s = time.monotonic() - started
                return self._run(job, task, instance, (timing, set_up_s), control or Control())
        except (TaskError, EnvError, ModelLost) as error:
            return FailedAttempt(job.id, f"{type(error).__name__}: {error}")
        except RunError:
            raise
        except Exception as error:  # noqa: BLE001 -- a bug in a task must not end the evaluation
            message = " ".join(f"{type(error).__name__}: {error}".split())
            return FailedAttempt(job.id, message, traceback.format_exc())

    def _run(
        self, job: EpisodeJob, task: Task, instance: TaskInstance, timing: tuple[str, float], control: Control
    ) -> Attempt:
        policy = self._agents(instance, job.id)
        limits = job.limits
        if isinstance(instance, Budgeted):
            limits = replace(limits, steps=min(instance.steps, limits.steps or instance.steps))
        with RunLog(job.folder) as log:
            episode = Episode(
                instance.instruction,
                instance.env,
                policy,
                limits,
                control=control,
                record=log,
                supervision=self._supervision,
                rules=self._rules,
            )
            events, over = _play(episode, instance, control)
        ended = events[-1]
        assert isinstance(ended, Ended)
        if ended.stop is StopReason.MODEL_LOST:
            report_model_lost(self._agents)
        if ended.stop in _FAILED:
            return FailedAttempt(job.id, f"{ended.stop}: {ended.reason}")
        if ended.stop is StopReason.CANCELLED and not over:
            return FailedAttempt(job.id, "stopped")
        outcome = instance.judge(result_of(ended, job.folder))
        record = _record(job.id, task, instance.instruction, outcome, events, TASK_OVER if over else ended.stop, timing)
        return record if outcome.done else _with_failure_details(record, events, job.folder)


def _play(episode: Episode, instance: TaskInstance, control: Control) -> tuple[list[Event], bool]:
    """The events of the episode, and whether the task ended it, which is checked after each action."""
    events: list[Event] = []
    over = False
    for event in episode.run():
        events.append(event)
        if isinstance(event, Acted) and not over and isinstance(instance, SelfEnding) and instance.is_over():
            over = True
            control.stop()
    ended = events[-1]
    return events, over and isinstance(ended, Ended) and ended.stop is StopReason.CANCELLED


def _record(
    episode: EpisodeId,
    task: Task,
    instruction: str,
    outcome: Outcome,
    events: list[Event],
    stop: str,
    timing: tuple[str, float],
) -> Record:
    ended, started = events[-1], next(event for event in events if isinstance(event, Started))
    assert isinstance(ended, Ended)
    return Record(
        id=episode,
        category=task.category,
        instruction=instruction,
        done=outcome.done,
        score=outcome.score,
        attacked=outcome.attacked,
        found=outcome.found,
        stop=str(stop),
        reason=ended.reason,
        answer=ended.answer,
        steps=ended.steps,
        parse_failures=ended.parse_failures,
        usage=ended.usage,
        seconds=ended.seconds,
        set_up_s=timing[1],
        phases=_phases(events),
        agent=_agent(started.policy),
        env=_env(started.env),
        started=timing[0],
    )


def _with_failure_details(record: Record, events: list[Event], folder: Path) -> Record:
    """The record of a failure with its triage and filmstrip; the run's page is written for the links of the report."""
    filmstrip, moments = make_filmstrip(events)
    write_file(folder / FILMSTRIP, filmstrip)
    write_file(folder / RUN_PAGE, render_page(read_run(folder).events, title=record.instruction).encode())
    return replace(record, triage=triage(events), moments=moments)


def _phases(events: list[Event]) -> Phases:
    acted = [event.result for event in events if isinstance(event, Acted) and event.result is not None]
    replied = [event for event in events if isinstance(event, Replied)]
    return Phases(
        capture_s=sum(event.capture_s for event in events if isinstance(event, Observed)),
        encode_s=sum(event.encode_s for event in replied),
        model_s=sum(event.model_s for event in replied),
        act_s=sum(done.act_s for done in acted),
        settle_s=sum(done.settle_s for done in acted),
        log_s=sum(event.log_s for event in events if isinstance(event, Stepped)),
    )


def _agent(policy: PolicyInfo) -> dict[str, str]:
    model = policy.model
    fields = {
        "model": model.name,
        "endpoint": model.endpoint,
        "version": model.version,
        "dialect": policy.dialect,
        "prompt": policy.prompt_sha256,
        "prompt source": policy.prompt_source,
        "history": policy.history,
        "sampling": "" if policy.sampling is None else str(policy.sampling),
        "max image pixels": str(policy.max_image_pixels or ""),
    }
    return {name: value for name, value in fields.items() if value}


def _env(info: EnvInfo) -> dict[str, str]:
    return {"kind": info.kind, "program": info.program, **info.settings}
