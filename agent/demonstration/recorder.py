"""Records a demonstration: a person does a task on a screen, and each of their actions becomes a step of a run.

    with BrowserEnv("https://shop.example", headless=False) as env, RunLog(Path("runs/tea")) as log:
        for event in Demonstration("Order green tea", env, log).run(stopped):
            print(event)

A step shows the screen as it was just before the action began: screenshots are taken whenever the person pauses.
"""

import queue
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from ...envs.actions import Hotkey, Type
from ...envs.demonstration import Demonstrable, PersonInput
from ...envs.env import ActionResult, Env, EnvLost, EnvUnavailable, Fact, Observation
from ...envs.secrets import SecretVault
from ..core.decision import Ending, Finish
from ..core.limits import Limits, StopReason
from ..core.model import ModelInfo, Usage
from ..monitor.progress import ProgressMonitor
from ..record.events import Acted, Decided, Ended, Event, Intended, Note, Observed, PolicyInfo, Started, Stepped
from .grouping import Demonstrated, Grouping
from .passwords import PasswordHandles

QUIET_S = 0.15
"""A screenshot is taken when the person has done nothing for this long, and then every `REFRESH_S`."""

REFRESH_S = 1.0
POLL_S = 0.05
PERSON = "a person"
METHOD = "demonstrated"
STOP_KEYS = ("ctrl", "alt", "end")
"""The shortcut that ends a demonstration."""

_KEPT = 4
_HIDDEN = "a password was typed; it is recorded as {handle} and not kept"


@dataclass(slots=True)
class Demonstration:
    """One recording of `task` on `env`. `record` gets each event, such as a `RunLog`.

    The values of the secrets in `vault` become handles in what is recorded.
    """

    task: str
    env: Env
    record: Callable[[Event], object] = lambda event: None
    vault: SecretVault = field(default_factory=SecretVault)

    _inputs: "queue.SimpleQueue[PersonInput]" = field(init=False, default_factory=queue.SimpleQueue)
    _grouping: Grouping = field(init=False, default_factory=Grouping)
    _passwords: PasswordHandles = field(init=False, default_factory=PasswordHandles)
    _progress: ProgressMonitor = field(init=False, default_factory=ProgressMonitor)
    _seen: "deque[tuple[float, Observation]]" = field(init=False)
    """The newest observations, and when each was complete."""
    _facts: list[Fact] = field(init=False, default_factory=list[Fact])
    _step: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._seen = deque(maxlen=_KEPT)

    def run(self, stopped: Callable[[], bool]) -> Iterator[Event]:
        """Record until `stopped()`, or the person presses `STOP_KEYS` or closes the screen; the last event is `Ended`.

        Raises:
            EnvUnavailable: the screen cannot be opened, or does not report the input of a person.
        """
        for event in self._events(stopped):
            redacted = self.vault.redact(event)
            self.record(redacted)
            yield redacted

    def _events(self, stopped: Callable[[], bool]) -> Iterator[Event]:
        if not isinstance(self.env, Demonstrable):
            raise EnvUnavailable(f"this screen ({self.env.info().kind}) does not report what a person does on it")
        self.env.watch_person(self._inputs.put)
        try:
            self._look()
            started_s = time.monotonic()
            info, names = PolicyInfo(ModelInfo(PERSON)), self.vault.names
            limits = Limits(steps=None)
            yield Started(self.task, self.env.info(), info, limits, _now(), version("screenwright"), secrets=names)
            reason = yield from self._follow(stopped)
            yield from self._write(self._seen[-1][1], None, time.monotonic(), Finish())
            seconds = time.monotonic() - started_s
            yield Ended(StopReason.FINISHED, reason, "", self._step, Usage(), seconds, _now())
        finally:
            self.env.watch_person(None)

    def _follow(self, stopped: Callable[[], bool]) -> Generator[Event, None, str]:
        """The steps of the person; returns why they ended."""
        last_s = 0.0
        try:
            while not stopped():
                event = self._next()
                now_s = time.monotonic()
                last_s = last_s if event is None else now_s
                done = [*(self._grouping.flush(now_s) if event is None else self._grouping.feed(event))]
                for one in done:
                    if isinstance(one.action, Hotkey) and one.action.keys == STOP_KEYS:
                        return "the person ended the demonstration"
                    yield from self._add(one)
                if event is None and not self._grouping.is_pressed and self._is_due(now_s, last_s):
                    self._look()
            yield from self._rest()
            self._look()
        except EnvLost as lost:
            yield from self._rest()
            return str(lost)
        return "the demonstration was stopped"

    def _rest(self) -> Iterator[Event]:
        """The steps of what has arrived until the end."""
        done = list[Demonstrated]()
        while not self._inputs.empty():
            done += self._grouping.feed(self._inputs.get())
        for one in (*done, *self._grouping.finish()):
            yield from self._add(one)

    def _is_due(self, now_s: float, last_s: float) -> bool:
        looked_s = self._seen[-1][0]
        return now_s - last_s >= QUIET_S and (looked_s <= last_s + QUIET_S or now_s - looked_s >= REFRESH_S)

    def _next(self) -> PersonInput | None:
        try:
            return self._inputs.get(timeout=POLL_S)
        except queue.Empty:
            return None

    def _look(self) -> None:
        observation = self.env.observe()
        self._facts += observation.facts
        self._seen.append((time.monotonic(), observation))

    def _add(self, done: Demonstrated) -> Iterator[Event]:
        """The step of an action; it was decided on the newest screenshot before it began."""
        named = self._passwords.named(done.action, hidden=done.hidden)
        if named is None:
            return
        done = replace(done, action=named)
        before = next((one for at_s, one in reversed(self._seen) if at_s <= done.started_s), self._seen[0][1])
        yield from self._write(before, done, done.started_s, None)

    def _write(
        self, before: Observation, done: Demonstrated | None, started_s: float, ending: Ending | None
    ) -> Iterator[Event]:
        self._step += 1
        step, facts = self._step, tuple(dict.fromkeys(self._facts))
        self._facts.clear()
        change = self._progress.record_observation(before.screenshot)
        yield Observed(step, replace(before, facts=facts), tuple(map(str, facts)), change, 0.0)
        actions = () if done is None else (done.action,)
        yield Decided(step, None, actions, ending)
        seconds = max(0.0, time.monotonic() - started_s)
        if done is not None:
            yield Intended(step, 0, done.action)
            yield Acted(step, 0, done.action, ActionResult(seconds, method=METHOD))
            if done.hidden and isinstance(done.action, Type):
                yield Note(_HIDDEN.format(handle=done.action.text), step)
        self._progress.record_actions(actions)
        yield Stepped(step, seconds)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
