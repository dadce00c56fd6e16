"""What an episode remembers of its deeds: what each changed, what moves by itself, and the ladder out of circles.

Read `ProgressMonitor.saw` and `ProgressMonitor.climb`: they are asked once a look. Nothing is compared but the
newest two looks
until the same is done on the same screen again and again.
"""

from dataclasses import dataclass, field

from ...envs.actions import Action, Hotkey, Type
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ..core.change import Change, ChangeKind
from ..core.supervision import RecoveryAction, Supervision
from .action_loops import ActionLoop, StepActions, find_loop, same_actions
from .animation import AnimationMask
from .screen_diff import Difference, alike, difference_of

_KEPT_IN_PIXELS = 4
"""So many newest looks are kept decoded; older ones are decoded again if a circle is suspected."""

_ALIKE = 3
_SMALL_CELLS = 40
"""A change of so few cells of 16 px may be a spinner or a clock; more is a change of the page."""

_NO_RUNGS_LEFT = 3
"""Without any rungs a circle is ended so many turns after it was noticed."""


@dataclass(slots=True)
class ProgressMonitor:
    """Sees each look and each deed; deed `i` was done on look `i`."""

    supervision: Supervision = Supervision()

    _shots: list[Screenshot] = field(init=False, default_factory=list[Screenshot])
    _deeds: list[StepActions] = field(init=False, default_factory=list[StepActions])
    _changed: list[frozenset[int]] = field(init=False, default_factory=list[frozenset[int]])
    _kinds: list[ChangeKind] = field(init=False, default_factory=list[ChangeKind])
    _apart: set[tuple[int, int]] = field(init=False, default_factory=set[tuple[int, int]])
    _restless: AnimationMask = field(init=False, default_factory=AnimationMask)
    _newest: Difference | None = field(init=False, default=None)
    _probed: bool = field(init=False, default=False)
    _taken: list[RecoveryAction] = field(init=False, default_factory=list[RecoveryAction])
    _in_a_row: int = field(init=False, default=0)
    _circling: tuple[Screenshot, ...] = field(init=False, default=())
    _pointer: tuple[ScreenPoint, ...] = field(init=False, default=())

    # -- what is seen

    def saw(self, screenshot: Screenshot) -> Change | None:
        """Take in a look; returns what the newest deed changed, or None for the first look."""
        self._shots.append(screenshot)
        if len(self._shots) > _KEPT_IN_PIXELS:
            self._shots[-1 - _KEPT_IN_PIXELS].drop_pixels()
        if len(self._shots) == 1:
            return None
        if len(self._deeds) < len(self._shots) - 1:
            self._deeds.append(StepActions(()))
        deed = self._deeds[-1]
        self._newest = difference_of(self._shots[-2], screenshot)
        self._restless.saw(self._newest, waited=deed.waits)
        self._probed = self._probed and len(self._deeds) > 1 and same_actions(deed, self._deeds[-2])
        self._pointer = deed.points or self._pointer
        self._changed.append(frozenset())
        self._kinds.append(ChangeKind.NOTHING)
        if deed.waits and self._newest.cells:
            self._deeds[-1] = StepActions(deed.actions, moving=True)
        change = self._judged()
        if change.kind is ChangeKind.WHOLE:
            self._restless.forget()
        return change

    def _judged(self) -> Change:
        """What the newest deed changed, by what is known of what moves by itself."""
        assert self._newest is not None
        cells, carets = self._restless.cells, not _is_a_character(self._deeds[-1])
        change = self._newest.judged(self._pointer, cells, carets=carets)
        self._changed[-1] = self._newest.counted(cells, carets=carets)
        self._kinds[-1] = change.kind or ChangeKind.NOTHING
        return change

    def did(self, actions: tuple[Action, ...]) -> None:
        """Take in what was done on the newest look."""
        self._deeds.append(StepActions(actions))

    @property
    def newest(self) -> tuple[Action, ...]:
        """What the newest deed did."""
        return self._deeds[-1].actions if self._deeds else ()

    def forget(self) -> None:
        """Begin anew, since somebody else had the screen: what was done before is no part of any circle."""
        for taken in (self._shots, self._deeds, self._changed, self._kinds, self._taken):
            taken.clear()
        self._apart.clear()
        self._restless.forget()
        self._in_a_row = 0

    # -- what moves by itself

    def wants_probe(self) -> bool:
        """Whether to look again without doing anything, to tell apart what the deeds change and what moves anyway.

        Only if the same was done three times, each time with a change of the same small place, and once for that deed.
        """
        lately = self._changed[-_ALIKE:]
        if self._probed or len(lately) < _ALIKE or self._deeds[-1].waits or not self._deeds[-1].actions:
            return False
        if not all(same_actions(deed, self._deeds[-1]) for deed in self._deeds[-_ALIKE:]):
            return False
        return bool(lately[0].intersection(*lately)) and all(len(cells) <= _SMALL_CELLS for cells in lately)

    def probed(self, screenshot: Screenshot) -> Change:
        """Take in a second look, with nothing done since the first; returns the newest change, judged again."""
        self._probed = True
        self._restless.probed(difference_of(self._shots[-1], screenshot), self._changed[-_ALIKE:])
        self._apart.clear()
        return self._judged()

    # -- circles, and the ladder out of them

    def circle(self) -> ActionLoop | None:
        """The circle that the run goes in, once it weighs enough to be noticed."""
        found = find_loop(self._deeds, self._same_screen) if self._deeds else None
        if found is None or found.weight < self.supervision.notice_after:
            self._let_go()
            return None
        return found

    def climb(self, circle: ActionLoop) -> RecoveryAction | None:
        """The next rung, if it is time for one. Each is taken once, until the run has left the circle's screens."""
        rungs = [rung for rung in self.supervision.rungs if self._can_take(rung, circle)]
        grace = _NO_RUNGS_LEFT if not self.supervision.rungs else 0
        if circle.weight < self.supervision.notice_after + self._in_a_row + grace:
            return None
        self._in_a_row += 1
        rung = rungs[0] if rungs else RecoveryAction.STUCK
        self._taken.append(rung)
        self._circling = tuple(self._shots[-circle.length :])
        return rung

    @property
    def hotter(self) -> bool:
        """Whether the model is to be sampled at a higher temperature: from that rung on, while the circle lasts."""
        return RecoveryAction.HOTTER in self._taken and self._in_a_row > 0

    def _can_take(self, rung: RecoveryAction, circle: ActionLoop) -> bool:
        if rung in self._taken or (rung is RecoveryAction.USER and not self.supervision.attended):
            return False
        return rung is not RecoveryAction.CLOSER or circle.target is not None

    def _let_go(self) -> None:
        """Forget the rungs taken once two deeds in a row have led to something that the circle did not show."""
        self._in_a_row = 0
        if not self._taken or len(self._kinds) < 2 or ChangeKind.NOTHING in self._kinds[-2:]:
            return
        if not any(alike(shot, self._shots[-1], self._restless.cells) for shot in self._circling):
            self._taken.clear()

    def _same_screen(self, one: int, other: int) -> bool:
        restless = self._restless.cells
        if all(cells <= restless for cells in self._changed[one:other]):
            return True
        if other - one == 1 or (one, other) in self._apart:
            return False
        same = alike(self._shots[one], self._shots[other], self._restless.cells)
        if not same:
            self._apart.add((one, other))
        return same


def _is_a_character(deed: StepActions) -> bool:
    """Whether it types so little that the text may look like a caret."""
    return any(_types_one(action) for action in deed.actions)


def _types_one(action: Action) -> bool:
    match action:
        case Type(text):
            return len(text.strip()) == 1
        case Hotkey(keys):
            return len(keys[-1]) == 1
        case _:
            return False
