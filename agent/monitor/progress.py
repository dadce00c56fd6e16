"""Tracks the effect of each action, masks animations, and chooses recovery actions when the agent loops.

`ProgressMonitor.record_observation` and `next_recovery` are called once per step. Only the newest two screenshots are
compared, until the same actions repeat on the same screen.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from ...envs.actions import Action, Hotkey, Type
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ..core.change import Change, ChangeKind
from ..core.supervision import RecoveryAction, Supervision
from .action_loops import ActionLoop, StepActions, find_loop, same_actions
from .animation import AnimationMask
from .screen_diff import Difference, difference_of, same_screen

_MAX_DECODED = 4
"""This many screenshots stay decoded; older ones are decoded again if a loop is suspected."""

_PROBE_AFTER = 3
_SMALL_CELLS = 40
"""A change of up to this many cells of 16 px may be a spinner or a clock; a larger one is a change of the page."""

_STUCK_AFTER = 3
"""Without recovery actions, a loop ends the episode this many repetitions after it was detected."""


@dataclass(slots=True)
class ProgressMonitor:
    """Records each screenshot and the actions of each step; step `i` acts on screenshot `i`."""

    supervision: Supervision = Supervision()

    _screenshots: list[Screenshot] = field(init=False, default_factory=list[Screenshot])
    _steps: list[StepActions] = field(init=False, default_factory=list[StepActions])
    _recent_cells: list[frozenset[int]] = field(init=False, default_factory=list[frozenset[int]])
    _changed_cells: list[int] = field(init=False, default_factory=list[int])
    """A bit for each cell that a step changed: for a whole screen, sets would take 200 kB a step."""
    _change_kinds: list[ChangeKind] = field(init=False, default_factory=list[ChangeKind])
    _different_screens: set[tuple[int, int]] = field(init=False, default_factory=set[tuple[int, int]])
    _animation: AnimationMask = field(init=False, default_factory=AnimationMask)
    _last_difference: Difference | None = field(init=False, default=None)
    _probed: bool = field(init=False, default=False)
    _tried: list[RecoveryAction] = field(init=False, default_factory=list[RecoveryAction])
    _tried_in_loop: int = field(init=False, default=0)
    _loop_screenshots: tuple[Screenshot, ...] = field(init=False, default=())
    _pointer: tuple[ScreenPoint, ...] = field(init=False, default=())

    # -- observations and actions

    def record_observation(self, screenshot: Screenshot) -> Change | None:
        """Record a screenshot; return what the last step changed, or None for the first screenshot."""
        self._screenshots.append(screenshot)
        if len(self._screenshots) > _MAX_DECODED:
            self._screenshots[-1 - _MAX_DECODED].release()
        if len(self._screenshots) == 1:
            return None
        if len(self._steps) < len(self._screenshots) - 1:
            self._steps.append(StepActions(()))
        step = self._steps[-1]
        self._last_difference = difference_of(self._screenshots[-2], screenshot)
        self._animation.update(self._last_difference, waited=step.only_waits)
        self._probed = self._probed and len(self._steps) > 1 and same_actions(step, self._steps[-2])
        self._pointer = step.points or self._pointer
        self._recent_cells = [*self._recent_cells[1 - _PROBE_AFTER :], frozenset()]
        self._changed_cells.append(0)
        self._change_kinds.append(ChangeKind.NOTHING)
        if step.only_waits and self._last_difference.cells:
            self._steps[-1] = StepActions(step.actions, animated=True)
        change = self._classify_last_change()
        if change.kind is ChangeKind.WHOLE:
            self._animation.reset()
        return change

    def _classify_last_change(self) -> Change:
        """Classify the last change with the current animation mask."""
        assert self._last_difference is not None
        # A single typed character can be as small as a text caret, so carets count after one.
        animated, ignore_carets = self._animation.cells, not _types_one_character(self._steps[-1])
        change = self._last_difference.classify(self._pointer, animated, ignore_carets=ignore_carets)
        self._recent_cells[-1] = self._last_difference.relevant_cells(animated, ignore_carets=ignore_carets)
        self._changed_cells[-1] = _bits(self._recent_cells[-1])
        self._change_kinds[-1] = change.kind
        return change

    def record_actions(self, actions: tuple[Action, ...]) -> None:
        """Record the actions of a step on the newest screenshot."""
        self._steps.append(StepActions(actions))

    @property
    def last_actions(self) -> tuple[Action, ...]:
        """The actions of the last step."""
        return self._steps[-1].actions if self._steps else ()

    def reset(self) -> None:
        """Clear the history, after the user had control: earlier actions no longer count toward a loop."""
        for history in (self._screenshots, self._steps, self._changed_cells, self._change_kinds, self._tried):
            history.clear()
        self._recent_cells.clear()
        self._different_screens.clear()
        self._animation.reset()
        self._tried_in_loop = 0

    # -- animations

    def needs_probe(self) -> bool:
        """Whether to take a second screenshot without acting, to tell animations from effects of the actions.

        True once per repeated action: after three equal steps that each changed the same small area.
        """
        recent = self._recent_cells
        if self._probed or len(recent) < _PROBE_AFTER or self._steps[-1].only_waits or not self._steps[-1].actions:
            return False
        if not all(same_actions(step, self._steps[-1]) for step in self._steps[-_PROBE_AFTER:]):
            return False
        return bool(recent[0].intersection(*recent)) and all(len(cells) <= _SMALL_CELLS for cells in recent)

    def record_probe(self, screenshot: Screenshot) -> Change:
        """Record a second screenshot without an action; return the last change, classified again."""
        self._probed = True
        difference = difference_of(self._screenshots[-1], screenshot)
        self._animation.add_probe(difference, self._recent_cells)
        self._different_screens.clear()
        return self._classify_last_change()

    # -- loops and recovery

    def detect_loop(self) -> ActionLoop | None:
        """The current loop, once its weight reaches the threshold."""
        loop = find_loop(self._steps, self._same_screen) if self._steps else None
        if loop is None or loop.weight < self.supervision.loop_threshold:
            self._end_loop()
            return None
        return loop

    def next_recovery(self, loop: ActionLoop) -> RecoveryAction | None:
        """The next recovery action, if one is due. Each is taken once, until the agent leaves the loop's screens."""
        available = [action for action in self.supervision.recovery if self._is_available(action, loop)]
        grace = 0 if self.supervision.recovery else _STUCK_AFTER
        if loop.weight < self.supervision.loop_threshold + self._tried_in_loop + grace:
            return None
        self._tried_in_loop += 1
        action = available[0] if available else RecoveryAction.STUCK
        self._tried.append(action)
        self._loop_screenshots = tuple(self._screenshots[-loop.length :])
        return action

    @property
    def raise_temperature(self) -> bool:
        """Whether to sample at a higher temperature: from that recovery action until the loop ends."""
        return RecoveryAction.TEMPERATURE in self._tried and self._tried_in_loop > 0

    def _is_available(self, action: RecoveryAction, loop: ActionLoop) -> bool:
        if action in self._tried or (action is RecoveryAction.ASK_USER and not self.supervision.attended):
            return False
        return action is not RecoveryAction.ZOOM or loop.target is not None

    def _end_loop(self) -> None:
        """Allow all recovery actions again, after two effective steps in a row to a screen outside the loop."""
        self._tried_in_loop = 0
        if not self._tried or len(self._change_kinds) < 2 or ChangeKind.NOTHING in self._change_kinds[-2:]:
            return
        newest, animated = self._screenshots[-1], self._animation.cells
        if not any(same_screen(screenshot, newest, animated) for screenshot in self._loop_screenshots):
            self._tried.clear()

    def _same_screen(self, one: int, other: int) -> bool:
        animated = self._animation.cells
        still = ~_bits(animated)
        if not any(cells & still for cells in self._changed_cells[one:other]):
            return True
        if other - one == 1 or (one, other) in self._different_screens:
            return False
        same = same_screen(self._screenshots[one], self._screenshots[other], animated)
        if not same:
            self._different_screens.add((one, other))
        return same


def _bits(cells: Collection[int]) -> int:
    """A number with the bits of `cells` set."""
    found = bytearray(max(cells, default=0) // 8 + 1)
    for cell in cells:
        found[cell // 8] |= 1 << cell % 8
    return int.from_bytes(found, "little")


def _types_one_character(step: StepActions) -> bool:
    typed = [action.text.strip() for action in step.actions if isinstance(action, Type)]
    keys = [action.keys[-1] for action in step.actions if isinstance(action, Hotkey)]
    return any(len(text) == 1 for text in (*typed, *keys))
