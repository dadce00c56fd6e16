"""Typing: every character arrives, with real keys, and text that does not arrive is reported."""

import pytest
from browser_pages import visit
from page_site import Site

from screenwright import ActionRefused, BrowserEnv, Click, Hotkey, KeyDown, KeyUp, ScreenPoint, Type
from screenwright.envs.env import Fact
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

FIELD = ScreenPoint(100, 40)
STYLE = "class=at style='left:20px;top:20px;width:300px;height:40px'"


@pytest.mark.parametrize(
    "later",
    ["setTimeout(go, 30)", "setTimeout(go, 90)", "requestAnimationFrame(() => setTimeout(go, 20))", "go()"],
)
def test_code_boxes_that_move_the_focus_later_get_every_digit(shared: BrowserEnv, site: Site, later: str) -> None:
    boxes = "".join(
        f"<input class=at maxlength=1 style='left:{20 + 60 * n}px;top:20px;width:40px;height:40px'>" for n in range(6)
    )
    visit(shared, site, f"""{boxes}<script>const boxes = [...document.querySelectorAll("input")];
      boxes.forEach((box, n) => {{ box.oninput = () => {{
        report("code", boxes.map(each => each.value).join(""));
        const go = () => boxes[n + 1]?.focus(); {later};
      }} }});</script>""")  # fmt: skip
    shared.execute(Click(ScreenPoint(40, 40)))
    shared.execute(Type("482913"))
    eventually(lambda: site.reported.get("code"), "482913")
    assert shared.observe().facts == ()


@pytest.mark.parametrize("later", ["setTimeout(set)", "setTimeout(set, 40)", "requestAnimationFrame(set)"])
def test_field_that_is_set_again_after_each_key_keeps_every_letter(shared: BrowserEnv, site: Site, later: str) -> None:
    visit(shared, site, f"""<input {STYLE} oninput="const typed = value; const set = () => {{
      value = typed; report('text', typed); }}; {later}">""")  # fmt: skip
    shared.execute(Click(FIELD))
    shared.execute(Type("Stanislav 123"))
    eventually(lambda: site.reported.get("text"), "Stanislav 123")


def test_long_text_reaches_an_editor_that_only_listens_to_keys(shared: BrowserEnv, site: Site) -> None:
    visit(
        shared,
        site,
        """<script>let text = "";
      onkeydown = event => { if (event.key.length === 1) { text += event.key; report("text", text); } };</script>""",
    )
    text = "The quick brown fox, #1! " * 6
    shared.execute(Type(text))
    eventually(lambda: site.reported.get("text"), text)


def test_long_text_in_a_field_arrives_with_keys_at_both_ends(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"""<textarea {STYLE} onkeyup="report('text', value); report('key', event.key)"></textarea>""")
    text = "Zeile für Zeile\n" * 40 + "end"
    shared.execute(Click(FIELD))
    assert shared.execute(Type(text)).method == "insert+keys"
    eventually(lambda: site.reported.get("text"), text)
    eventually(lambda: site.reported.get("key"), "d")


KEYS = """<script>const keys = []; onkeydown = onkeyup = event => {
  keys.push(`${event.type.slice(3)} ${event.code} ${event.key} ${event.shiftKey}`); report("keys", keys); };</script>"""


def test_shifted_characters_come_with_a_pressed_shift_key(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, KEYS)
    shared.execute(Type("a!"))
    wanted = [
        "down KeyA a false", "up KeyA a false", "down ShiftLeft Shift true", "down Digit1 ! true", "up Digit1 ! true",
        "up ShiftLeft Shift false",
    ]  # fmt: skip
    eventually(lambda: site.reported.get("keys"), wanted)


@pytest.mark.parametrize(
    ("keys", "typed"),
    [(("shift", "b"), "B"), (("shift", "1"), "!"), (("!",), "!"), (("b",), "b"), (("rightshift", "/"), "?")],
)
def test_hotkey_types_what_the_keys_of_a_keyboard_type(
    shared: BrowserEnv, site: Site, keys: tuple[str, ...], typed: str
) -> None:
    visit(shared, site, f"<input autofocus {STYLE} oninput=\"report('text', value)\">")
    shared.execute(Click(FIELD))
    shared.execute(Hotkey(keys))
    eventually(lambda: site.reported.get("text"), typed)


def test_letters_typed_while_shift_is_held_are_capitals(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"<input {STYLE} oninput=\"report('text', value)\">")
    shared.execute(Click(FIELD))
    shared.execute(KeyDown("shift"))
    shared.execute(Type("ab"))
    shared.execute(KeyUp("shift"))
    shared.execute(Type("c"))
    eventually(lambda: site.reported.get("text"), "ABc")


def test_text_that_nothing_takes_is_refused(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, "<p>nothing here</p>")
    shared.execute(Click(FIELD))
    shared.observe()
    with pytest.raises(ActionRefused, match="nothing on the page took the text"):
        shared.execute(Type("hello"))


def test_text_that_only_changes_the_look_of_a_button_is_reported(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"<button {STYLE}>go</button>")
    shared.execute(Click(FIELD))
    shared.observe()
    shared.execute(Type("hello"))  # shows the focus ring
    assert shared.observe().facts == (Fact("No input field received the typed text."),)


@pytest.mark.parametrize(
    ("field", "typed", "fact"),
    [
        ("oninput='value = value.slice(0, 4)'", "482913", '"4829"'),
        ("type=password maxlength=4", "482913", "4 characters"),
        ("oninput=\"value = ''\"", "482913", '""'),
        ("type=number", "4x29", '"429"'),
    ],
)
def test_text_that_the_field_changes_is_reported(
    shared: BrowserEnv, site: Site, field: str, typed: str, fact: str
) -> None:
    visit(shared, site, f"<input {STYLE} {field}>")
    shared.execute(Click(FIELD))
    shared.execute(Type(typed))
    (reported,) = shared.observe().facts
    assert str(reported) == f"The field does not contain the text as typed. It contains {fact}."


def test_text_that_the_field_only_formats_is_not_reported(shared: BrowserEnv, site: Site) -> None:
    visit(
        shared, site, f"<input {STYLE} oninput=\"value = value.replace(/\\D/g, '').replace(/(.{{4}})(?=.)/g, '$1 ')\">"
    )
    shared.execute(Click(FIELD))
    shared.execute(Type("4111111111111111"))
    assert shared.observe().facts == ()
