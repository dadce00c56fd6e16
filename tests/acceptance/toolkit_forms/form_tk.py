"""The form in Tk, with themed controls."""

import tkinter as tk
from tkinter import ttk

from state_file import BOXES, BUTTONS, COLOURS, FIELDS, ITEMS, NUMBER, SIZES, put

root = tk.Tk()
root.title("Order form")
root.geometry("640x520+100+50")
bar = tk.Menu(root)
file = tk.Menu(bar, tearoff=0)
export = tk.Menu(file, tearoff=0)
for label in ("New order", "Duplicate"):
    file.add_command(label=label, command=lambda label=label: put("menu", label))
for label in ("As PDF", "As text"):
    export.add_command(label=label, command=lambda label=label: put("menu", label))
file.add_cascade(label="Export", menu=export)
bar.add_cascade(label="File", menu=file)
root.config(menu=bar)
book = ttk.Notebook(root)
book.pack(fill="both", expand=True)
page, items = ttk.Frame(book), ttk.Frame(book)
book.add(page, text="Customer")
book.add(items, text="Items")
for row, name in enumerate(FIELDS):
    ttk.Label(page, text=name).grid(row=row, column=0, sticky="w", padx=8, pady=6)
    text = tk.StringVar()
    ttk.Entry(page, textvariable=text, width=40, show="*" if name == "Password" else "").grid(row=row, column=1)
    text.trace_add("write", lambda *_, name=name, text=text: put(name, text.get()))
for row, name in enumerate(BOXES, 3):
    on = tk.BooleanVar()
    box = ttk.Checkbutton(page, text=name, variable=on, command=lambda name=name, on=on: put(name, on.get()))
    box.grid(row=row, column=1, sticky="w")
size = tk.StringVar()
ttk.Label(page, text="Size").grid(row=6, column=0, sticky="w", padx=8)
sizes = ttk.Frame(page)
sizes.grid(row=6, column=1, sticky="w")
for name in SIZES:
    radio = ttk.Radiobutton(sizes, text=name, value=name, variable=size, command=lambda: put("Size", size.get()))
    radio.pack(side="left")
ttk.Label(page, text="Colour").grid(row=7, column=0, sticky="w", padx=8)
colour = ttk.Combobox(page, values=COLOURS, state="readonly")
colour.set(COLOURS[0])
colour.grid(row=7, column=1, sticky="w")
colour.bind("<<ComboboxSelected>>", lambda _: put("Colour", colour.get()))
ttk.Label(page, text="Notes").grid(row=8, column=0, sticky="nw", padx=8)
notes = tk.Text(page, width=40, height=4)
notes.grid(row=8, column=1, sticky="w")
notes.bind("<KeyRelease>", lambda _: put("Notes", notes.get("1.0", "end-1c")))
buttons = ttk.Frame(page)
buttons.grid(row=9, column=1, sticky="w", pady=10)
for name in BUTTONS:
    ttk.Button(buttons, text=name, command=lambda name=name: put("button", name)).pack(side="left")
ttk.Label(page, text=NUMBER).grid(row=10, column=1, sticky="w")
listed = tk.Listbox(items, height=6)
listed.insert("end", *ITEMS)
listed.pack()
listed.bind("<<ListboxSelect>>", lambda _: put("Item", [listed.get(i) for i in listed.curselection()]))
listed.bind("<Double-1>", lambda _: put("Opened", [listed.get(i) for i in listed.curselection()]))
put("ready", True)
root.mainloop()
