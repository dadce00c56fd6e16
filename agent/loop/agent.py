"""The public interface: an agent runs tasks with a model or a policy.

agent = Agent("http://127.0.0.1:8000/v1")
with BrowserEnv("https://example.org") as env:
    print(agent.run("Find the newest release and report its version", env).answer)
"""

import asyncio
import html
from collections import deque
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeAlias, overload

from PIL import Image
from pydantic import TypeAdapter
from typing_extensions import TypeVar

from screenwright._text import printable

from ...envs.env import Env, Fact
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ...envs.secrets import Secret, SecretVault
from ..core.answer_format import AnswerFormat, answer_format
from ..core.context import DecisionContext, HistoryStep
from ..core.functions import ActionFunction
from ..core.image_history import History
from ..core.limits import Limits, StopReason
from ..core.model import Model, Usage
from ..core.prices import Price
from ..core.supervision import Supervision
from ..dialects.dialect import Dialect
from ..dialects.prompting.prompt_kind import Prompt
from ..guard.approval import Approve, Approver, FunctionApprover, NoApprover, as_approver
from ..guard.guard import AllowAll, Guard
from ..guard.rules import RuleSet
from ..policy.model_policy import ModelPolicy
from ..policy.policy import Policy, TakesFunctions
from ..record.events import Decided, Ended, Event
from ..record.trajectory import Run, RunError, RunLog, read_run
from .control import Control, UserAction
from .episode import Episode
from .on_thread import on_thread
from .open_policy import open_policy
from .own_functions import OwnFunctions
from .task_steps import TaskSteps

T_co = TypeVar("T_co", covariant=True, default=object)
T = TypeVar("T")

Output: TypeAlias = type[T] | TypeAdapter[T] | AnswerFormat[T]
"""The type of an answer: any that pydantic can validate, or its form."""


@dataclass(frozen=True, slots=True)
class Result(Generic[T_co]):
    """How an episode ended.

    `answer` is the model's message to the user; `reason` explains `stop`; `run` is the folder of the recording, if
    there is one. `parse_failures` counts replies that could not be parsed. `verified` is the critic's verdict on a
    finish, None if it was not checked. `cost` is in the currency of the agent's prices, None if it is unknown. `output`
    is the answer as a value of the type that `run` was called with; None unless `stop` is `FINISHED`.
    """

    stop: StopReason
    answer: str
    reason: str
    steps: int
    usage: Usage
    seconds: float
    run: Path | None = None
    parse_failures: int = 0
    verified: bool | None = None
    cost: float | None = None
    output: T_co | None = None

    @property
    def finished(self) -> bool:
        """Whether the model reported that the task is done, and no critic rejected that."""
        return self.stop is StopReason.FINISHED and self.verified is not False

    def _repr_html_(self) -> str:
        """What a notebook shows: how it ended, and a picture of each step if the run was recorded."""
        facts: dict[str, object] = {"stop": self.stop, "answer": self.answer, "reason": self.reason}
        facts |= {"output": self.output, "steps": self.steps, "seconds": round(self.seconds, 1)}
        facts |= {"cost": self.cost, "run": self.run}
        lines = "".join(
            f"<tr><th>{name}</th><td>{html.escape(printable(str(value)))}</td></tr>"
            for name, value in facts.items()
            if value not in (None, "")
        )
        return f"<table>{lines}</table>{_strip(self.run)}"


class Agent:
    """Runs one task at a time. Its methods may be called from any thread, and `stop` from a signal handler.

    `model` is a `Model` or the address of one, such as `reader` or the URL of an OpenAI-compatible server; see
    `open_model`. By default, the model's name determines the dialect, and the kind of screen the prompt.
    `Agent(model, dialect=..., prompt=..., history=...)` is short for `Agent(policy=ModelPolicy(model, ...))`, which has
    more settings; pass a policy of your own there too. `guard` and `rules` decide about each action;
    `approver` asks the user if they do not, and passes on the model's questions. `supervision` configures
    recovery from loops, questions to the user, and the critic. `secrets` are texts that it types without knowing them.
    `actions` are functions of yours that the model may call (see `action`), if its checkpoint can call functions.
    `prices` are the prices of tokens by the name of the model, for `Limits.cost` and `Result.cost`.

    Raises:
        ValueError: there is no such model or dialect, or not exactly one of `model` and `policy` is given.
    """

    def __init__(  # noqa: PLR0913 -- each is a part of the agent with a default
        self,
        model: Model | str | None = None,
        *,
        policy: Policy | None = None,
        dialect: Dialect | str | None = None,
        prompt: Prompt | None = None,
        history: History | None = None,
        limits: Limits = Limits(),
        guard: Guard = AllowAll(),
        rules: RuleSet | None = None,
        approver: Approver | Approve | None = None,
        supervision: Supervision = Supervision(),
        secrets: Sequence[Secret] = (),
        prices: Mapping[str, Price] | None = None,
        actions: Sequence[ActionFunction[..., Any]] = (),
    ) -> None:
        if (model is None) == (policy is None):
            raise ValueError("an agent needs either a model or a policy")
        if policy is not None and (dialect or prompt or history):
            raise ValueError("dialect, prompt and history belong to the model: pass them to ModelPolicy")
        if model is not None:
            policy = open_policy(model, dialect, prompt, history, supervision.summarize)
        assert policy is not None
        self.functions = OwnFunctions(tuple(actions))
        if actions:
            if not isinstance(policy, TakesFunctions):
                raise ValueError(f"a {type(policy).__name__} has no model that could call the actions: leave them out")
            policy = policy.with_functions(self.functions.specs)
        self.policy: Policy = policy
        self.limits = limits
        self.guard = guard
        self.rules = rules
        self.secrets = tuple(secrets)
        self.prices = dict(prices or {})
        SecretVault(self.secrets)  # refuses two of the same name
        self.approver = None if approver is None else as_approver(approver)
        attended = supervision.attended if approver is None else not isinstance(approver, NoApprover)
        self.supervision = replace(supervision, attended=attended)
        self._control = Control()
        self._is_running = False

    @overload
    def run(self, task: str, env: Env, *, out: Path | str | None = None) -> Result[None]: ...
    @overload
    def run(self, task: str, env: Env, *, output: Output[T], out: Path | str | None = None) -> Result[T]: ...
    def run(
        self, task: str, env: Env, *, output: Output[Any] | None = None, out: Path | str | None = None
    ) -> Result[Any]:
        """Run `task` on `env`, recorded in the folder `out` if it is given; raises as `stream`.

        With `output`, such as a pydantic model, the model is asked for an answer of that type. If the answer is not,
        it is asked again with the problems; without a valid answer the episode ends as `invalid_answer`.
        """
        return _result(_last(self.stream(task, env, output=output, out=out)), out, output)

    def stream(
        self, task: str, env: Env, *, output: Output[Any] | None = None, out: Path | str | None = None
    ) -> Generator[Event]:
        """Run `task` on `env` and yield each event as it happens. Closing the iterator ends the episode.

        Raises:
            ValueError: the task is empty, or `output` has no JSON schema.
            EnvUnavailable: the screen cannot be opened.
            RunError: the run cannot be recorded, or `out` already contains one.
        """
        return self._stream(task, env, Path(out) if out is not None else None, output)

    @overload
    async def arun(self, task: str, env: Env, *, out: Path | str | None = None) -> Result[None]: ...
    @overload
    async def arun(self, task: str, env: Env, *, output: Output[T], out: Path | str | None = None) -> Result[T]: ...
    async def arun(
        self, task: str, env: Env, *, output: Output[Any] | None = None, out: Path | str | None = None
    ) -> Result[Any]:
        """Like `run`, on its own thread. Cancelling it stops the episode cleanly."""
        last: Event | None = None
        async with aclosing(self.astream(task, env, output=output, out=out)) as events:
            async for event in events:
                last = event
        return _result(last, out, output)

    async def astream(
        self, task: str, env: Env, *, output: Output[Any] | None = None, out: Path | str | None = None
    ) -> AsyncGenerator[Event]:
        """Like `stream`, for `async for`: each event is produced on the thread of the episode when it is asked for.

        Cancelling the task that waits for an event stops the episode cleanly. To leave the loop early, close the
        generator, for example with `contextlib.aclosing`.
        """
        if isinstance(self.approver, FunctionApprover):
            self.approver = replace(self.approver, loop=asyncio.get_running_loop())
        self.functions = replace(self.functions, loop=asyncio.get_running_loop())
        async with aclosing(on_thread(self.stream(task, env, output=output, out=out), self.stop)) as events:
            async for event in events:
                yield event

    @overload
    def steps(self, task: str, env: Env, *, out: Path | str | None = None) -> TaskSteps[Result[None]]: ...
    @overload
    def steps(
        self, task: str, env: Env, *, output: Output[T], out: Path | str | None = None
    ) -> TaskSteps[Result[T]]: ...
    def steps(
        self, task: str, env: Env, *, output: Output[Any] | None = None, out: Path | str | None = None
    ) -> TaskSteps[Result[Any]]:
        """Run `task` step by step: an iterator that does one step at each `next`. Raises as `stream`."""
        events = self.stream(task, env, output=output, out=out)
        return TaskSteps(events, lambda ended: _result(ended, out, output))

    @overload
    def continue_run(self, run: Path | str, env: Env) -> Result[None]: ...
    @overload
    def continue_run(self, run: Path | str, env: Env, *, output: Output[T]) -> Result[T]: ...
    def continue_run(self, run: Path | str, env: Env, *, output: Output[Any] | None = None) -> Result[Any]:
        """Continue a recorded run that was killed, stopped or hit a limit, and record it in the same folder.

        The model sees the steps so far, a note that it was interrupted, and which action may have been carried out.
        Raises as `continue_stream`.
        """
        return _result(_last(self.continue_stream(run, env, output=output)), run, output)

    def continue_stream(self, run: Path | str, env: Env, *, output: Output[Any] | None = None) -> Generator[Event]:
        """Like `continue_run`, but yields each event as it happens. Closing the iterator ends the episode.

        Raises:
            EnvUnavailable: the screen cannot be opened.
            ValueError: the run has replies in another dialect than the agent's.
            RunError: there is no such run, it has finished, another process is running it, or its answer has a form
                that is not the one of `output`.
        """
        recorded = _unfinished(run)
        if missing := sorted({*recorded.started.secrets} - {secret.name for secret in self.secrets}):
            raise RunError(f"the run {run} types the secret {missing[0]}, which is missing: give it again")
        if missing := sorted({*recorded.started.functions} - {*self.functions.names}):
            raise RunError(f"the run {run} calls the action {missing[0]}, which is missing: give it again")
        schema = answer_format(output).schema if output is not None else None
        if recorded.started.answer_schema != schema:
            raise RunError(f"the run {run} was started with another type of answer: give it again")
        return self._stream(recorded.started.task, env, recorded.folder, output, resume=True)

    def ground(
        self, image: Image.Image | Screenshot, description: str, prompt: Prompt = Prompt.GROUNDING
    ) -> ScreenPoint | None:
        """Locate what `description` describes in `image`; None if the model returns no point.

        Raises:
            ModelLost: the model does not respond.
            ValueError: the dialect has no such prompt.
        """
        screenshot = image if isinstance(image, Screenshot) else Screenshot(image)
        policy = self.policy
        if isinstance(policy, ModelPolicy):
            policy = replace(policy, prompt=prompt)
        policy.open()
        for event in policy.decide(DecisionContext(description, 1, (HistoryStep(screenshot),)), lambda: False):
            if isinstance(event, Decided) and event.traces:
                return event.traces[0].screen
        return None

    def stop(self) -> None:
        """End the running episode as `cancelled`, after the action in progress."""
        self._control.stop()

    def pause(self) -> None:
        """Pause the running episode before its next observation, with no key held, so that a person may take over."""
        self._control.pause()

    def resume(self) -> None:
        """Resume a paused episode. The model is informed that the screen may have changed."""
        self._control.resume()

    def send_message(self, text: str = "") -> None:
        """Send a message to the model of the running episode; answers its question, if it waits for the user.

        An empty message only returns the screen to the model.
        """
        self._control.send_message(text)

    def add_facts(self, facts: Iterable[Fact]) -> None:
        """Report `facts` to the model of the running episode.

        An observation reports each event on the screen once: call this with the facts of one that was made meanwhile.
        """
        self._control.add_facts(facts)

    def add_user_action(self, action: UserAction) -> None:
        """Record what the user did on the screen of the running episode, while it is paused or asks the user.

        It becomes a `UserActed` event of the run, which the viewer, a recipe and an export treat as a step.
        """
        self._control.add_user_action(action)

    def decline(self) -> None:
        """Report that no one will answer; an episode that waits for the user ends as `needs_user`."""
        self._control.decline()

    def close(self) -> None:
        """Close the connections of the models that it asks, if they have any."""
        for asked in (self.policy, getattr(self.policy, "planner", None), self.supervision.critic):
            if callable(close := getattr(getattr(asked, "model", None), "close", None)):
                close()

    def _stream(
        self, task: str, env: Env, folder: Path | None, output: Output[Any] | None, *, resume: bool = False
    ) -> Generator[Event]:
        if self._is_running:
            raise RuntimeError("this agent is already running a task: wait for it, or create another Agent")
        if not task.strip():
            raise ValueError("the task is empty")
        form = answer_format(output) if output is not None else None
        self._is_running, self._control = True, Control()
        try:
            episode = Episode(
                task,
                env,
                self.policy,
                self.limits,
                self.guard,
                self._control,
                supervision=self.supervision,
                rules=self.rules,
                approver=self.approver,
                vault=SecretVault(self.secrets, learns=True),
                answer_form=form,
                prices=self.prices,
                functions=self.functions,
            )
            if folder is None:
                yield from episode.run()
            else:
                with RunLog(folder, resume=resume) as episode.record:
                    if resume:  # read again, now that no other process can continue it
                        episode.past = _unfinished(folder).past()
                    yield from episode.run()
        finally:
            self._is_running = False


def _unfinished(folder: Path | str) -> Run:
    run = read_run(folder)
    if run.ended is not None and run.ended.stop is StopReason.FINISHED:
        raise RunError(f"the run {folder} has finished and cannot be continued")
    return run


def result_of(last: Event | None, run: Path | str | None = None) -> Result[None]:
    """The result of an episode from its last event; `run` is the folder of the recording."""
    assert isinstance(last, Ended), "an episode ends with Ended"
    return Result(
        last.stop,
        last.answer,
        last.reason,
        last.steps,
        last.usage,
        last.seconds,
        Path(run) if run else None,
        last.parse_failures,
        last.verified,
        last.cost,
    )


def _strip(run: Path | None) -> str:
    from ..record.viewer.strip import render_strip  # which only notebooks need

    try:
        return render_strip(read_run(run).events) if run is not None else ""
    except RunError:  # it was removed since
        return ""


def _last(events: Iterator[Event]) -> Event:
    return deque(events, maxlen=1).pop()


def _result(last: Event | None, out: Path | str | None, output: Output[Any] | None) -> Result[Any]:
    result = result_of(last, out)
    if output is None or result.stop is not StopReason.FINISHED:
        return result
    return replace(result, output=answer_format(output).read(result.answer))
