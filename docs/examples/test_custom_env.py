"""The contract that every environment satisfies, as a test of `MaskedEnv`: run it with pytest."""

import pytest
from custom_env import MaskedEnv

from screenwright import FakeEnv, ScreenPoint
from screenwright.testing import EnvContract, Stage


class MaskedStage:
    """What the contract needs: where the controls are, and what happened to them."""

    def __init__(self) -> None:
        self.fake = FakeEnv()
        self.env = self.new_env(self.fake)
        self.button = self.fake.where("Greet")
        self.field = self.fake.where("Name")
        self.nothing = ScreenPoint(500, 400)

    def new_env(self, fake: FakeEnv | None = None) -> MaskedEnv:
        return MaskedEnv(fake or FakeEnv(), hidden=(400, 0, 640, 60))

    def presses(self) -> int:
        return self.fake.state.presses

    def text(self) -> str:
        return self.fake.state.text

    def submissions(self) -> int:
        return self.fake.state.submissions


class TestMaskedEnv(EnvContract):
    @pytest.fixture
    def stage(self) -> Stage:
        return MaskedStage()
