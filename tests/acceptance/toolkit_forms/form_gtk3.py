"""The form in GTK 3."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402
from state_file import BOXES, BUTTONS, COLOURS, FIELDS, ITEMS, NUMBER, SIZES, put  # noqa: E402

window = Gtk.Window(title="Order form")
window.set_default_size(640, 520)
window.connect("destroy", Gtk.main_quit)
column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
window.add(column)


def submenu(parent, label):
    """A menu called `label` in `parent`."""
    item, menu = Gtk.MenuItem(label=label), Gtk.Menu()
    item.set_submenu(menu)
    parent.append(item)
    return menu


def entries(menu, *labels):
    """Add entries to `menu`."""
    for label in labels:
        item = Gtk.MenuItem(label=label)
        item.connect("activate", lambda _, label=label: put("menu", label))
        menu.append(item)


bar = Gtk.MenuBar()
column.pack_start(bar, False, False, 0)
file = submenu(bar, "File")
entries(file, "New order", "Duplicate")
entries(submenu(file, "Export"), "As PDF", "As text")
book = Gtk.Notebook()
column.pack_start(book, True, True, 0)
grid = Gtk.Grid(column_spacing=12, row_spacing=8, margin=12)
book.append_page(grid, Gtk.Label(label="Customer"))
for row, name in enumerate(FIELDS):
    grid.attach(Gtk.Label(label=name, xalign=0), 0, row, 1, 1)
    entry = Gtk.Entry(visibility=name != "Password", width_chars=40)
    entry.connect("changed", lambda entry, name=name: put(name, entry.get_text()))
    grid.attach(entry, 1, row, 1, 1)
for row, name in enumerate(BOXES, 3):
    box = Gtk.CheckButton(label=name)
    box.connect("toggled", lambda box, name=name: put(name, box.get_active()))
    grid.attach(box, 1, row, 1, 1)
grid.attach(Gtk.Label(label="Size", xalign=0), 0, 6, 1, 1)
sizes, first = Gtk.Box(spacing=10), None
for name in SIZES:
    radio = Gtk.RadioButton.new_with_label_from_widget(first, name)
    first = first or radio
    radio.connect("toggled", lambda radio, name=name: radio.get_active() and put("Size", name))
    sizes.add(radio)
grid.attach(sizes, 1, 6, 1, 1)
grid.attach(Gtk.Label(label="Colour", xalign=0), 0, 7, 1, 1)
colour = Gtk.ComboBoxText()
for name in COLOURS:
    colour.append_text(name)
colour.set_active(0)
colour.connect("changed", lambda colour: put("Colour", colour.get_active_text()))
grid.attach(colour, 1, 7, 1, 1)
grid.attach(Gtk.Label(label="Notes", xalign=0), 0, 8, 1, 1)
notes = Gtk.TextView()
notes.set_size_request(300, 70)
text = notes.get_buffer()
text.connect("changed", lambda text: put("Notes", text.get_text(text.get_start_iter(), text.get_end_iter(), True)))
frame = Gtk.Frame()
frame.add(notes)
grid.attach(frame, 1, 8, 1, 1)
buttons = Gtk.Box(spacing=8)
for name in BUTTONS:
    button = Gtk.Button(label=name)
    button.connect("clicked", lambda _, name=name: put("button", name))
    buttons.add(button)
grid.attach(buttons, 1, 9, 1, 1)
grid.attach(Gtk.Label(label=NUMBER, xalign=0), 1, 10, 1, 1)
listed = Gtk.ListBox(activate_on_single_click=False)
for name in ITEMS:
    listed.add(Gtk.Label(label=name, xalign=0))
listed.connect("row-selected", lambda _, row: row and put("Item", [row.get_child().get_text()]))
listed.connect("row-activated", lambda _, row: put("Opened", [row.get_child().get_text()]))
book.append_page(listed, Gtk.Label(label="Items"))
window.show_all()
put("ready", True)
Gtk.main()
