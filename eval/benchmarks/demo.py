"""The demo benchmark: order something in a web form, and edit a text file in a desktop editor.

Needs no model server and no network: the page is served locally and the embedded reader does both tasks.
"""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import ClassVar

from ...agent.loop.agent import Result
from ...envs.browser import BrowserEnv
from ...envs.desktop import DesktopEnv, VirtualDisplay
from ...envs.env import Env
from ...envs.temp_folder import TempFolder
from ..core.local_server import HttpRequest, HttpResponse, LocalServer
from ..core.task import Outcome, Rules, Task

ORDER_NUMBER = "48213"

_ORDER = (
    'Type "Ada Lovelace" into the Full name field. Type "12 St James Square" into the Street and number field. '
    'Select "Ivory" from the Paper list. Check "Wrap as a gift". Click "By courier". Click "Place order". '
    "Then tell me the order number."
)
_REPLACE = (
    'Click "Search". Click "Find and Replace...". Type "Tuesday" into the "Search for" field. '
    'Type "Thursday" into the "Replace with" field. Check "Replace all in". Click "Replace All". Click "Close". '
    "Press ctrl+s."
)

# So that each reset shows the same pixels: the title has the name of the file without its folder, whose name is random,
# and the caret does not blink.
_SETTINGS = {
    ".config/glib-2.0/settings/keyfile": "[org/xfce/mousepad/preferences/window]\npath-in-title=false\n",
    ".config/gtk-3.0/settings.ini": "[Settings]\ngtk-cursor-blink=0\n",
}


@dataclass(frozen=True, slots=True)
class OrderForm:
    """Fill in and submit a form in Chromium, then report the order number from the confirmation page."""

    name: str = "order-paper"
    category: str = "browser"

    @contextmanager
    def set_up(self, seed: int = 0) -> Generator["_Shop"]:
        """Serve the page on a free port of this machine and open it."""
        orders: list[dict[str, str]] = []
        page = resources.files(__name__.rpartition(".")[0]).joinpath("pages/order.html").read_bytes()

        def respond(request: HttpRequest) -> HttpResponse:
            if request.method == "POST":
                orders.append(request.json())
                return HttpResponse.of_json({"number": ORDER_NUMBER})
            return HttpResponse(page) if request.path == "/" else HttpResponse(status=404)

        with LocalServer(respond) as server, BrowserEnv(f"{server.url}/") as env:
            yield _Shop(_ORDER, env, orders)


@dataclass(frozen=True, slots=True)
class _Shop:
    instruction: str
    env: Env
    orders: list[dict[str, str]]

    def judge(self, result: Result) -> Outcome:
        """Check that exactly the requested order reached the server and that the answer contains its number."""
        expected = {
            "name": "Ada Lovelace",
            "street": "12 St James Square",
            "paper": "Ivory",
            "gift": "yes",
            "by": "courier",
        }
        done = self.orders == [expected] and ORDER_NUMBER in result.answer
        return Outcome(done, f"orders at the server: {json.dumps(self.orders)}; answer: {result.answer!r}")


@dataclass(frozen=True, slots=True)
class EditText:
    """Replace a word with the dialog of a GTK editor on a virtual display, and save the file."""

    name: str = "edit-text"
    category: str = "desktop"
    before: str = "The paper arrives on Tuesday.\nTuesday is also market day.\n"

    @contextmanager
    def set_up(self, seed: int = 0) -> Generator["_Editor"]:
        """Open the text file in the editor on a virtual display."""
        with TempFolder("demo") as folder:
            text = folder.path / "notes.txt"
            text.write_text(self.before, encoding="utf-8")
            for name, settings in _SETTINGS.items():
                (folder.path / name).parent.mkdir(parents=True)
                (folder.path / name).write_text(settings, encoding="utf-8")
            editor = ("env", "GSETTINGS_BACKEND=keyfile", "mousepad", "--disable-server", str(text))
            display = VirtualDisplay(programs=(editor,), home=folder.path)
            with DesktopEnv(virtual=display) as env:
                yield _Editor(_REPLACE, env, text, self.before.replace("Tuesday", "Thursday"))


@dataclass(frozen=True, slots=True)
class _Editor:
    instruction: str
    env: Env
    text: Path
    expected: str

    def judge(self, result: Result) -> Outcome:
        """Compare the file on disk with the expected text."""
        found = self.text.read_text(encoding="utf-8")
        return Outcome(found == self.expected, f"the file holds {found!r}")


@dataclass(frozen=True, slots=True)
class Demo:
    """A web form and a text editor, without a model server or data."""

    has_oracle: ClassVar[bool] = False

    name: str = "demo"
    version: str = "2"
    rules: Rules = Rules(seeds=(0,), steps=30)

    def tasks(self) -> tuple[Task, ...]:
        """The web order and the text edit."""
        return OrderForm(), EditText()
