"""An open browser. Everything here runs on the thread of its event loop."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Error, Page, Playwright

from screenwright._home import ensure_home

from ..actions import (
    Action,
    Back,
    ButtonDown,
    Click,
    Drag,
    Home,
    Hotkey,
    KeyDown,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Type,
    Wait,
    map_points,
)
from ..base import check_bounds
from ..config.browser_settings import BrowserSettings
from ..env import ActionRefused, ActionResult, EnvLost, EnvUnavailable, Fact, Observation
from ..geometry import DevicePoint, DeviceTransform, ScreenPoint, Size
from .firewall.fence import Fence
from .firewall.guard import FenceGuard
from .launch.attach import Context
from .launch.engines import NAMES, launch, overlay_page
from .launch.environment import BrowserSurroundings
from .launch.view import View
from .page.addresses import full_address
from .page.downloads import Downloads
from .page.errors import error_message
from .page.input import InputDriver
from .page.limits import ACT_S, action_limit_s
from .page.secret_typing import SecretTyping
from .page.secrets import PageSecrets
from .page.select_lists import adopt_focused_list, adopt_list
from .page.settle import Settling, page_script
from .page.shortcuts import Shortcut, is_escape, shortcut
from .page.storage import close_context, save_at_end
from .page.tabs import TabCallbacks, Tabs
from .page.traffic import Traffic
from .page.typing import NOWHERE, field_fact
from .ui.compositor import Compositor
from .ui.controls import PRESSED, closes
from .ui.navigation import Navigation
from .ui.overlay.overlay import TAB_STRIP_PX, Overlay
from .ui.overlay.panels import Dialog
from .ui.person import PagePerson
from .ui.prompts import BrowserPrompts
from .ui.tab_strip import TabStrip, address_bar

_CLOSE_S = 10.0
_DOWNLOAD_S = 1.0
_DIALOG_IS_OPEN = "a dialog is open; answer it first"


class BrowserSession:
    """A browser with its tabs and the overlay; actions go to the current tab."""

    def __init__(
        self,
        playwright: Playwright,
        context: Context,
        view: View,
        settings: BrowserSettings,
        downloads: Downloads,
        surroundings: BrowserSurroundings,
        guard: FenceGuard,
    ) -> None:
        self._playwright = playwright
        self._context = context
        self._settings = settings
        self._scale = view.scale
        self._page_top = TAB_STRIP_PX if settings.tab_strip else 0
        self._downloads = downloads
        self._surroundings = surroundings
        self._guard = guard
        self._traffic = Traffic(context)
        self._tabs = Tabs(context, self._traffic, TabCallbacks(self._on_tab_opened, self._on_tab_crashed))
        self.secrets = PageSecrets(self._tabs)
        center = DevicePoint(view.screen.width / 2, (view.screen.height - self._page_top) / 2)
        self._input = InputDriver(DeviceTransform(view.scale), center)
        self._typing = SecretTyping(self.secrets, self._input)
        open_page = partial(overlay_page, playwright, context, view, settings, surroundings)
        self._overlay = Overlay(open_page, view.screen, view.scale, self.secrets.redact)
        settle = self._settle_after_navigation
        self._navigation = Navigation(
            self._tabs, self._overlay, self._traffic, settings.load_limit_s, settle, guard.refusal
        )
        pointer, navigation, top = lambda: self._input.pointer, self._navigation, self._page_top
        self._prompts = BrowserPrompts(self._tabs, self._overlay, settings, pointer, top, navigation, self.secrets)
        self._prompts.person = PagePerson.of(view, self._page_top)
        self._compositor = Compositor(self._tabs, self._overlay, self._prompts, view, settings, self.secrets)
        self._tab_strip = TabStrip(self._tabs, self._overlay, self._prompts, self._navigation)
        self._blocked_action: asyncio.Task[str] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._facts: list[Fact] = []
        self.program = "Chromium"

    @classmethod
    async def open(cls, url: str, view: View, settings: BrowserSettings, fence: Fence) -> "BrowserSession":
        """Start the browser and open `url`; it stays within `fence`.

        Raises:
            EnvUnavailable: there is no browser, it does not start, or the URL cannot be opened.
        """
        ensure_home()
        surroundings = BrowserSurroundings(settings)
        playwright = await surroundings.start_playwright()
        folder = Path(settings.downloads) if settings.downloads else None
        downloads = Downloads(surroundings.downloads, folder, settings.download_limit_mb * 10**6)
        guard = FenceGuard(fence, settings)
        try:
            settings = await guard.start(settings)  # before the browser, whose switches need the port of the proxy
            page_size = Size(view.screen.width, view.screen.height - (TAB_STRIP_PX if settings.tab_strip else 0))
            context, version = await launch(playwright, page_size, view, settings, surroundings)
            session = cls(playwright, context, view, settings, downloads, surroundings, guard)
            session.program = f"{NAMES[settings.engine]} {version}"
            await session.start(url)
        except BaseException as error:
            await downloads.close()
            await playwright.stop()
            surroundings.close()
            await guard.close()
            if isinstance(error, Error):
                raise EnvUnavailable(f"{NAMES[settings.engine]} did not start: {error_message(error)}") from error
            if isinstance(error, EnvLost | ActionRefused):
                raise EnvUnavailable(str(error)) from error
            raise
        return session

    async def start(self, url: str) -> None:
        """Open the first tab at `url`."""
        self._guard.watch(self._context)
        await self._prompts.start(self._context)
        await self._context.add_init_script(page_script())
        await self._tabs.start()
        if self._settings.geolocation is not None:
            await self._tabs.set_permission("geolocation", "granted")
        await self._navigation.open_home(url)
        await self._settle(0.0, self._settings.load_limit_s)
        if not self._prompts.is_blocking():
            await self._navigation.mark_history_start()
        await self._tabs.take_facts()  # the model starts here, so earlier events are dropped

    # -- the methods of an environment

    async def observe(self) -> Observation:
        """See `Env`."""
        await self._tabs.ready()
        await self._guard.leave(self._tabs.current)
        if self._settings.tab_strip:
            await self._tab_strip.draw()
        await self._prompts.close_outdated()
        screenshot = await self._compositor.screenshot()
        facts = await self._take_facts()
        device = DeviceTransform(self._scale, 0.0, 0.0 - self._page_top)
        return Observation(screenshot, facts, self._tabs.current.url, device, "", self._prompts.files.is_choosing)

    async def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        check_bounds(action, self._compositor.size)
        started, started_at_s = time.perf_counter(), time.time()
        self._traffic.mark_action()
        self._input.typing_problem = ""
        method = await self._act_within_limit(action)
        await self._tabs.ready()
        acted = time.perf_counter()
        settled = await self._settle(started_at_s, self._settings.settle_limit_s)
        if self._input.typing_problem:
            await self._report_typing(self._input.typing_problem)
        return ActionResult(acted - started, *settled, method)

    async def _report_typing(self, problem: str) -> None:
        """Report that typed text did not arrive as it is.

        Raises:
            ActionRefused: nothing on the page took it.
        """
        if problem != NOWHERE:
            self._facts.append(field_fact(problem))
        elif not await self._compositor.has_changed():
            raise ActionRefused("nothing on the page took the text; click the field to type into first")
        else:
            self._facts.append(Fact("No input field received the typed text."))

    async def asks_for_password(self) -> bool:
        """See `KnowsPasswordFields`; true while the browser asks to sign in."""
        dialog = self._overlay.dialog
        if dialog is not None:
            return isinstance(dialog, Dialog) and any(field.secret for field in dialog.fields)
        return not self._prompts.is_blocking() and await self.secrets.asks_for_password()

    async def reset(self, pointer: ScreenPoint) -> tuple[Fact, ...]:
        """See `BrowserEnv.reset`."""
        await self._tabs.ready()
        # The page is left before its storage is cleared, so that its scripts cannot write it again.
        await self._act_within_limit(Navigate("about:blank"))
        await self._tabs.ready()
        await self._act_within_limit(Move(pointer))
        try:
            await asyncio.wait_for(self._tabs.clear_storage(), ACT_S)
        except (Error, TimeoutError) as error:
            reason = error_message(error) if isinstance(error, Error) else "the browser is not responding"
            raise EnvLost(f"could not clear cookies and storage: {reason}") from error
        if self._prompts.is_blocking():
            raise ActionRefused(_DIALOG_IS_OPEN)
        return await self._take_facts()

    async def evaluate(self, script: str, argument: object) -> Any:
        """The result of a JavaScript function in the page; for benchmarks, not for agents."""
        await self._tabs.ready()
        return await self._tabs.current.evaluate(script, argument)

    async def command_line(self) -> list[str]:
        """See `BrowserEnv.command_line`."""
        assert self._context.browser is not None
        session = await self._context.browser.new_browser_cdp_session()
        return list((await session.send("Browser.getBrowserCommandLine"))["arguments"])

    async def release(self) -> None:
        """See `Env`."""
        await self._overlay.release()
        if not (self._tabs.is_lost or self._prompts.is_blocking()):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._input.release(self._tabs.current), ACT_S)

    async def close(self) -> None:
        """Close the browser, then stop Playwright's driver, which kills a browser that does not respond."""
        try:
            for task in (*self._background, *([self._blocked_action] if self._blocked_action else [])):
                task.cancel()
            await self._downloads.close()
            if self._settings.save_storage is not None and isinstance(self._context, BrowserContext):
                file = Path(self._settings.save_storage)
                await save_at_end(self._context, file, self._overlay.cancel_dialogs, _CLOSE_S)
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(self._overlay.close(), _CLOSE_S)
            await close_context(self._context, self._settings.har, _CLOSE_S)
            with suppress(Error, TimeoutError):
                if self._context.browser is not None:
                    await asyncio.wait_for(self._context.browser.close(), _CLOSE_S)
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._playwright.stop(), _CLOSE_S)
            self._surroundings.close()
            await self._guard.close()

    async def _take_facts(self) -> tuple[Fact, ...]:
        """The events since the last call, as sentences."""
        await self._downloads.wait(0)
        own, self._facts = self._facts, []
        facts = (*self._navigation.take_facts(), *own, *await self._tabs.take_facts())
        facts += (*self._prompts.take_facts(), *self._downloads.take_facts())
        return facts + self._surroundings.take_facts() + self._guard.take_facts()

    # -- actions

    async def _act_within_limit(self, action: Action) -> str:
        """Perform `action` within a time limit; converts Playwright's errors to those of `Env`."""
        page = self._tabs.current
        limit_s = action_limit_s(action, self._settings.load_limit_s, self.secrets.length_of)
        try:
            return await self._until_blocked(self._act(action), limit_s)
        except TimeoutError:
            return "the page did not respond"
        except Error as error:
            if await self._tabs.still_shows(page):
                raise ActionRefused(f"the browser could not perform the action: {error_message(error)}") from error
            return ""  # the action closed its own tab

    async def _until_blocked(self, work: Awaitable[str], limit_s: float) -> str:
        """Run `work` until it is done or a dialog blocks it; it continues when the dialog is answered."""
        task = asyncio.ensure_future(work)
        if self._prompts.is_blocking():  # this action answers the dialog
            method = await asyncio.wait_for(task, limit_s)
            if self._blocked_action is not None and not self._prompts.is_blocking():
                resumed, self._blocked_action = self._blocked_action, None
                return await self._until_blocked(resumed, limit_s) or method
            return method
        try:
            await self._prompts.until_blocked(task, limit_s)
        except BaseException:
            task.cancel()
            raise
        if task.done():
            return task.result()
        if not self._prompts.is_blocking():
            task.cancel()
            raise TimeoutError
        self._blocked_action = task
        return ""

    async def _act(self, action: Action) -> str:
        if isinstance(action, Navigate | Back | Home | OpenApp):
            if self._prompts.is_blocking():
                raise ActionRefused(_DIALOG_IS_OPEN)
            await self._overlay.cancel_dialogs()
        if await self._overlay.handles(action):
            return await self._act_on_overlay(action)
        await self._close_popups(action)
        match action:
            case Navigate(url):
                await self._navigation.go(full_address(url))
            case Home():
                await self._navigation.home()
            case Back():
                await self._navigation.back()
            case OpenApp():
                raise ActionRefused("a browser cannot open applications; navigate to an address instead")
            case Hotkey(keys) if (command := shortcut(keys)) and command is not Shortcut.ADDRESS:
                await self._navigation.run_shortcut(command)
            case Hotkey(keys) if shortcut(keys) is Shortcut.ADDRESS and self._settings.tab_strip:
                return await self._act_on_overlay(Click(address_bar(self._compositor.size, self._scale)))
            case Hotkey(keys) if is_escape(keys) and await self._navigation.leave_full_screen():
                pass
            case _:  # without a tab strip, the keys for the address bar go to the page too
                self._prompts.mark_action()
                action = self._on_page(action)
                if isinstance(action, Click | ButtonDown) and action.at is not None:
                    at = self._input.css_pixel(action.at)
                    await adopt_list(self._tabs, at.x, at.y)
                elif isinstance(action, Hotkey | KeyDown):
                    await adopt_focused_list(self._tabs)
                return await self._typing.execute(self._tabs.current, action)
        return ""

    async def _act_on_overlay(self, action: Action) -> str:
        method = await self._overlay.execute(action)
        await self._overlay.wait_for_answers(self._settings.load_limit_s)
        return method

    async def _close_popups(self, action: Action) -> None:
        """An action on the page closes the popup over it; suggestions stay while the user types, lists under moves."""
        if isinstance(action, Wait):
            return
        if closes(self._overlay.popup, action):
            await self._overlay.close_popup(
                PRESSED if isinstance(action, Click | ButtonDown | LongPress | Drag) else ""
            )
        if not isinstance(action, Hotkey | Type):
            await self._overlay.blur()

    def _on_page(self, action: Action) -> Action:
        """`action` with its points relative to the page, which is below the tab strip."""
        top = self._page_top * self._scale
        return map_points(action, lambda point: ScreenPoint(point.x, point.y - top)) if top else action

    # -- settling

    async def _settle(self, since_s: float, limit_s: float) -> tuple[float, str]:
        """Wait until the page has settled or a dialog opens; returns seconds and reason."""
        started = time.monotonic()
        settling = Settling(self._tabs, self._traffic, since_s)
        wait = asyncio.ensure_future(settling.wait(limit_s, self._settings.load_limit_s))
        try:
            await self._prompts.until_blocked(wait)
            if self._prompts.is_blocking() or not wait.done():
                return time.monotonic() - started, "a dialog"
            settled = wait.result()
            await self._prompts.wait_for_expected()
            if self._traffic.shows_pdf(self._tabs.current.main_frame):
                await self._compositor.wait_for_pdf(self._settings.load_limit_s)
            await self._downloads.wait(_DOWNLOAD_S)
            return settled.seconds, settled.by
        finally:
            wait.cancel()
            self._facts += [Fact("The page showed this for a moment: {}", (text,)) for text in settling.notices]

    async def _settle_after_navigation(self, limit_s: float) -> None:
        await self._settle(time.time(), limit_s)

    # -- tab events

    def _on_tab_opened(self, page: Page) -> None:
        self._prompts.attach(page)
        page.on("download", self._downloads.start)

    def _on_tab_crashed(self, url: str) -> None:
        self._background.add(task := asyncio.ensure_future(self._prompts.report_crash(url)))
        task.add_done_callback(self._background.discard)
