"""Makes a recipe editable: targets are read, typed texts become parameters, and the result becomes expected texts."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ...envs.actions import Type
from ...envs.screenshot import Screenshot
from ...envs.secrets import HANDLE
from ..core.describe import describe_action, type_name
from ..reader.similarity import similarity
from ..reader.vision.perception import read_image
from .recipe import Recipe, RecipeStep
from .target import OcrReader, RecordedTarget, TargetReader

_MOST_EXPECTED = 3
_SAME = 0.9
_MIN_EXPECTED = 4


def parametrized(recipe: Recipe, reader: TargetReader | None = None) -> Recipe:
    """`recipe` with what is at its points, a parameter for each text that was typed, and the texts of its result."""
    reader = reader or OcrReader()
    parameters: dict[str, str] = dict(recipe.parameters)
    steps: list[RecipeStep] = []
    label = ""
    for recorded in recipe.steps:
        step = recorded
        if step.anchors:
            targets = tuple(one.target or reader.target(one.screenshot, one.point, one.scale) for one in step.anchors)
            label = targets[-1].label or targets[-1].text
            step = replace(step, targets=targets, words=_words(step, targets))
        if isinstance(step.action, Type) and step.action.text.strip() and not _is_variable(step.action.text):
            name = _name(label, parameters)
            parameters[name] = step.action.text.replace("$${", "${")
            step = replace(step, action=replace(step.action, text=f"${{{name}}}"))
        steps.append(step)
    expect = recipe.expect or _new_texts(steps, parameters)
    return replace(recipe, steps=tuple(steps), parameters=parameters, expect=expect)


def with_expected_texts(recipe: Recipe) -> Recipe:
    """`recipe` of a run, whose result has to be on the screen at the end as that of a recipe has to be."""
    return recipe if recipe.expect else replace(recipe, expect=_new_texts(recipe.steps, {}))


def _words(step: RecipeStep, targets: tuple[RecordedTarget, ...]) -> str:
    """The words of the step; if they only are its action, with the names of the targets instead of coordinates."""
    names = [str(target) for target in targets]
    if step.words != describe_action(step.action) or not all(names):
        return step.words
    return f"{type_name(type(step.action)).replace('_', ' ')} {' to '.join(names)}"


def _is_variable(text: str) -> bool:
    """Whether the text has a secret, whose handle has to stay, or a parameter already."""
    return bool(HANDLE.search(text) or re.search(r"(?<!\$)\$\{", text))


def _name(label: str, taken: dict[str, str]) -> str:
    """A new name for a parameter, from the label of the field."""
    words = re.findall(r"[a-z0-9]+", label.lower())[:3]
    stem = "_".join(words) if words and words[0][0].isalpha() else "text"
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def _new_texts(steps: Sequence[RecipeStep], parameters: dict[str, str]) -> tuple[str, ...]:
    """The longest texts that the last action brought to the screen, without those that have other numbers each time."""
    last = steps[-1] if steps else None
    if last is None or last.after is None:
        return ()
    before, after = (_texts(shot) for shot in (last.before, last.after))
    new = [text for text in after if not any(similarity(one, text) >= _SAME for one in before)]
    variable = [_with_parameters(text, parameters) for text in new if len(text) >= _MIN_EXPECTED]
    stable = [text for text in variable if not re.search(r"\d", re.sub(r"\$\{.*?\}", "", text))]
    return tuple(sorted(stable, key=len, reverse=True)[:_MOST_EXPECTED])


def _with_parameters(text: str, parameters: dict[str, str]) -> str:
    text = text.replace("${", "$${")
    for name, value in sorted(parameters.items(), key=lambda item: -len(item[1])):
        if len(value) > 1:
            text = text.replace(value, f"${{{name}}}")
    return text


def _texts(screenshot: Screenshot) -> list[str]:
    return [segment.text for segment in read_image(screenshot.image).segments]
