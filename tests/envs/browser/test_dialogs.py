"""Dialogs, answered by rule and by the model, uploads and downloads; the gallery tests the other UI."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_pages import visit
from page_site import Page, Site

from screenwright import (
    Action,
    ActionRefused,
    BrowserEnv,
    Click,
    Hotkey,
    Navigate,
    Observation,
    ScreenPoint,
    Type,
    Wait,
)
from screenwright.envs.browser import BrowserSettings
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

BUTTON = ScreenPoint(100, 50)


@pytest.fixture(scope="module")
def by_rule(site: Site) -> Iterator[BrowserEnv]:
    with BrowserEnv(site.url + "/blank", settings=BrowserSettings(dialogs="rule")) as env:
        yield env


def button(script: str) -> str:
    return f'<button class=at style="width:200px;height:100px" onclick="{script}">x</button>'


def changes_screen(env: BrowserEnv, action: Action) -> tuple[str, ...]:
    """Perform `action` and wait for its effect, such as the next dialog; returns the facts observed with it."""
    before = env.observe().screenshot
    env.execute(action)
    seen = list[Observation]()

    def changed() -> bool:
        seen.append(env.observe())
        return seen[-1].screenshot != before

    eventually(changed, True)
    return tuple(str(fact) for each in seen for fact in each.facts)


@pytest.mark.parametrize(
    ("script", "message", "answer"),
    [
        ("alert('Hello there')", "Hello there", None),
        ("report('answer', confirm('Delete all?'))", "Delete all?", False),
        ("report('answer', prompt('Your name?') === null)", "Your name?", True),
    ],
)
def test_rule_declines_a_dialog_and_reports_it(
    by_rule: BrowserEnv, site: Site, script: str, message: str, answer: bool | None
) -> None:
    visit(by_rule, site, button(script))
    by_rule.execute(Click(BUTTON))
    assert any(message in str(fact) for fact in by_rule.observe().facts)
    eventually(lambda: site.reported.get("answer"), answer)


CONFIRMS_LEAVING = """<script>addEventListener('beforeunload', event => event.preventDefault())</script>
<button class=at style="width:200px;height:100px" onclick="location='/blank'">leave</button>"""


def test_rule_lets_a_page_block_a_click_but_not_our_navigation(by_rule: BrowserEnv, site: Site) -> None:
    visit(by_rule, site, CONFIRMS_LEAVING)
    by_rule.execute(Click(BUTTON))
    observation = by_rule.observe()
    assert observation.location.endswith("/page")
    assert any("leaving" in str(fact) for fact in observation.facts)
    by_rule.execute(Navigate(site.url + "/blank"))
    assert by_rule.observe().location.endswith("/blank")


def test_our_navigation_continues_when_the_leave_confirmation_is_answered(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, CONFIRMS_LEAVING.replace("location=", "//"))
    shared.execute(Click(BUTTON))
    done = shared.execute(Navigate(site.url + "/blank"))
    assert done.settled_by == "a dialog"
    assert shared.observe().location.endswith("/page")
    shared.execute(Hotkey(("enter",)))
    assert shared.observe().location.endswith("/blank")


def test_open_dialog_blocks_the_page_without_hanging(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, button("report('answer', confirm('Sure?'))"))
    shared.observe()
    shared.execute(Click(BUTTON))
    before = shared.observe()
    assert shared.execute(Wait(0.1)).settled_by == "a dialog"
    shared.execute(Click(ScreenPoint(900, 600)))
    assert shared.observe().screenshot == before.screenshot
    with pytest.raises(ActionRefused, match="a dialog is open"):
        shared.execute(Navigate(site.url + "/blank"))
    assert "answer" not in site.reported
    shared.execute(Hotkey(("escape",)))
    eventually(lambda: site.reported.get("answer"), False)


def test_click_that_opens_several_dialogs_continues_through_all_of_them(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, button("report('answer', [confirm('1'), prompt('2'), confirm('3')].join())"))
    for action in (Click(BUTTON), Hotkey(("enter",)), Type("two", submit=True), Hotkey(("escape",))):
        changes_screen(shared, action)
    eventually(lambda: site.reported.get("answer"), "true,two,false")


def test_too_many_consecutive_dialogs_are_answered_by_rule(
    shared: BrowserEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screenwright.envs.browser.ui.prompts.MAX_CONSECUTIVE", 2)
    visit(shared, site, button("for (let n = 0; n < 9; n++) alert('again ' + n); report('answer', true)"))
    facts = list[str]()
    for action in (Click(BUTTON), Hotkey(("enter",)), Hotkey(("enter",))):
        facts.extend(changes_screen(shared, action))
    eventually(lambda: site.reported.get("answer"), True)
    facts.extend(map(str, shared.observe().facts))
    assert any("again 8" in fact for fact in facts)


def test_no_file_is_uploaded_without_an_upload_folder(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<input type=file class=at style='top:200px;width:300px;height:100px'>")
    shared.execute(Click(ScreenPoint(40, 210)))
    assert any("no upload folder is allowed" in str(fact) for fact in shared.observe().facts)


def test_download_is_saved_under_a_safe_name(site: Site, tmp_path: Path) -> None:
    site.pages["/get"] = Page(
        b"a,b", "text/csv", {"Content-Disposition": 'attachment; filename="../../re\x01port.csv"'}
    )
    url = site.add("/downloads", "<a href=/get style='font-size:60px'>get it</a>")
    with BrowserEnv(url, settings=BrowserSettings(downloads=str(tmp_path))) as env:
        facts = list[str]()

        def downloads() -> int:
            facts.extend(map(str, env.observe().facts))
            return sum(fact.startswith("Downloaded") for fact in facts)

        for count in (1, 2):
            env.execute(Click(ScreenPoint(60, 30)))
            eventually(downloads, count)
    first, second = sorted(tmp_path.iterdir(), key=lambda path: len(path.name))
    assert first.read_bytes() == second.read_bytes() == b"a,b"
    assert all(any(path.name in fact for fact in facts) for path in (first, second))


def test_too_large_download_is_canceled(site: Site, tmp_path: Path) -> None:
    site.pages["/big"] = Page(b"x" * 30_000_000, "application/zip", {"Content-Disposition": "attachment"})
    url = site.add("/endless", "<a href=/big style='font-size:60px'>get it</a>")
    with BrowserEnv(url, settings=BrowserSettings(downloads=str(tmp_path), download_limit_mb=1)) as env:
        env.execute(Click(ScreenPoint(60, 30)))
        eventually(lambda: any("larger than 1.0 MB" in str(fact) for fact in env.observe().facts), True)
    assert not list(tmp_path.iterdir())
