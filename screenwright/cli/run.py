"""`screenwright run`: builds the agent and the screen that the settings ask for, and shows what happens."""

import json
import re
import shlex
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal

from ..agent.core.describe import describe_action
from ..agent.core.limits import Limits, StopReason
from ..agent.core.messages import ImageFormat
from ..agent.core.model import Model
from ..agent.core.supervision import NO_INTERVENTION, Supervision
from ..agent.dialects.dialect import Dialect
from ..agent.dialects.prompting.prompt_kind import Prompt
from ..agent.dialects.prompting.thoughts import Thoughts
from ..agent.dialects.registry import dialect_named, with_thinking
from ..agent.guard.guard import Allow, Deny, GuardDecision, allow_all
from ..agent.loop.agent import Agent
from ..agent.loop.open_model import open_model
from ..agent.monitor.critic import ModelCritic
from ..agent.policy.image_history import history_named
from ..agent.record.events import Ended, Event, Observed
from ..agent.record.trajectory import RunError, event_to_json, read_run
from ..envs.actions import Action
from ..envs.env import Env, Observation
from ..envs.geometry import Size
from .progress import Progress
from .settings import RunSettings, SettingsError
from .talk import answer

if TYPE_CHECKING:
    from ..envs.browser import BrowserSettings
    from ..envs.desktop import InterruptSettings

EXIT_CODES: dict[StopReason, int] = {
    StopReason.FINISHED: 0,
    StopReason.NEEDS_USER: 3,
    StopReason.INFEASIBLE: 4,
    StopReason.REFUSED: 5,
    StopReason.STUCK: 6,
    StopReason.STEP_LIMIT: 7,
    StopReason.TIME_LIMIT: 8,
    StopReason.TOKEN_LIMIT: 9,
    StopReason.ENV_LOST: 10,
    StopReason.MODEL_LOST: 11,
    StopReason.CANCELLED: 130,
}


_PROMPTS = {"browser": Prompt.BROWSER, "desktop": Prompt.COMPUTER, "vnc": Prompt.COMPUTER, "android": Prompt.MOBILE}
"""A page has no address bar to click on, so a model that works one is offered `navigate`."""


_TAKEN = ("the mouse and keyboard of a real screen", "a phone")


def run(settings: RunSettings, task: str | None, *, resume: Path | None, as_json: bool) -> int:
    """Do `task`, or go on with the run `resume`; returns the exit code.

    Raises:
        SettingsError, EnvUnavailable, RunError, ValueError, ImportError: one line for the user.
    """
    model = open_model(settings.model, settings.model_name, image_uuids=settings.image_uuids)
    agent = Agent(
        model,
        dialect=_dialect(settings),
        limits=Limits(settings.steps, settings.seconds, settings.tokens),
        history=history_named(settings.history),
        guard=_ask_first if settings.confirm else allow_all,
        image_format=ImageFormat(settings.image_format),
        constrain=settings.constrain,
        prompt=Prompt(settings.prompt) if settings.prompt else _PROMPTS["desktop" if settings.window else settings.env],
        supervision=_oversight(settings, model),
    )
    _check_calibration(agent, settings)
    folder = resume or settings.out or _default_folder(task or "")
    with _env(settings, resume, folder) as env, _stop_on_interrupt(agent):
        events = agent.continue_run(resume, env) if resume else agent.stream(task or "", env, out=folder)
        ended = _show(events, agent, env, folder, settings, as_json=as_json)
    if ended.answer and not as_json:
        print(ended.answer)
    print(f"recorded in {folder}; look at it with: screenwright view {folder}", file=sys.stderr)
    return EXIT_CODES[ended.stop]


def _dialect(settings: RunSettings) -> Dialect | None:
    if settings.dialect is not None:
        return with_thinking(dialect_named(settings.dialect), settings.thoughts)
    if settings.thoughts is not Thoughts.OFFICIAL:
        raise SettingsError("--thoughts needs --dialect: which model it is may not be known yet")
    return None


def _check_calibration(agent: Agent, settings: RunSettings) -> None:
    """Stop before the screen is opened if the model was measured to answer in another space than the dialect's."""
    if settings.model == "reader" or settings.uncalibrated:
        return
    from ..agent.doctor import default_folder, refusal_of

    if why := refusal_of(agent.model, agent.dialect, default_folder()):
        raise SettingsError(f"{why}; --uncalibrated goes on all the same")


def _oversight(settings: RunSettings, model: Model) -> Supervision:
    """A person at a terminal attends; anybody else does not."""
    other = settings.second_look
    if other == "reader" or (other == "same" and settings.model == "reader"):
        raise SettingsError("the reader cannot judge a finish: name a model's server, --second-look ADDRESS")
    check = None if other is None else ModelCritic(model if other == "same" else open_model(other))
    usual = Supervision() if settings.reflect else NO_INTERVENTION
    return replace(usual, attended=sys.stdin.isatty(), check=check, restarts=settings.restarts)


def _show(
    events: Iterator[Event], agent: Agent, env: Env, folder: Path, settings: RunSettings, *, as_json: bool
) -> Ended:
    progress = Progress()
    watched_at = ""
    last: Event | None = None
    for last in events:
        if not watched_at and (watched_at := getattr(env, "watched_at", "")):
            print(f"watch it at {watched_at}", file=sys.stderr, flush=True)
        progress.show(last)
        if as_json:
            print(event_to_json(last).decode(), flush=True)
        if last.event == "needs_user":
            answer(agent)
        if last.event == "started":
            _keep_settings(folder, settings)
    assert isinstance(last, Ended)
    return last


def _env(settings: RunSettings, resume: Path | None, folder: Path) -> Env:
    size = _size(settings.screen)
    if settings.window and settings.env != "browser":
        raise SettingsError("--window is a browser's: leave out --env desktop")
    if settings.env == "browser":
        return _browser(settings, size, _last_place(settings, resume) or settings.url, folder)
    if settings.allow_host:
        raise SettingsError("--allow-host is for --env browser: a desktop's programs go where they like")
    if settings.env == "vnc":
        return _vnc(settings)
    if settings.env == "android":
        return _android(settings)
    from ..envs.desktop import DesktopEnv, VirtualDisplay  # needs the desktop extra

    if settings.virtual:
        programs = tuple(tuple(shlex.split(program)) for program in settings.program)
        if settings.monitor != 1:
            raise SettingsError("--monitor chooses one of the real screen: leave out --virtual")
        watch = _watch(settings)
        interrupts = _stopping(settings) if watch == "work" else None
        return DesktopEnv(virtual=VirtualDisplay(size=size, programs=programs, watch=watch), interrupts=interrupts)
    if settings.watch:
        raise SettingsError("--watch shows a display of its own: say --virtual too")
    if settings.program:
        raise SettingsError("--program starts programs on a display of its own: say --virtual too")
    desktop = DesktopEnv(display=settings.display, monitor=settings.monitor, interrupts=_stopping(settings))
    _ask_for_the_screen(settings)
    return desktop


def _stopping(settings: RunSettings) -> "InterruptSettings":
    from ..envs.desktop import InterruptSettings  # needs the desktop extra

    return InterruptSettings(settings.hot_key, settings.pause_for_user)


def _watch(settings: RunSettings) -> Literal["", "look", "work"]:
    if settings.watcher_works and not settings.watch:
        raise SettingsError("--watcher-works lets a watcher work the screen: say --watch too")
    if not settings.watch:
        return ""
    return "work" if settings.watcher_works else "look"


def _vnc(settings: RunSettings) -> Env:
    from ..envs.vnc import VncEnv, read_password

    if settings.address is None:
        raise SettingsError("say where the VNC server is: --address HOST:PORT")
    screen = VncEnv(settings.address, password=read_password(settings.password_file))
    _ask_for_the_screen(settings)
    return screen


def _android(settings: RunSettings) -> Env:
    from ..envs.android import AndroidEnv

    phone = AndroidEnv(settings.device)
    _ask_for_the_screen(settings)
    return phone


def _browser(settings: RunSettings, size: Size, url: str, folder: Path) -> Env:
    from ..envs.browser import BrowserEnv, BrowserSettings  # needs the browser extra
    from ..envs.browser.launch.identity import read_place

    wanted = BrowserSettings(
        profile=settings.profile,
        storage_state=settings.storage_state,
        save_storage=settings.save_storage,
        locale=settings.locale,
        timezone=settings.timezone,
        dark=settings.dark,
        geolocation=read_place(settings.geolocation) if settings.geolocation is not None else None,
        proxy=settings.proxy,
        user_agent=settings.user_agent,
        cdp=settings.cdp,
        engine=settings.browser,
        dialogs=settings.dialogs,
        tab_strip=settings.tab_strip,
        upload_from=settings.upload_from,
        allow_hosts=settings.allow_host,
        downloads=str(folder / "downloads"),
    )
    if settings.window:
        return _window(settings, size, url, wanted)
    return BrowserEnv(url, viewport=size, scale=settings.scale, headless=not settings.headed, settings=wanted)


def _window(settings: RunSettings, size: Size, url: str, wanted: "BrowserSettings") -> Env:
    if settings.headed:
        raise SettingsError("--window is a window already: leave out --headed, or name a --display to see it on")
    from ..envs.browser.window.env import BrowserWindowEnv  # needs the desktop extra too

    interrupts = _stopping(settings) if settings.display is not None else None
    window = BrowserWindowEnv(
        url, screen=size, scale=settings.scale, display=settings.display, settings=wanted, interrupts=interrupts
    )
    if window.is_real:
        _ask_for_the_screen(settings)
    return window


def _ask_for_the_screen(settings: RunSettings) -> None:
    """Ask once before a real screen, or a phone, is taken over."""
    if settings.yes:
        return
    if not sys.stdin.isatty():
        other = ", or --virtual" if settings.env == "desktop" else ""
        raise SettingsError(f"this takes over {_TAKEN[settings.env == 'android']}: say --yes{other}")
    taken = _TAKEN[settings.env == "android"]
    print(f"Screenwright will take over {taken}; {_ways_to_stop(settings)}.", file=sys.stderr)
    if not _yes("Go on?"):
        raise SettingsError("nothing was done")


def _ways_to_stop(settings: RunSettings) -> str:
    """What the person at the screen can do about it, for them to know before they say yes."""
    if settings.env in ("vnc", "android"):
        return "Ctrl-C here stops it"
    interrupts = _stopping(settings)
    keys = f"{interrupts.hot_key} there, or " if interrupts.hot_key != "off" else ""
    holds = (
        f"; your own mouse and keys hold it until {interrupts.quiet_s:g} s after the last" if interrupts.quiet_s else ""
    )
    return f"{keys}Ctrl-C here stops it{holds}"


def _ask_first(action: Action, _observation: Observation) -> GuardDecision:
    """The guard of `--confirm`."""
    if _yes(f"      {describe_action(action)} -- do it?"):
        return Allow()
    return Deny("the user said no")


def _yes(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextmanager
def _stop_on_interrupt(agent: Agent) -> Generator[None]:
    """Make the first Ctrl-C stop the run cleanly, and the second one end the program."""

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        print("\nstopping after the action in flight; Ctrl-C again ends at once", file=sys.stderr, flush=True)
        agent.stop()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _keep_settings(folder: Path, settings: RunSettings) -> None:
    """Write the settings beside the log, in the form of the settings file, so that `--resume` finds them.

    A proxy's password is not written down: such a proxy is to be said again.
    """
    left_out = {"out", "yes", *(("proxy",) if "@" in (settings.proxy or "") else ())}
    given = settings.model_dump(mode="json", exclude_unset=True, exclude=left_out)
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in given.items()]
    try:
        (folder / "settings.toml").write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise RunError(f"the run cannot be recorded in {folder}: {error.strerror}") from error


def _last_place(settings: RunSettings, resume: Path | None) -> str | None:
    """The address that a broken-off browser run was last at, if it was let in there."""
    if resume is None:
        return None
    from ..envs.browser.firewall.rules import Firewall

    places = [event.observation.place for event in read_run(resume).events if isinstance(event, Observed)]
    if not places or not places[-1].startswith(("http", "file:")):
        return None
    return None if settings.allow_host and Firewall.parse(settings.allow_host).refusal(places[-1]) else places[-1]


def _size(text: str) -> Size:
    width, height = text.split("x")
    return Size(int(width), int(height))


def _default_folder(task: str) -> Path:
    """`runs/TIME-TASK`, unused so far."""
    words = "-".join(re.findall(r"[a-z0-9]+", task.lower())[:6])
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{words or 'task'}"
    folder = Path("runs") / stem
    number = 2
    while folder.exists():
        folder = Path("runs") / f"{stem}-{number}"
        number += 1
    return folder
