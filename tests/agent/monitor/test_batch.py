"""Several actions in one reply are carried out in order, up to the first unexpected change of the screen."""

from dataclasses import replace

from PIL import Image, ImageDraw

from screenwright import (
    Acted,
    Action,
    Agent,
    Click,
    Episode,
    FakeEnv,
    Hotkey,
    KeyUp,
    Observation,
    ScreenPoint,
    Screenshot,
    ScriptedModel,
    StopReason,
    Type,
    UiTars15,
    dialect_named,
)
from screenwright.agent.dialects.registry import dialect_names, with_several_actions
from screenwright.agent.monitor.batch import unexpected_change
from screenwright.agent.policy.model_policy import ModelPolicy

FIRST, SECOND = Click(ScreenPoint(100, 100)), Click(ScreenPoint(400, 300))


def screen(*boxes: tuple[int, int, int, int], location: str = "https://a.test/") -> Observation:
    image = Image.new("RGB", (640, 480), "white")
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, "black")
    return Observation(Screenshot(image), (), location)


def change(now: Observation, action: Action, done: tuple[Action, ...] = (FIRST,)) -> str | None:
    return unexpected_change(screen(), now, done, action)


def test_change_elsewhere_is_expected() -> None:
    assert change(screen((90, 90, 120, 120)), SECOND) is None
    assert change(screen((90, 90, 120, 120)), Type("x")) is None


def test_change_at_the_next_point_is_unexpected() -> None:
    assert change(screen((350, 280, 450, 320)), SECOND) == "the screen changed at the position of the next action"


def test_change_at_a_point_where_the_reply_already_acted_is_its_effect() -> None:
    assert change(screen((350, 280, 450, 320)), SECOND, (FIRST, Click(ScreenPoint(410, 310)))) is None


def test_new_screen_is_unexpected_for_an_action_at_a_point() -> None:
    assert change(screen((0, 0, 640, 480)), SECOND) == "the whole screen changed"
    assert change(screen((0, 0, 640, 480)), Type("x")) is None


def test_new_page_is_unexpected_for_every_action() -> None:
    other = screen(location="https://b.test/")
    assert change(other, Hotkey(("enter",))) == "another page was opened"
    assert change(other, KeyUp("shift")) is None


def test_title_of_a_window_may_change_as_the_user_types() -> None:
    assert unexpected_change(screen(location="note"), screen(location="*note"), (FIRST,), Type("x")) is None


def test_form_is_filled_in_with_one_reply() -> None:
    env = FakeEnv()
    name, button = env.where("Name"), env.where("Express")
    reply = f"Action: {box(name)}\n\ntype(content='Ada')\n\n{box(button)}"
    policy = ModelPolicy(ScriptedModel([reply, "Action: finished()"]), with_several_actions(UiTars15()))
    result = Agent(policy=policy).run("Fill in the form", env)
    assert (result.stop, result.steps, env.state.text, env.state.checked) == (StopReason.FINISHED, 2, "Ada", True)


def test_rest_of_a_reply_is_skipped_after_an_unexpected_change_and_the_model_is_informed() -> None:
    env = FakeEnv()
    menu, greet = env.where("File"), env.where("Greet")
    model = ScriptedModel([f"Action: {box(menu)}\n\n{box(greet)}", "Action: finished()"])
    episode = Episode("x", env, ModelPolicy(model, replace(UiTars15(), one_action=False)))
    acted = [event for event in episode.run() if isinstance(event, Acted)]
    assert [event.refused is None for event in acted] == [True, False]
    assert "were skipped" in model.asked[1][-1].text


def test_several_actions_are_asked_for_in_every_family_that_can_write_them() -> None:
    supported = []
    for name in dialect_names():
        try:
            dialect = with_several_actions(dialect_named(name))
        except ValueError:
            continue
        supported.append(name)
        assert dialect.prompt_sha256 != dialect_named(name).prompt_sha256
    assert {"ui-tars-1.5", "qwen3-vl", "planner"} <= set(supported)


def box(point: ScreenPoint) -> str:
    size = UiTars15().image_rule.resize(FakeEnv().observe().screenshot.size)
    return f"click(start_box='({point.x * size.width / 640:.2f},{point.y * size.height / 480:.2f})')"
