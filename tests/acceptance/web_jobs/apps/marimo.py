"""marimo: reactive notebooks, CodeMirror, a kernel behind a socket."""

from pathlib import Path

from screenwright import ScreenPoint

from ..app import App, Check, Site
from ..hand import Hand

BOOK = """import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from pathlib import Path
    return Path, mo


@app.cell
def _(mo):
    level = mo.ui.slider(0, 100, value=10, label="Level")
    level
    return (level,)


@app.cell
def _(mo):
    kind = mo.ui.dropdown(["red", "cobalt", "green"], value="red", label="Kind")
    kind
    return (kind,)


@app.cell
def _(mo):
    press = mo.ui.run_button(label="Write it")
    press
    return (press,)


@app.cell
def _(Path, kind, level, press):
    Path("state.txt").write_text(f"{level.value} {kind.value}")
    if press.value:
        Path("pressed.txt").write_text("pressed")
    f"state is {level.value} {kind.value}"
    return


if __name__ == "__main__":
    app.run()
"""


def prepare(folder: Path) -> None:
    for name in ("book.py",):
        (folder / name).write_text(BOOK)
    short = BOOK.partition("\n\n@app.cell\ndef _(mo)")[0] + '\n\nif __name__ == "__main__":\n    app.run()\n'
    for name in ("edit.py", "new.py"):
        (folder / name).write_text(short)


APP = App(
    "marimo",
    ("marimo",),
    ("BIN/marimo", "edit", "--headless", "--no-token", "--skip-update-check", "-p", "PORT"),
    environment={"XDG_CONFIG_HOME": "FOLDER/config", "HOME": "FOLDER"},
    prepare=prepare,
    moves=((1050, 690, 1260, 716),),  # meters of memory and processor
)
CELL = ".cm-content"
RUN = "[data-testid=run-button]"


def running(hand: Hand) -> None:
    """Open the notebook and run it."""
    hand.open("/?file=book.py")
    if hand.read("() => document.querySelectorAll('[data-testid=run-button]').length > 5"):
        hand.click(RUN, -1)


def write(hand: Hand, code: str, *, works: bool = False) -> None:
    """Write `code` into the first cell and run it."""
    hand.open("/?file=edit.py", works=True)
    hand.wait_for(CELL)
    hand.click(CELL)
    hand.press("ctrl", "a")
    hand.type(code)
    hand.press("ctrl", "enter", finish=True, works=works)


@APP.job
def run_a_notebook(hand: Hand, site: Site) -> Check:
    hand.open("/?file=book.py", works=True)  # starts a kernel
    hand.wait_for(CELL)
    hand.finish(RUN, -1)
    hand.at("'state is 10 red'")
    return lambda: site.file("state.txt") == "10 red"


@APP.job
def press_a_button(hand: Hand, site: Site) -> Check:
    running(hand)
    hand.finish("Write it")
    return lambda: site.file("pressed.txt") == "pressed"


@APP.job
def choose_in_a_list(hand: Hand, site: Site) -> Check:
    running(hand)
    hand.click("[data-testid=marimo-plugin-dropdown]")
    hand.press("down")
    hand.press("enter", finish=True)
    return lambda: "cobalt" in site.file("state.txt")


@APP.job
def drag_a_slider(hand: Hand, site: Site) -> Check:
    running(hand)
    thumb = hand.at("[data-testid=thumb]")
    hand.drag(thumb, ScreenPoint(thumb.x + 60, thumb.y))
    return lambda: not site.file("state.txt").startswith("10 ")


@APP.job
def write_a_loop(hand: Hand, site: Site) -> Check:
    write(hand, "for name in ['a', 'b']:\n    with open(f'{name}.log', 'w') as file:\n        file.write(name * 3)")
    return lambda: (site.file("a.log"), site.file("b.log")) == ("aaa", "bbb")


@APP.job
def see_a_result(hand: Hand, site: Site) -> Check:
    write(hand, "answer = 6 * 7\nf'the answer is {answer}'")
    hand.at("'the answer is 42'")
    return lambda: "answer = 6 * 7" in site.file("edit.py")


@APP.job
def see_a_slow_result(hand: Hand, site: Site) -> Check:
    write(hand, "import time\ntime.sleep(1.2)\nopen('slow.txt', 'w').write('x')\n'slow result'", works=True)
    hand.wait_for("'slow result'")
    return lambda: site.file("slow.txt") == "x"


@APP.job
def see_an_error(hand: Hand, site: Site) -> Check:
    write(hand, "open('before.txt', 'w').write('x')\nratio = 1 / (2 - 2)")
    hand.at("division by zero")
    return lambda: site.file("before.txt") == "x"


@APP.job
def add_a_cell(hand: Hand, site: Site) -> Check:
    hand.open("/?file=new.py", works=True)
    hand.wait_for("Python")
    hand.click("Python")
    hand.type("total = sum([1, 2, 3])\nopen('total.txt', 'w').write(str(total))")
    hand.press("ctrl", "enter", finish=True)
    return lambda: site.file("total.txt") == "6"
