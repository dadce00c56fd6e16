"""The desktop program that the tests operate: a Tk window that writes the events it received as JSON after each one.

Run as `python3 stage.py FILE [TITLE] [COLOUR]` by a Python that has tkinter.
"""

import json
import sys
import tkinter as tk
from pathlib import Path

received: dict[str, object] = {
    "presses": 0, "text": "", "submissions": 0, "doubles": 0, "singles": 0, "drag": [], "wheel": [], "keys": [],
    "rights": 0, "shift_clicks": 0,
}  # fmt: skip
state = Path(sys.argv[1])


def report(**changes: object) -> None:
    received.update(changes)
    temporary = state.with_suffix(".new")
    temporary.write_text(json.dumps(received), encoding="utf-8")
    temporary.replace(state)


def add(name: str, value: int = 1) -> None:
    report(**{name: int(str(received[name])) + value})


def append(name: str, value: object) -> None:
    before = received[name]
    assert isinstance(before, list)
    report(**{name: [*before, value]})


root = tk.Tk()
root.title(sys.argv[2] if len(sys.argv) > 2 else "Stage")
root.geometry("640x480+0+0")
root.attributes("-fullscreen", True)
colour = sys.argv[3] if len(sys.argv) > 3 else "white"

text = tk.StringVar()


def report_text(*_: str) -> None:
    report(text=text.get())


text.trace_add("write", report_text)
field = tk.Entry(root, textvariable=text, insertofftime=0, font=("TkDefaultFont", 12))


def select_all(_: object) -> str:
    field.select_range(0, tk.END)
    return "break"


def drop_selection(_: object) -> None:
    """Text pasted over a selection replaces it, as in every other toolkit."""
    if field.select_present():
        field.delete(tk.SEL_FIRST, tk.SEL_LAST)


field.bind("<Return>", lambda _: add("submissions"))
field.bind("<Control-a>", select_all)
field.bind("<<Paste>>", drop_selection)
field.place(x=40, y=120, width=400, height=30)

button = tk.Button(root, text="Press", command=lambda: add("presses"), takefocus=False)
button.place(x=40, y=40, width=160, height=50)


def press_pad(_: object) -> None:
    pad.focus_set()
    add("singles")


pad = tk.Canvas(root, background=colour, highlightthickness=0)
pad.place(x=40, y=200, width=400, height=200)
pad.bind("<Button-1>", press_pad)
pad.bind("<Double-Button-1>", lambda _: add("doubles"))
pad.bind("<Button-3>", lambda _: add("rights"))
pad.bind("<Shift-Button-1>", lambda _: add("shift_clicks"))
pad.bind("<B1-Motion>", lambda event: append("drag", [event.x, event.y]))
pad.bind("<Button-4>", lambda _: append("wheel", 4))
pad.bind("<Button-5>", lambda _: append("wheel", 5))  # Tk 8 has no buttons above 5
root.bind_all("<Key>", lambda event: append("keys", event.char), add=True)

report()
root.mainloop()
