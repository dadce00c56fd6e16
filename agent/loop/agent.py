"""The face that programs use: an agent is a model, the way it is spoken to, and what it may do.

agent = Agent("http://127.0.0.1:8000/v1")
with BrowserEnv("https://example.org") as env:
    print(agent.run("Find the newest release and tell me its number", env).answer)
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ...envs.env import Env
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ..core.context import DecisionContext, HistoryStep
from ..core.limits import Limits, StopReason
from ..core.messages import ImageFormat
from ..core.model import Model, Sampling, Usage
from ..core.supervision import Supervision
from ..dialects.dialect import Dialect
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import dialect_named
from ..guard.guard import Guard, allow_all
from ..policy.image_history import History
from ..policy.model_policy import ModelPolicy
from ..record.events import Decided, Ended, Event
from ..record.past import ResumePoint
from ..record.trajectory import RunError, RunLog, read_run
from .control import Control
from .episode import Episode
from .open_model import open_model


@dataclass(frozen=True, slots=True)
class Result:
    """How an episode ended.

    `answer` is what the model says to the user; `reason` says more about `stop`; `run` is the folder that the run was
    recorded in, if it was. `parse_failures` counts replies that could not be read. `verified` is the verdict on a
    finish that
    was checked, None if it was not.
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

    @property
    def finished(self) -> bool:
        """Whether the model says that the task is done."""
        return self.stop is StopReason.FINISHED


class Agent:
    """Works one screen at a time. Its methods may be called from any thread, and `stop` from a signal handler.

    `model` is a `Model`, or what `open_model` takes: `reader`, or the address of an OpenAI-compatible server. The
    dialect is chosen by the model's name unless it is given; `prompt` chooses among its prompts, where it has several.
    `constrain` holds replies to the dialect's grammar on a vLLM server, so that none can be unreadable. `supervision`
    says what is done about circles, whether a user attends, and who checks a finish.

    Raises:
        ValueError: there is no such model or dialect.
    """

    def __init__(
        self,
        model: Model | str = "reader",
        *,
        dialect: Dialect | str | None = None,
        limits: Limits = Limits(),
        history: History | None = None,
        guard: Guard = allow_all,
        sampling: Sampling | None = None,
        image_format: ImageFormat = ImageFormat.PNG,
        prompt: Prompt | None = None,
        constrain: bool = False,
        supervision: Supervision = Supervision(),
    ) -> None:
        self.model = open_model(model) if isinstance(model, str) else model
        self.dialect = dialect_named(dialect) if isinstance(dialect, str) else dialect
        self.limits = limits
        self.history = history
        self.guard = guard
        self.sampling = sampling
        self.image_format = image_format
        self.prompt = prompt
        self.constrain = constrain
        self.supervision = supervision
        self._control: Control | None = None

    def run(self, task: str, env: Env, *, out: Path | str | None = None) -> Result:
        """Do `task` on `env`; record the run in the folder `out`, if given.

        Raises:
            EnvUnavailable: the screen cannot be opened.
            RunError: the run cannot be recorded, or `out` holds one already.
        """
        return _result(self.stream(task, env, out=out), out)

    def stream(self, task: str, env: Env, *, out: Path | str | None = None) -> Iterator[Event]:
        """Do `task` on `env`, and hand on each event as it happens. Closing the iterator ends the episode.

        Raises:
            EnvUnavailable: the screen cannot be opened.
            RunError: the run cannot be recorded, or `out` holds one already.
        """
        return self._stream(task, env, Path(out) if out is not None else None, None)

    async def arun(self, task: str, env: Env, *, out: Path | str | None = None) -> Result:
        """As `run`, on a thread of its own, so that an event loop goes on. Cancelling it stops the episode cleanly."""
        events = self.stream(task, env, out=out)
        with ThreadPoolExecutor(1, thread_name_prefix="screenwright-episode") as thread:
            work = asyncio.get_running_loop().run_in_executor(thread, _result, events, out)
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                while not work.done():  # again and again, since the thread may not have begun yet
                    self.stop()
                    await asyncio.wait([work], timeout=0.05)
                raise

    def continue_run(self, run: Path | str, env: Env) -> Iterator[Event]:
        """Go on with a recorded run that was killed, stopped or cut short, and record the rest in the same folder.

        The model is shown what it did and saw up to the last whole step, and told that it was interrupted.

        Raises:
            EnvUnavailable: the screen cannot be opened.
            RunError: there is no such run, or it has finished.
        """
        recorded = read_run(Path(run))
        if recorded.ended is not None and recorded.ended.stop is StopReason.FINISHED:
            raise RunError(f"{run} has finished: there is nothing to go on with")
        return self._stream(recorded.started.task, env, recorded.folder, recorded.past())

    def ground(
        self, picture: Image.Image | Screenshot, text: str, prompt: Prompt = Prompt.GROUNDING
    ) -> ScreenPoint | None:
        """Where on `picture` the thing is that `text` describes; None if the model names no place.

        Raises:
            ModelLost: the model does not answer.
            ValueError: the dialect has no prompt for this.
        """
        screenshot = picture if isinstance(picture, Screenshot) else Screenshot(picture)
        policy = self._policy(prompt)
        policy.open()
        for event in policy.decide(DecisionContext(text, 1, (HistoryStep(screenshot),)), lambda: False):
            if isinstance(event, Decided) and event.traces:
                return event.traces[0].screen
        return None

    def stop(self) -> None:
        """End the episode in progress as `cancelled`, as soon as its action in flight is over."""
        if self._control is not None:
            self._control.stop()

    def pause(self) -> None:
        """Hold the episode in progress before its next look, with no key held, so that a person may use the screen."""
        if self._control is not None:
            self._control.pause()

    def resume(self) -> None:
        """Let a paused episode go on. The model is told that the screen may have been changed by hand."""
        if self._control is not None:
            self._control.resume()

    def tell(self, text: str = "") -> None:
        """Say something to the model of the episode in progress; answers its question, if it waits for the user.

        Without a text, the screen is handed back as it is.
        """
        if self._control is not None:
            self._control.tell(text)

    def decline(self) -> None:
        """Say that nobody will answer; an episode that waits for the user ends as `needs_user`."""
        if self._control is not None:
            self._control.decline()

    def _stream(self, task: str, env: Env, folder: Path | None, past: ResumePoint | None) -> Iterator[Event]:
        if self._control is not None:
            raise RuntimeError("this agent is at work on a task already: wait for it, or make another Agent")
        control = self._control = Control()
        try:
            with ExitStack() as stack:
                policy = self._policy()
                episode = Episode(
                    task, env, policy, self.limits, self.guard, control, past=past, supervision=self.supervision
                )
                if folder is not None:
                    episode.record = _LazyLog(stack, folder, resume=past is not None)
                yield from episode.run()
        finally:
            self._control = None

    def _policy(self, prompt: Prompt | None = None) -> ModelPolicy:
        return ModelPolicy(
            self.model,
            self.dialect,
            history=self.history,
            sampling=self.sampling,
            image_format=self.image_format,
            prompt=prompt or self.prompt,
            constrain=self.constrain,
            condense=self.supervision.condense,
        )


class _LazyLog:
    """A log whose folder is made at the first event, so that a screen which cannot be opened leaves none behind."""

    def __init__(self, stack: ExitStack, folder: Path, *, resume: bool) -> None:
        self._stack, self._folder, self._resume = stack, folder, resume
        self._log: RunLog | None = None

    def __call__(self, event: Event) -> None:
        if self._log is None:
            self._log = self._stack.enter_context(RunLog(self._folder, resume=self._resume))
        self._log(event)


def result_of(last: Event, run: Path | str | None = None) -> Result:
    """The result that the last event of an episode stands for; `run` is where it was recorded."""
    assert isinstance(last, Ended), "an episode ends with Ended"
    folder = Path(run) if run else None
    return Result(
        last.stop,
        last.answer,
        last.reason,
        last.steps,
        last.usage,
        last.seconds,
        folder,
        last.parse_failures,
        last.verified,
    )


def _result(events: Iterator[Event], out: Path | str | None) -> Result:
    return result_of(deque(events, maxlen=1).pop(), out)
