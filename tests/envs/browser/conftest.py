"""A site and a browser that the tests of a module share."""

from collections.abc import Iterator

import pytest
from page_site import Site

from screenwright import BrowserEnv


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/", "")
        site.add("/blank", "")
        yield site


@pytest.fixture(scope="module")
def shared(site: Site) -> Iterator[BrowserEnv]:
    """One browser for tests that only need a page."""
    with BrowserEnv(site.url + "/blank") as env:
        yield env
