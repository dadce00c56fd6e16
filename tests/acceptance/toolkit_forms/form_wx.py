"""The form in wxWidgets."""

import wx
from state_file import BOXES, BUTTONS, COLOURS, FIELDS, ITEMS, NUMBER, SIZES, put

app = wx.App()
frame = wx.Frame(None, title="Order form", size=(640, 600))
bar, file, export = wx.MenuBar(), wx.Menu(), wx.Menu()
for menu, labels in ((file, ("New order", "Duplicate")), (export, ("As PDF", "As text"))):
    for label in labels:
        entry = menu.Append(wx.ID_ANY, label)
        frame.Bind(wx.EVT_MENU, lambda _, label=label: put("menu", label), entry)
file.AppendSubMenu(export, "Export")
bar.Append(file, "File")
frame.SetMenuBar(bar)
book = wx.Notebook(frame)
page = wx.Panel(book)
book.AddPage(page, "Customer")
grid = wx.FlexGridSizer(cols=2, vgap=8, hgap=12)


def row(label, control):
    """Add a labelled row."""
    grid.Add(wx.StaticText(page, label=label))
    grid.Add(control)


for name in FIELDS:
    field = wx.TextCtrl(page, size=(300, -1), style=wx.TE_PASSWORD if name == "Password" else 0)
    field.Bind(wx.EVT_TEXT, lambda event, name=name: put(name, event.GetString()))
    row(name, field)
for name in BOXES:
    box = wx.CheckBox(page, label=name)
    box.Bind(wx.EVT_CHECKBOX, lambda event, name=name: put(name, event.IsChecked()))
    row("", box)
sizes = wx.BoxSizer(wx.HORIZONTAL)
for index, name in enumerate(SIZES):
    radio = wx.RadioButton(page, label=name, style=0 if index else wx.RB_GROUP)
    radio.Bind(wx.EVT_RADIOBUTTON, lambda _, name=name: put("Size", name))
    sizes.Add(radio)
row("Size", sizes)
colour = wx.Choice(page, choices=COLOURS)
colour.SetSelection(0)
colour.Bind(wx.EVT_CHOICE, lambda event: put("Colour", event.GetString()))
row("Colour", colour)
notes = wx.TextCtrl(page, size=(300, 70), style=wx.TE_MULTILINE)
notes.Bind(wx.EVT_TEXT, lambda event: put("Notes", event.GetString()))
row("Notes", notes)
buttons = wx.BoxSizer(wx.HORIZONTAL)
for name in BUTTONS:
    button = wx.Button(page, label=name)
    button.Bind(wx.EVT_BUTTON, lambda _, name=name: put("button", name))
    buttons.Add(button)
row("", buttons)
row("", wx.StaticText(page, label=NUMBER))
outer = wx.BoxSizer()
outer.Add(grid, 1, wx.EXPAND | wx.ALL, 12)
page.SetSizer(outer)
listed = wx.ListBox(book, choices=ITEMS)
listed.Bind(wx.EVT_LISTBOX, lambda event: put("Item", [event.GetString()]))
listed.Bind(wx.EVT_LISTBOX_DCLICK, lambda event: put("Opened", [event.GetString()]))
book.AddPage(listed, "Items")
frame.Show()
put("ready", True)
app.MainLoop()
