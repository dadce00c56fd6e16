"""A cassette: a recorded run with which the loop runs again, without a screen and without a model.

    Cassette("failed-run.zip").check()

What the loop decides is computed again: parsing, points, loops and recovery, notes, retries, approvals, endings. The
screens, the replies, the results of actions, and the answers of people, guards, rules and the critic are the recorded
ones. Each event must be equal to the recorded one, except for times.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from ..core.describe import USER_SAYS
from ..core.limits import StopReason
from ..core.supervision import Critic, Supervision
from ..dialects.dialect import Dialect
from ..loop.control import Clock, Control, UserAction
from ..loop.episode import Episode
from ..policy.policy import Policy
from ..record.events import Ended, Event, NeedsUser, Note, Observed, Resumed, ScreenChecked, Started, UserActed
from ..record.steps import ResumePoint, resume_point
from ..record.trajectory import Run, read_run
from .decisions import ReplayedPolicy, recorded_policy
from .people import (
    RecordedApprover,
    RecordedCritic,
    RecordedForm,
    RecordedFunctions,
    RecordedGuard,
    RecordedModelCritic,
    RecordedTexts,
    RecordedVault,
    TapeClock,
)
from .screen import recorded_screen
from .tape import Diverged, Tape, depends_on_clock, segments

_PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay: the events of the loop until it ended or diverged.

    `diverged` is None if all were equal to the recorded ones. `parsed` is whether the replies were parsed again;
    otherwise, as for the API of a vendor, the recorded decisions were used.
    """

    events: tuple[Event, ...]
    diverged: Diverged | None
    parsed: bool


class Cassette:
    """A recorded run, from its folder or its bundle. `dialect` parses the replies instead of the recorded dialect.

    Raises:
        RunError: there is no such run.
    """

    def __init__(self, run: Run | Path | str, *, dialect: Dialect | None = None) -> None:
        self.run = run if isinstance(run, Run) else read_run(run)
        self.dialect = dialect

    def replay(self) -> Replayed:
        """Run the loop again, until it ends or differs from the recording."""
        events: list[Event] = []
        before: list[Event] = []
        parsed = True
        for segment in segments(self.run.events):
            deck = _Deck(self.run.started, segment, self.dialect, resume_point(before) if before else None)
            parsed = parsed and isinstance(deck.policy, ReplayedPolicy)
            try:
                events += deck.play()
            except Diverged as diverged:
                return Replayed((*events, *deck.played), diverged, parsed)
            before += segment
        return Replayed(tuple(events), None, parsed)

    def check(self) -> Replayed:
        """Run the loop again; returns the result if all events are equal.

        Raises:
            Diverged: one differs; the message names the step and the difference.
        """
        replayed = self.replay()
        if replayed.diverged is not None:
            raise replayed.diverged
        return replayed


class _Deck:
    """Plays one part of a run."""

    def __init__(
        self, started: Started, segment: tuple[Event, ...], dialect: Dialect | None, past: ResumePoint | None
    ) -> None:
        self.tape = Tape(segment)
        self.clock = TapeClock(self.tape)
        self.control = Control()
        self.policy: Policy = recorded_policy(started, self.tape, self.clock, dialect)
        self.played: list[Event] = []
        self._started = started
        first = segment[0]
        resumed_with = first.limits if isinstance(first, Resumed) else None
        self._limits = resumed_with or started.limits
        self._past = past

    def play(self) -> list[Event]:
        """The events of the loop.

        Raises:
            Diverged: one differs from the recording.
        """
        self._prepare()
        with closing(self._episode()) as events:
            for event in events:
                if depends_on_clock(event):
                    continue
                rules = self._started.rules_sha256  # the guard decides as they did
                produced = replace(event, rules_sha256=rules) if isinstance(event, Started) else event
                self.tape.take(produced)
                self.played.append(produced)
                if self.tape.next is None:
                    return self.played
                self._prepare()
        assert self.tape.next is not None
        raise self.tape.diverged(f"the loop ends, and the recording has {self.tape.next.event!r}")

    def _episode(self) -> Generator[Event]:
        tape, started = self.tape, self._started
        schema = started.answer_schema
        yield from Episode(
            started.task,
            recorded_screen(tape, started.env, restarts=started.supervision.restarts > 0),
            self.policy,
            self._limits,
            RecordedGuard(tape),
            self.control,
            past=self._past,
            supervision=self._supervision(),
            approver=RecordedApprover(tape, self.clock),
            read_target=RecordedTexts(tape),
            vault=RecordedVault(tape, started.secrets),
            answer_form=None if schema is None else RecordedForm(tape, schema),
            prices=started.prices,
            functions=RecordedFunctions(tape=tape, recorded=started.functions),
            clock=Clock(self.clock.now, self.clock.sleep),
        ).run()

    def _supervision(self) -> Supervision:
        info = self._started.supervision
        critic: Critic | None = None
        if info.critic is not None:
            critic = RecordedModelCritic(self.tape, info.critic) if info.critic else RecordedCritic(self.tape)
        return Supervision(
            info.report_no_effect,
            info.recovery,
            info.loop_threshold,
            info.attended,
            critic,
            info.restarts,
            info.summarize,
            info.approval_timeout_s,
        )

    def _prepare(self) -> None:
        """Do what the user did before the next event: stop, pause, act, resume, send messages, or be absent."""
        tape, control = self.tape, self.control
        if not isinstance(tape.last, UserActed):
            for event in takewhile(lambda one: isinstance(one, UserActed), tape.ahead):
                assert isinstance(event, UserActed)
                control.add_user_action(UserAction(event.observation, event.action, event.seconds))
        control.declined = not any(isinstance(event, NeedsUser) for event in tape.ahead)
        match tape.next:
            case Ended(stop=StopReason.CANCELLED, reason=reason):
                control.stop(reason)
            case Observed(notes=notes):
                for note in notes:
                    if note.startswith(USER_SAYS):
                        control.send_message(note.removeprefix(USER_SAYS).replace("\n  ", "\n"))
            case _:
                pass
        if isinstance(tape.last, Note) and tape.last.text.startswith(_PAUSED):
            control.resume()
        paused = next(tape.after(ScreenChecked), None)
        if isinstance(paused, Note) and paused.text.startswith(_PAUSED):
            (control.user_started if ":" in paused.text else control.pause)()
