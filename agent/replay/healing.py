"""Hands a step that diverged to a model, and goes on with the replay when the screen is back on the path."""

from collections.abc import Callable
from dataclasses import replace

from ...envs.actions import points_of
from ...envs.env import EnvInfo
from ...envs.screenshot import Screenshot
from ...prompts import render
from ..core.context import DecisionContext
from ..core.decision import Finish
from ..core.describe import describe_action, type_name
from ..policy.policy import EpisodeAware, Policy, PolicyEvents, ScreenDiverged
from ..record.events import Decided, PolicyInfo, Replied
from .anchors import locate
from .located import Found
from .policy import Mismatch, ReplayPolicy
from .recipe import Recipe, RecipeStep
from .results import Done, result_problem

MAX_STEPS = 8
"""The steps that the model may take for one step of the recipe."""


class HealingPolicy:
    """Performs a recipe with `replay`, and asks `model` to do a step whose target was not found.

    What a text or a key did cannot be taken back, so a run whose result differs diverges all the same. `calls` counts
    the replies of the model, and `healed` holds the steps that it did by one action, with their new anchors, by index.
    """

    def __init__(self, replay: ReplayPolicy, model: Policy) -> None:
        self.replay = replay
        self.model = model
        self.calls = 0
        self.healed: dict[int, RecipeStep] = {}
        self._mismatch: Mismatch | None = None
        self._since = 0
        self._actions: list[Decided] = []
        self._before: Screenshot | None = None
        self._is_open = False

    def for_episode(self, env: EnvInfo, *, attended: bool) -> "HealingPolicy":
        """See `EpisodeAware`."""
        if isinstance(self.model, EpisodeAware):
            self.model = self.model.for_episode(env, attended=attended)
        return self

    def info(self) -> PolicyInfo:
        """See `Policy`: the model, whose replies are counted."""
        return self.model.info()

    def open(self) -> None:
        """See `Policy`. The model is contacted when it is needed."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`.

        Raises:
            ScreenDiverged: the effect of an action differs, or the model could not do the step.
            ModelLost: the model is not available.
        """
        if self._mismatch is not None and not self._is_back(context):
            yield from self._ask(context, interrupted)
            return
        try:
            yield from self.replay.decide(context, interrupted)
        except ScreenDiverged:
            mismatch = self.replay.mismatch
            if mismatch is None or mismatch.step is None or not mismatch.is_before:
                raise
            self._mismatch, self._since = mismatch, len(context.history) - 1
            self._actions, self._before = [], context.history[-1].screenshot
            yield from self._ask(context, interrupted)

    def _ask(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """Ask the model for the next action of the step; once it has finished, the replay decides."""
        mismatch = self._mismatch
        assert mismatch is not None
        assert mismatch.step is not None
        if not self._is_open:
            self.model.open()
            self._is_open = True
        if len(self._actions) >= MAX_STEPS:
            raise self._given_up(f"the model took {MAX_STEPS} steps for it")
        task = render("heal_step", step=self._words(mismatch.step), task=context.task)
        asked = replace(context, task=task, history=context.history[self._since :])
        for event in self.model.decide(asked, interrupted):
            self.calls += isinstance(event, Replied)
            if not isinstance(event, Decided):
                yield event
            elif event.ending is None or event.actions:
                self._actions.append(event)
                yield replace(event, ending=None)
            elif isinstance(event.ending, Finish):
                self._check_claim(mismatch.step, context.history[-1].screenshot)
                self._resume()
                yield from self.replay.decide(context, interrupted)
            else:
                raise self._given_up("the model could not do it either")

    def _check_claim(self, step: RecipeStep, seen: Screenshot) -> None:
        """Raise `ScreenDiverged` if the model says that the step is done, and the screen does not show it."""
        assert self._before is not None
        if problem := result_problem(Done(step, self._before), seen):
            raise self._given_up(f"the model finished, but {problem}")

    def _is_back(self, context: DecisionContext) -> bool:
        """Whether the model's single action did the step: its effect is the recorded one, and the next target is there.

        The step is then part of `healed`, and the replay goes on after it.
        """
        mismatch, seen = self._mismatch, context.history[-1].screenshot
        assert mismatch is not None
        assert mismatch.step is not None
        assert self._before is not None
        actions = [action for decided in self._actions for action in decided.actions]
        step, index = mismatch.step, mismatch.number - 1
        if len(actions) != 1 or type(actions[0]) is not type(step.action) or context.history[-2].refused:
            return False
        if result_problem(Done(step, self._before), seen):
            return False
        following = self.replay.recipe.steps[index + 1 : index + 2]
        anchors = [anchor for one in following for anchor in one.anchors]
        scale = context.device.scale
        if not all(isinstance(locate(one, seen, scale, self.replay.reader), Found) for one in anchors):
            return False
        if points_of(step.action):
            self.healed[index] = RecipeStep(step.words, actions[0], self._before, seen, scale, (), step.once)
        self._resume()
        return True

    def _resume(self) -> None:
        """Go on with the replay after the step."""
        assert self._mismatch is not None
        self.replay.skip_to(self._mismatch.number)
        self._mismatch = None

    def _given_up(self, why: str) -> ScreenDiverged:
        mismatch = self._mismatch
        assert mismatch is not None
        return ScreenDiverged(f"at step {mismatch.number} of {len(self.replay.recipe.steps)}: {mismatch.reason}; {why}")

    def _words(self, step: RecipeStep) -> str:
        """The step for the model: without the recorded coordinates, which mean nothing to it."""
        if step.words != describe_action(step.action):
            return step.words
        anchors = step.anchors
        read = self.replay.reader.target
        targets = [str(one.target or read(one.screenshot, one.point, one.scale)) for one in anchors]
        return f"{type_name(type(step.action)).replace('_', ' ')} {' to '.join(filter(None, targets))}".strip()


def with_healed(recipe: Recipe, healed: dict[int, RecipeStep]) -> Recipe:
    """`recipe` with the new anchors of the steps that were healed; what follows them keeps its own screens."""
    steps = tuple(healed.get(index, step) for index, step in enumerate(recipe.steps))
    return replace(recipe, steps=steps)
