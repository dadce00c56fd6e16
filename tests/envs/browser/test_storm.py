"""Faults of the browser at every phase of a step: the record stays complete and no process remains."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import psutil
import pytest
from delayed import after
from page_site import Page, Site
from processes import alive, command_of

from screenwright import (
    Action,
    ActionRefused,
    ActionResult,
    Agent,
    BrowserEnv,
    Click,
    Hotkey,
    Limits,
    Navigate,
    Observation,
    ScreenPoint,
    ScriptedModel,
    StopReason,
    read_run,
)
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.env import EnvInfo, Fact
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

Phase = Literal["observing", "deciding", "acting", "settling"]
PHASES: tuple[Phase, ...] = ("observing", "deciding", "acting", "settling")
FAULT_STEP = 3
REPLIES = ["Thought: on\nAction: click(start_box='(30,30)')"] * FAULT_STEP + ["Action: finished(content='done')"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/", "<button style='width:200px;height:100px' onclick='setTimeout(() => title = 1, 200)'>x</button>")
        yield site


def shorten_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for a browser that no longer answers; before the fault, a busy machine may need the full limits."""
    monkeypatch.setattr("screenwright.envs.browser.session.ACT_S", 0.5)
    monkeypatch.setattr("screenwright.envs.browser.page.limits.ACT_S", 0.5)
    monkeypatch.setattr("screenwright.envs.browser.session._CLOSE_S", 2.0)
    monkeypatch.setattr("screenwright.envs.browser.page.tabs._CLOSE_S", 5.0)
    monkeypatch.setattr("screenwright.envs.browser.ui.compositor._CAPTURE_S", 0.5)
    # the page of the overlay may be opened in a spare renderer, which is stopped as well
    monkeypatch.setattr("screenwright.envs.browser.ui.overlay.overlay._OPEN_S", 4.0)


def own_processes() -> list[psutil.Process]:
    """The processes that the tests have started."""
    return psutil.Process().children(recursive=True)


def of_kind(kind: str) -> list[psutil.Process]:
    """The processes of the browser, of its renderers, or of Playwright's driver."""
    found: list[psutil.Process] = []
    for process in own_processes():
        line = command_of(process)
        types = [part for part in line if part.startswith("--type=")]
        is_driver = any("playwright" in part for part in line[:3]) and not types
        is_browser = any("chromium" in part for part in line[:1]) and not types
        if {"driver": is_driver, "browser": is_browser, "renderer": types == ["--type=renderer"]}[kind]:
            found.append(process)
    return found


def send(kind: str, number: signal.Signals) -> None:
    for process in of_kind(kind):
        process.send_signal(number)


FAULTS: dict[str, Callable[[], None]] = {
    "renderer killed": lambda: send("renderer", signal.SIGKILL),
    "renderer stopped": lambda: send("renderer", signal.SIGSTOP),
    "browser killed": lambda: send("browser", signal.SIGKILL),
    "driver killed": lambda: send("driver", signal.SIGKILL),
}


class FaultyEnv:
    """An `Env` with a fault at one phase of its third step."""

    def __init__(
        self, env: BrowserEnv, phase: Phase, inject: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.env, self.phase, self.inject, self.monkeypatch = env, phase, inject, monkeypatch
        self.observations = 0
        self.injecting = ExitStack()

    def info(self) -> EnvInfo:
        return self.env.info()

    def observe(self) -> Observation:
        self.observations += 1
        if self.observations == FAULT_STEP and self.phase == "observing":
            self._inject(after_s=0.003)
        seen = self.env.observe()
        if self.observations == FAULT_STEP and self.phase == "deciding":
            self._inject()
        return seen

    def execute(self, action: Action) -> ActionResult:
        if self.observations == FAULT_STEP and self.phase in ("acting", "settling"):
            self._inject(after_s=0.001 if self.phase == "acting" else 0.1)
        return self.env.execute(action)

    def release(self) -> None:
        self.env.release()

    def close(self) -> None:
        self.injecting.close()
        self.env.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _inject(self, after_s: float = 0.0) -> None:
        shorten_limits(self.monkeypatch)
        if after_s:
            self.injecting.enter_context(after(after_s, self.inject))
        else:
            self.inject()


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("fault", FAULTS)
def test_run_with_a_fault_ends_for_the_right_reason_with_a_complete_record(
    site: Site, tmp_path: Path, fault: str, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screenwright.agent.loop.observer.OPENING_MAX_AGE_S", 300.0)  # one observation per step
    before = set(own_processes())
    browser = BrowserEnv(site.url + "/", settings=BrowserSettings(settle_limit_s=0.5))
    with FaultyEnv(browser, phase, FAULTS[fault], monkeypatch) as env:
        agent = Agent(ScriptedModel(REPLIES), dialect="ui-tars-1.5", limits=Limits(steps=8))
        result = agent.run("Go on.", env, out=tmp_path / "run")
    fatal = {StopReason.ENV_LOST}
    # a browser whose page is killed during a screenshot may exit
    allowed = fatal if "renderer" not in fault else {StopReason.FINISHED} | (fatal if phase == "observing" else set())
    assert result.stop in allowed, result.reason
    assert "\n" not in result.reason
    events = read_run(tmp_path / "run").events
    assert events[-1].event == "ended"
    assert sum(event.event == "stepped" for event in events) >= FAULT_STEP - 2  # the last step may be cut off
    eventually(lambda: alive([process for process in own_processes() if process not in before]), [])


def test_redirect_loop_is_refused(site: Site) -> None:
    site.pages["/round"] = Page(b"", headers={"Location": "/round"}, status=302)
    with BrowserEnv(site.url + "/") as env:
        with pytest.raises(ActionRefused, match="cannot be opened"):
            env.execute(Navigate(site.url + "/round"))
        assert env.observe().screenshot.size.width == 1280


def test_page_that_keeps_reloading_can_be_left(site: Site) -> None:
    address = site.add("/again", "<script>setTimeout(() => location.reload(), 30)</script>again")
    with BrowserEnv(site.url + "/", settings=BrowserSettings(settle_limit_s=1.0, load_limit_s=60.0)) as env:
        assert env.execute(Navigate(address)).settle_s < env.settings.load_limit_s  # which it would use up
        env.observe()
        env.execute(Navigate(site.url + "/"))
        assert env.observe().location == site.url + "/"


def test_very_long_page_is_captured_at_viewport_size(site: Site) -> None:
    address = site.add("/long", "<div style='height:200000px;background:linear-gradient(red,blue)'></div>")
    with BrowserEnv(address) as env:
        assert env.observe().screenshot.size.height == 720
        env.execute(Hotkey(("end",)))
        pixel = env.observe().screenshot.image.getpixel((600, 700))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 250


def test_page_that_exhausts_memory_crashes_and_can_be_left(site: Site) -> None:
    address = site.add("/eats", """<button style='width:200px;height:100px' onclick='held = []; for (;;)
      held.push(new Array(1e6).fill(Math.random()))'>x</button>""")  # fmt: skip
    settings = BrowserSettings(switches=("--js-flags=--max-old-space-size=64",))
    with BrowserEnv(address, settings=settings) as env:
        env.execute(Click(ScreenPoint(100, 50)))
        facts: list[Fact] = []

        def crashed() -> bool:
            facts.extend(env.observe().facts)
            return Fact("The page crashed.") in facts

        eventually(crashed, True)
        env.execute(Hotkey(("escape",)))
        env.execute(Navigate(site.url + "/"))
        assert env.observe().location == site.url + "/"
