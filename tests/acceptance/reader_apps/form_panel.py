"""An order form in Panel (Bokeh); saves to the file named by the environment variable STATE."""

import json
import os
from pathlib import Path

import panel as pn

fields = {
    "name": pn.widgets.TextInput(name="Full name"),
    "pieces": pn.widgets.IntInput(name="Pieces", value=1),
    "colour": pn.widgets.Select(name="Colour", options=["Red", "Cobalt", "Green"]),
    "size": pn.widgets.RadioBoxGroup(options=["Small", "Medium", "Large"], inline=True),
    "gift": pn.widgets.Checkbox(name="Gift wrap"),
}
result = pn.pane.Markdown("Nothing saved")


def save(_event):
    """Save the order."""
    order = {name: field.value for name, field in fields.items()}
    Path(os.environ["STATE"]).write_text(json.dumps(order))
    result.object = f"Saved {order['name']}"


button = pn.widgets.Button(name="Save order", on_click=save)
pn.Column("# Order", *fields.values(), button, result).servable()
