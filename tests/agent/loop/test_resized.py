"""A run whose screen changes its size."""

from collections.abc import Callable, Sequence
from math import hypot
from pathlib import Path

from screenwright import (
    Agent,
    Click,
    Completion,
    FakeEnv,
    Message,
    ModelInfo,
    Observed,
    Sampling,
    UiTars15,
    read_run,
    render_page,
)
from screenwright.agent.core.messages import ImagePart, TextPart
from screenwright.agent.core.model import never
from screenwright.envs.actions import Action
from screenwright.envs.base import size_facts
from screenwright.envs.env import ActionResult, Fact, Observation
from screenwright.envs.geometry import ScreenPoint, Size

SMALL, LARGE = Size(640, 480), Size(1280, 960)


class ResizedEnv(FakeEnv):
    """Its screen becomes larger after the first action."""

    seen = SMALL
    done: tuple[Action, ...] = ()

    def observe(self) -> Observation:
        seen = super().observe()
        facts, self.seen = size_facts(self.seen, seen.screenshot.size), seen.screenshot.size
        return Observation(seen.screenshot, facts)

    def execute(self, action: Action) -> ActionResult:
        result = super().execute(action)
        self.done = (*self.done, action)
        self.size = LARGE
        return result


class ClickingModel:
    """Clicks `target` of the newest image, in that image's pixels, twice."""

    def __init__(self, target: ScreenPoint) -> None:
        self.target = target
        self.images: list[Size] = []
        self.texts: list[str] = []

    def info(self) -> ModelInfo:
        return ModelInfo("clicking")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        parts = [part for message in messages for part in message.parts]
        self.texts = [part.text for part in parts if isinstance(part, TextPart)]
        size = [part for part in parts if isinstance(part, ImagePart)][-1].size
        self.images.append(size)
        screen = LARGE if len(self.images) > 1 else SMALL
        x, y = self.target.x * size.width / screen.width, self.target.y * size.height / screen.height
        if len(self.images) > 2:
            return Completion("Thought: done\nAction: finished(content='')")
        return Completion(f"Thought: next\nAction: click(start_box='({x:.0f},{y:.0f})')")


def test_points_facts_and_record_follow_the_size_of_the_screen(tmp_path: Path) -> None:
    env = ResizedEnv()
    model = ClickingModel(env.where("Greet"))
    x, y = model.target.x, model.target.y
    assert Agent(model, dialect=UiTars15()).run("greet", env, out=tmp_path / "run").finished
    rule = UiTars15().image_rule
    assert model.images == [rule.resize(SMALL), rule.resize(LARGE), rule.resize(LARGE)]
    run = read_run(tmp_path / "run")
    assert len(env.done) == 2
    assert all(isinstance(click, Click) and hypot(click.at.x - x, click.at.y - y) < 2 for click in env.done)
    seen = [event.observation for event in run.events if isinstance(event, Observed)]
    assert [each.screenshot.size for each in seen] == [SMALL, LARGE, LARGE]
    assert seen[1].facts == (Fact("The screen size changed from 640x480 to 1280x960."),)
    assert any("The screen size changed from 640x480 to 1280x960." in text for text in model.texts)
    assert render_page(run.events).count("data:image/webp;base64,") == len({each.screenshot.sha256 for each in seen})
