"""The prompts of a browser: dialogs, permissions, sign-in, file choosers, pickers, menus.

Each is drawn on the overlay and answered there by clicks and keys. With `BrowserSettings.dialogs` set to `rule`,
dialogs are answered by a rule and reported as facts. Nothing is accepted silently.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote, urlsplit, urlunsplit

from playwright.async_api import Dialog as PageDialog
from playwright.async_api import Error, FileChooser, Frame, Page, Response

from ...config.browser_settings import BrowserSettings
from ...env import PAGE_CRASHED, PAGE_HANGS, ActionRefused, Fact
from ...geometry import DevicePoint
from ..launch.attach import Context
from ..page.secrets import PageSecrets
from ..page.shortcuts import Shortcut
from ..page.tabs import Tabs
from .controls import PRESSED, Controls
from .file_prompts import FilePrompts
from .navigation import Navigation
from .overlay.overlay import Overlay
from .overlay.panels import CANCEL, Dialog, Field, Menu, MenuItem, PanelAnswer, PanelButton
from .page_channel import BINDING, OF_DEMONSTRATIONS, SCRIPTS, PageChannel
from .page_events import (
    MAX_TEXT,
    PERMISSIONS,
    REFUSALS,
    ContextMenuEvent,
    ExternalLinkEvent,
    PageEvent,
    PermissionEvent,
    PersonEvent,
    PromptExpectedEvent,
    RefusedEvent,
    SaveFileEvent,
    ValueScrolledEvent,
)
from .person import PagePerson

MAX_CONSECUTIVE = 20
"""Dialogs of a page without an action in between; more are answered by rule."""

_CHECKBOX_AFTER = 2
_EXPECTED_S = 0.5
_SCROLLED = "Scrolling over a field changed its value from {} to {}."
_EXTERNAL_LINK = "{} opens another program, and none is available here. Nothing was opened."

OK = PanelButton("OK", "ok")


class BrowserPrompts:
    """Shows prompts on the overlay and applies the answers.

    `pointer` returns the mouse position on the page, which starts `page_top` CSS pixels below the top of the screen.
    `files` are the prompts about files, `controls` the panels of the page's controls. For a demonstration,
    `person` gets what the person does, and files and controls are left to the browser.
    """

    def __init__(
        self,
        tabs: Tabs,
        overlay: Overlay,
        settings: BrowserSettings,
        pointer: Callable[[], DevicePoint],
        page_top: float,
        navigation: Navigation,
        secrets: PageSecrets,
    ) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._settings = settings
        self._pointer = pointer
        self._page_top = page_top
        self._navigation = navigation
        self._secrets = secrets
        self._facts: list[Fact] = []
        self._channel = PageChannel()
        self.controls = Controls(tabs, overlay, page_top)
        self.files = FilePrompts(overlay, settings, self._facts.append)
        self._open_dialogs: list[PageDialog] = []
        self._consecutive = 0
        self._is_suppressed = False
        self._blocked = asyncio.Event()
        self._unexpected = asyncio.Event()
        self._unexpected.set()
        self._expectation: asyncio.TimerHandle | None = None
        self.person: PagePerson | None = None

    async def start(self, context: Context) -> None:
        """Listen to the pages of `context`."""
        context.on("dialog", self._on_dialog)
        context.on("response", self._on_response)
        await context.expose_binding(BINDING, cast("Any", self._on_report))  # Playwright has no type for the callback
        scripts = SCRIPTS if self.person is None else OF_DEMONSTRATIONS
        await context.add_init_script(self._channel.script(scripts))

    def attach(self, page: Page) -> None:
        """Listen to a new tab."""
        if self.person is None:
            page.on("filechooser", self._on_file_chooser)

    def is_blocking(self) -> bool:
        """Whether a dialog blocks the page: until it is answered, no script runs and no screenshot can be taken."""
        return bool(self._open_dialogs)

    async def until_blocked(self, task: asyncio.Task[Any], within_s: float | None = None) -> None:
        """Return when `task` is done, when a dialog blocks the page, or after `within_s`; never cancels `task`."""
        blocked = asyncio.ensure_future(self._blocked.wait())
        try:
            await asyncio.wait({task, blocked}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            blocked.cancel()

    async def wait_for_expected(self) -> None:
        """Wait until a prompt that a page has just caused is shown, but not for long: the browser may show none."""
        await self._unexpected.wait()

    def _expect(self, *, expected: bool) -> None:
        if self._expectation is not None:
            self._expectation.cancel()
        self._expectation = None
        if expected:
            self._unexpected.clear()
            self._expectation = asyncio.get_running_loop().call_later(_EXPECTED_S, self._unexpected.set)
        else:
            self._unexpected.set()

    async def close_outdated(self) -> None:
        """See `Controls.close_outdated`; a page that is blocked cannot answer."""
        if not self.is_blocking():
            await self.controls.close_outdated()

    def take_facts(self) -> tuple[Fact, ...]:
        """The events since the last call."""
        facts = tuple(self._facts)
        self._facts.clear()
        return facts

    def mark_action(self) -> None:
        """Count consecutive dialogs from zero, since an action on the page starts."""
        self._consecutive, self._is_suppressed = 0, False

    # -- alert, confirm, prompt, beforeunload

    async def _on_dialog(self, dialog: PageDialog) -> None:
        self._consecutive += 1
        by_rule = self._settings.dialogs == "rule"
        if dialog.type == "beforeunload" and self._tabs.is_navigating and by_rule:
            await self._resolve(dialog, PanelAnswer("ok"))
            return
        if by_rule or self._is_suppressed or self._consecutive > MAX_CONSECUTIVE:
            await self._resolve_by_rule(dialog)
            return
        self._open_dialogs.append(dialog)
        self._blocked.set()
        # Shown before anything is waited for: the next key is for the dialog.
        await self._overlay.show(self._panel_for(dialog), lambda answer: self._on_dialog_answer(dialog, answer))
        await self._overlay.close_tooltip()

    def _panel_for(self, dialog: PageDialog) -> Dialog:
        if dialog.type == "beforeunload":
            return Dialog("Leave site?", "Changes you made may not be saved.", (PanelButton("Leave", "ok"), CANCEL))
        site = _site(dialog.page.url if dialog.page else "")
        check = f"Don't allow {site or 'this page'} to prompt you again" if self._consecutive > _CHECKBOX_AFTER else ""
        buttons = (OK,) if dialog.type == "alert" else (OK, CANCEL)
        fields = (Field("", dialog.default_value[:MAX_TEXT]),) if dialog.type == "prompt" else ()
        return Dialog(f"{site or 'This page'} says", dialog.message[:MAX_TEXT], buttons, fields, check=check)

    async def _on_dialog_answer(self, dialog: PageDialog, answer: PanelAnswer) -> None:
        self._is_suppressed = answer.checked
        await self._resolve(dialog, answer)
        self._open_dialogs.remove(dialog)
        if not self._open_dialogs:
            self._blocked.clear()

    async def _resolve(self, dialog: PageDialog, answer: PanelAnswer) -> None:
        with suppress(Error):  # its page is gone, and the dialog with it
            if answer.value != "ok":
                await dialog.dismiss()
            elif dialog.type == "prompt":
                site = dialog.page.url if dialog.page else ""
                await dialog.accept(self._secrets.fill(answer.fields[0], site, self._facts.append))
            else:
                await dialog.accept()

    async def _resolve_by_rule(self, dialog: PageDialog) -> None:
        """Accept an alert, decline everything else."""
        facts = {
            "alert": Fact("The page showed an alert: {}. It was closed with OK.", (dialog.message,)),
            "confirm": Fact("The page asked for confirmation: {}. It was answered with Cancel.", (dialog.message,)),
            "prompt": Fact("The page asked for text: {}. It was answered with Cancel.", (dialog.message,)),
            "beforeunload": Fact("The page asked for confirmation before leaving it. It was answered with Cancel."),
        }
        self._facts.append(facts[dialog.type])
        await self._resolve(dialog, PanelAnswer("ok" if dialog.type == "alert" else "cancel"))

    # -- files

    async def _on_file_chooser(self, chooser: FileChooser) -> None:
        try:
            await self.files.choose(chooser)
        finally:
            self._expect(expected=False)

    # -- sign-in

    async def _on_response(self, response: Response) -> None:
        """Show the sign-in dialog for HTTP authentication."""
        challenge = response.headers.get("www-authenticate", "").lower()
        if response.status != 401 or not challenge.startswith(("basic", "digest")):
            return
        with suppress(Error):  # requests of a service worker or of a tab that is just opening have no frame
            if response.request.is_navigation_request() and response.frame is self._tabs.current.main_frame:
                await self._show_sign_in(response.url)

    async def _show_sign_in(self, url: str) -> None:
        fields = (Field("Username"), Field("Password", secret=True))
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        dialog = Dialog("Sign in", f"{parts.scheme}://{host}", (PanelButton("Sign in", "ok"), CANCEL), fields)

        async def on_answer(answer: PanelAnswer) -> None:
            if answer.value != "ok":
                return
            self._secrets.vault.learn(answer.fields[1], url)
            user, password = (
                quote(self._secrets.fill(field, url, self._facts.append), safe="") for field in answer.fields
            )
            signed_in = urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))
            limit_ms = self._settings.load_limit_s * 1000
            with suppress(Error):  # opened in a hidden tab, the browser keeps the credentials for the whole site
                async with self._tabs.hidden_tab() as page:
                    await page.goto(signed_in, timeout=limit_ms, wait_until="load")
            with suppress(Error, ActionRefused):
                await self._navigation.go(urlunsplit(parts._replace(netloc=host)))

        await self._overlay.show(dialog, on_answer)

    # -- crashed and unresponsive pages

    async def report_crash(self, url: str) -> None:
        """The current tab crashed and was replaced by an empty one: offer to reload `url`."""
        self._open_dialogs.clear()
        self._blocked.clear()
        self._facts.append(Fact(PAGE_CRASHED))

        async def on_answer(answer: PanelAnswer) -> None:
            if answer.value == "ok":
                await self._navigation.go(url)

        message = f"Something went wrong while displaying this webpage.\n{url[:MAX_TEXT]}"
        await self._overlay.show(Dialog("Aw, Snap!", message, (PanelButton("Reload", "ok"), CANCEL)), on_answer)

    async def report_unresponsive(self) -> None:
        """The current page does not respond: offer to leave it for an empty page."""
        self._facts.append(Fact(PAGE_HANGS))

        async def on_answer(answer: PanelAnswer) -> None:
            if answer.value != "ok":
                await self._tabs.replace_current()

        message = "You can wait for it to become responsive or exit the page."
        buttons = (PanelButton("Wait", "ok"), PanelButton("Exit page", "cancel"))
        await self._overlay.show(Dialog("Page unresponsive", message, buttons), on_answer)

    # -- page events

    async def _on_report(self, source: dict[str, Any], report: object = None, *_: object) -> None:
        event, frame = self._channel.read(report), source["frame"]
        if event is None or self._tabs.is_lost:
            return
        answer = await self._on_page_event(frame, event) if source["page"] is self._tabs.current else None
        await self._channel.answer(frame, event, answer)

    async def _on_page_event(self, frame: Frame, event: PageEvent) -> str | None:
        """Handle an event of a page; returns the answer to it, if it has one."""
        match event:
            case PersonEvent():
                if self.person is not None:
                    await self.person.handle(frame, event)
            case PromptExpectedEvent(expected=expected):
                self._expect(expected=expected)
            case SaveFileEvent():
                return await self.files.ask_where_to_save(event.name)
            case ExternalLinkEvent(url=url):
                self._facts.append(Fact(_EXTERNAL_LINK, (url,)))
            case ValueScrolledEvent():
                self._on_value_scrolled(event)
            case RefusedEvent():
                self._facts.append(Fact(REFUSALS[event.what]))
            case PermissionEvent():
                await self._show_permission(frame, event)
            case ContextMenuEvent():
                await self._show_menu(frame, event)
            case _:
                at = self._pointer()
                await self.controls.handle(frame, event, at.x, at.y)
        return None

    def _on_value_scrolled(self, event: ValueScrolledEvent) -> None:
        """Report one change for the wheel events of an action."""
        before = event.before
        for fact in [fact for fact in self._facts if fact.text == _SCROLLED and fact.quoted[1] == before]:
            self._facts.remove(fact)
            before = fact.quoted[0]
        self._facts.append(Fact(_SCROLLED, (before, event.after)))

    async def _show_permission(self, frame: Frame, event: PermissionEvent) -> None:
        """Show the prompt, and return when the browser has applied the answer."""
        done = asyncio.Event()
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(frame.url))
        site, what = _site(origin) or "This page", PERMISSIONS[event.name]

        async def on_answer(answer: PanelAnswer) -> None:
            is_granted = answer.value == "ok"
            result = "allowed" if is_granted else "not allowed"
            self._facts.append(Fact(f"{{}} was {result} to {what[:1].lower()}{what[1:]}.", (site,)))
            with suppress(Error):
                await self._tabs.set_permission(event.name, "granted" if is_granted else "denied", origin)
            done.set()

        buttons = (PanelButton("Allow", "ok"), PanelButton("Block", "cancel"))
        await self._overlay.show(Dialog(f"{site} wants to", what, buttons), on_answer)
        self._expect(expected=False)
        await done.wait()

    async def _show_menu(self, frame: Frame, event: ContextMenuEvent) -> None:
        items = [*_LINK_ITEMS, MenuItem()] if event.link else []
        if event.editable:
            items += [
                MenuItem("Cut", "cut", event.selected),
                MenuItem("Copy", "copy", event.selected),
                MenuItem("Paste", "paste"),
            ]
        elif event.selected:
            items += [MenuItem("Copy", "copy")]
        items += [MenuItem("Select all", "select all")] if event.editable else [*_PAGE_ITEMS]
        at = self._pointer()

        async def on_answer(answer: PanelAnswer) -> None:
            if answer.value and answer.value != PRESSED:
                with suppress(Error, ActionRefused):
                    await self._run_menu_item(answer.value, event.link)

        menu = Menu(at.x, at.y + self._page_top, tuple(items))
        self.controls.opened(menu, frame)
        await self._overlay.show(menu, on_answer)

    async def _run_menu_item(self, item: str, link: str) -> None:
        page = self._tabs.current
        match item:
            case "open link":
                await self._navigation.go_in_new_tab(link)
            case "copy link":
                await page.evaluate("text => navigator.clipboard?.writeText(text)", link)
            case "back" | "forward" | "reload":
                await self._navigation.run_shortcut(Shortcut[item.upper()])
            case _:
                await page.keyboard.press(_KEYS[item])


_KEYS = {
    "cut": "ControlOrMeta+X",
    "copy": "ControlOrMeta+C",
    "paste": "ControlOrMeta+V",
    "select all": "ControlOrMeta+A",
}
_LINK_ITEMS = (MenuItem("Open link in new tab", "open link"), MenuItem("Copy link address", "copy link"))
_PAGE_ITEMS = (MenuItem("Back", "back"), MenuItem("Forward", "forward"), MenuItem("Reload", "reload"))


def _site(url: str) -> str:
    """Host and port as Chromium shows them in dialogs; empty for a page without a host."""
    return urlsplit(url).netloc.rpartition("@")[2]
