"""Every trap of the gallery can be solved by coordinates on the screenshot."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_site import Site

from screenwright import BrowserEnv, Navigate, Size
from screenwright.envs.browser import BrowserSettings
from screenwright.eval.benchmarks.gallery import steps as gallery_steps
from screenwright.eval.benchmarks.gallery import traps as gallery
from screenwright.testing import eventually

pytestmark = [pytest.mark.browser, pytest.mark.reader]

SIZE = Size(960, 600)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        gallery.add_shared_pages(site)
        yield site


@pytest.fixture(scope="module")
def plain(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserEnv]:
    folder = tmp_path_factory.mktemp("uploads")
    for name in ("invoice.txt", "photo.png"):
        (folder / name).write_text("x")
    with BrowserEnv(viewport=SIZE, settings=BrowserSettings(upload_from=(str(folder),))) as env:
        yield env


@pytest.fixture(scope="module")
def with_tab_strip(site: Site) -> Iterator[BrowserEnv]:
    with BrowserEnv(viewport=SIZE, settings=BrowserSettings(tab_strip=True)) as env:
        yield env


@pytest.mark.parametrize("trap", gallery.ALL, ids=lambda trap: trap.name)
def test_trap_is_solved_by_coordinates(
    trap: gallery.Trap, site: Site, plain: BrowserEnv, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    env: BrowserEnv = request.getfixturevalue("with_tab_strip") if trap.needs == "strip" else plain
    site.reported.clear()
    env.execute(Navigate(gallery.add_trap(trap, site)))
    try:
        for step in trap.steps:
            gallery_steps.perform(step, env, lambda text: text.replace("ADDRESS", site.url))
        if trap.name not in gallery.ANSWER_ONLY:
            eventually(lambda: site.reported.get("solved"), trap.expected)
    except AssertionError:
        env.observe().screenshot.image.save(tmp_path / "seen.png")
        print(tmp_path / "seen.png")
        raise
