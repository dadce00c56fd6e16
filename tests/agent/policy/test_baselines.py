"""Policies without a model."""

from collections.abc import Sequence

import pytest

from screenwright import Agent, Click, ScreenPoint, ScriptedPolicy
from screenwright.agent.core.decision import Finish
from screenwright.agent.record.events import Acted
from screenwright.testing import FakeEnv

CLICK = Click(ScreenPoint(5, 5))


@pytest.mark.parametrize("step", [CLICK, (CLICK,), [CLICK]])
def test_a_scripted_step_is_an_action_or_several(step: Click[ScreenPoint] | Sequence[Click[ScreenPoint]]) -> None:
    events = Agent(policy=ScriptedPolicy([step, Finish("done")])).stream("Click.", FakeEnv())
    assert [event.action for event in events if isinstance(event, Acted)] == [CLICK]
