"""A run in Chromium is killed after the click on "Order", and resumed: one order arrives."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from screenwright import Intended, Message, ScriptedModel, StopReason, read_run
from screenwright.agent.core.describe import POSSIBLY_DONE
from screenwright.agent.models.http_server import serve
from screenwright.cli.commands.run import EXIT_CODES
from screenwright.cli.main import main
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

PAGE = b"""<!doctype html><title>Shop</title><p style="font: 20px sans-serif">One apple, 2 EUR</p>
<button style="position: absolute; left: 100px; top: 100px; width: 200px; height: 60px; font: 20px sans-serif"
onclick="fetch('/order', { method: 'POST' })">Order</button>"""
CLICK = "Thought: I order it.\nAction: click(start_box='(200,130)')"

KILLED = """
import os, signal, sys
from urllib.request import urlopen
from screenwright import Action, ActionResult, Agent, BrowserEnv, Click, ScriptedModel, UiTars15
from screenwright.testing import eventually

url, run, agent = sys.argv[1:]

class Killed(BrowserEnv):
    def execute(self, action: Action) -> ActionResult:
        result = super().execute(action)
        if isinstance(action, Click):
            eventually(lambda: urlopen(url + "/count").read(), b"1", 60)
            os.kill(os.getpid(), signal.SIGKILL)
        return result

model = Agent("reader") if agent == "reader" else Agent(ScriptedModel([agent]), dialect=UiTars15())
model.run('Click "Order".', Killed(url), out=run)
"""


class Shop:
    """Serves the page and counts its orders."""

    def __init__(self) -> None:
        self.orders = 0

    def respond(self, request: HttpRequest) -> HttpResponse:
        self.orders += request.path == "/order"
        return HttpResponse(str(self.orders).encode() if request.path == "/count" else PAGE)


@pytest.fixture
def shop() -> Iterator[tuple[Shop, str]]:
    """The shop and its address."""
    shop = Shop()
    with LocalServer(shop.respond) as server:
        yield shop, server.url


def careful(messages: Sequence[Message]) -> str:
    """A model that looks instead of repeating an action that may have been carried out, and orders otherwise."""
    was_told = any(POSSIBLY_DONE in message.text for message in messages if message.role == "user")
    has_ordered = any(message.role == "assistant" for message in messages)
    return "Thought: It is ordered.\nAction: finished(content='ordered')" if was_told and has_ordered else CLICK


@pytest.mark.browser
@pytest.mark.reader
@pytest.mark.parametrize("agent", ["reader", "model"])
def test_order_that_was_sent_before_a_kill_is_not_sent_again(
    agent: str, shop: tuple[Shop, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders, url = shop
    run = tmp_path / "run"
    command = [sys.executable, "-c", KILLED, url, str(run), "reader" if agent == "reader" else CLICK]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert isinstance(read_run(run).events[-1], Intended)
    with serve(ScriptedModel(careful), name="ui-tars-1.5") as server:
        model = ["reader"] if agent == "reader" else [server.url, "--no-calibrate"]
        code = main(["run", "--resume", str(run), "--url", url, "--steps", "5", "--model", *model])
    assert code == EXIT_CODES[StopReason.NEEDS_USER if agent == "reader" else StopReason.FINISHED]
    assert re.search(rf"interrupted; resumed after step 1; click at \d+, \d+ {POSSIBLY_DONE}", capsys.readouterr().err)
    assert orders.orders == 1
