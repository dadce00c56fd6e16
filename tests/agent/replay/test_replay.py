from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps

from screenwright import (
    Agent,
    Click,
    Ended,
    FakeEnv,
    Hotkey,
    Limits,
    ModelPolicy,
    ScreenPoint,
    ScriptedModel,
    ScriptedPolicy,
    StopReason,
    Type,
    UiTars15,
)
from screenwright.agent.core.decision import Finish
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.reader.vision.screen import Screen
from screenwright.agent.record.events import Acted
from screenwright.agent.record.trajectory import Run, RunError, read_run
from screenwright.agent.replay.anchors import locate
from screenwright.agent.replay.healing import HealingPolicy, with_healed
from screenwright.agent.replay.located import Ambiguous, Found, Missing
from screenwright.agent.replay.pattern import Anchor
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import Recipe, recipe_of
from screenwright.agent.replay.target import RecordedTarget
from screenwright.envs.actions import Action, Wait
from screenwright.envs.env import ActionResult, Observation
from screenwright.envs.geometry import Box, Size
from screenwright.envs.screenshot import Screenshot

pytestmark = pytest.mark.reader  # OpenCV comes with the extra; nothing is read


class NoText:
    """Reads nothing, as on a screen without texts."""

    def target(self, screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
        return RecordedTarget()

    def line(self, screenshot: Screenshot, box: Box) -> str:
        return ""

    def lines(self, screenshot: Screenshot, box: Box) -> tuple[tuple[str, Box], ...]:
        return ()

    def screen(self, screenshot: Screenshot) -> Screen:
        return Screen(screenshot.size.width, screenshot.size.height, (), ())


NO_TEXT = NoText()


def found(anchor: Anchor, screenshot: Screenshot, scale: float = 1.0) -> tuple[int, int]:
    located = locate(anchor, screenshot, scale, NO_TEXT)
    assert isinstance(located, Found), located
    return round(located.point.x), round(located.point.y)


# -- anchors


def page(*shapes: tuple[str, int, int], size: tuple[int, int] = (640, 400), dark: bool = False) -> Screenshot:
    """A page with named shapes at their left top corners."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for name, x, y in shapes:
        match name:
            case "save":
                draw.rectangle((x, y, x + 70, y + 26), outline="black", fill="#dde")
                draw.line((x + 10, y + 6, x + 60, y + 20), fill="navy", width=3)
                draw.ellipse((x + 20, y + 5, x + 34, y + 19), outline="black")
            case "other":
                draw.rectangle((x, y, x + 70, y + 26), outline="black", fill="#dde")
                draw.polygon((x + 8, y + 20, x + 30, y + 4, x + 60, y + 20), outline="navy")
            case "row a":
                draw.text((x, y), "alpha order", fill="black")
            case "row b":
                draw.text((x, y), "second bill", fill="black")
            case _:
                draw.text((x, y), name, fill="black")
    return Screenshot(ImageOps.invert(image) if dark else image)


RECORDED = page(("save", 100, 100), ("other", 100, 160), ("a heading of the page", 40, 20))
SAVE = Anchor(RECORDED, ScreenPoint(135, 113))


def test_target_is_found_where_it_was() -> None:
    assert found(SAVE, RECORDED) == (135, 113)


def test_target_that_has_moved_is_found() -> None:
    moved = page(("save", 283, 241), ("other", 100, 160), ("another heading", 40, 20))
    assert found(SAVE, moved) == (318, 254)


def test_target_in_a_dark_theme_is_found() -> None:
    assert found(SAVE, page(("save", 100, 140), ("other", 100, 200), dark=True)) == (135, 153)


@pytest.mark.parametrize("zoom", [2.0, 1.25, 0.8])
def test_target_in_another_size_is_found(zoom: float) -> None:
    image = RECORDED.image.resize((round(640 * zoom), round(400 * zoom)), Image.Resampling.BICUBIC)
    x, y = found(SAVE, Screenshot(image))
    assert abs(x - 135 * zoom) < 8
    assert abs(y - 113 * zoom) < 8


def test_target_on_a_screen_with_more_pixels_per_unit_is_found() -> None:
    image = RECORDED.image.resize((1280, 800), Image.Resampling.BICUBIC)
    assert found(SAVE, Screenshot(image), 2.0) == (270, 226)


EMPTY = page(("save", 100, 100), ("other", 300, 40), ("a heading of the page", 40, 20), size=(1200, 700))
MIDDLE = Anchor(EMPTY, ScreenPoint(600, 400))


def test_point_in_an_empty_area_is_found_by_what_is_around_it() -> None:
    assert found(MIDDLE, EMPTY) == (600, 400)
    other = page(("other", 500, 500), ("another heading", 800, 20), size=(1200, 700))
    assert isinstance(locate(MIDDLE, other, 1.0, NO_TEXT), Missing)
    assert isinstance(locate(MIDDLE, page(size=(1200, 700)), 1.0, NO_TEXT), Missing)


def test_target_that_was_removed_is_missing() -> None:
    located = locate(SAVE, page(("other", 100, 160), ("a heading of the page", 40, 20)), 1.0, NO_TEXT)
    assert isinstance(located, Missing)


def test_target_that_is_there_twice_is_ambiguous() -> None:
    twice = page(("save", 100, 100), ("save", 300, 100), ("other", 100, 160))
    located = locate(SAVE, twice, 1.0, NO_TEXT)
    assert isinstance(located, Ambiguous)
    assert len(located.points) == 2


TABLE = page(("row a", 40, 105), ("save", 160, 100), ("row b", 40, 165), ("save", 160, 160))
SAVE_B = Anchor(TABLE, ScreenPoint(195, 173))


def test_one_of_several_equal_targets_is_found_by_what_is_next_to_it() -> None:
    assert found(SAVE_B, page(("row b", 40, 125), ("save", 160, 120), ("row a", 40, 265), ("save", 160, 260))) == (
        195,
        133,
    )


def test_equal_target_of_another_row_is_not_taken_for_one_that_is_gone() -> None:
    located = locate(SAVE_B, page(("row a", 40, 105), ("save", 160, 100)), 1.0, NO_TEXT)
    assert isinstance(located, Missing)


def test_equal_targets_in_equal_rows_are_ambiguous() -> None:
    rows = page(("row b", 40, 105), ("save", 160, 100), ("row b", 40, 165), ("save", 160, 160))
    assert isinstance(locate(SAVE_B, rows, 1.0, NO_TEXT), Ambiguous)


def test_second_target_next_to_the_first_is_ambiguous_though_it_has_a_name_in_its_row() -> None:
    twice = page(("row a", 40, 105), ("save", 160, 100), ("row b", 40, 165), ("save", 160, 160), ("save", 240, 160))
    assert isinstance(locate(SAVE_B, twice, 1.0, NO_TEXT), Ambiguous)


class Names(NoText):
    """Reads a button as it is named, by the colour of one of its pixels."""

    def target(self, screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
        return RecordedTarget("button", "Save", Box(100, 100, 171, 127), Box(110, 104, 160, 122))

    def line(self, screenshot: Screenshot, box: Box) -> str:
        return "Save" if screenshot is RECORDED else "Send"


def test_target_that_looks_alike_and_has_another_text_is_missing() -> None:
    other = page(("save", 130, 100), (".", 140, 105), ("other", 100, 160))
    located = locate(SAVE, other, 1.0, Names())
    assert isinstance(located, Missing)
    assert located.reason == '"Save" button is not on the screen; what looks most like it has another text'


# -- replay


def record(folder: Path, env: FakeEnv, *script: tuple[Action, ...]) -> Run:
    """A finished run of these actions."""
    Agent(policy=ScriptedPolicy([*script, Finish("done")])).run("Greet Ada", env, out=folder)
    return read_run(folder)


def replay(recipe: Recipe, env: FakeEnv, folder: Path | None = None) -> tuple[Ended, ReplayPolicy]:
    policy = ReplayPolicy(recipe, wait_s=0.01, reader=NO_TEXT)
    agent = Agent(policy=policy, limits=Limits(steps=None), supervision=NO_INTERVENTION)
    events = list(agent.stream(recipe.task, env, out=folder))
    assert isinstance(events[-1], Ended)
    return events[-1], policy


@pytest.fixture
def greeted(tmp_path: Path) -> Run:
    env = FakeEnv()
    name, greet, fig = env.where("Name"), env.where("Greet"), env.where("Express")
    return record(tmp_path / "run", env, (Click(name),), (Type("Ada"),), (Click(greet),), (Click(fig),))


def test_finished_run_is_performed_again(greeted: Run) -> None:
    env = FakeEnv()
    ended, _ = replay(recipe_of(greeted), env)
    assert (ended.stop, ended.answer) == (StopReason.FINISHED, "")
    assert (env.state.text, env.state.presses, env.state.checked) == ("Ada", 1, True)


def test_run_is_performed_on_a_screen_of_another_size(greeted: Run) -> None:
    env = FakeEnv(Size(900, 640))
    ended, _ = replay(recipe_of(greeted), env)
    assert ended.stop is StopReason.FINISHED, ended.reason
    assert (env.state.text, env.state.presses, env.state.checked) == ("Ada", 1, True)


class Painted(FakeEnv):
    """A fake screen with a part painted over."""

    def __init__(self, *boxes: Box) -> None:
        super().__init__()
        self.boxes = boxes

    def observe(self) -> Observation:
        seen = super().observe()
        image = seen.screenshot.image.copy()
        for box in self.boxes:
            ImageDraw.Draw(image).rectangle((box.left, box.top, box.right, box.bottom), fill="white")
        return Observation(Screenshot(image), seen.facts, seen.location)


def test_run_whose_target_is_gone_diverges_and_clicks_nowhere(greeted: Run, tmp_path: Path) -> None:
    env = Painted(Box(20, 40, 130, 76))  # the button
    ended, policy = replay(recipe_of(greeted), env, tmp_path / "again")
    assert ended.stop is StopReason.DIVERGED
    assert ended.reason.startswith("at step 3 of 4 (click at 74, 58): ")
    assert env.state.presses == 0
    assert policy.mismatch is not None
    assert policy.mismatch.number == 3
    acted = [event.action for event in read_run(tmp_path / "again").events if isinstance(event, Acted)]
    assert [action for action in acted if not isinstance(action, Wait)] == [Click(env.where("Name")), Type("Ada")]


class Deaf(FakeEnv):
    """A fake screen on which clicks have no effect."""

    def execute(self, action: Action) -> ActionResult:
        return ActionResult(0.0) if isinstance(action, Click) else super().execute(action)


def test_action_without_the_recorded_effect_diverges(greeted: Run) -> None:
    ended, _ = replay(recipe_of(greeted), Deaf())
    assert ended.stop is StopReason.DIVERGED
    assert "nothing changed on the screen" in ended.reason


class Checked(FakeEnv):
    """A fake screen whose check box is checked already."""

    def __init__(self) -> None:
        super().__init__()
        self.execute(Click(self.where("Express")))


def test_check_box_that_is_in_the_other_state_is_not_clicked(tmp_path: Path) -> None:
    env = FakeEnv()
    run = record(tmp_path / "run", env, (Click(env.where("Express")),))
    other = Checked()
    ended, _ = replay(recipe_of(run), other)
    assert ended.stop is StopReason.DIVERGED
    assert other.state.checked


class Fields(NoText):
    """Reads a field wherever a point is."""

    def target(self, screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
        x, y = round(point.x), round(point.y)
        return RecordedTarget("text field", box=Box(x - 60, y - 12, x + 60, y + 12))


def test_field_that_looks_as_after_the_click_is_clicked(tmp_path: Path) -> None:
    """It has the focus already, or looks so in another theme."""
    run = record(tmp_path / "run", FakeEnv(), (Click(FakeEnv().where("Express")),))
    policy = ReplayPolicy(recipe_of(run), wait_s=0.01, reader=Fields())
    env = Checked()
    Agent(policy=policy, limits=Limits(steps=None), supervision=NO_INTERVENTION).run("again", env)
    assert not env.state.checked


class Late(FakeEnv):
    """A fake screen that is empty in its first observations."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 3

    def observe(self) -> Observation:
        self.left -= 1
        return super().observe() if self.left < 0 else Observation(Screenshot(Image.new("RGB", (640, 480), "white")))


def test_replay_waits_until_the_target_appears(greeted: Run) -> None:
    policy = ReplayPolicy(recipe_of(greeted), wait_s=60.0, reader=NO_TEXT)
    env = Late()
    result = Agent(policy=policy, supervision=NO_INTERVENTION).run("Greet Ada", env)
    assert result.stop is StopReason.FINISHED
    assert env.state.presses == 1


def test_text_is_not_typed_first_on_another_screen(tmp_path: Path) -> None:
    env = FakeEnv()
    run = record(tmp_path / "run", env, (Hotkey(("tab",)),))
    ended, _ = replay(recipe_of(run), Painted(Box(0, 0, 640, 480)))
    assert ended.stop is StopReason.DIVERGED
    assert "not the one at which the recording starts" in ended.reason


def test_run_that_did_not_finish_is_refused(tmp_path: Path) -> None:
    Agent(policy=ScriptedPolicy([(Wait(0.1),)] * 3), limits=Limits(steps=1)).run(
        "Wait", FakeEnv(), out=tmp_path / "run"
    )
    with pytest.raises(RunError, match=r"ended as step_limit: only a finished run can be performed again"):
        recipe_of(read_run(tmp_path / "run"))


# -- healing


class Restyled(Painted):
    """A fake screen whose button looks otherwise."""

    def __init__(self) -> None:
        super().__init__(Box(20, 40, 130, 76))

    def observe(self) -> Observation:
        seen = super().observe()
        draw = ImageDraw.Draw(seen.screenshot.image)
        draw.ellipse((40, 44, 100, 72), outline="green", width=4)
        draw.text((52, 52), str(self.state.presses), fill="green")  # as the fake screen counts
        return Observation(Screenshot(seen.screenshot.image), seen.facts, seen.location)


def heal(run: Run, env: FakeEnv, *replies: str) -> tuple[Ended, HealingPolicy, ScriptedModel]:
    model = ScriptedModel(replies)
    policy = HealingPolicy(ReplayPolicy(recipe_of(run), wait_s=0.01, reader=NO_TEXT), ModelPolicy(model, UiTars15()))
    events = list(Agent(policy=policy, supervision=NO_INTERVENTION).stream("Greet Ada", env))
    assert isinstance(events[-1], Ended)
    return events[-1], policy, model


def test_model_does_one_step_and_the_replay_goes_on(greeted: Run) -> None:
    env = Restyled()
    ended, policy, model = heal(greeted, env, "Thought: There.\nAction: click(start_box='(74,58)')")
    assert ended.stop is StopReason.FINISHED, ended.reason
    assert (env.state.text, env.state.presses, env.state.checked) == ("Ada", 1, True)
    assert policy.calls == 1
    assert list(policy.healed) == [2]
    assert "Do one step: click" in str(model.asked[0])


def test_recipe_with_the_new_anchor_needs_no_model(greeted: Run) -> None:
    _, policy, _ = heal(greeted, Restyled(), "Action: click(start_box='(74,58)')")
    env = Restyled()
    ended, _ = replay(with_healed(recipe_of(greeted), policy.healed), env)
    assert ended.stop is StopReason.FINISHED, ended.reason
    assert env.state.presses == 1


def test_step_that_the_model_cannot_do_diverges(greeted: Run) -> None:
    env = Restyled()
    ended, policy, _ = heal(greeted, env, "Action: call_user()")
    assert ended.stop is StopReason.DIVERGED
    assert ended.reason.endswith("the model could not do it either")
    assert (env.state.presses, policy.healed) == (0, {})


def test_claim_of_the_model_is_checked(greeted: Run) -> None:
    ended, policy, _ = heal(greeted, Restyled(), "Action: finished()")
    assert ended.stop is StopReason.DIVERGED
    assert ended.reason.endswith("the model finished, but nothing changed on the screen, as it did in the recording")
    assert policy.calls == 1
