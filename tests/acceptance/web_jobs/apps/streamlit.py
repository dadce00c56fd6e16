"""Streamlit: React widgets, state on the server, answers by a socket."""

from screenwright import ScreenPoint

from ..app import App, Check, Site
from ..hand import Hand

APP = App(
    "streamlit",
    ("streamlit",),
    ("BIN/streamlit", "run", "HERE/order_streamlit.py", "--server.port", "PORT", "--server.headless", "true",
     "--browser.gatherUsageStats", "false"),
    environment={"STATE": "FOLDER/state.json"},
)  # fmt: skip


def begin(hand: Hand) -> None:
    hand.open("/", works=True)  # a server that has just started imports its libraries
    hand.wait_for("Save order")


APP.begin = begin
THUMB = """() => {
  const { x, y, width, height } = document.querySelector("[type=range]").closest("div").getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""
INPUT = "[aria-label='{}']"


@APP.job
def type_a_name(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click(INPUT.format("Full name"))
    hand.type("Nora Lindqvist")
    hand.press("enter")
    hand.finish("Save order")
    return site.saves("name", "Nora Lindqvist")


@APP.job
def type_a_name_and_press_the_button_at_once(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click(INPUT.format("Full name"))
    hand.type("Ada")
    hand.click("Save order")
    hand.finish("Save order")
    return site.saves("name", "Ada")


@APP.job
def step_a_number(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("[data-testid=stNumberInputStepUp]")
    hand.click("[data-testid=stNumberInputStepUp]")
    hand.finish("Save order")
    return site.saves("pieces", 3)


@APP.job
def choose_a_colour(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Red")
    hand.click("Cobalt")
    hand.finish("Save order")
    return site.saves("colour", "Cobalt")


@APP.job
def choose_two_tags(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("[aria-label=Tags]")
    hand.click("late")
    hand.click("fragile")
    hand.press("esc")
    hand.finish("Save order")
    return site.saves("tags", ["late", "fragile"])


@APP.job
def choose_a_size_and_gift_wrap(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Medium")
    hand.click("Gift wrap")
    hand.finish("Save order")
    return lambda: (site.saved().get("size"), site.saved().get("gift")) == ("Medium", True)


@APP.job
def drag_a_slider(hand: Hand, site: Site) -> Check:
    hand.open("/")
    x, y = hand.read(THUMB)
    hand.drag(ScreenPoint(x, y), ScreenPoint(x + 130, y))
    hand.finish("Save order")
    return lambda: 40 <= site.saved().get("weight", 0) <= 60


@APP.job
def switch_express_on(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Express")
    hand.finish("Save order")
    return site.saves("express", True)


@APP.job
def wait_for_a_computation(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Compute", works=True)
    hand.wait_for("The result is 42")
    return site.saves("computed", True)


@APP.job
def ask_in_a_chat(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Chat")
    hand.click("Say something")
    hand.type("good morning", submit=True)
    hand.at("You said good morning and I heard it well")
    return site.saves("said", "good morning")


@APP.job
def edit_a_cell_of_a_table(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Table")
    hand.double_click("[data-testid=stDataFrameResizable]", dx=150)
    hand.press("ctrl", "a")
    hand.type("7")
    hand.press("enter")
    hand.finish("Save table")
    return lambda: 7 in [row["count"] for row in site.saved().get("rows", [])]
