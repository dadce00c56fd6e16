"""The contract of `Env` as a test class to inherit; needs pytest.

    class TestMyEnv(EnvContract):
        @pytest.fixture
        def stage(self) -> Stage: ...

A `Stage` is a screen with a button and a text field at known positions, and a way to read their state without pixels.
"""

import time
from contextlib import suppress
from typing import Protocol

import pytest

from ..envs import actions
from ..envs.actions import Button, Direction
from ..envs.env import ActionRefused, ActionResult, Env, EnvLost
from ..envs.geometry import ScreenPoint
from ..envs.interrupt import Interrupted, interruptible


class Stage(Protocol):
    """A screen for the contract tests. Points are in screenshot pixels."""

    @property
    def env(self) -> Env:
        """The environment under test; the stage opens and closes it."""
        ...

    @property
    def button(self) -> ScreenPoint:
        """Inside a push button."""
        ...

    @property
    def field(self) -> ScreenPoint:
        """Inside a one-line text field."""
        ...

    @property
    def nothing(self) -> ScreenPoint:
        """A point where a click has no effect."""
        ...

    def presses(self) -> int:
        """How often the button has been pressed."""
        ...

    def text(self) -> str:
        """The text in the field."""
        ...

    def submissions(self) -> int:
        """How often Enter has been pressed in the field."""
        ...

    def new_env(self) -> Env:
        """Another environment of the same kind, not opened yet; the test closes it."""
        ...


def eventually(read: object, expected: object, within_s: float = 60.0) -> None:
    """Assert that `read()` becomes `expected`: programs may react to an action with a delay."""
    assert callable(read)
    end = time.monotonic() + within_s
    value = read()
    while value != expected and time.monotonic() < end:
        time.sleep(0.02)
        value = read()
    if value != expected:
        raise AssertionError(f"still {value!r} after {within_s} s, expected {expected!r}")


class _AfterSomeChecks:
    """Interrupts an action that has begun."""

    def __init__(self) -> None:
        self._checks = 0

    def __call__(self) -> bool:
        self._checks += 1
        return self._checks > 3


class EnvContract:
    """Tests that every environment passes. A subclass provides the fixture `stage`."""

    def test_screenshot_is_rgb_and_matches_its_size(self, stage: Stage) -> None:
        shot = stage.env.observe().screenshot
        assert shot.image.mode == "RGB"
        assert shot.image.size == (shot.size.width, shot.size.height)

    def test_two_screenshots_of_a_static_screen_are_identical(self, stage: Stage) -> None:
        stage.env.execute(actions.Click(stage.nothing))
        first, second = stage.env.observe(), stage.env.observe()
        assert first.screenshot.size == second.screenshot.size
        assert first.screenshot.image.tobytes() == second.screenshot.image.tobytes()

    def test_click_presses_the_button(self, stage: Stage) -> None:
        before = stage.presses()
        stage.env.execute(actions.Click(stage.button))
        eventually(stage.presses, before + 1)

    def test_double_click_presses_the_button_twice(self, stage: Stage) -> None:
        before = stage.presses()
        stage.env.execute(actions.Click(stage.button, count=2))
        eventually(stage.presses, before + 2)

    def test_click_outside_the_button_does_not_press_it(self, stage: Stage) -> None:
        before = stage.presses()
        stage.env.execute(actions.Click(stage.nothing))
        assert stage.presses() == before

    def test_mouse_down_and_up_press_the_button(self, stage: Stage) -> None:
        before = stage.presses()
        stage.env.execute(actions.ButtonDown(Button.LEFT, stage.button))
        stage.env.execute(actions.ButtonUp(Button.LEFT, stage.button))
        eventually(stage.presses, before + 1)

    def test_typed_text_arrives_unchanged(self, stage: Stage) -> None:
        for text in ("plain text", "it's 100% <right> & {done}", "naïve café, Привет, 你好"):
            self._clear_and_type(stage, text)
            eventually(stage.text, text)

    def test_submit_presses_enter_once_after_the_text(self, stage: Stage) -> None:
        before = stage.submissions()
        self._clear_and_type(stage, "sent", submit=True)
        eventually(stage.submissions, before + 1)

    def test_hotkey_presses_its_keys_together(self, stage: Stage) -> None:
        self._clear_and_type(stage, "old")
        stage.env.execute(actions.Hotkey(("ctrl", "a")))
        stage.env.execute(actions.Type("new"))
        eventually(stage.text, "new")

    def test_shift_stays_pressed_until_release(self, stage: Stage) -> None:
        self._clear_and_type(stage, "abc")
        stage.env.execute(actions.KeyDown("shift"))
        stage.env.execute(actions.Hotkey(("left",)))
        stage.env.release()
        stage.env.execute(actions.Type("d"))
        eventually(stage.text, "abd")

    def test_point_outside_the_screen_is_refused_with_the_reason(self, stage: Stage) -> None:
        size = stage.env.observe().screenshot.size
        for point in (ScreenPoint(-1, 5), ScreenPoint(size.width, 5), ScreenPoint(5, size.height + 40.0)):
            with pytest.raises(ActionRefused, match="outside"):
                stage.env.execute(actions.Click(point))

    def test_unknown_key_is_refused_by_name(self, stage: Stage) -> None:
        with pytest.raises(ActionRefused, match="hyperdrive"):
            stage.env.execute(actions.Hotkey(("hyperdrive",)))

    def test_a_long_action_ends_soon_after_it_is_interrupted_and_nothing_stays_pressed(self, stage: Stage) -> None:
        at, to = stage.nothing, ScreenPoint(stage.nothing.x + 3, stage.nothing.y + 2)
        stage.env.observe()
        before = stage.presses()
        for action in (
            actions.Wait(600),
            actions.LongPress(at, 60),
            actions.Drag((at, to) * 250),
            actions.Scroll(Direction.UP, 1000, at),
        ):
            started = time.monotonic()
            with suppress(Interrupted), interruptible(by=_AfterSomeChecks()):
                assert_executed_or_refused(stage.env, action)
            assert time.monotonic() - started < 45, action
        stage.env.release()
        stage.env.execute(actions.Click(stage.button))
        eventually(stage.presses, before + 1)

    def test_every_action_is_executed_or_refused(self, stage: Stage) -> None:
        at, to = stage.nothing, ScreenPoint(stage.nothing.x + 3, stage.nothing.y + 2)
        possible: tuple[actions.Action, ...] = (
            actions.Click(at),
            actions.Click(at, Button.MIDDLE),
            actions.Click(at, Button.FORWARD),
            actions.Click(at, count=3),
            actions.Click(at, modifiers=("shift",)),
            actions.Move(at),
            actions.Drag((at, to)),
            actions.Scroll(Direction.DOWN, 1, at),
            actions.Scroll(Direction.UP, 1),
            actions.Scroll(Direction.RIGHT, 1, at),
            actions.Scroll(Direction.LEFT, 1, at),
            actions.Type(""),
            actions.Hotkey(("shift",)),
            actions.KeyDown("shift"),
            actions.KeyUp("shift"),
            actions.ButtonDown(Button.LEFT, at),
            actions.ButtonUp(Button.LEFT),
            actions.LongPress(at, 0.05),
            actions.Wait(0.01),
            actions.Home(),  # may start the program again, so no later test counts its presses
        )
        for action in possible:
            assert_executed_or_refused(stage.env, action)

    def test_navigation_is_executed_or_refused(self, stage: Stage) -> None:
        env = stage.new_env()
        try:
            for action in (actions.Navigate("about:blank"), actions.Back(), actions.OpenApp("no-such-program-as-this")):
                assert_executed_or_refused(env, action)
        finally:
            env.close()

    def test_release_and_close_are_safe_before_opening_and_when_repeated(self, stage: Stage) -> None:
        env = stage.new_env()
        env.release()
        env.close()
        env.close()

    def test_closed_environment_is_lost(self, stage: Stage) -> None:
        env = stage.new_env()
        env.observe()
        env.close()
        with pytest.raises(EnvLost):
            env.observe()

    def test_info_names_the_kind_before_and_after_opening(self, stage: Stage) -> None:
        assert stage.new_env().info().kind == stage.env.info().kind != ""

    def _clear_and_type(self, stage: Stage, text: str, *, submit: bool = False) -> None:
        stage.env.execute(actions.Click(stage.field))
        stage.env.execute(actions.Hotkey(("ctrl", "a")))
        stage.env.execute(actions.Hotkey(("backspace",)))
        eventually(stage.text, "")
        stage.env.execute(actions.Type(text, submit))


def assert_executed_or_refused(env: Env, action: actions.Action) -> None:
    """Assert that `env` either executes `action` or refuses it with a reason."""
    try:
        result = env.execute(action)
    except ActionRefused as refusal:
        if not str(refusal):
            pytest.fail(f"{action} was refused without a reason")
    else:
        assert isinstance(result, ActionResult)
