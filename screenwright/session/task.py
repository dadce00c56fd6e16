"""Runs tasks of our own agent on a held screen."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from screenwright._text import plain

from ..agent.core.describe import describe_action
from ..agent.guard.guard import Allow, Guard, GuardDecision
from ..agent.guard.rules import RuleSet
from ..agent.guard.secret_guard import SecretGuard
from ..agent.loop.agent import Agent, Result, result_of
from ..agent.loop.control import Control
from ..agent.loop.secret_env import SecretEnv, secrets_note
from ..agent.record.events import Decided, Event
from ..envs.actions import Action
from ..envs.env import Observation
from ..envs.secrets import SecretVault
from .caller import Caller

_POLL_S = 0.05
_MAX_PROGRESS = 300


@dataclass(frozen=True, slots=True)
class TaskReply:
    """How a task ended, and the folder of its recording."""

    result: Result
    folder: Path


@dataclass(slots=True)
class _Guards:
    """A `Guard` that asks several, of which all must allow an action."""

    guards: tuple[Guard, ...]

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        recheck = False
        for guard in self.guards:
            decision = guard(action, observation)
            if not isinstance(decision, Allow):
                return decision
            recheck = recheck or decision.recheck
        return Allow(recheck)


@dataclass(slots=True)
class TaskRunner:
    """Runs one task at a time on `screen`, which masks the secrets of `vault`.

    It is the `InputListener` of the session: a user at the screen pauses and stops the task, as well as the calls.
    """

    screen: SecretEnv
    vault: SecretVault
    guard: Guard
    rules: RuleSet | None
    control: Control
    _agent: Agent | None = field(init=False, default=None)

    @property
    def is_running(self) -> bool:
        """Whether a task runs."""
        return self._agent is not None

    def run(self, agent: Agent, task: str, folder: Path, caller: Caller) -> TaskReply:
        """Run `task`; it ends as cancelled soon after `caller` is gone or the session is stopped.

        Raises:
            ModelLost: the model is not available. ValueError: one of its settings does not fit.
        """
        agent.guard, agent.rules = _Guards((self.guard, SecretGuard(self.vault))), self.rules
        agent.approver = caller.approver
        agent.supervision = replace(agent.supervision, attended=caller.can_ask)
        with self._stopping(agent, caller):
            last: Event | None = None
            for last in agent.stream(self.vault.redact(task) + secrets_note(self.vault), self.screen, out=folder):
                if isinstance(last, Decided):
                    caller.progress(_line(last))
        assert last is not None
        return TaskReply(result_of(last, folder), folder)

    @contextmanager
    def _stopping(self, agent: Agent, caller: Caller) -> Generator[None]:
        """In this block, stop `agent` when `caller` no longer waits or the session is stopped."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(_POLL_S):
                if caller.cancelled() or self.control.stopped:
                    agent.stop()

        watcher = threading.Thread(target=watch, name="screenwright-task-watch", daemon=True)
        self._agent = agent
        watcher.start()
        try:
            yield
        finally:
            self._agent = None
            done.set()
            watcher.join()

    # -- the user at the screen

    def stop(self, reason: str) -> None:
        """See `InputListener`."""
        self.control.stop(reason)

    def user_started(self) -> None:
        """See `InputListener`."""
        self.control.user_started()
        if (agent := self._agent) is not None:
            agent.pause()

    def user_finished(self) -> None:
        """See `InputListener`."""
        self.control.user_finished()
        if (agent := self._agent) is not None:
            agent.resume()


def _line(decided: Decided) -> str:
    """A step in one line: its thought, or its actions."""
    actions = "; ".join(map(describe_action, decided.actions)) or "ends"
    return plain(f"step {decided.step}: {actions}", _MAX_PROGRESS)
