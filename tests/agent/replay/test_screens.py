"""A run that was recorded on one kind of screen is performed on another: headless and headed, and on remote screens."""

import json
from pathlib import Path

import pytest
from page_site import Site
from paths import STAGE
from vnc_machine import vnc_machine

from screenwright import (
    Action,
    Agent,
    BrowserEnv,
    Click,
    Env,
    ScreenPoint,
    ScriptedPolicy,
    Size,
    StopReason,
    Type,
    read_run,
)
from screenwright.agent.core.decision import Finish
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import Recipe, recipe_of
from screenwright.envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
from screenwright.envs.vnc import VncEnv
from screenwright.testing import eventually

pytestmark = pytest.mark.reader

FORM = """<style>body > * { position: absolute; left: 60px; font: 16px sans-serif }</style>
<label style="top:60px">Name <input id="person" size="24"></label>
<button style="top:120px" onclick="report('sent', person.value); result.textContent = 'Sent'">Send</button>
<p id="result" style="top:170px"></p>"""


def record(folder: Path, env: Env, *actions: Action) -> Recipe:
    Agent(policy=ScriptedPolicy([*((action,) for action in actions), Finish("done")])).run(
        "Send the form", env, out=folder
    )
    return recipe_of(read_run(folder))


def perform(recipe: Recipe, env: Env) -> tuple[StopReason, str]:
    result = Agent(policy=ReplayPolicy(recipe, wait_s=5.0), supervision=NO_INTERVENTION).run("again", env)
    return result.stop, result.reason


@pytest.mark.browser
@pytest.mark.desktop
def test_run_recorded_headless_is_performed_headed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site() as site:
        url = site.add("/", FORM)
        at = Click(ScreenPoint(220, 70)), Type("Ada"), Click(ScreenPoint(80, 130))
        with BrowserEnv(url, viewport=Size(640, 400)) as env:
            recipe = record(tmp_path, env, *at)
        eventually(lambda: site.reported.pop("sent", ""), "Ada")
        display = RunningDisplay(VirtualDisplay(Size(1000, 700)))
        try:
            for name in ("DISPLAY", "XAUTHORITY"):
                monkeypatch.setenv(name, display.environment[name])
            with BrowserEnv(url, viewport=Size(800, 500), headless=False) as env:
                assert perform(recipe, env) == (StopReason.FINISHED, "")
            eventually(lambda: site.reported.get("sent"), "Ada")
        finally:
            display.stop()


@pytest.mark.desktop
def test_run_on_a_remote_screen_is_performed_on_another_one(tmp_path: Path) -> None:
    recipe: Recipe | None = None
    for name, size in (("first", "640x480"), ("second", "900x640")):
        told_at = tmp_path / f"{name}.json"
        with vnc_machine(("/usr/bin/python3", str(STAGE), str(told_at)), size=size) as remote:
            eventually(told_at.exists, True)
            with VncEnv(remote.address) as env:
                eventually(lambda env=env: env.observe().screenshot.image.getpixel((240, 300)), (255, 255, 255))
                if recipe is None:
                    steps = Click(ScreenPoint(200, 135)), Type("green tea"), Click(ScreenPoint(120, 65))
                    recipe = record(tmp_path / "run", env, *steps)
                else:
                    assert perform(recipe, env) == (StopReason.FINISHED, "")
            told = json.loads(told_at.read_text())
            assert (told["text"], told["presses"]) == ("green tea", 1)
