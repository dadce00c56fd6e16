"""A run made repeatable: its steps in words, the screens before and after each, parameters and expected outcomes.

A text may hold parameters, `${name}`, and handles of secrets, `{{name}}`. `$${` stands for `${` itself.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...envs.actions import Action, CallFunction, Type, Wait, points_of
from ...envs.screenshot import Screenshot
from ...envs.secrets import HANDLE
from ..core.describe import describe_action
from ..core.limits import StopReason
from ..record.events import Acted, Decided
from ..record.steps import StepEvents, with_user_steps
from ..record.trajectory import Run, RunError
from .changed_values import with_new_values
from .pattern import Anchor
from .target import RecordedTarget

PARAMETER = re.compile(r"\$\$\{|\$\{([A-Za-z][\w-]*)\}")
"""A parameter in a text, or an escaped brace."""

_LEARNED = re.compile(r"password(-\d+)?")
_MAX_WORDS = 200
_ANCHORED = 2
"""Points of a longer path than this are found by its first and last one."""


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One action, with the screenshots that it was decided on and that followed it.

    `scale` is the pixels per unit of `before`. `after` is None if the next action was decided on the same screenshot.
    `targets` are what is at the first and the last point of the action, as far as it has been read. A step that is done
    `once` must not be repeated, such as one that sends an order. `changed` are recorded values of parameters, each with
    the one that replaces it: a target whose text or row has one has the other one now.
    """

    words: str
    action: Action
    before: Screenshot
    after: Screenshot | None = None
    scale: float = 1.0
    targets: tuple[RecordedTarget | None, ...] = ()
    once: bool = False
    changed: tuple[tuple[str, str], ...] = ()

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """What has to be found before the action: its point, or the first and the last one of a path."""
        points = points_of(self.action)
        ends = points if len(points) < _ANCHORED else (points[0], points[-1])
        targets = (*self.targets, *(None for _ in ends))
        return tuple(
            Anchor(self.before, point, self.scale, target, self.changed)
            for point, target in zip(ends, targets, strict=False)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A value to read out at the end: the text right of `label`, or below it."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps that can be performed again. `parameters` are the defaults of the texts that may be set.

    `secrets` are the names of those that are typed. `expect` are texts that have to be on the screen at the end.
    """

    task: str
    steps: tuple[RecipeStep, ...]
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    read: tuple[Reading, ...] = ()

    def filled(self, values: Mapping[str, str]) -> "Recipe":
        """The recipe with `values` in place of its parameters, and the defaults of the others.

        Raises:
            ValueError: it has no such parameter.
        """
        if unknown := sorted(values.keys() - self.parameters.keys()):
            known = f"it has {', '.join(self.parameters)}" if self.parameters else "it has none"
            raise ValueError(f"the recipe has no parameter {unknown[0]!r}: {known}")
        used = {**self.parameters, **values}
        changed = {name for name, value in values.items() if value != self.parameters[name]}
        replaced = tuple((old, used[name]) for name, old in self.parameters.items() if name in changed and len(old) > 1)
        steps = tuple(_filled(step, used, changed, replaced) for step in self.steps)
        return replace(self, steps=steps, parameters={}, expect=tuple(fill(text, used) for text in self.expect))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with the values of its parameters.

    Raises:
        ValueError: a parameter has no value.
    """
    if missing := [name for name in parameters_in(text) if name not in values]:
        raise ValueError(f"the parameter {missing[0]!r} has no value: add it to [parameters]")
    return PARAMETER.sub(lambda found: values[found[1]] if found[1] else "${", text)


def parameters_in(text: str) -> list[str]:
    """The names of the parameters in `text`."""
    return [found[1] for found in PARAMETER.finditer(text) if found[1]]


def _filled(
    step: RecipeStep, values: Mapping[str, str], changed: set[str], replaced: tuple[tuple[str, str], ...]
) -> RecipeStep:
    step = replace(step, words=with_new_values(step.words, replaced), changed=replaced)
    if not isinstance(step.action, Type):
        return step
    differs = bool(changed.intersection(parameters_in(step.action.text)))
    action = replace(step.action, text=fill(step.action.text, values))
    return replace(step, action=action, after=None if differs else step.after)


def recipe_of(run: Run) -> Recipe:
    """The recipe of a finished run, without parameters.

    Raises:
        RunError: it did not finish, or calls functions of a program.
    """
    if run.ended is None or run.ended.stop is not StopReason.FINISHED or run.ended.verified is False:
        how = "was interrupted" if run.ended is None else f"ended as {run.ended.stop}"
        raise RunError(f"the run {run.folder} {how}: only a finished run can be performed again")
    steps = [step for step in with_user_steps(run.events) if step.counts]
    acted = [one for step in steps for one in _acted(step)]
    if call := next((one for one in acted if isinstance(one.action, CallFunction)), None):
        raise RunError(f"the run {run.folder} calls a function of a program ({describe_action(call.action)})")
    acted = [one for one in acted if not isinstance(one.action, Wait)]
    last = steps[-1].observed.observation.screenshot if steps else None
    done = _with_results(acted, last)
    done = (*done[:-1], replace(done[-1], once=True)) if done else ()
    return Recipe(run.started.task, done, secrets=_secrets(done, run.started.secrets))


def join(recipes: Sequence[Recipe]) -> Recipe:
    """One recipe with the steps of all, in order; a parameter of several is one.

    Raises:
        ValueError: two have different defaults for a parameter of the same name.
    """
    parameters: dict[str, str] = {}
    for recipe in recipes:
        for name, value in recipe.parameters.items():
            if parameters.setdefault(name, value) != value:
                raise ValueError(f"two recipes have the parameter {name!r} with different defaults: rename one")
    return Recipe(
        ". ".join(recipe.task for recipe in recipes),
        tuple(step for recipe in recipes for step in recipe.steps),
        parameters,
        tuple(dict.fromkeys(name for recipe in recipes for name in recipe.secrets)),
        recipes[-1].expect,
        tuple(reading for recipe in recipes for reading in recipe.read),
    )


def _secrets(steps: Sequence[RecipeStep], given: Sequence[str]) -> tuple[str, ...]:
    """The secrets that are typed: those of the run, and the passwords that it learned while they were typed."""
    texts = [step.action.text for step in steps if isinstance(step.action, Type)]
    names = dict.fromkeys(found[1] for text in texts for found in HANDLE.finditer(text))
    return tuple(name for name in names if name in given or _LEARNED.fullmatch(name))


def _acted(step: StepEvents) -> list[RecipeStep]:
    """The actions of a step that were carried out."""
    seen, decided = step.observed.observation, step.first(Decided)
    thought = " ".join((decided.thought or "").split()) if decided is not None else ""
    done = [event.action for event in step.all(Acted) if event.refused is None]
    words = thought[:_MAX_WORDS] if len(done) == 1 and thought else ""
    return [
        RecipeStep(words or describe_action(action), _escaped(action), seen.screenshot, scale=seen.device.scale)
        for action in done
    ]


def _escaped(action: Action) -> Action:
    return replace(action, text=action.text.replace("${", "$${")) if isinstance(action, Type) else action


def _with_results(steps: Sequence[RecipeStep], last: Screenshot | None) -> tuple[RecipeStep, ...]:
    """The steps with the screenshot after each; the last one is followed by `last`."""
    following = [*(step.before for step in steps[1:]), last]
    return tuple(
        replace(step, after=after if after is not None and after is not step.before else None)
        for step, after in zip(steps, following, strict=True)
    )
