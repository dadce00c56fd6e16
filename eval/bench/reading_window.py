"""A Tk window generated from a seed, for `reading_bench.py --windows`; writes the positions of its words and controls.

    /usr/bin/python3 eval/bench/reading_window.py FILE SEED

Runs under a Python with tkinter, without Screenwright. FILE becomes JSON in the format of the benchmark's pages: words
and controls with their corners in screen pixels.
"""

import json
import random
import sys
import tkinter
from pathlib import Path
from tkinter import font as fonts

from reading_words import WORDS


def lorem(dice, least, most):
    """A few random words."""
    return " ".join(dice.choices(WORDS.split(), k=dice.randint(least, most)))


class Window:
    """The window. `marks` are functions that yield the words of a widget once it is drawn."""

    def __init__(self, seed):
        dice = random.Random(seed)
        self.root = tkinter.Tk()
        self.root.geometry(f"{self.root.winfo_screenwidth()}x{self.root.winfo_screenheight()}+0+0")
        self.ground, self.ink, self.paper = dice.choice(
            (("#d9d9d9", "black", "white"), ("#f4f4f4", "#202020", "white"), ("#2e3436", "#eeeeec", "#1d2123"))
        )
        self.root.configure(bg=self.ground)
        size = dice.choice((13, 15, 18, 26))
        self.font = fonts.Font(family=dice.choice(("DejaVu Sans", "Liberation Sans", "DejaVu Serif")), size=-size)
        self.root.title("Orders")
        self.marks, self.controls = [], []
        self.fill(dice)

    def fill(self, dice):
        """Create all widgets."""
        prose = self.add(tkinter.Text, width=64, height=4, wrap="word", bg=self.paper, insertontime=0)
        prose.insert("1.0", lorem(dice, 24, 34))
        self.controls.append(("text area", prose, None))
        self.marks.append(lambda: self.of_text(prose))
        for value in (lorem(dice, 1, 2), ""):
            label = self.add(tkinter.Label, text=lorem(dice, 1, 2).capitalize(), anchor="w", bd=0, padx=0)
            self.marks.append(lambda label=label: self.of_line(label, label["text"], label.winfo_rootx()))
            entry = self.add(tkinter.Entry, width=24, bg=self.paper, insertontime=0)
            entry.insert(0, value)
            self.controls.append(("text field", entry, None))
            self.marks.append(lambda entry=entry: self.of_entry(entry))
        self.keep = []
        for kind, widget in (("checkbox", tkinter.Checkbutton),) * 3 + (("radio", tkinter.Radiobutton),) * 2:
            checked = dice.random() < 0.5
            state = tkinter.IntVar(value=int(checked))
            self.keep.append(state)
            more = {"value": 1} if kind == "radio" else {}
            tick = self.add(
                widget, text=lorem(dice, 1, 2).capitalize(), anchor="w", variable=state, bd=0, padx=0, **more
            )
            tick.configure(selectcolor=self.paper)
            self.controls.append((kind, tick, checked))
            self.marks.append(lambda tick=tick: self.of_line(tick, tick["text"], self.right_of(tick)))
        for state in ("normal", "normal", "disabled"):
            button = self.add(tkinter.Button, text=lorem(dice, 1, 2).title(), state=state)
            self.controls.append(("button", button, None))
            self.marks.append(lambda button=button: self.of_line(button, button["text"], self.text_left_of(button)))

    def add(self, widget, **options):
        """Add a widget below the last one."""
        options = {"font": self.font, "fg": self.ink, "bg": self.ground, "highlightthickness": 0, **options}
        made = widget(self.root, **options)
        made.pack(anchor="w", padx=24, pady=5)
        return made

    def right_of(self, tick):
        """The left edge of a checkbox's text, which is right-aligned."""
        return tick.winfo_rootx() + tick.winfo_width() - self.font.measure(tick["text"])

    def text_left_of(self, button):
        """The left edge of a button's centered text."""
        return button.winfo_rootx() + (button.winfo_width() - self.font.measure(button["text"])) / 2

    def of_line(self, widget, text, left):
        """The words of a line that starts at `left`, as high as the widget."""
        top = widget.winfo_rooty()
        for word, start, end in self.measured(text):
            yield word, left + start, top, left + end, top + widget.winfo_height()

    def of_entry(self, entry):
        """The words in a field."""
        text = entry.get()
        left, top, _, height = entry.bbox(0) if text else (0, 0, 0, 0)
        for word, start, end in self.measured(text):
            x, y = entry.winfo_rootx() + left, entry.winfo_rooty() + top
            yield word, x + start, y, x + end, y + height

    def of_text(self, prose):
        """The words of a multi-line text."""
        at = "1.0"
        for word in prose.get("1.0", "end-1c").split():
            at = prose.search(word, at, "end")
            last = f"{at}+{len(word) - 1}c"
            first, end = prose.bbox(at), prose.bbox(last)
            if first and end:
                x, y = prose.winfo_rootx(), prose.winfo_rooty()
                yield word, x + first[0], y + first[1], x + end[0] + end[2], y + end[1] + end[3]
            at = f"{last}+1c"

    def measured(self, text):
        """Each word with its start and end relative to the line."""
        start_at = 0
        for word in text.split():
            at = text.index(word, start_at)
            yield word, self.font.measure(text[:at]), self.font.measure(text[: at + len(word)])
            start_at = at + len(word)

    def report(self, path):
        """Write all positions."""
        self.root.update()
        words = [word for mark in self.marks for word in mark()]
        controls = []
        for kind, widget, checked in self.controls:
            x, y = widget.winfo_rootx(), widget.winfo_rooty()
            right = self.right_of(widget) if kind in ("checkbox", "radio") else x + widget.winfo_width()
            controls.append((kind, x, y, right, y + widget.winfo_height(), checked, None))
        Path(path).write_text(json.dumps({"words": words, "controls": controls}), encoding="utf-8")


if __name__ == "__main__":
    window = Window(int(sys.argv[2]))
    window.root.after(400, window.report, sys.argv[1])
    window.root.mainloop()
