"""Which action comes next, and where to continue after an interruption, on drawn-up screens."""

from dataclasses import replace

import pytest
from drawn_screens import Part, actions, button, checkbox, field, screen

from screenwright import Click, Hotkey, Scroll, Type, Wait
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, Finish
from screenwright.agent.reader.instructions import read_instructions
from screenwright.agent.reader.planner import plan
from screenwright.agent.reader.progress import task_progress
from screenwright.agent.reader.step_actions import ScreenState, click_areas
from screenwright.agent.reader.steps import ClickStep, Target, TypeStep
from screenwright.agent.reader.vision.screen import Area, ControlKind, Screen, ScreenControl

pytestmark = pytest.mark.reader


# -- dialogs and scrolling


DIALOG = ScreenControl(ControlKind.PANE, Area(50, 200, 400, 350))
CANCEL = button("Cancel", 100, 300)


def test_missing_label_never_presses_the_cancel_button_of_the_form() -> None:
    form = screen(field("Name", 210), DIALOG, button("OK", 250, 300), CANCEL)
    still = ScreenState(form, before=form, unchanged=True)
    done = actions('Click "Coupon".', *[still] * 6)
    assert not any(isinstance(action, Click) for action in done)
    assert isinstance(done[-1], AskUser)


def test_dialog_that_opened_over_the_target_is_dismissed() -> None:
    form = screen(field("Name", 10))
    covered = screen(DIALOG, button("OK", 250, 300), CANCEL)
    done = actions('Type "Ada" into Name.', ScreenState(form), ScreenState(covered, before=form))
    x, y = CANCEL[1].area.centre
    assert done[1] == Click(ModelPoint(round(x), round(y)))


def test_button_of_another_label_is_not_pressed() -> None:
    asks = screen(DIALOG, button("OK", 250, 300), CANCEL)
    assert click_areas(asks, Target("Submit")) == []
    [step] = read_instructions("Submit the form")
    assert isinstance(step, ClickStep)
    assert click_areas(asks, step.target) == [button("OK", 250, 300)[1].area]


@pytest.mark.parametrize(
    ("task", "pressed"), [("press login", True), ('press "login"', False), ("press Login", False), ("press ok", True)]
)
def test_verb_without_quotes_and_capitals_is_no_label(task: str, pressed: bool) -> None:
    [step] = read_instructions(task)
    assert isinstance(step, ClickStep)
    assert bool(click_areas(screen(field("Name", 10), button("OK", 10, 300)), step.target)) is pressed
    if task != "press ok":
        assert click_areas(screen(DIALOG, button("OK", 250, 300), CANCEL), step.target) == []


FORM_FIELD = ScreenControl(ControlKind.FIELD, Area(100, 230, 300, 254))
BAR = ScreenControl(ControlKind.SLIDER, Area(100, 230, 300, 240))


@pytest.mark.parametrize(
    "dialog",
    [
        (button("OK", 250, 300), CANCEL, FORM_FIELD),
        (button("OK", 250, 300), CANCEL, BAR),
        (button("Pause", 250, 300), CANCEL),
        (button("Stay", 250, 300), button("Close", 100, 300)),
        (button("Save", 250, 300), button("Discard", 100, 300)),
    ],
    ids=["form", "progress", "work", "close", "discard"],
)
def test_dialog_that_may_hold_work_is_never_dismissed(dialog: tuple[Part, ...]) -> None:
    form = screen(field("Name", 10))
    covered = ScreenState(screen(DIALOG, *dialog), before=form)
    still = ScreenState(covered.screen, before=covered.screen, unchanged=True)
    done = actions('Type "Ada" into Name.', ScreenState(form), covered, *[still] * 6)
    assert sum(isinstance(action, Click) for action in done) == 1  # on the field, before the dialog


def test_reader_does_not_scroll_over_a_number_field() -> None:
    middle = ScreenControl(ControlKind.FIELD, Area(300, 250, 500, 350), "42")
    shown = screen(middle)
    done = actions('Click "Save order".', *[ScreenState(shown, before=shown)] * 2)
    assert isinstance(done[1], Scroll)
    assert done[1].at is not None
    assert not (300 <= done[1].at.x <= 500 and 250 <= done[1].at.y <= 350)


def test_disabled_control_is_waited_for_and_then_reported() -> None:
    grey = screen(button("Save", 10, 10, disabled=True))
    still = ScreenState(grey, before=grey, unchanged=True)
    done = actions('Click "Save".', *[still] * 5)
    assert [type(action) for action in done] == [Wait, Wait, Click, Wait, AskUser]
    assert isinstance(done[-1], AskUser)
    assert done[-1].question == "I cannot click 'Save': it is disabled."


# -- interruptions


def after_interruption(task: str, thoughts: list[str], shown: Screen) -> object:
    return plan(task_progress(read_instructions(task), thoughts), ScreenState(shown, interrupted=True)).action


FORM_TASK = 'Type "Ada" into Name. Check Gift. Click Save.'
TYPED = ["Step 1 of 3: x.", "Step 1 of 3, part 2: x.", "Step 1 of 3, part 3: x."]
CHECKED = [*TYPED, "Step 2 of 3: x."]
SAVE = button("Save", 10, 100)
EMPTY = screen(*field("Name", 10), *checkbox("Gift", 60, checked=False), SAVE)
FILLED = screen(*field("Name", 10, "Ada"), *checkbox("Gift", 60, checked=True), SAVE)


def test_lost_form_is_filled_again_from_the_first_instruction() -> None:
    assert after_interruption(FORM_TASK, CHECKED, EMPTY) == Click(ModelPoint(210, 22))


def test_form_that_is_still_filled_is_continued() -> None:
    x, y = SAVE[0].area.centre
    assert after_interruption(FORM_TASK, CHECKED, FILLED) == Click(ModelPoint(round(x), round(y)))


def test_lost_effect_after_a_click_is_reported() -> None:
    task = 'Click Save. Type "Ada" into Name. Click Save.'
    thoughts = ["Step 1 of 3: x.", "Step 2 of 3: x.", "Step 2 of 3, part 2: x.", "Step 2 of 3, part 3: x."]
    found = after_interruption(task, thoughts, EMPTY)
    assert found == AskUser(
        "I cannot type 'Ada' into 'Name': the task was interrupted, and the screen no longer shows its effect."
    )


def test_text_that_a_later_step_replaced_is_not_lost() -> None:
    task = 'Type "Bo" into Name. Click Add. Type "Ada" into Name. Click Save.'
    thoughts = ["Step 1 of 4, part 3: x.", "Step 2 of 4: x.", "Step 3 of 4, part 3: x."]
    x, y = SAVE[0].area.centre
    assert after_interruption(task, thoughts, FILLED) == Click(ModelPoint(round(x), round(y)))


def test_click_without_a_visible_trace_is_not_taken_for_done() -> None:
    found = after_interruption("Click Save. Click Name.", ["Step 1 of 2: x."], EMPTY)
    assert isinstance(found, AskUser)
    assert found.question.startswith("I cannot click 'Save': the task was interrupted after it")


def test_click_that_may_not_have_been_carried_out_needs_an_effect_of_its_own() -> None:
    progress = task_progress(read_instructions(FORM_TASK), [*CHECKED, "Step 3 of 3: x."])
    state = ScreenState(FILLED, interrupted=True, unconfirmed=True)
    found = plan(progress, state).action
    assert isinstance(found, AskUser)
    assert found.question.startswith("I cannot click 'Save': the task was interrupted during it")
    unchanged = plan(progress, replace(state, before=FILLED, unchanged=True))
    assert (unchanged.action, "waiting for its effect" in unchanged.thought) == (Wait(1.0), True)
    assert isinstance(plan(progress, replace(state, unconfirmed=False)).action, Finish)


def test_step_that_was_only_begun_is_done_again() -> None:
    assert after_interruption('Type "Ada" into Name.', TYPED[:2], EMPTY) == Click(ModelPoint(210, 22))


def test_nothing_is_finished_after_an_interruption_before_the_last_step_is_checked() -> None:
    assert not isinstance(after_interruption(FORM_TASK, [*CHECKED, "Step 3 of 3: x."], EMPTY), Finish)


def test_refused_action_is_reported_with_its_reason() -> None:
    progress = task_progress(read_instructions("Click Save. Press ctrl+s"), ["Step 1 of 2: click 'Save'."])
    found = plan(progress, ScreenState(EMPTY, before=EMPTY, refusal="the user denied the action"))
    assert found.action == AskUser("I cannot click 'Save': the user denied the action.")


def test_typed_text_keeps_the_spaces_inside_its_quotes() -> None:
    assert read_instructions('Type " added"') == (TypeStep(" added"),)
    assert actions('Type " added"', ScreenState(EMPTY)) == [Type(" added")]
    assert actions("Press ctrl+s", ScreenState(EMPTY)) == [Hotkey(("ctrl", "s"))]
