import pytest

from screenwright import (
    ActionRefused,
    Click,
    Direction,
    Drag,
    FakeEnv,
    Hotkey,
    Navigate,
    ScreenPoint,
    Scroll,
    Size,
    Type,
)
from screenwright.testing import EnvContract, Stage


class FakeStage:
    def __init__(self) -> None:
        self.env = FakeEnv()
        self.button = self.env.where("Greet")
        self.field = self.env.where("Name")
        self.nothing = ScreenPoint(500, 400)

    def presses(self) -> int:
        return self.env.state.presses

    def text(self) -> str:
        return self.env.state.text

    def submissions(self) -> int:
        return self.env.state.submissions

    def new_env(self) -> FakeEnv:
        return FakeEnv()


class TestFakeEnv(EnvContract):
    @pytest.fixture
    def stage(self) -> Stage:
        return FakeStage()


def test_a_menu_opens_and_its_entry_saves_the_text() -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Name")))
    env.execute(Type("Ada"))
    env.execute(Click(env.where("File")))
    env.execute(Click(env.where("Save")))
    assert (env.state.saved, env.state.menu_open) == ("Ada", False)


def test_a_dialog_blocks_the_controls_behind_it_until_it_is_closed() -> None:
    env = FakeEnv()
    greet = env.where("Greet")
    env.execute(Click(env.where("File")))
    env.execute(Click(env.where("About")))
    env.execute(Click(greet))
    assert env.state.presses == 0
    env.execute(Click(env.where("OK")))
    env.execute(Click(greet))
    assert env.state.presses == 1


def test_the_list_scrolls_by_wheel_and_by_dragging_and_stops_at_its_ends() -> None:
    env = FakeEnv()
    at = env.where("Cherry")
    env.execute(Scroll(Direction.DOWN, 3, at))
    env.execute(Click(env.where("Fig")))
    assert env.state.chosen == "Fig"
    env.execute(Scroll(Direction.DOWN, 100, at))
    assert "Olive" in env.state.chosen or env.where("Olive")
    env.execute(Drag((at, ScreenPoint(at.x, at.y + 44))))
    with pytest.raises(KeyError):
        env.where("Olive")


def test_check_box_and_radio_buttons_are_drawn() -> None:
    env = FakeEnv()
    screenshots = {env.observe().screenshot.sha256}
    for label in ("Express", "Large", "Express"):
        env.execute(Click(env.where(label)))
        screenshots.add(env.observe().screenshot.sha256)
    assert (env.state.checked, env.state.size) == (False, "Large")
    assert len(screenshots) == 4


def test_cut_and_paste_move_the_selection() -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Name")))
    env.execute(Type("twice"))
    env.execute(Hotkey(("ctrl", "a")))
    for keys in (("ctrl", "x"), ("ctrl", "v"), ("ctrl", "v")):
        env.execute(Hotkey(keys))
    assert env.state.text == "twicetwice"


def test_unsupported_actions_are_refused() -> None:
    with pytest.raises(ActionRefused, match="no navigate action"):
        FakeEnv().execute(Navigate("x.example"))
    with pytest.raises(ValueError, match="at least 320x300"):
        FakeEnv(Size(10, 10))
