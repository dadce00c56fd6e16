"""Dialogs answered by rule, and what else a browser asks or brings, besides the traps of the gallery."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_site import Page, Site

from screenwright import ActionRefused, BrowserEnv, Click, Hotkey, Navigate, ScreenPoint, Type, Wait
from screenwright.envs.browser import BrowserSettings
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

BUTTON = ScreenPoint(100, 50)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/blank", "")
        yield site


@pytest.fixture(scope="module")
def asking(site: Site) -> Iterator[BrowserEnv]:
    with BrowserEnv(site.url + "/blank") as env:
        yield env


@pytest.fixture(scope="module")
def by_rule(site: Site) -> Iterator[BrowserEnv]:
    with BrowserEnv(site.url + "/blank", settings=BrowserSettings(dialogs="rule")) as env:
        yield env


def visit(env: BrowserEnv, site: Site, body: str, path: str = "/page") -> None:
    site.told.clear()
    env.execute(Navigate(site.add(path, body)))


def button(script: str) -> str:
    return f'<button class=at style="width:200px;height:100px" onclick="{script}">x</button>'


@pytest.mark.parametrize(
    ("script", "says", "answer"),
    [
        ("alert('Hello there')", "Hello there", None),
        ("tell('answer', confirm('Delete all?'))", "Delete all?", False),
        ("tell('answer', prompt('Your name?') === null)", "Your name?", True),
    ],
)
def test_by_rule_a_dialog_is_declined_and_told(
    by_rule: BrowserEnv, site: Site, script: str, says: str, answer: bool | None
) -> None:
    visit(by_rule, site, button(script))
    by_rule.execute(Click(BUTTON))
    assert any(says in fact for fact in by_rule.observe().facts)
    eventually(lambda: site.told.get("answer"), answer)


HOLDS_BACK = """<script>addEventListener('beforeunload', event => event.preventDefault())</script>
<button class=at style="width:200px;height:100px" onclick="location='/blank'">leave</button>"""


def test_by_rule_a_page_may_hold_back_a_click_but_not_our_own_navigation(by_rule: BrowserEnv, site: Site) -> None:
    visit(by_rule, site, HOLDS_BACK)
    by_rule.execute(Click(BUTTON))
    look = by_rule.observe()
    assert look.place.endswith("/page")
    assert any("leave" in fact for fact in look.facts)
    by_rule.execute(Navigate(site.url + "/blank"))
    assert by_rule.observe().place.endswith("/blank")


def test_our_own_navigation_is_asked_too_and_goes_on_when_it_is_answered(asking: BrowserEnv, site: Site) -> None:
    visit(asking, site, HOLDS_BACK.replace("location=", "//"))
    asking.execute(Click(BUTTON))
    done = asking.execute(Navigate(site.url + "/blank"))
    assert done.settled_by == "a dialog"
    assert asking.observe().place.endswith("/page")
    asking.execute(Hotkey(("enter",)))
    assert asking.observe().place.endswith("/blank")


def test_while_a_dialog_is_open_the_page_is_out_of_reach_and_nothing_hangs(asking: BrowserEnv, site: Site) -> None:
    visit(asking, site, button("tell('answer', confirm('Sure?'))"))
    asking.observe()
    asking.execute(Click(BUTTON))
    before = asking.observe()
    assert asking.execute(Wait(0.1)).settled_by == "a dialog"
    asking.execute(Click(ScreenPoint(900, 600)))
    assert asking.observe().screenshot == before.screenshot
    with pytest.raises(ActionRefused, match="a dialog is open"):
        asking.execute(Navigate(site.url + "/blank"))
    assert "answer" not in site.told
    asking.execute(Hotkey(("escape",)))
    eventually(lambda: site.told.get("answer"), False)


def test_a_click_that_opens_several_dialogs_goes_on_through_all_of_them(asking: BrowserEnv, site: Site) -> None:
    visit(asking, site, button("tell('answer', [confirm('1'), prompt('2'), confirm('3')].join())"))
    asking.execute(Click(BUTTON))
    asking.execute(Hotkey(("enter",)))
    asking.execute(Type("two", submit=True))
    asking.execute(Hotkey(("escape",)))
    eventually(lambda: site.told.get("answer"), "true,two,false")


def test_too_many_dialogs_in_a_row_are_answered_by_rule(
    asking: BrowserEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screenwright.envs.browser.ui.prompts.MOST_IN_A_ROW", 2)
    visit(asking, site, button("for (let n = 0; n < 9; n++) alert('again ' + n); tell('answer', true)"))
    asking.execute(Click(BUTTON))
    asking.execute(Hotkey(("enter",)))
    asking.execute(Hotkey(("enter",)))
    eventually(lambda: site.told.get("answer"), True)
    assert any("again 8" in fact for fact in asking.observe().facts)


def test_no_file_is_given_where_no_folder_is_allowed(asking: BrowserEnv, site: Site) -> None:
    visit(asking, site, "<input type=file class=at style='top:200px;width:300px;height:100px'>")
    asking.execute(Click(ScreenPoint(40, 210)))
    assert any("no folder is allowed" in fact for fact in asking.observe().facts)


def test_a_download_lands_in_the_folder_under_a_safe_name(site: Site, tmp_path: Path) -> None:
    site.pages["/get"] = Page(
        b"a,b", "text/csv", {"Content-Disposition": 'attachment; filename="../../re\x01port.csv"'}
    )
    url = site.add("/downloads", "<a href=/get style='font-size:60px'>get it</a>")
    with BrowserEnv(url, settings=BrowserSettings(downloads=str(tmp_path))) as env:
        for _ in range(2):
            env.execute(Click(ScreenPoint(60, 30)))
        facts = " ".join(env.observe().facts)
    first, second = sorted(tmp_path.iterdir(), key=lambda path: len(path.name))
    assert first.read_bytes() == second.read_bytes() == b"a,b"
    assert first.name in facts
    assert second.name in facts


def test_a_download_without_end_is_called_off(site: Site, tmp_path: Path) -> None:
    site.pages["/big"] = Page(b"x" * 30_000_000, "application/zip", {"Content-Disposition": "attachment"})
    url = site.add("/endless", "<a href=/big style='font-size:60px'>get it</a>")
    with BrowserEnv(url, settings=BrowserSettings(downloads=str(tmp_path), download_limit_mb=1)) as env:
        env.execute(Click(ScreenPoint(60, 30)))
        eventually(lambda: any("over 1.0 MB" in fact for fact in env.observe().facts), True)
    assert not list(tmp_path.iterdir())
