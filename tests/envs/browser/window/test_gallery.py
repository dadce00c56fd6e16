"""The gallery in a Chromium window, with its native pickers, dialogs and tabs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_site import Site

from screenwright import Hotkey, Navigate, Size
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.window.env import BrowserWindowEnv
from screenwright.eval.benchmarks.gallery import steps as gallery_steps
from screenwright.eval.benchmarks.gallery import traps as gallery
from screenwright.testing import eventually

pytestmark = [pytest.mark.browser, pytest.mark.desktop, pytest.mark.reader]

TRAPS = [trap for trap in gallery.ALL if trap.native_steps != ()]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        gallery.add_shared_pages(site)
        yield site


@pytest.fixture(scope="module")
def window(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserWindowEnv]:
    folder = tmp_path_factory.mktemp("uploads")
    for name in ("invoice.txt", "photo.png"):
        (folder / name).write_text("x")
    settings = BrowserSettings(upload_from=(str(folder),))
    with BrowserWindowEnv(screen=Size(960, 700), settings=settings) as env:
        yield env


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_trap_is_solved_in_a_window(trap: gallery.Trap, site: Site, window: BrowserWindowEnv, tmp_path: Path) -> None:
    site.reported.clear()
    window.execute(Navigate(gallery.add_trap(trap, site)))
    try:
        for step in trap.native_steps or trap.steps:
            gallery_steps.perform(step, window, lambda text: text.replace("ADDRESS", site.url))
        if trap.name not in gallery.ANSWER_ONLY:
            eventually(lambda: site.reported.get("solved"), trap.expected)
    except AssertionError:
        window.observe().screenshot.image.save(tmp_path / "seen.png")
        print(tmp_path / "seen.png")
        window.execute(Hotkey(("escape",)))  # so that a failure does not affect the next trap
        raise
