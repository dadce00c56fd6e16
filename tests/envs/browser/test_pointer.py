"""Mouse and keys are no faster than a person's, and the wheel changes no values."""

import pytest
from browser_pages import visit
from page_site import Site

from screenwright import BrowserEnv, Button, Click, Direction, Drag, Hotkey, ScreenPoint, Scroll, Type, Wait
from screenwright.envs.env import Fact
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

AT = ScreenPoint(100, 50)
STYLE = "class=at style='left:20px;top:20px;width:200px;height:60px'"


@pytest.mark.parametrize("kind", ["number", "text"])
def test_wheel_over_a_focused_field_scrolls_and_changes_nothing(shared: BrowserEnv, site: Site, kind: str) -> None:
    visit(shared, site, f"""<input type={kind} value=42 {STYLE}><p style='height:3000px'></p><script>
      onscroll = () => report("state", [document.querySelector("input").value, scrollY > 0]);</script>""")  # fmt: skip
    shared.execute(Click(AT))
    shared.execute(Scroll(Direction.DOWN, 3, AT))
    eventually(lambda: site.reported.get("state"), ["42", True])
    assert shared.observe().facts == ()
    shared.execute(Scroll(Direction.UP, 9, AT))
    shared.execute(Hotkey(("up",)))
    shared.execute(Scroll(Direction.DOWN, 3, AT))
    eventually(lambda: site.reported.get("state"), ["43" if kind == "number" else "42", True])


def test_value_that_the_page_changes_by_the_wheel_is_reported(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"""<input value=42 {STYLE}><script>
      const input = document.querySelector("input");
      input.addEventListener("wheel", event => {{ event.preventDefault(); input.value--; }}, {{ passive: false }});
      </script>""")  # fmt: skip
    shared.execute(Scroll(Direction.DOWN, 3, AT))
    assert shared.observe().facts == (Fact("Scrolling over a field changed its value from {} to {}.", ("42", "39")),)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_page_draws_a_frame_while_a_button_is_pressed(shared: BrowserEnv, site: Site, count: int) -> None:
    visit(shared, site, f"""<p {STYLE}></p><script>let pressed = false, drawn = 0, clicks = 0;
      onpointerdown = () => {{ pressed = true; requestAnimationFrame(() => {{ drawn += pressed; }}); }};
      onpointerup = () => {{ pressed = false; }};
      onclick = event => report("clicks", [event.detail, drawn]);</script>""")  # fmt: skip
    shared.execute(Click(AT, Button.LEFT, count))
    eventually(lambda: site.reported.get("clicks"), [count, count])


# A document's time is that of its latest frame.
TIMED = """<script>let at = 0, own = null;
  const press = () => { at = document.timeline.currentTime; };
  onmousedown = () => { press(); own?.(); };
  onmouseup = () => report("same", document.timeline.currentTime === at);</script>"""


def test_press_on_a_page_in_which_nothing_runs_is_not_held_until_a_frame(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"<button {STYLE}>Still</button>{TIMED}")

    def pressed_within_a_frame() -> object:  # on a busy machine, a frame may be drawn all the same
        shared.execute(Wait(0.3))
        shared.execute(Click(AT))
        return site.reported.get("same")

    eventually(pressed_within_a_frame, True)


@pytest.mark.parametrize(
    "body",
    [
        f"<p {STYLE}>Loop</p>{TIMED}<script>(function look() {{ requestAnimationFrame(look); }})();</script>",
        f"<p {STYLE}>Poll</p>{TIMED}<script>setInterval(() => {{}}, 30);</script>",
        f"<p {STYLE}>Later</p>{TIMED}<script>own = () => setTimeout(() => {{}}, 400);</script>",
        f"<p {STYLE}>Change</p>{TIMED}<script>own = () => document.body.classList.toggle('on');</script>",
        f"<input type=range {STYLE}>{TIMED}",
        f"<closed-part {STYLE}>Own</closed-part>{TIMED}",
    ],
    ids=["frames", "a poll", "a timer", "a change", "a slider", "a part of its own"],
)
def test_press_is_held_until_a_frame_was_drawn_where_the_page_may_look(
    shared: BrowserEnv, site: Site, body: str
) -> None:
    visit(shared, site, body)
    shared.execute(Wait(0.3))
    shared.execute(Click(AT))
    eventually(lambda: site.reported.get("same"), False)


def test_game_that_looks_at_the_keys_in_each_frame_sees_every_key(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<script>const held = new Set(), seen = new Set();
      onkeyup = event => held.delete(event.key);
      const look = () => { for (const key of held) seen.add(key); report("seen", [...seen]); };
      onkeydown = event => { held.add(event.key); requestAnimationFrame(look); };</script>""")  # fmt: skip
    shared.execute(Hotkey(("right",)))
    eventually(lambda: site.reported.get("seen"), ["ArrowRight"])


def test_drag_rests_before_the_release(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<script>let moved = 0, at = [];
      onpointermove = event => {
        if (at.join() !== `${event.x},${event.y}`) moved = event.timeStamp;
        at = [event.x, event.y];
      };
      onpointerup = event => report("rest", [event.x, event.y, event.timeStamp - moved > 60]);</script>""")  # fmt: skip
    shared.execute(Drag((AT, ScreenPoint(300, 200))))
    eventually(lambda: site.reported.get("rest"), [300, 200, True])


CODE_STYLE = "class=at style='left:20px;top:20px;width:500px;height:200px;font:15px monospace'"
HELPS = """<script>const field = document.querySelector("textarea");
  const put = (text, back = 0) => { field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.selectionStart = field.selectionEnd -= back; };
  field.onkeydown = event => {
    if (event.key === "(") { event.preventDefault(); put("()", 1); }
    if (event.key === "Enter") { event.preventDefault(); put("\\n" + /(^|\\n)( *)[^\\n]*$/.exec(field.value)[2]); }
  };</script>"""
REPORTS = """<script>for (const type of ["keyup", "input", "paste"]) addEventListener(type, () => setTimeout(() => {
  const field = document.querySelector("textarea, [contenteditable]");
  report("text", field.value ?? field.innerText); }));</script>"""
CODE = "def f(a):\n    if a:\n        return (a)\n    return None\n"
PASTES = """<script>e.onpaste = event => { event.preventDefault();
  const text = event.clipboardData.getData("text/plain"); CHANGE; }</script>"""


@pytest.mark.parametrize("text", [CODE, "print(a"])
def test_code_arrives_in_an_editor_as_text(shared: BrowserEnv, site: Site, text: str) -> None:
    visit(shared, site, f"<textarea {CODE_STYLE}></textarea>{HELPS}{REPORTS}")
    shared.execute(Click(AT))
    shared.execute(Type(text))
    eventually(lambda: site.reported.get("text"), text)
    assert shared.observe().facts == ()


def test_editor_that_takes_pastes_gets_one(shared: BrowserEnv, site: Site) -> None:
    pastes = PASTES.replace("CHANGE", "e.innerText = text")
    visit(shared, site, f"<pre id=e contenteditable {STYLE}></pre>{pastes}{REPORTS}")
    shared.execute(Click(AT))
    assert shared.execute(Type("one\n  two")).method == "paste"
    eventually(lambda: site.reported.get("text"), "one\n  two")
    assert shared.observe().facts == ()


def test_field_that_blocks_pastes_gets_the_text(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"<textarea id=e {STYLE}></textarea>{PASTES.replace('CHANGE', '')}{REPORTS}")
    shared.execute(Click(AT))
    shared.execute(Type("one\ntwo"))
    eventually(lambda: site.reported.get("text"), "one\ntwo")


def test_line_that_an_editor_changes_is_reported(shared: BrowserEnv, site: Site) -> None:
    change = "e.innerText = text.replace('two', '    two')"
    visit(shared, site, f"<pre id=e contenteditable {STYLE}></pre>" + PASTES.replace("CHANGE", change))
    shared.execute(Click(AT))
    shared.execute(Type("one\n  two\nthree"))
    sentence = "The editor does not show the text as typed. Its line 2 is indented by 6 characters instead of 2: {}."
    assert shared.observe().facts == (Fact(sentence, ("two",)),)


def test_lines_for_a_message_box_do_not_send_it(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"""<textarea {STYLE} onkeydown="if (event.key === 'Enter') {{
      event.preventDefault(); report('sent', value); value = ''; }}"></textarea>""")  # fmt: skip
    shared.execute(Click(AT))
    shared.execute(Type("one\ntwo", submit=True))
    eventually(lambda: site.reported.get("sent"), "one\ntwo")


def test_terminal_gets_every_line_by_keys(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, """<textarea aria-multiline=false style='opacity:0'></textarea><script>let lines = "";
      onclick = () => document.querySelector("textarea").focus();
      onkeydown = event => { lines += event.key[0]; report("lines", lines); };</script>""")  # fmt: skip
    shared.execute(Click(AT))
    shared.execute(Type("ls\ncd\n"))
    eventually(lambda: site.reported.get("lines"), "lsEcdE")
