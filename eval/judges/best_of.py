"""A comparative judge: of several rollouts of a task, it chooses the one that did it best.

It sees what each action changed on the screen, and the last screenshot of each rollout. The idea is that of behavior
best-of-N (Gonzalez-Pumariega et al. 2025, arXiv:2510.02250); the prompts are ours.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...agent.core.describe import describe_action, describe_change, describe_ending
from ...agent.core.messages import ImagePart, Message
from ...agent.core.model import Model
from ...agent.record.events import Acted, Decided, Event, Observed
from ...envs.screenshot import Screenshot
from .evidence import as_image
from .judge_model import JudgeModel, JudgePrompts, JudgeScore, shorten

NAMES = ("judge_best_of_system", "judge_best_of_start", "judge_best_of_attempt")
_CHOICE = re.compile(r"CHOICE\W{1,8}(\d{1,3})\b")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Attempt:
    """A rollout as the judge sees it: what was done and what that changed, a line each, and how the screen looked."""

    trial: int
    steps: tuple[str, ...]
    answer: str
    first: Screenshot
    last: Screenshot

    @classmethod
    def of(cls, trial: int, answer: str, events: Sequence[Event]) -> "Attempt":
        """The rollout with these events.

        Raises:
            ValueError: it has no screenshot.
        """
        seen = [event for event in events if isinstance(event, Observed)]
        if not seen:
            raise ValueError("the rollout has no screenshot")
        shots = [event.observation.screenshot for event in seen]
        return cls(trial, tuple(_steps(events)), answer, shots[0], shots[-1])


def _steps(events: Sequence[Event]) -> list[str]:
    """A line for each action, with what the screen looked like after its step."""
    changes = {event.step - 1: event.change for event in events if isinstance(event, Observed)}
    lines: list[str] = []
    for event in events:
        match event:
            case Acted(refused=refused) if refused:
                lines.append(f"{event.step}. {describe_action(event.action)} (refused)")
            case Acted():
                change = changes.get(event.step)
                after = f" -> changed {describe_change(change)}" if change is not None else ""
                lines.append(f"{event.step}. {shorten(describe_action(event.action), _LONGEST)}{after}")
            case Decided(ending=ending) if ending is not None:
                lines.append(f"{event.step}. {shorten(describe_ending(ending), _LONGEST)}")
            case _:
                pass
    return lines


@dataclass(frozen=True, slots=True)
class BestOfJudge:
    """The judge with `model`; files in `prompt_folder` replace our prompts."""

    model: Model
    prompt_folder: Path | None = None

    @property
    def prompts(self) -> JudgePrompts:
        """All its prompts."""
        return JudgePrompts(NAMES, self.prompt_folder)

    def __call__(self, task: str, attempts: Sequence[Attempt], seed: str = "") -> tuple[int, JudgeScore]:
        """The trial that was chosen of `attempts`, at least two, and the judge's replies.

        They are shown in an order that depends on `seed`, since models prefer what comes first.

        Raises:
            TaskError: there is no verdict.
        """
        shown = list(attempts)
        random.Random(seed).shuffle(shown)  # noqa: S311 -- the same order for the same episode
        parts: list[str | ImagePart] = [self.prompts.render("judge_best_of_start", task=task), as_image(shown[0].first)]
        for number, attempt in enumerate(shown, 1):
            text = self.prompts.render(
                "judge_best_of_attempt",
                number=str(number),
                steps="\n".join(attempt.steps) or "It did nothing.",
                answer=attempt.answer or "none",
            )
            parts += [text, as_image(attempt.last)]
        judge = JudgeModel(self.model)
        system = self.prompts.render("judge_best_of_system")
        choice = judge.ask(system, Message.of("user", *parts), lambda reply: parse_choice(reply, len(shown)))
        why = shorten(_CHOICE.sub("", judge.replies[-1]), _LONGEST)
        return shown[choice - 1].trial, judge.verdict(True, why, len(shown) + 1)


def parse_choice(reply: str, count: int) -> int | None:
    """The number in the last `CHOICE: N` of the reply; None if there is none from 1 to `count`."""
    found = [int(number) for number in _CHOICE.findall(reply)]
    return found[-1] if found and 1 <= found[-1] <= count else None
