"""What a person does in a page, here CDP input that is as trusted as that of a person, is recorded as they did it."""

from collections.abc import Iterator

import pytest
from page_site import Site

from screenwright import BrowserEnv
from screenwright.agent.demonstration.grouping import Grouping
from screenwright.envs.actions import Action, Button, Click, Direction, Drag, Hotkey, Scroll, Type
from screenwright.envs.demonstration import KeyInput, PersonInput
from screenwright.envs.env import EnvUnavailable
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

FIELD, PASSWORD, BOX, FAR = ScreenPoint(100, 30), ScreenPoint(100, 70), ScreenPoint(300, 60), ScreenPoint(420, 120)
FRAME = ScreenPoint(60, 240)
PAGE = """
<body style="margin: 0; height: 3000px">
<input style="position: absolute; left: 20px; top: 20px; width: 160px">
<input type="password" style="position: absolute; left: 20px; top: 60px; width: 160px">
<div style="position: absolute; left: 250px; top: 20px; width: 200px; height: 120px; background: #ccc"></div>
<iframe srcdoc="<input style='position: absolute; left: 10px; top: 10px; width: 100px'>"
        style="position: absolute; left: 20px; top: 220px; border: 0; width: 200px; height: 80px"></iframe>
<script>
// A page that listens to everything, stops every event, and sends events of its own.
for (const type of ["mousedown", "mouseup", "keydown", "wheel"])
  addEventListener(type, event => event.stopImmediatePropagation(), true);
setInterval(() => document.dispatchEvent(new MouseEvent("mousedown", {clientX: 5, clientY: 5})), 20);
Event.prototype.composedPath = () => [document.body];
</script>
"""


@pytest.fixture(scope="module")
def events() -> list[PersonInput]:
    return []


@pytest.fixture(scope="module")
def env(events: list[PersonInput]) -> Iterator[BrowserEnv]:
    with Site() as site, BrowserEnv(site.add("/page", PAGE), viewport=Size(640, 400)) as opened:
        opened.watch_person(events.append)
        opened.observe()
        yield opened


def grouped(events: list[PersonInput]) -> list[Action]:
    grouping = Grouping()
    found = [done.action for event in events for done in (*grouping.flush(event.time_s), *grouping.feed(event))]
    return [*found, *(done.action for done in grouping.finish())]


def do(env: BrowserEnv, events: list[PersonInput], actions: list[Action]) -> None:
    """Do `actions`, and wait until the page has reported them."""
    events.clear()
    for action in actions:
        env.execute(action)
    eventually(lambda: grouped(events), actions)


def test_recorded_actions_are_those_that_were_done(env: BrowserEnv, events: list[PersonInput]) -> None:
    done: list[Action] = [
        Click(FIELD),
        Type("Größe: 5 €"),
        Hotkey(("ctrl", "a")),
        Hotkey(("backspace",)),
        Type("tea", submit=True),
        Click(BOX, count=2),
        Click(BOX, Button.MIDDLE),
        Click(BOX, modifiers=("ctrl", "shift")),
        Drag((BOX, FAR)),
        Scroll(Direction.DOWN, 2, BOX),
        Scroll(Direction.UP, 2, BOX),
        Click(BOX),
        Click(FRAME),
        Type("in a frame"),
        Hotkey(("tab",)),
    ]
    do(env, events, done)


def test_password_is_never_reported(env: BrowserEnv, events: list[PersonInput]) -> None:
    events.clear()
    for action in (Click(PASSWORD), Type("hunter2"), Hotkey(("tab",))):
        env.execute(action)
    eventually(lambda: grouped(events), [Click(PASSWORD), Type("{{password}}"), Hotkey(("tab",))])
    typed = [event for event in events if isinstance(event, KeyInput) and event.pressed]
    assert {(event.key, event.text) for event in typed} == {("", ""), ("tab", "")}


def test_demonstration_starts_with_the_browser(env: BrowserEnv, events: list[PersonInput]) -> None:
    with pytest.raises(EnvUnavailable, match="already open"):
        env.watch_person(events.append)
