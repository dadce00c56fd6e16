"""Each recovery action, and that none is taken while a run makes progress."""

from collections.abc import Sequence
from functools import partial

from chaos import BUTTON, CASES, Answer, Case, ended, in_memory, in_order, play, recovery_actions, repeat_forever
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from screenwright import (
    Click,
    Escalated,
    ImagePart,
    Message,
    Observed,
    RecoveryAction,
    ScreenPoint,
    Screenshot,
    Size,
    StopReason,
    Supervision,
    Type,
    UiTars15,
    dialect_named,
)
from screenwright.agent.policy.zoom import ZoomRefinement, crop_around
from screenwright.envs.geometry import DeviceTransform

DEAD = CASES[0]


def images_in(messages: Sequence[Message]) -> int:
    return sum(isinstance(part, ImagePart) for message in messages for part in message.parts)


def _same(model: Answer) -> Answer:
    return model


def only(*rungs: RecoveryAction) -> Supervision:
    return Supervision(recovery=rungs)


def test_loop_is_reported_to_the_model_once() -> None:
    events, _ = play(DEAD, in_memory(DEAD), only(RecoveryAction.MESSAGE))
    reports = [
        event.notes for event in events if isinstance(event, Observed) and "stuck in a loop" in " ".join(event.notes)
    ]
    assert len(reports) == 1
    assert "click at 100, 80" in reports[0][0]
    assert ended(events).stop is StopReason.STUCK


def test_higher_temperature_lasts_as_long_as_the_loop() -> None:
    case = Case("way out", "dead", lambda: in_order(*[Click(BUTTON)] * 4, Type("Ada")))
    events, model = play(case, in_memory(case), only(RecoveryAction.TEMPERATURE, RecoveryAction.MESSAGE))
    assert [sampling.temperature for sampling in model.samplings] == [0, 0, 0, 0.7, 0.7, 0]
    assert recovery_actions(events) == [(4, "temperature"), (5, "message")]


def test_new_plan_shows_the_task_and_the_actions_but_no_earlier_screenshot() -> None:
    events, model = play(DEAD, in_memory(DEAD), only(RecoveryAction.REPLAN))
    step = next(
        event.step for event in events if isinstance(event, Escalated) and event.action is RecoveryAction.REPLAN
    )
    prompt = model.asked[step - 1]
    assert images_in(prompt) == 1
    assert not any(message.role == "assistant" for message in prompt)
    assert "3. click at 100, 80" in prompt[-1].text
    assert "Get it done" in prompt[1].text


def test_unavailable_recovery_action_is_skipped() -> None:
    typing = next(case for case in CASES if case.fault == "field")
    assert "zoom" not in [action for _, action in recovery_actions(play(typing, in_memory(typing))[0])]
    assert "ask_user" not in [action for _, action in recovery_actions(play(DEAD, in_memory(DEAD))[0])]


def test_progress_causes_no_recovery_and_no_higher_temperature() -> None:
    for case in CASES:
        if case.progress and case.fault != "third":
            events, model = play(case, in_memory(case))
            assert not [event for event in events if isinstance(event, Escalated)]
            assert {sampling.temperature for sampling in model.samplings} == {0.0}


def test_alternating_actions_end_like_a_repeated_action() -> None:
    targets = (ScreenPoint(20, 20), ScreenPoint(600, 20), ScreenPoint(600, 450))
    for count in (1, 2, 3):
        model = repeat_forever(*(Click(at) for at in targets[:count]))
        case = Case("in turn", "dead", partial(_same, model))
        events, _ = play(case, in_memory(case), only(RecoveryAction.MESSAGE, RecoveryAction.REPLAN))
        assert recovery_actions(events)[0] == (3 * count + 1, "message")
        assert ended(events).stop is StopReason.STUCK


@given(
    screen=st.tuples(st.integers(200, 3000), st.integers(200, 2000)),
    position=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)),
    scale=st.sampled_from([1.0, 1.5, 2.0]),
    dialect=st.sampled_from(["ui-tars-1.5", "ui-tars-1.0", "qwen2.5-vl"]),
)
def test_point_on_the_magnified_part_is_mapped_back_exactly(
    screen: tuple[int, int], position: tuple[float, float], scale: float, dialect: str
) -> None:
    at = ScreenPoint(position[0] * screen[0], position[1] * screen[1])
    part = crop_around(at, Size(*screen))
    assert 0 <= part.left <= at.x < part.right <= screen[0]
    assert 0 <= part.top <= at.y < part.bottom <= screen[1]
    device = DeviceTransform(scale, 7, 11)
    zoom = ZoomRefinement.around(at, Screenshot(Image.new("RGB", screen)), dialect_named(dialect), device)
    inside = ScreenPoint(at.x - part.left, at.y - part.top)
    trace = zoom.on_screen(zoom.frame.trace(zoom.frame.to_model(inside)))
    assert abs(trace.screen.x - at.x) < 1e-6 or trace.clamped
    assert abs(trace.screen.y - at.y) < 1e-6 or trace.clamped
    expected = device.apply(trace.screen)
    assert abs(trace.device.x - expected.x) < 1e-6
    assert abs(trace.device.y - expected.y) < 1e-6


def test_magnified_part_is_sent_with_the_grounding_prompt() -> None:
    zoom = ZoomRefinement.around(
        ScreenPoint(10, 10), Screenshot(Image.new("RGB", (1280, 720))), UiTars15(), DeviceTransform()
    )
    messages = zoom.messages("the Save button")
    assert images_in(messages) == 1
    assert "the Save button" in " ".join(message.text for message in messages)
    assert zoom.frame.screen == Size(426, 240)
    assert zoom.frame.image == Size(1288, 728)
    assert zoom.read("gibberish") is None
    assert zoom.read("Action: finished()") is None
