"""Gradio: Svelte widgets, a queue on the server, answers as an event stream."""

from ..app import App, Check, Site
from ..hand import Hand

APP = App(
    "gradio",
    ("gradio",),
    ("BIN/python", "HERE/order_gradio.py"),
    environment={"STATE": "FOLDER/state.json", "GRADIO_ANALYTICS_ENABLED": "0"},
)


@APP.job
def type_a_name(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("[data-testid=textbox]")
    hand.type("Nora Lindqvist")
    hand.finish("Save order")
    return site.saves("name", "Nora Lindqvist")


@APP.job
def type_a_number(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.fill("[aria-label=Pieces]", "12")
    hand.finish("Save order")
    return site.saves("pieces", 12)


@APP.job
def choose_a_colour(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("[aria-label=Colour]")
    hand.click("Cobalt")
    hand.finish("Save order")
    return site.saves("colour", "Cobalt")


@APP.job
def choose_a_size(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Medium")
    hand.finish("Save order")
    return site.saves("size", "Medium")


@APP.job
def check_gift_wrap(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Gift wrap")
    hand.finish("Save order")
    return site.saves("gift", True)


@APP.job
def drag_a_slider(hand: Hand, site: Site) -> Check:
    hand.open("/")
    middle = hand.at("[type=range]")
    width = hand.read("() => document.querySelector('[type=range]').getBoundingClientRect().width")
    hand.drag(hand.at("[type=range]", dx=0.4 * (16 - width)), middle)
    hand.finish("Save order")
    return lambda: 45 <= site.saved().get("weight", 0) <= 55


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
def wait_for_a_count(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Slow")
    hand.click("Count", works=True)
    hand.wait_for("Count")
    return site.saves("counted", 6)


@APP.job
def ask_in_a_chat(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("Chat")
    hand.click("[data-testid=textbox]")
    hand.type("good morning", submit=True)
    hand.at("You said good morning and I heard it well")
    return site.saves("said", "good morning")
