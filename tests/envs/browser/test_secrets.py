"""Secrets in a browser: typed where they belong, and in nothing that is recorded, sent or shown.

Most scenarios run with two values of the same length: if any pixel depended on the value, the runs would differ.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from browser_pages import visit
from ocr import text_on
from page_site import Page, Site
from pyotp import random_base32
from pyotp.totp import TOTP

from screenwright import (
    Acted,
    Action,
    ActionResult,
    Agent,
    BrowserEnv,
    BrowserSettings,
    Decided,
    EnvLost,
    Hotkey,
    Limits,
    Message,
    Navigate,
    Note,
    Observed,
    RunError,
    ScriptedModel,
    ScriptedPolicy,
    Secret,
    Size,
    StopReason,
    Supervision,
    Type,
    UiTars15,
    read_run,
    render_page,
)
from screenwright.agent.core.messages import ImagePart
from screenwright.agent.record.steps import resume_point
from screenwright.cli.main import main
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

VALUES = ("hunter-Two&7", "BEACON/42-xy")
STYLE = "<style>*{font:16px monospace}</style>"
LOGIN = f"""<title>Login</title>{STYLE}<form action="/done"><input name=user autofocus size=12>
<input id=p type=password name=password><button>Go</button></form>"""
TAB, ENTER = Hotkey(("tab",)), Hotkey(("enter",))


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[BrowserEnv]:
    settings = BrowserSettings(settle_limit_s=30.0, load_limit_s=60.0, tab_strip=True)
    with BrowserEnv(site.url + "/blank", viewport=Size(640, 300), settings=settings) as env:
        yield env


def assert_nothing_shows(folder: Path, *values: str, has_replies: bool = False) -> None:
    """No file of the run contains a value, nor does anything that is made from it."""
    (folder / "view.html").write_text(render_page(read_run(folder).events))
    dialect = [] if has_replies else ["--dialect", "ui-tars-1.5"]
    for name, flags in {"chat": [], "hf": ["--format", "hf", "--per", "episode"]}.items():
        assert main(["export", str(folder), "--out", str(folder / name), *flags, *dialect]) == 0
    for path in filter(Path.is_file, folder.rglob("*")):
        content = path.read_bytes()
        for value in values:
            for form in (value, quote(value, safe=""), json.dumps(value)[1:-1], value.replace("&", "&amp;")):
                assert form.encode() not in content, f"{form} in {path}"


def pictures(folder: Path) -> list[str]:
    return [event.observation.screenshot.sha256 for event in read_run(folder).events if isinstance(event, Observed)]


def texts(folder: Path) -> list[str]:
    """What the events say, without times and sizes of files."""
    kept = [event for event in read_run(folder).events if isinstance(event, Acted | Decided | Note | Observed)]
    return [re.sub(r"result=ActionResult\([^)]*\)|capture_s=[\d.e-]+|change=.*", "", repr(event)) for event in kept]


def perform(
    browser: BrowserEnv, folder: Path, value: str, *steps: Sequence[Action], place: str = "127.0.0.1"
) -> tuple[list[str], list[str]]:
    """Perform `steps` on the open page; the pictures and texts of the run, in which nothing shows `value`."""
    agent = Agent(policy=ScriptedPolicy([*map(tuple, steps)]), secrets=[Secret("bank", value, place)])
    assert agent.run("Log in as alice with {{bank}}", browser, out=folder).finished
    assert_nothing_shows(folder, value)
    return pictures(folder), texts(folder)


def assert_logged_in(site: Site, value: str) -> None:
    """Alice arrives with `value`."""
    wanted = {"user": ["alice"], "password": [value]}
    eventually(lambda: any(parse_qs(urlsplit(each).query) == wanted for each in site.requests), True)


def test_login_types_the_value_and_records_the_handle(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    runs: list[tuple[list[str], list[str]]] = []
    for value in VALUES:
        path = f"/done?user=alice&password={quote(value, safe='')}"
        site.add(path, f"{STYLE}<title>Hello {value}</title>Welcome")  # the address and the title echo it
        visit(browser, site, LOGIN, "/login")
        runs.append(perform(browser, tmp_path / value[:3], value, [Type("alice\t{{bank}}")], [ENTER]))
        assert_logged_in(site, value)
    assert runs[0] == runs[1]
    events = read_run(tmp_path / VALUES[0][:3]).events
    assert [event.observation.location for event in events if isinstance(event, Observed)][-1].endswith(
        "/done?user=alice&password={{bank}}"
    )


ECHOES = f"""<title>Echo</title>{STYLE}<input id=p type=password autofocus><p id=a><p id=b><p id=c><p id=f><p>
<textarea id=d rows=1></textarea><input id=e><iframe id=g width=300 height=40></iframe><div id=h></div>
<style>#c::before{{content:attr(data-x)}}</style><script>
h.attachShadow({{mode: "open"}});
p.oninput = () => {{
  const value = p.value;
  p.type = "text";
  a.textContent = "you typed " + value;
  b.innerHTML = [...value].map(each => "<i>" + each.replace("&", "&amp;") + "</i>").join("");
  c.dataset.x = value;
  d.value = " " + value;
  e.placeholder = value;
  f.textContent = "a line " + value + " that goes on";
  g.srcdoc = "<style>*{{font:16px monospace}}</style>" + value.replace("&", "&amp;");
  h.shadowRoot.textContent = value.toUpperCase();
  document.title = value;
}};</script>"""


def test_what_a_page_makes_of_a_value_is_masked(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    runs: list[tuple[list[str], list[str]]] = []
    for value in VALUES:
        visit(browser, site, ECHOES, "/echo")
        runs.append(perform(browser, tmp_path / value[:3], value, [Type("{{bank}}")], [Type("more")]))
    assert runs[0] == runs[1]


def test_values_that_the_page_has_already_are_masked(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    runs: list[tuple[list[str], list[str]]] = []
    for value in VALUES:
        escaped = value.replace("&", "&amp;")
        visit(browser, site, f"{STYLE}<title>{escaped}</title><input value='{escaped}'><p>{escaped}", "/filled")
        runs.append(perform(browser, tmp_path / value[:3], value, [Navigate(site.url + "/filled")]))
    assert runs[0] == runs[1]


def test_a_secret_is_not_typed_into_another_page(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    inner = f"{STYLE}<input id=p autofocus>"
    site.add("/inner", inner)
    visit(browser, site, f"<iframe src='{site.other}/inner'></iframe>", "/outer")
    steps: list[Sequence[Action]] = [[Type("{{bank}}")], [Navigate(site.other + "/inner")], [Type("me {{bank}}")]]
    steps += [[Type("{{other}}")], [Navigate(f"{site.url}/?q={{{{bank}}}}")], [TAB]]
    _, said = perform(browser, tmp_path / "run", VALUES[0], *steps)
    refused = [event.refused for event in read_run(tmp_path / "run").events if isinstance(event, Acted)]
    assert refused == [
        "nothing on the page took the text; click the field to type into first",
        None,
        "{{bank}} was not typed: it belongs to 127.0.0.1, and the focus is in a page of localhost",
        "there is no secret {{other}}; there are: {{bank}}",
        f"{{{{bank}}}} can only be typed, not used in go to {site.url}/?q={{{{bank}}}}",
        None,
    ]
    assert any("Your last action could not be executed: {{bank}} was not typed" in each for each in said)


def test_frames_of_other_sites_get_only_their_own_secret(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    site.add("/inner", f"{STYLE}<body style='margin:10px'><input id=p autofocus type=password><p id=e></p>"
             "<script>p.oninput = () => { e.textContent = p.value; report('typed', p.value); }</script>")  # fmt: skip
    runs: list[tuple[list[str], list[str]]] = []
    for value in VALUES:
        visit(browser, site, f"{STYLE}<p>Top</p><iframe src='{site.other}/inner' width=400></iframe>", "/outer")
        runs.append(
            perform(browser, tmp_path / value[:3], value, [TAB], [Type("{{bank}}")], [Type("x")], place="localhost")
        )
        eventually(lambda: site.reported.get("typed"), f"{value}x")
    assert runs[0] == runs[1]


def test_a_page_that_moves_the_focus_to_another_site_gets_no_further_key(
    browser: BrowserEnv, site: Site, tmp_path: Path
) -> None:
    site.add(
        "/thief", "<input id=p><script>onmessage = () => p.focus(); p.oninput = () => report('got', p.value)</script>"
    )
    robbed = f"""<input id=p autofocus><iframe id=f src="{site.other}/thief"></iframe>
        <script>p.oninput = () => p.value.length === 3 && f.contentWindow.postMessage(0, "*")</script>"""
    visit(browser, site, robbed, "/robbed")
    perform(browser, tmp_path / "run", VALUES[0], [Type("{{bank}}")], [Type("!")])
    assert VALUES[0][3:5] not in str(site.reported.get("got", ""))


def replies(*contents: str) -> list[str]:
    return [*(f"Thought: go\nAction: {content}" for content in contents), "Action: finished(content='done {{bank}}')"]


def prompts(model: ScriptedModel) -> str:
    def shown(message: Message) -> str:
        return " ".join("" if isinstance(part, ImagePart) else part.text for part in message.parts)

    return "\n".join(shown(message) for asked in model.asked for message in asked)


def test_prompts_name_the_handle_and_never_hold_the_value(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    visit(browser, site, LOGIN, "/login")
    script = replies("type(content='alice')", "hotkey(key='tab')", "what?", "type(content='{{bank}}')")
    model = ScriptedModel(script)
    agent = Agent(model, dialect=UiTars15(), secrets=[Secret("bank", VALUES[0], "127.0.0.1")])
    result = agent.run(f"Log in with {VALUES[0]}", browser, out=tmp_path / "run")
    assert (result.answer, result.parse_failures) == ("done {{bank}}", 1)
    assert VALUES[0] not in prompts(model)
    assert "Log in with {{bank}}\n\nSecrets that you can type: {{bank}} (127.0.0.1). Write the name" in prompts(model)
    assert_nothing_shows(tmp_path / "run", VALUES[0], has_replies=True)
    assert read_run(tmp_path / "run").started.secrets == ("bank",)


class CrashesOnce(BrowserEnv):
    """Is lost once after a secret was typed, with an error that repeats it."""

    crashes = True

    def execute(self, action: Action) -> ActionResult:
        result = super().execute(action)
        if self.crashes and action == Type("{{bank}}"):
            self.crashes = False
            raise EnvLost(f"lost while typing {VALUES[0]} at http://x/?{quote(VALUES[0])}")
        return result


def test_a_crash_while_typing_and_a_resumed_run_keep_the_secret(site: Site, tmp_path: Path) -> None:
    page, run, secrets = site.add("/login", LOGIN), tmp_path / "run", [Secret("bank", VALUES[0], "127.0.0.1")]
    with CrashesOnce(page, viewport=Size(640, 300)) as env:
        policy, supervision = ScriptedPolicy([(Type("alice\t"),), (Type("{{bank}}"),)]), Supervision(restarts=1)
        agent = Agent(policy=policy, limits=Limits(steps=2), secrets=secrets, supervision=supervision)
        assert agent.run("Log in with {{bank}}", env, out=run).stop is StopReason.STEP_LIMIT
        assert resume_point(read_run(run).events).unconfirmed == Type("{{bank}}")
        with pytest.raises(RunError, match="types the secret bank, which is missing: give it again"):
            Agent(policy=ScriptedPolicy([(ENTER,)])).continue_run(run, env)
        assert Agent(policy=ScriptedPolicy([(ENTER,)]), secrets=secrets).continue_run(run, env).finished
    assert_logged_in(site, VALUES[0])
    assert_nothing_shows(run, VALUES[0])


def test_a_password_of_the_task_is_hidden_once_it_was_typed(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    runs: list[tuple[list[str], list[str]]] = []
    for value in VALUES:
        visit(browser, site, ECHOES, "/echo")
        policy = ScriptedPolicy([(Type(value),), (Hotkey(("ctrl", "a")), Type(value)), (Type("!"),)])
        folder = tmp_path / value[:3]
        assert Agent(policy=policy).run(f"log in with {value}", browser, out=folder).finished
        lines = (folder / "events.jsonl").read_text().splitlines()
        names = [json.loads(line)["event"] for line in lines if json.dumps(value)[1:-1] in line]
        assert names == ["started", "decided", "intended"]
        notes = [event.text for event in read_run(folder).events if isinstance(event, Note)]
        assert ["--secret" in note for note in notes] == [True]
        runs.append((pictures(folder), []))
    assert runs[0] == runs[1]


def test_one_time_codes_are_made_when_they_are_typed(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    key = random_base32()
    visit(browser, site, "<input id=p autofocus><script>p.oninput = () => report('code', p.value)</script>", "/otp")
    secret = Secret("otp", key, "127.0.0.1", totp=True)
    run = tmp_path / "run"
    assert Agent(policy=ScriptedPolicy([(Type("{{otp}}"),)]), secrets=[secret]).run("Go", browser, out=run).finished
    eventually(lambda: len(str(site.reported.get("code", ""))), 6)
    code = str(site.reported["code"])
    assert TOTP(key).verify(code, valid_window=1)
    assert_nothing_shows(run, key, code)


def test_dialogs_of_the_browser_get_the_value_and_show_the_handle(
    browser: BrowserEnv, site: Site, tmp_path: Path
) -> None:
    login = base64.b64encode(f"alice:{VALUES[0]}".encode()).decode()
    site.pages["/private"] = Page(
        b"""<script>navigator.sendBeacon("/reported?9e15", '{"in": true}')</script>""", login=f"Basic {login}"
    )
    visit(
        browser,
        site,
        "<script>setTimeout(() => { report('said', prompt('Password?')); alert(reported.said); })</script>",
        "/ask",
    )
    steps: list[Sequence[Action]] = [[Type("{{bank}}")], [ENTER], [ENTER]]
    steps += [[Navigate(site.url + "/private")], [Type("alice\t{{bank}}")], [ENTER]]
    perform(browser, tmp_path / "run", VALUES[0], *steps)
    eventually(lambda: site.reported, {"said": VALUES[0], "in": True})


@pytest.mark.reader
def test_the_reader_types_a_secret(site: Site, tmp_path: Path) -> None:
    form = """<form action=/done><label>Name <input name=user></label><br>
        <label>Password <input name=password type=password></label><br><button>Go</button></form>"""
    page = site.add("/sign-in", STYLE + form)
    site.add(f"/done?user=alice&password={quote(VALUES[0], safe='')}", f"<h1>Welcome, alice</h1><h1>{VALUES[0]}</h1>")
    task = 'Type "alice" into the "Name" field. Type {{bank}} into the "Password" field. Click "Go".'
    agent = Agent("reader", secrets=[Secret("bank", VALUES[0], "127.0.0.1")])
    with BrowserEnv(page, viewport=Size(640, 300)) as env:
        result = agent.run(task, env, out=tmp_path / "run")
    assert result.stop is StopReason.FINISHED
    assert_logged_in(site, VALUES[0])
    assert VALUES[0] not in (tmp_path / "run/events.jsonl").read_text()
    seen = [event.observation.screenshot for event in read_run(tmp_path / "run").events if isinstance(event, Observed)]
    assert "Welcome" in text_on(seen[-1])
    assert not [shot for shot in seen if "unter" in text_on(shot)]


def test_a_password_of_the_task_is_not_typed_into_another_site(browser: BrowserEnv, site: Site, tmp_path: Path) -> None:
    value = VALUES[0]
    page = "<input id=p type=password autofocus><script>p.oninput = () => report(location.hostname, p.value)</script>"
    visit(browser, site, page, "/lure")
    steps: list[tuple[Action, ...]] = [(Type(value),), (Navigate(f"{site.other}/lure"),), (Type(value),), (TAB,)]
    Agent(policy=ScriptedPolicy(steps)).run(f"log in with {value}", browser, out=tmp_path / "run")
    eventually(lambda: site.reported, {"127.0.0.1": value})
    refused = [event.refused for event in read_run(tmp_path / "run").events if isinstance(event, Acted)][2]
    assert refused is not None
    assert refused.startswith(
        f"{{{{password}}}} was not typed: it belongs to {site.url}, and the focus is in a page of {site.other}"
    )
