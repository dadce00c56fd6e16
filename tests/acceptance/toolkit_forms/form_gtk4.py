"""The form in GTK 4."""

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gio, Gtk  # noqa: E402
from state_file import BOXES, BUTTONS, COLOURS, FIELDS, ITEMS, NUMBER, SIZES, put  # noqa: E402


def menus(app):
    """The menu bar."""
    menu, file, export = Gio.Menu(), Gio.Menu(), Gio.Menu()
    for target, labels in ((file, ("New order", "Duplicate")), (export, ("As PDF", "As text"))):
        for label in labels:
            name = label.lower().replace(" ", "-")
            action = Gio.SimpleAction.new(name, None)
            action.connect("activate", lambda *_, label=label: put("menu", label))
            app.add_action(action)
            target.append(label, f"app.{name}")
    file.append_submenu("Export", export)
    menu.append_submenu("File", file)
    app.set_menubar(menu)


def activate(app):
    """Build the window."""
    window = Gtk.ApplicationWindow(application=app, title="Order form", show_menubar=True)
    window.set_default_size(640, 560)
    menus(app)
    book = Gtk.Notebook()
    window.set_child(book)
    grid = Gtk.Grid(column_spacing=12, row_spacing=8, margin_start=12, margin_top=12, margin_end=12)
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
        radio = Gtk.CheckButton(label=name, group=first)
        first = first or radio
        radio.connect("toggled", lambda radio, name=name: radio.get_active() and put("Size", name))
        sizes.append(radio)
    grid.attach(sizes, 1, 6, 1, 1)
    grid.attach(Gtk.Label(label="Colour", xalign=0), 0, 7, 1, 1)
    colour = Gtk.DropDown.new_from_strings(COLOURS)
    colour.connect("notify::selected", lambda colour, _: put("Colour", COLOURS[colour.get_selected()]))
    grid.attach(colour, 1, 7, 1, 1)
    grid.attach(Gtk.Label(label="Notes", xalign=0), 0, 8, 1, 1)
    notes = Gtk.TextView(height_request=70)
    text = notes.get_buffer()
    text.connect("changed", lambda text: put("Notes", text.get_text(text.get_start_iter(), text.get_end_iter(), True)))
    grid.attach(Gtk.Frame(child=notes), 1, 8, 1, 1)
    buttons = Gtk.Box(spacing=8)
    for name in BUTTONS:
        button = Gtk.Button(label=name)
        button.connect("clicked", lambda _, name=name: put("button", name))
        buttons.append(button)
    grid.attach(buttons, 1, 9, 1, 1)
    grid.attach(Gtk.Label(label=NUMBER, xalign=0), 1, 10, 1, 1)
    listed = Gtk.ListBox(activate_on_single_click=False)
    for name in ITEMS:
        listed.append(Gtk.Label(label=name, xalign=0))
    listed.connect("row-selected", lambda _, row: row and put("Item", [row.get_child().get_text()]))
    listed.connect("row-activated", lambda _, row: put("Opened", [row.get_child().get_text()]))
    book.append_page(listed, Gtk.Label(label="Items"))
    window.present()
    put("ready", True)


application = Gtk.Application(application_id="org.example.OrderForm", flags=Gio.ApplicationFlags.NON_UNIQUE)
application.connect("activate", activate)
application.run([])
