"""What a browser asks its user: dialogs, permissions, sign-ins, files, pickers, menus; asked of who sees the screen.

Each is drawn on the overlay and answered there by clicks and keys. Where a rule is stated (`BrowserSettings.dialogs`),
dialogs are answered by it and told as facts. Nothing is accepted silently and nothing waits where nobody can answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit, urlunsplit

from playwright.async_api import Dialog, Error, FileChooser, Frame, Page, Response
from pydantic import ValidationError

from ...env import ActionRefused
from ...geometry import DevicePoint
from ..launch.attach import Context
from ..launch.settings import BrowserSettings
from ..page.tabs import Tabs
from .overlay import Dialog as Question
from .overlay import Field, ListOfOptions, Menu, MenuItem, Overlay, PanelAnswer, PanelButton, Picker, Tooltip
from .overlay.panels import Anchor, Option
from .page_events import LONGEST, READ_NEWS, CloseNews, ListNews, MenuNews, PermissionNews, PickerNews, TitleNews

MOST_IN_A_ROW = 20
"""Dialogs of one page without an action on it in between; more are answered by rule."""

_CHECK_AFTER = 2
_MOST_FILES = 300

OK, CANCEL = PanelButton("OK", "ok"), PanelButton("Cancel", "cancel")
_CHOOSE = "value => window[Symbol.for('screenwright.chosen')]?.(value)"

Goer = Callable[[str], Awaitable[None]]


class BrowserPrompts:
    """Asks what the browser asks. `pointer` says where the mouse is on the page, which begins `top` pixels down.

    Lengths are CSS pixels. `go` goes to an address in the tab that is seen.
    """

    def __init__(
        self,
        tabs: Tabs,
        overlay: Overlay,
        settings: BrowserSettings,
        pointer: Callable[[], DevicePoint],
        top: float,
        go: Goer,
    ) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._settings = settings
        self._pointer = pointer
        self._top = top
        self._go = go
        self._facts: list[str] = []
        self._holding_up: list[Dialog] = []
        self._in_a_row = 0
        self._silenced = False
        self.opened = asyncio.Event()

    async def start(self, context: Context) -> None:
        """Listen to the pages of `context`."""
        context.on("dialog", self._asked)
        context.on("response", self._responded)
        await context.expose_binding("screenwrightNews", cast("Any", self._heard))  # Playwright has no type for it

    def listen(self, page: Page) -> None:
        """Listen to a new tab."""
        page.on("filechooser", self._chooser)

    def hold_up(self) -> bool:
        """Whether a dialog holds up the page: it does nothing, and cannot be photographed, until it is answered."""
        return bool(self._holding_up)

    def take_facts(self) -> tuple[str, ...]:
        """What happened since the last call, in sentences."""
        facts, self._facts = self._facts, []
        return tuple(facts)

    def mark_action(self) -> None:
        """The page is being worked: dialogs are no longer in a row."""
        self._in_a_row, self._silenced = 0, False

    # -- alert, confirm, prompt, beforeunload

    async def _asked(self, dialog: Dialog) -> None:
        self._in_a_row += 1
        if dialog.type == "beforeunload" and self._tabs.is_leaving and self._settings.dialogs == "rule":
            await self._answer(dialog, PanelAnswer("ok"))
            return
        if self._settings.dialogs == "rule" or self._silenced or self._in_a_row > MOST_IN_A_ROW:
            await self._answer_by_rule(dialog)
            return
        self._holding_up.append(dialog)
        self.opened.set()
        await self._overlay.close_tooltip()
        await self._overlay.show(self._drawn(dialog), lambda answer: self._answered(dialog, answer))

    def _drawn(self, dialog: Dialog) -> Question:
        check = "Do not let this page ask any more" if self._in_a_row > _CHECK_AFTER else ""
        message = dialog.message[:LONGEST]
        who = _who(dialog.page.url if dialog.page else "")
        match dialog.type:
            case "beforeunload":
                leave, stay = PanelButton("Leave", "ok"), PanelButton("Stay", "cancel")
                return Question("Leave this page?", "Changes that you made may not be saved.", (leave, stay))
            case "alert":
                return Question(f"{who} says", message, (OK,), check=check)
            case "prompt":
                fields = (Field("", dialog.default_value[:LONGEST]),)
                return Question(f"{who} asks", message, (OK, CANCEL), fields, check=check)
            case _:
                return Question(f"{who} asks", message, (OK, CANCEL), check=check)

    async def _answered(self, dialog: Dialog, answer: PanelAnswer) -> None:
        self._silenced = answer.checked
        await self._answer(dialog, answer)
        self._holding_up.remove(dialog)
        if not self._holding_up:
            self.opened.clear()

    async def _answer(self, dialog: Dialog, answer: PanelAnswer) -> None:
        with suppress(Error):  # its page is gone, and the dialog with it
            if answer.value != "ok":
                await dialog.dismiss()
            elif dialog.type == "prompt":
                await dialog.accept(answer.fields[0])
            else:
                await dialog.accept()

    async def _answer_by_rule(self, dialog: Dialog) -> None:
        """An alert is read, everything else declined."""
        accept = dialog.type == "alert"
        told = {
            "alert": f"The page showed a message: {dialog.message!r}. It was closed with OK.",
            "beforeunload": "The page asked whether to leave it; the answer was no.",
            "prompt": f"The page asked for a text: {dialog.message!r}. It was answered with Cancel.",
        }
        question = f"The page asked: {dialog.message!r}. It was answered with Cancel."
        self._facts.append(told.get(dialog.type, question)[:LONGEST])
        await self._answer(dialog, PanelAnswer("ok" if accept else "cancel"))

    def forget_dialogs(self) -> None:
        """The page that asked is gone."""
        self._holding_up.clear()
        self.opened.clear()

    # -- sign-in

    async def _responded(self, response: Response) -> None:
        """A page wants a name and a password: the browser's own way of asking, not a form."""
        wanted = response.headers.get("www-authenticate", "").lower()
        if response.status != 401 or not wanted.startswith(("basic", "digest")):
            return
        with suppress(Error):  # a service worker's request has no frame, nor has that of a tab not yet there
            if response.request.is_navigation_request() and response.frame is self._tabs.current.main_frame:
                await self._ask_to_sign_in(response.url)

    async def _ask_to_sign_in(self, address: str) -> None:
        fields = (Field("Name"), Field("Password", secret=True))
        question = Question("Who are you?", f"{_who(address)} asks for a name and a password.", (
            PanelButton("Sign in", "ok"), CANCEL), fields)  # fmt: skip

        async def answered(answer: PanelAnswer) -> None:
            if answer.value != "ok":
                return
            name, password = (quote(field, safe="") for field in answer.fields)
            parts = urlsplit(address)
            host = parts.netloc.rpartition("@")[2]
            bare = urlunsplit(parts._replace(netloc=host))
            known = urlunsplit(parts._replace(netloc=f"{name}:{password}@{host}"))
            limit_ms = self._settings.load_limit_s * 1000
            with suppress(Error):  # told to a tab that is not seen, the browser remembers it for the whole site
                async with self._tabs.aside() as page:
                    await page.goto(known, timeout=limit_ms, wait_until="load")
            with suppress(Error, ActionRefused):
                await self._go(bare)

        await self._overlay.show(question, answered)

    # -- files

    async def _chooser(self, chooser: FileChooser) -> None:
        several = "files" if chooser.is_multiple() else "a file"
        paths = _files_in(self._settings.upload_from)
        if not paths:
            why = (
                "there is none in the folders that are allowed"
                if self._settings.upload_from
                else "no folder is allowed"
            )
            self._facts.append(f"The page asked for {several} to upload; none was chosen, since {why}.")
            return
        names = tuple([path.name for path in paths])
        hint = "Hold Ctrl to choose several." if chooser.is_multiple() else ""
        buttons = (PanelButton("Open", "ok"), CANCEL)
        question = Question(f"Choose {several}", hint, buttons, choices=names, several=chooser.is_multiple())

        async def answered(answer: PanelAnswer) -> None:
            chosen = [paths[index] for index in answer.chosen]
            if answer.value != "ok" or not chosen:
                return
            with suppress(Error):
                await chooser.set_files(cast("list[str | Path]", chosen))
            self._facts.append(f"Given to the page: {', '.join(path.name for path in chosen)}.")

        await self._overlay.show(question, answered)

    # -- a page that crashed, or does not respond

    async def crashed(self, address: str) -> None:
        """The tab that is seen crashed; an empty one stands in its place."""
        self.forget_dialogs()
        self._facts.append("The page crashed.")
        buttons = (PanelButton("Reload", "ok"), PanelButton("Leave it", "cancel"))

        async def answered(answer: PanelAnswer) -> None:
            if answer.value == "ok":
                await self._go(address)

        await self._overlay.show(Question("The page crashed", address[:LONGEST], buttons), answered)

    async def hangs(self) -> None:
        """The page that is seen does not respond."""
        self._facts.append("The page does not respond.")
        buttons = (PanelButton("Wait", "ok"), PanelButton("Leave it", "cancel"))

        async def answered(answer: PanelAnswer) -> None:
            if answer.value != "ok":
                await self._tabs.replace_current()

        await self._overlay.show(
            Question("This page does not respond", "Wait for it, or leave it for an empty page.", buttons), answered
        )

    # -- what pages tell

    async def _heard(self, source: dict[str, Any], said: object) -> None:
        try:
            news = READ_NEWS.validate_python(said)
        except ValidationError:  # a page may say what it likes there
            return
        if self._tabs.is_lost or source["page"] is not self._tabs.current:
            return
        match news:
            case PermissionNews():
                await self._permission(source["frame"], news)
            case PickerNews():
                picker = Picker(news.type, self._anchor(news), news.value, news.min, news.max, news.step)
                await self._choose(source["frame"], picker)
            case ListNews():
                options = tuple([Option(each.value[:LONGEST], each.label[:LONGEST]) for each in news.options])
                await self._choose(source["frame"], ListOfOptions(self._anchor(news), options))
            case CloseNews():
                if isinstance(self._overlay.popup, ListOfOptions):
                    await self._overlay.close_popup()
            case TitleNews():
                await self._title(news.text[:LONGEST])
            case MenuNews():
                await self._menu(news)

    def _anchor(self, news: PickerNews | ListNews) -> Anchor:
        at = self._pointer()
        return Anchor(at.x + news.dx, at.y + self._top + news.dy, news.width, news.height)

    async def _choose(self, frame: Frame, panel: Picker | ListOfOptions) -> None:
        async def answered(answer: PanelAnswer) -> None:
            if answer.value:
                value = "" if isinstance(panel, Picker) and answer.value == "clear" else answer.value
                with suppress(Error):  # the page has gone on
                    await frame.evaluate(_CHOOSE, value)

        await self._overlay.show(panel, answered)

    async def _title(self, text: str) -> None:
        await self._overlay.close_tooltip()
        if text:
            at = self._pointer()
            await self._overlay.show(Tooltip(at.x, at.y + self._top, text), _ignore)

    async def _permission(self, frame: Frame, news: PermissionNews) -> None:
        """Ask, and return when it is answered and the browser knows."""
        done = asyncio.Event()
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(frame.url))

        async def answered(answer: PanelAnswer) -> None:
            setting = "granted" if answer.value == "ok" else "denied"
            self._facts.append(
                f"{_who(origin)} was {'allowed' if setting == 'granted' else 'not allowed'} to {news.wanted}."
            )
            with suppress(Error):
                await self._tabs.set_permission(news.name, setting, origin)
            done.set()

        buttons = (PanelButton("Allow", "ok"), PanelButton("Block", "cancel"))
        await self._overlay.show(Question(f"{_who(origin)} wants to", news.wanted, buttons), answered)
        await done.wait()

    async def _menu(self, news: MenuNews) -> None:
        items = [*_LINK_ITEMS, MenuItem()] if news.link else []
        if news.editable:
            items += [
                MenuItem("Cut", "cut", news.selected),
                MenuItem("Copy", "copy", news.selected),
                MenuItem("Paste", "paste"),
            ]
        elif news.selected:
            items += [MenuItem("Copy", "copy")]
        items += [MenuItem("Select all", "all")] if news.editable else [*_PAGE_ITEMS]
        at = self._pointer()

        async def answered(answer: PanelAnswer) -> None:
            if answer.value:
                with suppress(Error):
                    await self._do_in_menu(answer.value, news.link)

        await self._overlay.show(Menu(at.x, at.y + self._top, tuple(items)), answered)

    async def _do_in_menu(self, what: str, link: str) -> None:
        page = self._tabs.current
        match what:
            case "open":
                await self._tabs.open()
                await self._go(link)
            case "copy address":
                await page.evaluate("text => navigator.clipboard?.writeText(text)", link)
            case "back":
                await page.go_back(wait_until="commit")
            case "forward":
                await page.go_forward(wait_until="commit")
            case "reload":
                await page.reload(wait_until="commit")
            case _:
                await page.keyboard.press(_KEYS[what])


_KEYS = {"cut": "ControlOrMeta+X", "copy": "ControlOrMeta+C", "paste": "ControlOrMeta+V", "all": "ControlOrMeta+A"}
_LINK_ITEMS = (MenuItem("Open link in new tab", "open"), MenuItem("Copy link address", "copy address"))
_PAGE_ITEMS = (MenuItem("Back", "back"), MenuItem("Forward", "forward"), MenuItem("Reload", "reload"))


async def _ignore(_answer: PanelAnswer) -> None:
    """Nothing follows from it."""


def _who(address: str) -> str:
    """Who speaks, as Chromium calls it: a host with its port, or just the page."""
    parts = urlsplit(address)
    return parts.netloc.rpartition("@")[2] or "This page"


def _files_in(folders: tuple[str, ...]) -> list[Path]:
    """The files that may be uploaded: those that lie in `folders`, the newest first."""
    found: list[tuple[float, Path]] = []
    for folder in folders:
        with suppress(OSError):
            for path in Path(folder).expanduser().iterdir():
                if path.is_file() and not path.name.startswith("."):
                    found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)][:_MOST_FILES]
