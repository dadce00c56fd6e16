"""What a person does on a desktop, here hands that send XTEST input, is recorded as they did it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import STAGE
from virtual_displays import virtual_display
from Xlib import X

from screenwright.agent.demonstration.grouping import Grouping
from screenwright.agent.demonstration.recorder import Demonstration
from screenwright.agent.record.events import Decided, Ended, Observed
from screenwright.agent.record.trajectory import RunLog, read_run
from screenwright.envs.actions import Action, Button, Click, Direction, Drag, Hotkey, Scroll, Type
from screenwright.envs.demonstration import PersonInput
from screenwright.envs.desktop import DesktopEnv
from screenwright.envs.desktop.x11.connection import connect
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.testing import eventually

pytestmark = pytest.mark.desktop

FIELD, PAD, FAR = ScreenPoint(200, 135), ScreenPoint(240, 300), ScreenPoint(320, 340)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopEnv]:
    program = ("/usr/bin/python3", str(STAGE), str(tmp_path_factory.mktemp("person") / "received.json"))
    with DesktopEnv(virtual=virtual_display(Size(640, 480), (program,))) as opened:
        opened.observe()
        yield opened


def grouped(events: list[PersonInput]) -> list[Action]:
    grouping = Grouping()
    found = [done.action for event in events for done in (*grouping.flush(event.time_s), *grouping.feed(event))]
    return [*found, *(done.action for done in grouping.finish())]


DONE: list[Action] = [
    Click(FIELD),
    Type("Größe: 5 €, A & b!"),
    Hotkey(("ctrl", "a")),
    Hotkey(("backspace",)),
    Click(FIELD, count=2),
    Click(PAD, Button.RIGHT),
    Hotkey(("escape",)),
    Click(PAD, modifiers=("ctrl",)),
    Click(PAD, Button.BACK),
    Click(PAD, Button.FORWARD),
    Scroll(Direction.DOWN, 3, PAD),
    Scroll(Direction.UP, 2, PAD),
    Drag((PAD, FAR)),
    Hotkey(("ctrl", "shift", "left")),
]


def test_recorded_actions_are_those_that_were_done(env: DesktopEnv) -> None:
    events = list[PersonInput]()
    env.watch_person(events.append)
    for action in DONE:
        env.execute(action)
    env.execute(Hotkey(("f12",)))
    eventually(lambda: grouped(events)[-1:], [Hotkey(("f12",))])
    env.watch_person(None)
    assert grouped(events) == [*DONE, Hotkey(("f12",))]


def test_keys_in_a_window_that_asks_for_a_password_are_hidden(env: DesktopEnv) -> None:
    assert env.address is not None
    display = connect(env.address)
    root = display.screen().root
    window = root.create_window(0, 0, 200, 100, 0, X.CopyFromParent)
    window.set_wm_name("Authentication required")
    window.map()
    display.sync()
    eventually(lambda: getattr(env.active_window(), "title", ""), "Authentication required")
    events = list[PersonInput]()
    env.watch_person(events.append)
    env.execute(Type("hunter2", submit=True))
    eventually(lambda: grouped(events), [Type("{{password}}", submit=True)])
    env.watch_person(None)
    window.destroy()
    display.close()
    assert "hunter" not in repr(events)


def test_demonstration_is_a_run_with_the_screens_before_each_action(env: DesktopEnv, tmp_path: Path) -> None:
    hands: list[Action] = [Click(FIELD), Type("Ada"), Hotkey(("ctrl", "alt", "end"))]
    with RunLog(tmp_path / "run") as log:
        for event in Demonstration("Type a name", env, log).run(lambda: False):
            if event.event == "started":
                for action in hands:
                    env.execute(action)
                    time.sleep(0.3)  # as a person does
    run = read_run(tmp_path / "run")
    decided = [event for event in run.events if isinstance(event, Decided)]
    assert [event.actions for event in decided] == [(Click(FIELD),), (Type("Ada"),), ()]
    assert len([event for event in run.events if isinstance(event, Observed)]) == 3
    assert isinstance(run.ended, Ended)
