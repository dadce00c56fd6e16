"""What pages ask of the browser: files, passkeys, devices, other windows and programs."""

from pathlib import Path

import pytest
from browser_pages import colour, visit
from page_site import Page, Site

from screenwright import BrowserEnv, Click, Direction, Drag, Hotkey, Navigate, ScreenPoint, Scroll, Type
from screenwright.envs.browser import BrowserSettings
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

BUTTON = ScreenPoint(100, 40)


def button(script: str) -> str:
    """A button that runs `script`, and reports the result of the promise `asked`."""
    return f"""<button class=at style="left:20px;top:20px;width:200px;height:40px">go</button><script>
      document.querySelector("button").onclick = async () => {{ let asked; {script};
        try {{ report("result", await asked); }} catch (error) {{ report("result", error.name); }} }};</script>"""


REQUESTS = {
    "passkey": "asked = navigator.credentials.get({publicKey: {challenge: new Uint8Array(32)}})",
    "new passkey": "asked = navigator.credentials.create({publicKey: {}})",
    "screen": "asked = navigator.mediaDevices.getDisplayMedia({video: true})",
    "device": "asked = navigator.usb.requestDevice({filters: []})",
    "input device": "asked = navigator.hid.requestDevice({filters: []}).then(found => `${found.length} Error`)",
    "account": "asked = navigator.credentials.get({identity: {providers: [{configURL: '/a.json', clientId: '1'}]}})",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_request_that_nothing_can_answer_is_refused_and_reported(shared: BrowserEnv, site: Site, name: str) -> None:
    visit(shared, site, button(REQUESTS[name]))
    shared.execute(Navigate(site.url.replace("127.0.0.1", "localhost") + "/page"))
    shared.execute(Click(BUTTON))
    eventually(lambda: str(site.reported.get("result", "")).endswith("Error"), True)
    (fact,) = shared.observe().facts
    assert "refused" in str(fact)


OPEN_FILE = "asked = showOpenFilePicker().then(async ([file]) => (await file.getFile()).text())"
OPEN_FOLDER = """asked = showDirectoryPicker().then(async folder =>
  (await (await folder.getFileHandle("ready.txt")).getFile()).text())"""
SAVE_FILE = """asked = showSaveFilePicker({suggestedName: "mine.txt"}).then(async file => {
  const stream = await file.createWritable(); await stream.write("saved"); await stream.close(); return file.name; })"""


def open_picker(env: BrowserEnv) -> None:
    """Press the button and wait for the picker that its script opens."""
    before = env.observe().screenshot
    env.execute(Click(BUTTON))
    eventually(lambda: env.observe().screenshot != before, True)


def test_files_and_folders_that_a_script_asks_for_are_chosen_in_a_dialog(site: Site, tmp_path: Path) -> None:
    for folder in ("up", "down"):
        (tmp_path / folder).mkdir()
    (tmp_path / "up" / "ready.txt").write_text("hello")
    settings = BrowserSettings(upload_from=(str(tmp_path / "up"),), downloads=str(tmp_path / "down"))
    with BrowserEnv(site.url + "/blank", settings=settings) as env:
        for script in (OPEN_FILE, OPEN_FOLDER):
            visit(env, site, button(script))
            open_picker(env)
            env.execute(Hotkey(("enter",)))
            eventually(lambda: site.reported.get("result"), "hello")
        visit(env, site, button(SAVE_FILE))
        open_picker(env)
        env.execute(Hotkey(("ctrl", "a")))
        env.execute(Type("other.txt", submit=True))
        eventually(lambda: site.reported.get("result"), "other.txt")
        eventually(lambda: [file.read_text() for file in (tmp_path / "down").glob("other.txt")], ["saved"])
        visit(env, site, button(OPEN_FILE))
        open_picker(env)
        env.execute(Hotkey(("escape",)))
        eventually(lambda: site.reported.get("result"), "AbortError")


def test_script_that_asks_for_a_file_is_refused_without_an_upload_folder(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, button(OPEN_FILE))
    shared.execute(Click(BUTTON))
    eventually(lambda: site.reported.get("result"), "AbortError")
    assert any("no upload folder is allowed" in str(fact) for fact in shared.observe().facts)


# -- windows and programs


def test_window_for_a_data_address_is_shown_and_waited_for_once(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, button("window.open('data:text/html,<h1>hi')"))
    done = shared.execute(Click(BUTTON))
    assert "limit" not in done.settled_by
    assert any("data: address" in str(fact) for fact in shared.observe().facts)
    assert shared.observe().location == "about:blank"
    shared.execute(Hotkey(("ctrl", "w")))


def test_window_that_a_script_writes_is_shown_without_waiting_for_its_end(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, button("window.open('').document.write('<title>Written</title><body bgcolor=lime>')"))
    done = shared.execute(Click(BUTTON))
    assert "limit" not in done.settled_by
    assert colour(shared, 600, 300) == (0, 255, 0)
    shared.execute(Hotkey(("ctrl", "w")))


@pytest.mark.parametrize("url", ["mailto:ada@example.org", "tel:123", "zoommtg://example.org/1"])
def test_link_to_another_program_is_reported(shared: BrowserEnv, site: Site, url: str) -> None:
    visit(shared, site, f"<a href='{url}' style='font-size:60px'>go</a>")
    shared.execute(Click(ScreenPoint(40, 40)))
    facts = shared.observe().facts
    assert any(url in str(fact) for fact in facts)


def test_file_name_keeps_as_much_as_a_file_system_can(site: Site, tmp_path: Path) -> None:
    name = "%E6%BC%A2" * 150 + ".bin"
    site.pages["/long"] = Page(
        b"12345", "application/octet-stream", {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    )
    url = site.add("/long-name", "<a href=/long style='font-size:60px'>get it</a>")
    with BrowserEnv(url, settings=BrowserSettings(downloads=str(tmp_path))) as env:
        for _ in range(2):
            env.execute(Click(ScreenPoint(60, 30)))
        eventually(lambda: len(list(tmp_path.iterdir())), 2)
    for file in tmp_path.iterdir():
        assert file.name.startswith("\u6f22" * 70)
        assert file.suffix == ".bin"


# -- full screen, pointer lock, drags and snapping


@pytest.mark.parametrize(
    ("script", "taken"),
    [
        ("document.documentElement.requestFullscreen()", "document.fullscreenElement"),
        ("document.body.requestPointerLock()", "document.pointerLockElement"),
    ],
)
def test_escape_ends_full_screen_and_pointer_lock(shared: BrowserEnv, site: Site, script: str, taken: str) -> None:
    visit(shared, site, f"""{button(script)}<script>
      for (const type of ["fullscreenchange", "pointerlockchange"])
        document.addEventListener(type, () => report("taken", Boolean({taken})));</script>""")  # fmt: skip
    shared.execute(Click(BUTTON))
    eventually(lambda: site.reported.get("taken"), True)
    shared.execute(Hotkey(("escape",)))
    eventually(lambda: site.reported.get("taken"), False)


def test_drag_that_has_to_be_held_before_it_moves_works(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<script>let held = false, timer;
      onpointerdown = () => { timer = setTimeout(() => { held = true; }, 100); };
      onpointermove = () => { if (!held) clearTimeout(timer); };
      onpointerup = event => report("dropped", held && event.clientX);</script>""")  # fmt: skip
    shared.execute(Drag((ScreenPoint(100, 300), ScreenPoint(400, 300))))
    eventually(lambda: site.reported.get("dropped"), 400)


@pytest.mark.parametrize("holder", ["html", "#box"])
def test_one_notch_scrolls_to_the_next_position_where_a_page_snaps(shared: BrowserEnv, site: Site, holder: str) -> None:
    visit(shared, site, f"""<style>{holder} {{ scroll-snap-type: y mandatory; }}
      #box {{ height: 100vh; {"overflow-y: scroll;" if holder == "#box" else ""} }} body {{ margin: 0; }}
      section {{ height: 100vh; scroll-snap-align: start; }}</style><div id=box>
      <section style='background:red'></section><section style='background:lime'></section>
      <section style='background:blue'></section></div>""")  # fmt: skip
    shared.execute(Scroll(Direction.DOWN, 1, ScreenPoint(600, 300)))
    eventually(lambda: colour(shared, 600, 300), (0, 255, 0))
    shared.execute(Scroll(Direction.UP, 1, ScreenPoint(600, 300)))
    eventually(lambda: colour(shared, 600, 300), (255, 0, 0))
