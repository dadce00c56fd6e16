"""What an episode remembers of its deeds: what each changed, what moves by itself, and the ladder out of circles.

Read `Reflection.saw` and `Reflection.climb`: they are asked once a look. Nothing is compared but the newest two looks
until the same is done on the same screen again and again.
"""

from dataclasses import dataclass, field

from ..envs.actions import Action, Hotkey, Type
from ..envs.geometry import ScreenPoint
from ..envs.screenshot import Screenshot
from .changes import Difference, alike, difference_of
from .circles import Circle, Deed, find_circle, same_deed
from .events import Change, ChangeKind
from .oversight import Oversight, Rung

_KEPT_IN_PIXELS = 4
"""So many newest looks are kept decoded; older ones are decoded again if a circle is suspected."""

_PROBES = {3: (ChangeKind.ELSEWHERE,), 6: (ChangeKind.ELSEWHERE, ChangeKind.NEAR), 12: (ChangeKind.NEAR,)}
"""After so many same deeds in a row, each of which changed something there, it is tried what changes by itself."""

_NO_RUNGS_LEFT = 3
"""Without any rungs a circle is ended so many turns after it was noticed."""


@dataclass(slots=True)
class Reflection:
    """Sees each look and each deed; deed `i` was done on look `i`."""

    oversight: Oversight = Oversight()

    _shots: list[Screenshot] = field(init=False, default_factory=list[Screenshot])
    _deeds: list[Deed] = field(init=False, default_factory=list[Deed])
    _changed: list[frozenset[int]] = field(init=False, default_factory=list[frozenset[int]])
    _kinds: list[ChangeKind] = field(init=False, default_factory=list[ChangeKind])
    _apart: set[tuple[int, int]] = field(init=False, default_factory=set[tuple[int, int]])
    _restless: frozenset[int] = field(init=False, default=frozenset())
    _missed: frozenset[int] = field(init=False, default=frozenset())
    _stirred: frozenset[int] = field(init=False, default=frozenset())
    _taken: list[Rung] = field(init=False, default_factory=list[Rung])
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
            self._deeds.append(Deed(()))
        deed = self._deeds[-1]
        difference = difference_of(self._shots[-2], screenshot)
        self._learn(difference, deed)
        carets = not _is_a_character(deed)
        self._pointer = deed.points or self._pointer
        change = difference.judged(self._pointer, self._restless, carets=carets)
        self._changed.append(difference.counted(self._restless, carets=carets))
        self._kinds.append(change.kind or ChangeKind.NOTHING)
        if deed.waits and difference.cells:
            self._deeds[-1] = Deed(deed.actions, moving=True)
        if change.kind is ChangeKind.WHOLE:
            self._restless = frozenset()
        return change

    def did(self, actions: tuple[Action, ...]) -> None:
        """Take in what was done on the newest look."""
        self._deeds.append(Deed(actions))

    @property
    def newest(self) -> tuple[Action, ...]:
        """What the newest deed did."""
        return self._deeds[-1].actions if self._deeds else ()

    def forget(self) -> None:
        """Begin anew, since somebody else had the screen: what was done before is no part of any circle."""
        for taken in (self._shots, self._deeds, self._changed, self._kinds, self._taken):
            taken.clear()
        self._apart.clear()
        self._restless = self._stirred = frozenset()
        self._in_a_row = 0

    # -- what moves by itself

    def wants_probe(self) -> bool:
        """Whether to look again without doing anything, to tell apart what the deeds change and what moves anyway."""
        if not self._deeds or self._deeds[-1].waits or not self._deeds[-1].actions:
            return False
        same = 1
        while same < len(self._deeds) and same_deed(self._deeds[-1 - same], self._deeds[-1]):
            same += 1
        return self._kinds[-1] in _PROBES.get(same, ())

    def probed(self, screenshot: Screenshot) -> int:
        """Take in a second look, with nothing done since the first; returns how many grid cells moved by themselves."""
        cells = difference_of(self._shots[-1], screenshot).cells
        self._restless |= cells
        self._apart.clear()
        return len(cells)

    def _learn(self, difference: Difference, deed: Deed) -> None:
        """What moves in two waits in a row is restless; what rests in two looks in a row no longer is."""
        missed = self._restless - difference.cells
        self._restless -= missed & self._missed
        self._missed = missed
        if not deed.waits:
            self._stirred = frozenset()
            return
        self._restless |= difference.cells & self._stirred
        self._stirred = difference.cells

    # -- circles, and the ladder out of them

    def circle(self) -> Circle | None:
        """The circle that the run goes in, once it weighs enough to be noticed."""
        found = find_circle(self._deeds, self._same_screen) if self._deeds else None
        if found is None or found.weight < self.oversight.notice_after:
            self._let_go()
            return None
        return found

    def climb(self, circle: Circle) -> Rung | None:
        """The next rung, if it is time for one. Each is taken once, until the run has left the circle's screens."""
        rungs = [rung for rung in self.oversight.rungs if self._can_take(rung, circle)]
        grace = _NO_RUNGS_LEFT if not self.oversight.rungs else 0
        if circle.weight < self.oversight.notice_after + self._in_a_row + grace:
            return None
        self._in_a_row += 1
        rung = rungs[0] if rungs else Rung.STUCK
        self._taken.append(rung)
        self._circling = tuple(self._shots[-circle.length :])
        return rung

    @property
    def hotter(self) -> bool:
        """Whether the model is to be sampled at a higher temperature: from that rung on, while the circle lasts."""
        return Rung.HOTTER in self._taken and self._in_a_row > 0

    def _can_take(self, rung: Rung, circle: Circle) -> bool:
        if rung in self._taken or (rung is Rung.USER and not self.oversight.attended):
            return False
        return rung is not Rung.CLOSER or circle.target is not None

    def _let_go(self) -> None:
        """Forget the rungs taken once two deeds in a row have led to something that the circle did not show."""
        self._in_a_row = 0
        if not self._taken or len(self._kinds) < 2 or ChangeKind.NOTHING in self._kinds[-2:]:
            return
        if not any(alike(shot, self._shots[-1], self._restless) for shot in self._circling):
            self._taken.clear()

    def _same_screen(self, one: int, other: int) -> bool:
        if other - one == 1:
            return not self._changed[one] - self._restless
        if (one, other) in self._apart:
            return False
        same = alike(self._shots[one], self._shots[other], self._restless)
        if not same:
            self._apart.add((one, other))
        return same


def _is_a_character(deed: Deed) -> bool:
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
