"""A program of the trial in GTK 3: rows of controls."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402
from state import changed, clicked, placed, report, shown_rows, spec  # noqa: E402

settings = Gtk.Settings.get_default()
settings.set_property("gtk-application-prefer-dark-theme", bool(spec.get("dark")))
settings.set_property("gtk-xft-dpi", round(96 * 1024 * spec.get("scale", 1.0)))
window = Gtk.Window(title=spec["title"])
window.connect("destroy", Gtk.main_quit)
window.move(*spec.get("move", [60, 50]))
column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=10, margin=20)
window.add(column)
status = Gtk.Label(xalign=0)
controls = []
groups = {}


def press(name, label):
    """A button was pressed."""
    clicked(name)
    status.set_text(f"{label}: {name} was pressed")


def entry(name):
    """A field."""
    made = Gtk.Entry(width_chars=26)
    made.connect("changed", lambda one: changed(name, one.get_text()))
    made.connect("button-press-event", lambda *_: clicked(name))
    return made


def check(name, label):
    """A check box."""
    made = Gtk.CheckButton(label=label)

    def toggled(one):
        clicked(name)
        changed(name, one.get_active())

    made.connect("toggled", toggled)
    return made


def radio(name, label, group):
    """A choice of a group."""
    if group not in groups:
        groups[group] = Gtk.RadioButton(label="none")  # not shown, so that none of the others is chosen
    made = Gtk.RadioButton.new_with_label_from_widget(groups[group], label)
    made.connect("toggled", lambda one: one.get_active() and clicked(name))
    return made


def made_of(cell):
    """The control of a cell."""
    name, label = cell.get("id", ""), cell.get("text", "")
    match cell["kind"]:
        case "label":
            return Gtk.Label(label=label, xalign=0, width_chars=16)
        case "entry":
            return entry(name)
        case "check":
            return check(name, label)
        case "radio":
            return radio(name, label, cell["group"])
        case _:
            made = Gtk.Button(label=label)
            made.connect("clicked", lambda _: press(name, label))
            return made


for row in shown_rows():
    line = Gtk.Box(spacing=10)
    column.pack_start(line, False, False, 0)
    for cell in row:
        control = made_of(cell)
        line.pack_start(control, False, False, 0)
        if cell.get("hidden"):
            control.set_opacity(0)
            control.set_sensitive(False)
        controls.append((cell.get("id", ""), control))
column.pack_start(status, False, False, 0)
focus = Gtk.EventBox(can_focus=True)  # so that no field has the focus at the start
column.pack_start(focus, False, False, 0)
window.show_all()
focus.grab_focus()


def place():
    """Report where the controls are."""
    _, left, top = window.get_window().get_origin()
    for name, control in controls:
        if name:
            size = control.get_allocation()
            x, y = control.translate_coordinates(window, size.width / 2, size.height / 2)
            placed(name, left + x, top + y)
    report()
    return False


GLib.timeout_add(600, place)
Gtk.main()
