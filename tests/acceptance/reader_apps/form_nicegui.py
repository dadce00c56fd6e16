"""An order form in NiceGUI (Quasar), in a dialog; saves to the file named by the environment variable STATE."""

import json
import os
from pathlib import Path

from nicegui import ui


@ui.page("/")
def index():
    """The page."""
    with ui.dialog() as dialog, ui.card():
        ui.label("Create order")
        fields = {
            "name": ui.input("Full name"),
            "pieces": ui.number("Pieces", value=1),
            "colour": ui.select(["Red", "Cobalt", "Green"], label="Colour", value="Red"),
            "size": ui.radio(["Small", "Medium", "Large"], value="Small").props("inline"),
            "gift": ui.checkbox("Gift wrap"),
        }

        def save():
            order = {name: field.value for name, field in fields.items()}
            Path(os.environ["STATE"]).write_text(json.dumps(order))
            result.text = f"Saved {order['name']}"
            dialog.close()

        with ui.row():
            ui.button("Cancel", on_click=dialog.close).props("no-caps flat")
            ui.button("Create", on_click=save).props("no-caps")
    ui.label("Orders")
    ui.button("Create", on_click=dialog.open).props("no-caps")
    result = ui.label("Nothing saved")


ui.run(port=int(os.environ["PORT"]), show=False, reload=False)
