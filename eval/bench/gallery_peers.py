"""Which traps of the gallery each framework solves by coordinates alone: one run, the same steps and Chromium.

    .venv/bin/python eval/bench/gallery_peers.py [--browsergym PYTHON] [--browser-use PYTHON] [--only NAME ...]

Each target is located on the framework's own screenshot, by colour or by OCR, and the framework clicks, types and drags
there. The page reports to its server whether it was solved. The others use Chromium's own pickers where these differ
from the ones that we draw.
"""

import argparse
import base64
import json
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from screenwright import Action, BrowserEnv, Click, Drag, Hotkey, Move, Navigate, Screenshot, Scroll, Size, Type
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.env import ActionResult, Observation
from screenwright.eval.benchmarks.gallery import steps as gallery_steps
from screenwright.eval.benchmarks.gallery import traps as gallery
from screenwright.eval.benchmarks.gallery.site import Site
from screenwright.eval.benchmarks.subprocess_client import Answer, SubprocessClient
from screenwright.eval.core.task import TaskError
from screenwright.testing import eventually

HERE = Path(__file__).parent
TIMEOUT_S = 45.0
SIZE = Size(960, 600)


class PeerEnv:
    """Another framework as the environment of `gallery.steps`."""

    def __init__(self, python: str, script: str) -> None:
        self._client = SubprocessClient(Path(python), HERE / "peers" / script, {}, "see eval/bench/README.md")

    def observe(self) -> Observation:
        """Its screenshot."""
        png = base64.b64decode(str(self._request(do="screenshot")["png"]))
        return Observation(Screenshot(Image.open(BytesIO(png)).convert("RGB")))

    def execute(self, action: Action) -> ActionResult:
        """Perform the action with its methods."""
        match action:
            case Navigate(url):
                self._request(do="goto", url=url)
            case Click(at, button, _, modifiers):
                self._request(do="click", x=at.x, y=at.y, button=button.value, modifiers=modifiers)
            case Move(at):
                self._request(do="move", x=at.x, y=at.y)
            case Drag(path):
                self._request(do="drag", path=[(point.x, point.y) for point in path])
            case Scroll(at=at) if at is not None:
                self._request(do="scroll", x=at.x, y=at.y, pixels=1000)
            case Type(text):
                self._request(do="type", text=text)
            case Hotkey(keys):
                self._request(do="keys", names=keys)
            case _:
                raise AssertionError(f"no step of the gallery is {action}")
        return ActionResult(0.0, 0.0, "")

    def close(self) -> None:
        """End its process; the next request starts it again."""
        self._client.close()

    def _request(self, **message: object) -> Answer:
        return self._client.request(message, TIMEOUT_S)


def main() -> None:
    """Run every trap with every framework and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--playwright", default=sys.executable, help="the Python with Playwright")
    options.add_argument("--browsergym", help="the Python with BrowserGym")
    options.add_argument("--browser-use", help="the Python with browser-use")
    options.add_argument("--only", nargs="*", help="names of traps")
    options.add_argument("--json", type=Path, help="also write the results to this file")
    given = options.parse_args()
    frameworks: dict[str, Callable[[gallery.Trap], Any]] = {}
    with tempfile.TemporaryDirectory() as folder, Site() as site:
        (Path(folder) / "invoice.txt").write_text("x")
        gallery.add_shared_pages(site)
        plain = BrowserEnv(viewport=SIZE, settings=BrowserSettings(upload_from=(folder,)))
        strip = BrowserEnv(viewport=SIZE, settings=BrowserSettings(tab_strip=True))
        frameworks["screenwright"] = lambda trap: strip if trap.needs == "strip" else plain
        peers = {"playwright": (given.playwright, "gallery_playwright.py")}
        if given.browsergym:
            peers["browsergym"] = (given.browsergym, "gallery_browsergym.py")
        if given.browser_use:
            peers["browser-use"] = (given.browser_use, "gallery_browser_use.py")
        opened = [plain, strip]
        for name, (python, script) in peers.items():
            peer = PeerEnv(python, script)
            opened.append(peer)
            frameworks[name] = lambda _trap, peer=peer: peer
        found: dict[str, dict[str, str]] = {}
        print(f"{'':42}" + "".join(f"{name:>14}" for name in frameworks), flush=True)
        for trap in gallery.ALL:
            if given.only and trap.name not in given.only:
                continue
            ways = {
                name: trap.steps if name == "screenwright" else trap.native_steps or trap.steps for name in frameworks
            }
            found[trap.name] = {
                name: attempt(trap, ways[name], site, choose(trap)) for name, choose in frameworks.items()
            }
            row = "".join(f"{'yes' if not why else 'no':>14}" for why in found[trap.name].values())
            print(f"{trap.name:42}{row}", flush=True)
        total = {name: sum(not row[name] for row in found.values()) for name in frameworks}
        print(f"{f'of {len(found)}':42}" + "".join(f"{count:14}" for count in total.values()))
        for env in opened:
            env.close()
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def attempt(trap: gallery.Trap, steps: tuple[gallery.TrapStep, ...], site: Site, env: Any) -> str:
    """Perform `steps` on `trap`; returns an empty text if it was solved, else the reason."""
    site.reported.clear()
    try:
        env.execute(Navigate(gallery.add_trap(trap, site)))
        for step in steps:
            gallery_steps.perform(step, env, lambda text: text.replace("ADDRESS", site.url))
        if trap.name not in gallery.ANSWER_ONLY:
            eventually(lambda: site.reported.get("solved"), trap.expected)
    except TaskError as error:
        env.close()  # start the next trap with a fresh process
        return f"raised or timed out: {error}"
    except Exception as error:  # noqa: BLE001 -- any error is a result
        return f"{type(error).__name__}: {str(error)[:300]}"
    return ""


if __name__ == "__main__":
    main()
