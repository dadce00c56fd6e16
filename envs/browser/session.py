"""An open browser. Everything in here runs on the one thread that its event loop belongs to."""

import asyncio
import time
import warnings
from collections.abc import Coroutine
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Error, Page, Playwright, async_playwright

from ..actions import (
    Action,
    Back,
    Click,
    Drag,
    Home,
    Hotkey,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Type,
    Wait,
    map_points,
    points_of,
)
from ..base import check_bounds
from ..env import ActionRefused, ActionResult, EnvLost, EnvUnavailable, Observation
from ..geometry import DevicePoint, DeviceTransform, ScreenPoint, Size
from .firewall.guard import FirewallGuard
from .launch.attach import Context
from .launch.chromium import launch, overlay_page
from .launch.engines import NAMES
from .launch.identity import save_storage
from .launch.settings import BrowserSettings, View
from .page.addresses import full_address
from .page.downloads import Downloads
from .page.input import InputDriver
from .page.settle import Settling
from .page.shortcuts import Shortcut, shortcut
from .page.tabs import Tabs, TabWatch
from .page.traffic import Traffic
from .ui.compositor import Compositor, line
from .ui.navigation import Navigation
from .ui.overlay import ListOfOptions, Overlay
from .ui.overlay.overlay import STRIP_PX
from .ui.prompts import BrowserPrompts
from .ui.tab_strip import TabStrip, address_bar

T = TypeVar("T")

_ACT_S = 10.0
_CLOSE_S = 10.0
_NEWS_S = 0.05
"""Trouble is told at once, its cause a moment later."""
_DOWNLOAD_S = 1.0
_DIALOG = "a dialog"


class BrowserSession:
    """A browser with its tabs, one of which is seen and worked, and what lies over it."""

    def __init__(
        self,
        playwright: Playwright,
        context: Context,
        view: View,
        settings: BrowserSettings,
        downloads: Downloads,
        guard: FirewallGuard | None,
    ) -> None:
        self._playwright = playwright
        self._context = context
        self._settings = settings
        self._scale = view.scale
        self._top = STRIP_PX if settings.tab_strip else 0
        self._downloads = downloads
        self._guard = guard
        self._traffic = Traffic(context)
        self._tabs = Tabs(context, self._traffic, TabWatch(self._opened, self._crashed))
        middle = DevicePoint(view.screen.width / 2, (view.screen.height - self._top) / 2)
        self._hands = InputDriver(DeviceTransform(view.scale), middle)
        self._overlay = Overlay(lambda: overlay_page(playwright, context, view, settings), view.screen, view.scale)
        firewall = guard.firewall if guard is not None else None
        self._navigation = Navigation(self._tabs, self._overlay, settings.load_limit_s, self._rest, firewall)
        self._questions = BrowserPrompts(
            self._tabs, self._overlay, settings, lambda: self._hands.pointer, self._top, self._navigation.go
        )
        self._camera = Compositor(self._tabs, self._overlay, self._questions, view, settings)
        self._strip = TabStrip(self._tabs, self._overlay, self._questions, self._navigation)
        self._held_up: asyncio.Task[str] | None = None
        self._asides: set[asyncio.Task[None]] = set()
        self.program = "Chromium"

    @classmethod
    async def open(cls, url: str, view: View, settings: BrowserSettings) -> "BrowserSession":
        """Start Chromium and open `url`.

        Raises:
            EnvUnavailable: there is no Chromium, it does not start, or the address cannot be opened.
        """
        playwright = await async_playwright().start()
        kept = Path(settings.downloads) if settings.downloads else None
        downloads = Downloads(kept, settings.download_limit_mb * 10**6)
        guard = FirewallGuard.from_settings(settings)
        try:
            if guard is not None:
                settings = await guard.start(settings)
            page_size = Size(view.screen.width, view.screen.height - (STRIP_PX if settings.tab_strip else 0))
            context, version = await launch(playwright, page_size, view, settings, downloads.parts)
            session = cls(playwright, context, view, settings, downloads, guard)
            session.program = f"{NAMES[settings.engine]} {version}"
            await session.begin(url)
        except BaseException as error:
            await downloads.close()
            await playwright.stop()
            if guard is not None:
                await guard.close()
            if isinstance(error, Error):
                raise EnvUnavailable(f"{NAMES[settings.engine]} did not start: {line(error)}") from error
            if isinstance(error, EnvLost | ActionRefused):
                raise EnvUnavailable(str(error)) from error
            raise
        return session

    async def begin(self, url: str) -> None:
        """Open the first tab at `url`."""
        if self._guard is not None and isinstance(self._context, BrowserContext):
            self._guard.watch(self._context)
        await self._questions.start(self._context)
        await self._context.add_init_script(_page_scripts())
        await self._tabs.start()
        if self._settings.geolocation is not None:
            await self._tabs.set_permission("geolocation", "granted")
        await self._navigation.begin(url)
        await self._settle(0.0, self._settings.load_limit_s)
        if not self._questions.hold_up():
            await self._navigation.mark_beginning()
        await self._tabs.take_facts()

    # -- what an environment does

    async def observe(self) -> Observation:
        """See `Env`."""
        await self._tabs.ready()
        if self._settings.tab_strip:
            await self._strip.draw()
        screenshot = await self._camera.look()
        facts = await self._take_facts()
        device = DeviceTransform(self._scale, 0.0, 0.0 - self._top)
        return Observation(screenshot, facts, self._tabs.current.url, device)

    async def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        check_bounds(action, self._camera.size)
        started, started_at_s = time.perf_counter(), time.time()
        self._traffic.mark_action()
        method = await self._carry_out(action)
        await self._tabs.ready()
        acted = time.perf_counter()
        settled = await self._settle(started_at_s, self._settings.settle_limit_s)
        return ActionResult(acted - started, *settled, method)

    async def reset(self, pointer: ScreenPoint) -> tuple[str, ...]:
        """Leave for an empty page; see `BrowserEnv.reset`."""
        await self._tabs.ready()
        await self._carry_out(Navigate("about:blank"))
        await self._tabs.ready()
        await self._carry_out(Move(pointer))
        try:
            await asyncio.wait_for(self._tabs.forget(), _ACT_S)
        except (Error, TimeoutError) as error:
            why = line(error) if isinstance(error, Error) else "it does not answer"
            raise EnvLost(f"the browser forgets nothing: {why}") from error
        if self._questions.hold_up():
            raise ActionRefused("a dialog is open; answer it first")
        return await self._take_facts()

    async def ask_page(self, script: str, argument: object) -> Any:
        """What a function of JavaScript makes of `argument` in the page: for those who measure, never for an agent."""
        await self._tabs.ready()
        return await self._tabs.current.evaluate(script, argument)

    async def release(self) -> None:
        """See `Env`."""
        await self._overlay.release()
        if not (self._tabs.is_lost or self._questions.hold_up()):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hands.release(self._tabs.current), _ACT_S)

    async def close(self) -> None:
        """Close the browser and the driver behind it, which takes along whatever did not answer."""
        try:
            for task in (*self._asides, *([self._held_up] if self._held_up else [])):
                task.cancel()
            await self._downloads.close()
            await self._save_storage()
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(self._overlay.close(), _CLOSE_S)
                await asyncio.wait_for(self._context.close(), _CLOSE_S)
                if self._context.browser is not None:
                    await asyncio.wait_for(self._context.browser.close(), _CLOSE_S)
        finally:
            await self._playwright.stop()
            if self._guard is not None:
                await self._guard.close()

    async def _save_storage(self) -> None:
        """Write down what pages remember. What cannot be any more, in the end, is not worth losing the run for."""
        file = self._settings.save_storage
        if file is None or not isinstance(self._context, BrowserContext):
            return
        try:
            await asyncio.wait_for(self._overlay.cancel_dialogs(), _CLOSE_S)  # a page that asks answers nothing
            await asyncio.wait_for(save_storage(self._context, Path(file)), _CLOSE_S)
        except (Error, TimeoutError, OSError) as error:
            why = line(error) if isinstance(error, Error) else str(error) or "the browser does not answer"
            warnings.warn(f"{file} was not written: {why}", RuntimeWarning, stacklevel=2)

    async def _take_facts(self) -> tuple[str, ...]:
        """What happened since the last call, in sentences."""
        await self._downloads.rest(0)
        facts = (*await self._tabs.take_facts(), *self._questions.take_facts(), *self._downloads.take_facts())
        return facts + self._guard.take_facts() if self._guard is not None else facts

    # -- acting

    async def _carry_out(self, action: Action) -> str:
        """Do `action`, patiently but not for ever; what Playwright complains of becomes what `Env` promises."""
        page = self._tabs.current
        try:
            return await self._unless_held_up(self._act(action), self._patience_s(action))
        except TimeoutError:
            return "the page has not answered"
        except Error as error:
            await asyncio.sleep(_NEWS_S)
            await self._tabs.ready()
            if self._tabs.current is page and not page.is_closed():
                raise ActionRefused(f"the browser did not do it: {line(error)}") from error
            return ""  # it closed the tab that it was done in

    async def _unless_held_up(self, work: Coroutine[Any, Any, str], patience_s: float) -> str:
        """Do `work`, until it is done or a dialog holds it up; it then goes on when the dialog is answered."""
        task = asyncio.ensure_future(work)
        if self._questions.hold_up():  # it is the dialog that is being answered
            method = await asyncio.wait_for(task, patience_s)
            if self._held_up is not None and not self._questions.hold_up():
                before, self._held_up = self._held_up, None
                return await self._unless_held_up(_rest_of(before), patience_s) or method
            return method
        opened = asyncio.ensure_future(self._questions.opened.wait())
        try:
            done, _ = await asyncio.wait({task, opened}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            task.cancel()
            raise
        finally:
            opened.cancel()
        if task in done:
            return task.result()
        if not self._questions.hold_up():
            task.cancel()
            raise TimeoutError
        self._held_up = task
        return ""

    async def _act(self, action: Action) -> str:
        if isinstance(action, Navigate | Back | Home | OpenApp):
            if self._questions.hold_up():
                raise ActionRefused("a dialog is open; answer it first")
            await self._overlay.cancel_dialogs()
        if await self._overlay.takes(action):
            return await self._work_overlay(action)
        await self._clear_away(action)
        match action:
            case Navigate(url):
                await self._navigation.go(full_address(url))
            case Home():
                await self._navigation.home()
            case Back():
                await self._navigation.back()
            case OpenApp():
                raise ActionRefused("a browser page cannot open programs")
            case Hotkey(keys) if wanted := self._shortcut(keys):
                await self._navigation.do(wanted)
            case Hotkey(keys) if shortcut(keys) is Shortcut.ADDRESS and self._settings.tab_strip:
                return await self._work_overlay(Click(address_bar(self._camera.size, self._scale)))
            case _:
                self._questions.mark_action()
                return await self._hands.do(self._tabs.current, self._on_page(action))
        return ""

    async def _work_overlay(self, action: Action) -> str:
        method = await self._overlay.do(action)
        await self._overlay.answers(self._settings.load_limit_s)
        return method

    def _shortcut(self, keys: tuple[str, ...]) -> Shortcut | None:
        """What the window does by these keys; one that has no address bar leaves its keys to the page."""
        wanted = shortcut(keys)
        return None if wanted is Shortcut.ADDRESS else wanted

    async def _clear_away(self, action: Action) -> None:
        """What is done on the page closes the menu or picker over it; suggestions live with the typing."""
        if isinstance(action, Wait):
            return
        popup = self._overlay.popup
        if popup is not None and (points_of(action) or not isinstance(popup, ListOfOptions)):
            await self._overlay.close_popup()
        if not isinstance(action, Hotkey | Type):
            await self._overlay.stop_typing()

    def _on_page(self, action: Action) -> Action:
        """`action` with its points in pixels of the page, which lies below the strip."""
        top = self._top * self._scale
        return map_points(action, lambda point: ScreenPoint(point.x, point.y - top)) if top else action

    def _patience_s(self, action: Action) -> float:
        """How long `action` may take before we take the page to hang."""
        match action:
            case Wait(seconds) | LongPress(seconds=seconds):
                return _ACT_S + seconds
            case Type(text):
                return _ACT_S + len(text) * 0.05
            case Drag(path):
                return _ACT_S + len(path)
            case Navigate() | Back() | Home():
                return _ACT_S + self._settings.load_limit_s
            case _:
                return _ACT_S

    # -- coming to rest

    async def _settle(self, since_s: float, limit_s: float) -> tuple[float, str]:
        """Wait for rest; a dialog ends the wait."""
        began = time.monotonic()
        settling = asyncio.ensure_future(
            Settling(self._tabs, self._traffic, since_s).wait(limit_s, self._settings.load_limit_s)
        )
        opened = asyncio.ensure_future(self._questions.opened.wait())
        try:
            await asyncio.wait({settling, opened}, return_when=asyncio.FIRST_COMPLETED)
            if self._questions.hold_up() or not settling.done():
                return time.monotonic() - began, _DIALOG
            settled = settling.result()
            if self._traffic.shows_document(self._tabs.current.main_frame):
                await self._camera.wait_for_a_document(self._settings.load_limit_s)
            await self._downloads.rest(_DOWNLOAD_S)
            return settled.seconds, settled.by
        finally:
            opened.cancel()
            settling.cancel()

    async def _rest(self, limit_s: float) -> None:
        await self._settle(time.time(), limit_s)

    # -- news of tabs

    def _opened(self, page: Page) -> None:
        self._questions.listen(page)
        page.on("download", self._downloads.begin)

    def _crashed(self, address: str) -> None:
        task = asyncio.ensure_future(self._questions.crashed(address))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


async def _rest_of(task: "asyncio.Task[T]") -> T:
    return await task


def _page_scripts() -> str:
    folder, scripts = resources.files(__name__.rpartition(".")[0]), ("ui/browser_ui.js", "page/settle.js")
    return "\n".join(folder.joinpath(script).read_text(encoding="utf-8") for script in scripts)
