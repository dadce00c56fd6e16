"""A run that is being watched: its messages, and what viewers may do to it.

The episode runs on the thread of the queue; viewers act from other threads.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import count
from secrets import token_hex

from ..agent.core.approvals import Scope
from ..agent.demonstration.taking_over import TakingOver, may_type_password
from ..agent.guard.approval import ApprovalAnswer, ApprovalRequest
from ..agent.loop.agent import Agent
from ..agent.loop.control import UserAction
from ..agent.record.events import Ended, Event, Note
from ..agent.record.html import Json
from ..envs.actions import Action, Hotkey, Type
from ..envs.env import ActionRefused, Env, EnvLost, Observation
from ..envs.input.private import typing_secret
from ..envs.interrupt import Interrupted, interruptible
from ..envs.screenshot import Screenshot
from ..envs.secrets import TypesSecrets
from .feed import Feed
from .messages import message_of

_POLL_S = 0.02
_FRAMES = 16
_HANDS_S = 5.0
"""How long an input of the user may take."""


class NotNow(Exception):
    """The run is not in a state for this; the message is one line."""


@dataclass(frozen=True, slots=True)
class _Question:
    number: int
    request: ApprovalRequest


class LiveRun:
    """A running episode. It is also the `Approver` of its agent: the first answer of a viewer counts.

    `changed` is called when a question is opened or closed.
    """

    def __init__(self, feed: Feed, changed: Callable[[], None]) -> None:
        self.feed, self._changed = feed, changed
        self.mark = token_hex(4)  # lets readers that reconnect see which messages they have
        self._agent: Agent | None = None
        self._env: Env | None = None
        self._numbers = count(1)
        self._question: _Question | None = None
        self._answer: ApprovalAnswer | None = None
        self._frames: OrderedDict[str, Screenshot] = OrderedDict()
        self._lock = threading.RLock()
        """Held while a viewer acts, so that the episode goes on only after the viewer's input."""
        self._pausing = self._paused = False
        self._hands = TakingOver()
        self._stop_reason = ""

    @property
    def waits_for_user(self) -> bool:
        """Whether a question is open."""
        return self._question is not None

    @property
    def _is_answered(self) -> bool:
        return self._answer is not None

    # -- the thread of the episode

    def follow(self, agent: Agent, env: Env, events: Iterator[Event], started: Callable[[], None]) -> Ended | None:
        """Pass on the events of the episode until it ends; `started` is called after the first of them."""
        self._agent, self._env = agent, env
        last: Event | None = None
        is_first = True
        try:
            for event in events:
                if is_first:
                    started()
                    self.feed.add({"kind": "state", "state": "running"})
                    if address := getattr(env, "watch_url", ""):
                        self.feed.add({"kind": "watch", "address": address})
                last, is_first = event, False
                self.feed.add(message_of(event))
                if isinstance(event, Note) and event.text.startswith("paused"):
                    self._paused = True
                    self._frames.clear()
                    self._show_state()
                elif isinstance(event, Note) and event.text == "resumed":
                    self._paused = False
                    self._show_state()
                if self._stop_reason:  # it may have been stopped before it began
                    agent.stop()
        finally:
            with self._lock:
                self._agent = self._env = None
        return last if isinstance(last, Ended) else None

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`."""
        with self._lock:
            self._answer = None
            self._frames.clear()
            self._question = question = _Question(next(self._numbers), request)
        self.feed.add(_question_message(question))
        self._changed()
        while not (self._is_answered or cancelled() or self._stop_reason):
            time.sleep(_POLL_S)
        with self._lock:
            self._question, answer = None, self._answer
        self.feed.add({"kind": "closed", "question": question.number})
        self._changed()
        return answer

    # -- the threads of the viewers

    def pause(self) -> None:
        """Pause before the next step."""
        with self._lock:
            self._running().pause()
            self._pausing = True
            self._show_state()

    def resume(self) -> None:
        """Go on."""
        with self._lock:
            self._record(self._hands.finish())
            self._running().resume()
            self._pausing = False
            self._show_state()

    def stop(self, reason: str = "stopped by the user") -> None:
        """End the run after the action in progress; also while its screen is being opened."""
        with self._lock:
            self._stop_reason = reason
            if self._agent is not None:
                self._record(self._hands.finish())
                self._agent.stop()
        self.feed.add({"kind": "state", "state": "stopping"})

    def say(self, text: str) -> None:
        """Send the model a message; it answers the model's question, if one is open.

        Raises:
            NotNow: the run is over.
        """
        with self._lock:
            question = self._question
            if question is not None and question.request.kind == "question":
                self._record(self._hands.finish())
                self._answer = ApprovalAnswer(True, text=text)
                return
            self._running().send_message(text)
        self.feed.add({"kind": "said", "step": None, "text": text})

    def answer(self, number: int, answer: ApprovalAnswer) -> None:
        """Answer the open question.

        Raises:
            NotNow: it has been answered, or does not allow that scope.
        """
        with self._lock:
            question = self._question
            if question is None or question.number != number or self._answer is not None:
                raise NotNow("the question is closed: it has been answered, or it was too late")
            if answer.scope is not Scope.ONCE and answer.scope not in question.request.scopes:
                raise NotNow("the question does not allow this scope")
            self._record(self._hands.finish())
            self._answer = answer

    def question_image(self, number: int) -> Screenshot | None:
        """What the open question is about, marked; None if it has no picture."""
        question = self._question
        return question.request.image if question is not None and question.number == number else None

    # -- taking over

    def act(self, action: Action) -> None:
        """Carry out and record an action of the user, who has taken over, and show the screen after it.

        Raises:
            NotNow: the run is not paused, or its screen cannot be shown.
            ActionRefused: the screen refuses the action.
        """
        with self._lock:
            env = self._taken_over()
            end = time.monotonic() + _HANDS_S
            try:
                with interruptible(by=lambda: time.monotonic() > end):
                    self._carry_out(action, env)
                self._show_frame(env)
            except Interrupted:
                raise ActionRefused(f"it took longer than {_HANDS_S:g} s") from None
            except EnvLost as lost:
                raise NotNow(str(lost)) from lost

    def look(self) -> str:
        """Show the screen as it is now, to a user who has taken over; returns why not, empty if it is shown."""
        with self._lock:
            try:
                env = self._taken_over()
                self._record(self._hands.flush(time.monotonic()))
                self._show_frame(env)
            except (NotNow, EnvLost) as error:
                return str(error)
        return ""

    def frame(self, sha256: str) -> Screenshot | None:
        """One of the last pictures of the screen that `act` has shown; they are not recorded."""
        return self._frames.get(sha256)

    def _carry_out(self, action: Action, env: Env) -> None:
        """Carry out `action` and record it, also if it takes too long: it has been begun then."""
        before, may_be_hidden = self._observe(env), may_type_password(env)
        hidden = may_be_hidden and isinstance(action, Type | Hotkey)
        started_s = time.monotonic()
        try:
            with typing_secret() if hidden else nullcontext():
                env.execute(action)
        except Interrupted:
            self._add(before, action, started_s, hidden=hidden)
            raise
        self._add(before, action, started_s, hidden=hidden)

    def _add(self, before: Observation, action: Action, started_s: float, *, hidden: bool) -> None:
        now_s = time.monotonic()
        before.screenshot.release()
        self._record(self._hands.add(UserAction(before, action, now_s - started_s), now_s, hidden=hidden))

    def _record(self, done: Iterable[UserAction]) -> None:
        for one in done:
            self._running().add_user_action(one)

    def _observe(self, env: Env) -> Observation:
        """The screen as it is now; its facts reach the model with its next observation."""
        seen = env.observe()
        self._running().add_facts(seen.facts)
        return replace(seen, facts=())

    def _taken_over(self) -> Env:
        question = self._question
        asks = question is not None and question.request.kind == "question" and self._answer is None
        agent = self._running()
        if self._env is None or self._stop_reason or not (asks or (self._paused and self._pausing)):
            raise NotNow("pause the run first, and wait until it is paused")
        if agent.secrets and not isinstance(self._env, TypesSecrets):
            raise NotNow("this screen cannot be shown unmasked, since the run types secrets")
        return self._env

    def _show_frame(self, env: Env) -> None:
        shot = self._observe(env).screenshot
        if next(reversed(self._frames), "") == shot.sha256:
            return
        shot.release()
        self._frames[shot.sha256] = shot
        self._frames.move_to_end(shot.sha256)
        while len(self._frames) > _FRAMES:
            self._frames.popitem(last=False)
        self.feed.add({"kind": "frame", "image": shot.sha256, "size": [shot.size.width, shot.size.height]})

    def _running(self) -> Agent:
        if self._agent is None:
            raise NotNow("the run is not running")
        return self._agent

    def _show_state(self) -> None:
        if not self._stop_reason:
            state = "paused" if self._paused else "pausing" if self._pausing else "running"
            self.feed.add({"kind": "state", "state": state})


def _question_message(question: _Question) -> Json:
    request = question.request
    return {
        "kind": "question",
        "question": question.number,
        "asks": request.kind,
        "step": request.step,
        "text": request.question,
        "rule": request.rule,
        "reason": request.reason,
        "place": request.place,
        "scopes": [str(scope) for scope in request.scopes],
        "picture": request.image is not None,
        "ends": None if request.timeout_s is None else time.time() + request.timeout_s,
    }
