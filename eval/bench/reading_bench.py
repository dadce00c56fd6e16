"""Accuracy and CPU time of the embedded reader on pages and windows with known words and controls.

    .venv/bin/python eval/bench/reading_bench.py [--seeds 100-103] [--windows] [--tesseract]

Each page is generated from its seed: text, a form with native widgets and a table, light or dark, at scale 1 or 2. The
page itself reports its words, controls and their boxes; the reader only sees the screenshot. A Tk window (`--windows`,
`reading_window.py`) has text, fields, checkboxes and buttons, in three fonts from 13 to 26 px, light or dark. Each
image is read again unchanged, and with one field filled in, to measure the cache.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from reading_words import WORDS

from screenwright import Click, DesktopEnv, Hotkey, ScreenPoint, Size, Type, VirtualDisplay
from screenwright.agent.reader.similarity import normalize
from screenwright.agent.reader.vision.ocr import shared_ocr
from screenwright.agent.reader.vision.perception import read_image
from screenwright.agent.reader.vision.screen import Area, ControlKind, Screen
from screenwright.envs.actions import Wait
from screenwright.envs.desktop import GrantedFolder, Sandbox

CHROMIUM = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")
KINDS = {
    "button": (ControlKind.BUTTON,),
    "text field": (ControlKind.FIELD,),
    "text area": (ControlKind.TEXT_AREA, ControlKind.FIELD),
    "checkbox": (ControlKind.CHECKBOX,),
    "radio": (ControlKind.RADIO,),
    "drop-down": (ControlKind.DROP_DOWN,),
    "link": (ControlKind.LINK,),
    "slider": (ControlKind.SLIDER,),
}
TRUTH = """() => {
  const words = [], range = document.createRange();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    if (node.parentElement.closest('option, script, style')) continue;
    for (const match of node.data.matchAll(/\\S+/g)) {
      range.setStart(node, match.index); range.setEnd(node, match.index + match[0].length);
      const box = range.getBoundingClientRect();
      if (box.width && box.bottom <= innerHeight && box.right <= innerWidth)
        words.push([match[0], box.x, box.y, box.right, box.bottom]);
    }
  }
  const controls = [...document.querySelectorAll('[data-kind]')].map(one => {
    const box = one.getBoundingClientRect();
    return [one.dataset.kind, box.x, box.y, box.right, box.bottom, one.checked ?? null, one.disabled ?? null];
  }).filter(one => one[4] <= innerHeight);
  return {words, controls};
}"""


@dataclass
class Tally:
    """Counts over pages."""

    words: Counter[str] = field(default_factory=Counter[str])
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    cpu: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


def page_of(seed: int) -> tuple[str, int]:
    """The HTML of a page, and its device scale factor."""
    dice = random.Random(seed)
    lorem = lambda least, most: " ".join(dice.choices(WORDS.split(), k=dice.randint(least, most)))  # noqa: E731 -- one line reads better than a function
    dark = dice.random() < 0.4
    rows = "".join(
        f"<tr>{''.join(f'<td>{lorem(1, 2)}' for _ in range(4))}<td>{dice.randint(1, 9999)}" for _ in range(5)
    )
    options = "".join(f"<option>{lorem(1, 1).title()}" for _ in range(4))
    ticks = "".join(
        f"<label><input data-kind={kind} type={kind} name=r{turn if kind == 'checkbox' else ''}"
        f" {'checked' if dice.random() < 0.5 else ''}> {lorem(1, 2).capitalize()}</label> "
        for turn, kind in enumerate(["checkbox"] * 4 + ["radio"] * 3)
    )
    body = f"""<h1>{lorem(2, 3).title()}</h1>
    <p>{lorem(18, 30)} <a data-kind=link href=#>{lorem(2, 2)}</a> {lorem(12, 20)}.</p>
    <p><label>{lorem(1, 2).capitalize()} <input data-kind='text field'></label>
       <label>{lorem(1, 1).capitalize()} <input data-kind='text field' value='{lorem(1, 2)}'></label>
       <label>{lorem(1, 1).capitalize()} <select data-kind=drop-down>{options}</select></label></p>
    <p>{ticks}</p>
    <p><textarea data-kind='text area' rows=4 cols=40></textarea> <input data-kind=slider type=range></p>
    <p><button data-kind=button>{lorem(1, 2).title()}</button>
       <button data-kind=button disabled>{lorem(1, 1).title()}</button>
       <button data-kind=button class=primary>{lorem(1, 1).title()}</button></p>
    <table>{rows}</table>"""
    font = f"{dice.choice((13, 14, 16))}px {dice.choice(('DejaVu Sans', 'DejaVu Serif'))}"
    style = f""":root {{ color-scheme: {"dark" if dark else "light"} }} body {{ font: {font}; margin: 24px }}
      .primary {{ background: #1a5fb4; color: white; border: 0; border-radius: 6px; padding: 8px 16px }}
      td {{ padding: 2px 14px }}"""
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{body}", dice.choice((1, 1, 2))


@contextmanager
def open_page(seed: int) -> Iterator[tuple[Page, int]]:
    """The page of a seed, open in Chromium, and its scale."""
    html, scale = page_of(seed)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        page = browser.new_page(viewport={"width": 1280, "height": 720}, device_scale_factor=scale)
        page.set_content(html)
        try:
            yield page, scale
        finally:
            browser.close()


def screenshot_of(page: Page) -> Image.Image:
    """A screenshot of the page."""
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        page.screenshot(path=file.name)
        return Image.open(file.name).convert("RGB").copy()


def count_words(tally: Counter[str], truth: list[list[Any]], seen: Sequence[tuple[str, Area]], scale: int) -> None:
    """Count the true words, those that were read, and those whose center is in the true box."""
    left = list(seen)
    for text, *corners in truth:
        box = Area(*(edge * scale for edge in corners))
        tally["true"] += 1
        found = next((each for each in left if normalize(each[0]) == normalize(text) and _overlap(each[1], box)), None)
        if found is not None:
            left.remove(found)
            tally["read"] += 1
            across, down = found[1].centre
            tally["centred"] += box.left <= across <= box.right and box.top <= down <= box.bottom
    tally["seen"] += len(seen)


def count_kinds(tally: Counter[tuple[str, str]], truth: list[list[Any]], screen: Screen, scale: int) -> None:
    """Count the true controls found at their position, of their kind, and in their state; and what was found."""
    for kind, left, top, right, bottom, checked, _ in truth:
        box = Area(left * scale, top * scale, right * scale, bottom * scale)
        here = [one for one in screen.controls if box.contains(Area(*one.area.centre, *one.area.centre), slack=0)]
        fitting = [one for one in here if one.kind in KINDS[kind]]
        tally[kind, "true"] += 1
        tally[kind, "found"] += bool(fitting)
        if kind in ("checkbox", "radio") and fitting:
            tally[kind, "states"] += 1
            tally[kind, "state right"] += fitting[0].checked == checked
    for kind, kinds in KINDS.items():
        tally[kind, "seen"] += len(screen.of_kind(kinds[0]))


def _overlap(one: Area, other: Area) -> bool:
    return one.row_overlap(other) > 0.3 and one.column_overlap(other) > 0.3


def timed(tally: Tally, name: str, work: Callable[[], Screen]) -> Screen:
    """Run `work` and store its CPU seconds."""
    start = time.process_time()
    done = work()
    tally.cpu.setdefault(name, []).append(time.process_time() - start)
    return done


@dataclass(frozen=True, slots=True)
class Sample:
    """An image with known words and controls, and the same with one field filled in."""

    image: Image.Image
    changed: Image.Image
    truth: dict[str, list[list[Any]]]
    scale: int = 1


def page_sample(seed: int) -> Sample:
    """A page in Chromium."""
    with open_page(seed) as (page, scale):
        truth, image = page.evaluate(TRUTH), screenshot_of(page)
        page.locator("input[data-kind='text field']").first.fill("Ada Lovelace")
        return Sample(image, screenshot_of(page), truth, scale)


def window_sample(seed: int) -> Sample:
    """A Tk window on a virtual display."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        program = ("/usr/bin/python3", str(Path(__file__).with_name("reading_window.py")), str(report), str(seed))
        granted = Sandbox(folders=(GrantedFolder(Path(__file__).parent), GrantedFolder(Path(folder), writable=True)))
        with DesktopEnv(virtual=VirtualDisplay(Size(1280, 720), (program,), sandbox=granted)) as env:
            env.observe()
            env.execute(Wait(1.0))
            truth, image = json.loads(report.read_text()), env.observe().screenshot.image
            field = next(one for one in truth["controls"] if one[0] == "text field")
            for action in (Click(ScreenPoint(field[1] + 40, (field[2] + field[4]) / 2)), Hotkey(("ctrl", "a"))):
                env.execute(action)
            env.execute(Type("Ada Lovelace"))
            return Sample(image, env.observe().screenshot.image, truth)


def measure(sample: Sample, tally: Tally, others: Counter[str] | None) -> None:
    """Read an image, read it again, and read it with a field filled in; also with tesseract if `others` is given."""
    scale, image = sample.scale, sample.image
    shared_ocr()._known.clear()
    screen = timed(tally, f"first, scale {scale}", lambda: read_image(image))
    timed(tally, f"unchanged, scale {scale}", lambda: read_image(image))
    timed(tally, f"one field changed, scale {scale}", lambda: read_image(sample.changed))
    words = [(word.text, word.area) for segment in screen.segments for word in segment.words]
    count_words(tally.words, sample.truth["words"], words, scale)
    count_kinds(tally.kinds, sample.truth["controls"], screen, scale)
    if others is not None:
        count_words(others, sample.truth["words"], tesseract(image), scale)


def tesseract(image: Image.Image) -> list[tuple[str, Area]]:
    """The words that tesseract reads at twice the size, where it is best."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        image.resize((image.width * 2, image.height * 2)).save(path)
        command = ["tesseract", str(path), "-", "--psm", "11", "tsv"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    found: list[tuple[str, Area]] = []
    for line in lines:
        *_, left, top, width, height, confidence, text = line.split("\t")
        if text.strip() and float(confidence) > 30:
            x, y, w, h = (int(number) / 2 for number in (left, top, width, height))
            found.append((text, Area(x, y, x + w, y + h)))
    return found


def line(name: str, words: Counter[str]) -> str:
    """A row with recall and precision of words."""
    return (
        f"{name:12} {words['true']:5} words  recall {words['read'] / words['true']:.3f}  "
        f"precision {words['read'] / max(words['seen'], 1):.3f}  "
        f"center in the box {words['centred'] / max(words['read'], 1):.3f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", default="100-103", metavar="A-B", help="which pages (default: %(default)s)")
    parser.add_argument(
        "--tesseract", action="store_true", help="compare with tesseract (apt-get install tesseract-ocr)"
    )
    parser.add_argument("--windows", action="store_true", help="Tk windows on a virtual display instead of pages")
    given = parser.parse_args(arguments)
    first, _, last = given.seeds.partition("-")
    read_image(Image.new("RGB", (200, 100), "white"))  # load the models before timing
    tally, others = Tally(), Counter[str]() if given.tesseract else None
    for seed in range(int(first), int(last or first) + 1):
        measure(window_sample(seed) if given.windows else page_sample(seed), tally, others)
    print(line("reader", tally.words))
    if others is not None:
        print(line("tesseract", others))
    for kind in KINDS:
        true, found, seen = (tally.kinds[kind, name] for name in ("true", "found", "seen"))
        states = tally.kinds[kind, "states"]
        state = f"  state right {tally.kinds[kind, 'state right']}/{states}" if states else ""
        print(f"{kind:12} found {found}/{true}, {seen} seen{state}")
    for name, seconds in sorted(tally.cpu.items()):
        print(f"{name:28} {sum(seconds) / len(seconds):.2f} s of CPU")
    return 0


if __name__ == "__main__":
    sys.exit(main())
