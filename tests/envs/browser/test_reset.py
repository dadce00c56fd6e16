"""A browser that is begun anew for the next episode finds nothing of the one before, or says what it found."""

from collections.abc import Iterator

import pytest
from page_site import Site

from screenwright import ActionRefused, BrowserEnv, ButtonDown, Click, Navigate, ScreenPoint, Size

pytestmark = pytest.mark.browser

REMEMBERS = """<script>
tell('found', [document.cookie, localStorage.name ?? '', sessionStorage.name ?? ''].join())
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


def test_nothing_that_a_page_stored_is_found_again(site: Site, env: BrowserEnv) -> None:
    url = site.add("/remembers", REMEMBERS)
    found: list[object] = []
    for begins_anew in (False, False, True):
        if begins_anew:
            assert env.reset(CORNER) == ()
            assert env.observe().place == "about:blank"
        env.execute(Navigate(url))
        found.append(site.told["found"])
    assert found == [",,", "name=Ann,Ann,Ann", ",,"]


def test_the_pointer_is_where_it_was_put(site: Site, env: BrowserEnv) -> None:
    url = site.add(
        "/presses", "<body style='height:190px' onmousedown=\"tell('at', [event.clientX, event.clientY].join())\">"
    )
    env.execute(Navigate(url))
    env.execute(Click(ScreenPoint(20, 20)))
    env.reset(ScreenPoint(200, 100))
    env.execute(Navigate(url))
    env.execute(ButtonDown())
    env.release()
    assert site.told["at"] == "200,100"


def test_another_tab_is_told_of(site: Site, env: BrowserEnv) -> None:
    site.add("/second", "")
    env.execute(Navigate(site.add("/opens", "<a target=_blank href=/second style='font-size:40px'>open</a>")))
    env.execute(Click(ScreenPoint(40, 30)))
    (fact,) = env.reset(CORNER)
    assert "new tab" in fact


def test_a_page_that_asks_before_it_is_left_is_in_the_way(site: Site, env: BrowserEnv) -> None:
    asks = "<body style='height:190px'><script>addEventListener('beforeunload', e => e.preventDefault())</script>"
    env.execute(Navigate(site.add("/stays", asks)))
    env.execute(Click(ScreenPoint(20, 20)))
    with pytest.raises(ActionRefused, match="a dialog is open"):
        env.reset(CORNER)


def test_a_dialog_is_in_the_way(site: Site, env: BrowserEnv) -> None:
    env.execute(Navigate(site.add("/asks", "<button style='width:200px;height:100px' onclick='alert(1)'>x</button>")))
    env.execute(Click(ScreenPoint(100, 50)))
    with pytest.raises(ActionRefused, match="a dialog is open"):
        env.reset(CORNER)
