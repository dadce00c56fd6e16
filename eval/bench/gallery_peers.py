"""Which traps of the gallery we and others get through by coordinates alone: one run, the same hand and Chromium.

    scripts/gallery-peers [--only NAME ...]

The hand finds on each contender's own screenshot what a trap's steps name, by its colour or by reading, and has that
contender click, type and drag there. The page tells its server whether it was got through. The others go the way
through Chromium's own pickers where that is another than through what we draw.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from PIL import Image

from screenwright import Action, BrowserEnv, Click, Drag, Hotkey, Move, Navigate, Screenshot, Scroll, Size, Type
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.contract import eventually
from screenwright.envs.env import ActionResult, Observation
from screenwright.eval.benchmarks.gallery import steps as gallery_steps
from screenwright.eval.benchmarks.gallery import traps as gallery
from screenwright.eval.benchmarks.gallery.site import Site

HERE = Path(__file__).parent
ANSWER_S = 45.0
SIZE = Size(960, 600)


class PeerTrouble(AssertionError):
    """A peer raised, or did not answer."""


class Peer:
    """Another contender, as far as the hand needs an environment."""

    def __init__(self, python: str, script: str) -> None:
        self._command = [python, str(HERE / "peers" / script)]
        self._start()

    def _start(self) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self._answer()

    def observe(self) -> Observation:
        """Its screenshot."""
        png = Path(self._order(do="look")["png"]).read_bytes()
        return Observation(Screenshot(Image.open(BytesIO(png)).convert("RGB")))

    def execute(self, action: Action) -> ActionResult:
        """Have it do what the hand would."""
        match action:
            case Navigate(url):
                self._order(do="goto", url=url)
            case Click(at, button, _, modifiers):
                self._order(do="click", x=at.x, y=at.y, button=button.value, modifiers=modifiers)
            case Move(at):
                self._order(do="move", x=at.x, y=at.y)
            case Drag(path):
                self._order(do="drag", path=[(point.x, point.y) for point in path])
            case Scroll(at=at) if at is not None:
                self._order(do="scroll", x=at.x, y=at.y, pixels=1000)
            case Type(text):
                self._order(do="type", text=text)
            case Hotkey(keys):
                self._order(do="keys", names=keys)
            case _:
                raise AssertionError(f"the hand does not do {action}")
        return ActionResult(0.0, 0.0, "")

    def restart(self) -> None:
        """End it and start it anew."""
        self.close()
        self._start()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _order(self, **order: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise PeerTrouble(answer["error"])
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        watch = threading.Timer(ANSWER_S, self._process.kill)
        watch.start()
        line = self._process.stdout.readline()
        watch.cancel()
        if not line:
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip().splitlines()[-1:]
            raise PeerTrouble(f"it did not answer within {ANSWER_S:.0f} s {said}")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def main() -> None:
    """Print who gets through what."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--playwright", default=sys.executable, help="the Python with Playwright")
    options.add_argument("--browsergym", help="the Python with BrowserGym")
    options.add_argument("--browser-use", help="the Python with browser-use")
    options.add_argument("--only", nargs="*", help="names of traps")
    options.add_argument("--json", type=Path, help="write the findings there")
    given = options.parse_args()
    contenders: dict[str, Callable[[gallery.Trap], Any]] = {}
    with tempfile.TemporaryDirectory() as folder, Site() as site:
        (Path(folder) / "invoice.txt").write_text("x")
        gallery.add_shared_pages(site)
        plain = BrowserEnv(viewport=SIZE, settings=BrowserSettings(upload_from=(folder,)))
        strip = BrowserEnv(viewport=SIZE, settings=BrowserSettings(tab_strip=True))
        contenders["screenwright"] = lambda trap: strip if trap.needs == "strip" else plain
        peers = {"playwright": (given.playwright, "plain_playwright.py")}
        if given.browsergym:
            peers["browsergym"] = (given.browsergym, "browsergym_peer.py")
        if given.browser_use:
            peers["browser-use"] = (given.browser_use, "browser_use_peer.py")
        opened = [plain, strip]
        for name, (python, script) in peers.items():
            peer = Peer(python, script)
            opened.append(peer)
            contenders[name] = lambda _trap, peer=peer: peer
        found: dict[str, dict[str, str]] = {}
        print(f"{'':42}" + "".join(f"{name:>14}" for name in contenders), flush=True)
        for trap in gallery.ALL:
            if given.only and trap.name not in given.only:
                continue
            ways = {
                name: trap.steps if name == "screenwright" else trap.native_steps or trap.steps for name in contenders
            }
            found[trap.name] = {
                name: attempt(trap, ways[name], site, choose(trap)) for name, choose in contenders.items()
            }
            row = "".join(f"{'yes' if not why else 'no':>14}" for why in found[trap.name].values())
            print(f"{trap.name:42}{row}", flush=True)
        total = {name: sum(not row[name] for row in found.values()) for name in contenders}
        print(f"{f'of {len(found)}':42}" + "".join(f"{count:14}" for count in total.values()))
        for env in opened:
            env.close()
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def attempt(trap: gallery.Trap, steps: tuple[gallery.TrapStep, ...], site: Site, env: Any) -> str:
    """Try `trap` by way of `steps`; empty if it was got through, else why not."""
    site.told.clear()
    try:
        env.execute(Navigate(gallery.add_trap(trap, site)))
        for step in steps:
            gallery_steps.perform(step, env, lambda text: text.replace("ADDRESS", site.url))
        if trap.name not in gallery.ANSWER_ONLY:
            eventually(lambda: site.told.get("solved"), trap.expected)
    except PeerTrouble as trouble:
        env.restart()  # whatever it left behind may not stand in the way of the next trap
        return f"it raised or hung: {trouble}"
    except Exception as error:  # noqa: BLE001 -- whatever goes wrong is what is asked here
        return f"{type(error).__name__}: {str(error)[:300]}"
    return ""


if __name__ == "__main__":
    main()
