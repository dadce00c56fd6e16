"""A site and a browser that the tests of a module share."""

from collections.abc import Iterator

import pytest
from page_site import Site

from screenwright import BrowserEnv
from screenwright.envs.browser import BrowserSettings


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/", "")
        site.add("/blank", "")
        yield site


@pytest.fixture(scope="module")
def shared(site: Site) -> Iterator[BrowserEnv]:
    """One browser for tests that only need a page; a busy machine may take long to settle."""
    settings = BrowserSettings(settle_limit_s=30.0, load_limit_s=60.0)
    with BrowserEnv(site.url + "/blank", settings=settings) as env:
        yield env


@pytest.fixture(autouse=True)
def pages_may_answer_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a page takes long to say whether it took the text; that is not what a test should see."""
    monkeypatch.setattr("screenwright.envs.browser.page.typing._EVALUATE_S", 30.0)
    monkeypatch.setattr("screenwright.envs.browser.page.input._EVALUATE_S", 30.0)
