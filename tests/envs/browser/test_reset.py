"""Resetting a browser between episodes clears its state, or reports the remaining state."""

from collections.abc import Iterator

import pytest
from page_site import Site

from screenwright import ActionRefused, BrowserEnv, ButtonDown, Click, Navigate, ScreenPoint, Size
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

STORES = """<script>
report('found', [document.cookie, localStorage.name ?? '', sessionStorage.name ?? ''].join())
document.cookie = 'name=Ann; max-age=600'; localStorage.name = sessionStorage.name = 'Ann'
</script>"""
CORNER = ScreenPoint(319, 199)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def env() -> Iterator[BrowserEnv]:
    with BrowserEnv(viewport=Size(320, 200)) as env:
        yield env


def test_reset_clears_cookies_and_storage(site: Site, env: BrowserEnv) -> None:
    url = site.add("/remembers", STORES)
    found: list[object] = []
    for resets in (False, False, True):
        if resets:
            assert env.reset(CORNER) == ()
            assert env.observe().location == "about:blank"
        site.reported.clear()
        env.execute(Navigate(url))
        eventually(lambda: "found" in site.reported, True)
        found.append(site.reported["found"])
    assert found == [",,", "name=Ann,Ann,Ann", ",,"]


def test_reset_moves_the_pointer(site: Site, env: BrowserEnv) -> None:
    url = site.add(
        "/presses", "<body style='height:190px' onmousedown=\"report('at', [event.clientX, event.clientY].join())\">"
    )
    env.execute(Navigate(url))
    env.execute(Click(ScreenPoint(20, 20)))
    env.reset(ScreenPoint(200, 100))
    env.execute(Navigate(url))
    env.execute(ButtonDown())
    env.release()
    eventually(lambda: site.reported.get("at"), "200,100")


def test_another_open_tab_is_reported(site: Site, env: BrowserEnv) -> None:
    site.add("/second", "")
    env.execute(Navigate(site.add("/opens", "<a target=_blank href=/second style='font-size:40px'>open</a>")))
    env.execute(Click(ScreenPoint(40, 30)))
    (fact,) = env.reset(CORNER)
    assert "new tab" in str(fact)


def test_page_with_a_leave_confirmation_blocks_reset(site: Site, env: BrowserEnv) -> None:
    asks = "<body style='height:190px'><script>addEventListener('beforeunload', e => e.preventDefault())</script>"
    env.execute(Navigate(site.add("/stays", asks)))
    env.execute(Click(ScreenPoint(20, 20)))
    with pytest.raises(ActionRefused, match="a dialog is open"):
        env.reset(CORNER)


def test_dialog_blocks_reset(site: Site, env: BrowserEnv) -> None:
    env.execute(Navigate(site.add("/asks", "<button style='width:200px;height:100px' onclick='alert(1)'>x</button>")))
    env.execute(Click(ScreenPoint(100, 50)))
    with pytest.raises(ActionRefused, match="a dialog is open"):
        env.reset(CORNER)
