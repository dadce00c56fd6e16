"""Tabs: following new ones, closing them, and the history of each."""

import pytest
from browser_pages import colour, visit
from page_site import Site

from screenwright import ActionRefused, Back, BrowserEnv, Click, Hotkey, Navigate, ScreenPoint
from screenwright.envs.browser import BrowserSettings
from screenwright.testing import eventually

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "opens", ["<a target=_blank href=/second>open</a>", "<a onclick=\"window.open('/second')\">open</a>"]
)
def test_new_tab_is_followed(shared: BrowserEnv, site: Site, opens: str) -> None:
    site.add("/second", "<body style='background:#0f0'>")
    visit(shared, site, f"<div class=at style='left:10px;top:10px;font-size:40px'>{opens}</div>")
    shared.execute(Click(ScreenPoint(40, 30)))
    eventually(lambda: any("new tab" in str(fact) for fact in shared.observe().facts), True)
    assert shared.observe().location.endswith("/second")
    assert colour(shared, 600, 600) == (0, 255, 0)


def test_closing_a_tab_shows_the_previous_one(shared: BrowserEnv, site: Site) -> None:
    site.add("/second", "<button style='width:200px;height:100px' onclick='window.close()'>x</button>")
    visit(shared, site, "<button style='width:200px;height:100px' onclick=\"window.open('/second')\">open</button>")
    shared.execute(Click(ScreenPoint(100, 50)))
    eventually(lambda: shared.observe().location.endswith("/second"), True)
    shared.execute(Click(ScreenPoint(100, 50)))
    eventually(lambda: shared.observe().location.endswith("/page"), True)


def test_closing_the_last_tab_opens_an_empty_one(site: Site) -> None:
    url = site.add("/closes", "<button style='width:200px;height:100px' onclick='window.close()'>x</button>")
    settings = BrowserSettings(switches=("--blink-settings=allowScriptsToCloseWindows=true",))
    with BrowserEnv(url, settings=settings) as env:
        env.execute(Click(ScreenPoint(100, 50)))
        observation = env.observe()
        assert (observation.location, len(observation.facts)) == ("about:blank", 1)
        env.execute(Navigate(site.url + "/blank"))


def test_window_hotkeys_reload_go_back_and_close_tabs(site: Site) -> None:
    site.reported.clear()
    url = site.add("/reported", "<script>report('loaded', Math.random())</script>")
    with BrowserEnv(url) as env:
        env.observe()
        eventually(lambda: "loaded" in site.reported, True)
        first = site.reported["loaded"]
        env.execute(Hotkey(("ctrl", "r")))
        eventually(lambda: site.reported["loaded"] != first, True)
        env.execute(Navigate(site.add("/opens", "<a target=_blank href=/blank style='font-size:90px'>open</a>")))
        env.execute(Click(ScreenPoint(60, 60)))
        eventually(lambda: env.observe().location.endswith("/blank"), True)
        env.execute(Hotkey(("ctrl", "w")))
        eventually(lambda: env.observe().location.endswith("/opens"), True)
        env.execute(Hotkey(("alt", "left")))
        eventually(lambda: env.observe().location.endswith("/reported"), True)
        with pytest.raises(ActionRefused, match="only tab"):
            env.execute(Hotkey(("ctrl", "w")))


def test_back_in_a_new_tab_stops_at_the_first_page_of_that_tab(site: Site) -> None:
    with BrowserEnv(site.add("/opens", "<a target=_blank href=/blank style='font-size:90px'>open</a>")) as env:
        env.execute(Click(ScreenPoint(60, 60)))
        env.execute(Navigate(site.url + "/"))
        env.execute(Back())
        eventually(lambda: env.observe().location.endswith("/blank"), True)
        with pytest.raises(ActionRefused, match="go back"):
            env.execute(Back())
