"""A program of the trial in Tk: rows of controls."""

import tkinter as tk
from tkinter import font

from state import changed, clicked, placed, report, shown_rows, spec

DARK = {"back": "#202226", "fore": "#e8e8e8", "field": "#2c2f36"}
LIGHT = {"back": "#eeeeee", "fore": "#111111", "field": "#ffffff"}
colours = DARK if spec.get("dark") else LIGHT
root = tk.Tk()
root.title(spec["title"])
root.configure(background=colours["back"], padx=24, pady=18)
text = font.nametofont("TkDefaultFont")
text.configure(size=-round(16 * spec.get("scale", 1.0)))
root.option_add("*Font", text)
x, y = spec.get("move", [60, 50])
root.geometry(f"+{x}+{y}")
common = {"background": colours["back"], "foreground": colours["fore"], "highlightthickness": 0}
pressed = {"activebackground": colours["field"], "activeforeground": colours["fore"]}
status = tk.StringVar()
controls: list[tuple[str, tk.Widget]] = []
groups: dict[str, tk.StringVar] = {}
kept: list[tk.Variable] = []


def press(name: str, label: str) -> None:
    """A button was pressed."""
    clicked(name)
    status.set(f"{label}: {name} was pressed")


def entry(parent: tk.Widget, name: str) -> tk.Widget:
    """A field."""
    value = tk.StringVar()
    kept.append(value)
    value.trace_add("write", lambda *_: changed(name, value.get()))
    made = tk.Entry(parent, textvariable=value, width=26, background=colours["field"], foreground=colours["fore"])
    made.configure(insertbackground=colours["fore"])
    made.bind("<Button-1>", lambda _: clicked(name))
    return made


def check(parent: tk.Widget, name: str, label: str) -> tk.Widget:
    """A check box."""
    value = tk.BooleanVar()
    kept.append(value)

    def toggled() -> None:
        clicked(name)
        changed(name, value.get())

    look = {**common, **pressed, "selectcolor": colours["field"]}
    return tk.Checkbutton(parent, text=label, variable=value, command=toggled, **look)


def radio(parent: tk.Widget, name: str, label: str, group: str) -> tk.Widget:
    """A choice of a group."""
    value = groups.setdefault(group, tk.StringVar(value="none"))
    look = {**common, **pressed, "selectcolor": colours["field"]}
    return tk.Radiobutton(parent, text=label, variable=value, value=name, command=lambda: clicked(name), **look)


def made_of(cell: dict[str, str], parent: tk.Widget) -> tk.Widget:
    """The control of a cell."""
    name, label = cell.get("id", ""), cell.get("text", "")
    match cell["kind"]:
        case "label":
            return tk.Label(parent, text=label, width=16, anchor="w", **common)
        case "entry":
            return entry(parent, name)
        case "check":
            return check(parent, name, label)
        case "radio":
            return radio(parent, name, label, cell["group"])
        case _:
            return tk.Button(parent, text=label, command=lambda: press(name, label), **common, **pressed)


for row in shown_rows():
    line = tk.Frame(root, background=colours["back"])
    line.pack(anchor="w", pady=5)
    for cell in row:
        control = made_of(cell, line)
        if not cell.get("hidden"):
            control.pack(side="left", padx=5)
            controls.append((cell.get("id", ""), control))
        else:
            tk.Frame(line, width=control.winfo_reqwidth(), height=10, background=colours["back"]).pack(side="left")
tk.Label(root, textvariable=status, **common).pack(anchor="w", pady=10)


def place() -> None:
    """Report where the controls are."""
    for name, control in controls:
        if name:
            width, height = control.winfo_width(), control.winfo_height()
            placed(name, control.winfo_rootx() + width / 2, control.winfo_rooty() + height / 2)
    report()


root.after(400, place)
root.mainloop()
