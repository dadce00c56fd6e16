"""An order form in Dash; saves to the file named by the environment variable STATE."""

import json
import os
from pathlib import Path

from dash import Dash, Input, Output, State, callback, dcc, html

app = Dash(__name__)
app.layout = html.Div(
    [
        html.H2("Order"),
        html.Div([html.Label("Full name "), dcc.Input(id="name", type="text")]),
        html.Div([html.Label("Pieces "), dcc.Input(id="pieces", type="number", value=1)]),
        html.Div([html.Label("Colour"), dcc.Dropdown(["Red", "Cobalt", "Green"], "Red", id="colour")]),
        html.Div([html.Label("Size"), dcc.RadioItems(["Small", "Medium", "Large"], "Small", id="size", inline=True)]),
        dcc.Checklist(["Gift wrap"], [], id="gift"),
        html.Button("Save order", id="save"),
        html.Div(id="result"),
    ],
    style={"width": 400, "margin": 30},
)


@callback(
    Output("result", "children"),
    Input("save", "n_clicks"),
    *(State(name, "value") for name in ("name", "pieces", "colour", "size", "gift")),
    prevent_initial_call=True,
)
def save(_clicks, *values):
    """Save the order."""
    order = dict(zip(("name", "pieces", "colour", "size", "gift"), values, strict=True))
    order["gift"] = bool(order["gift"])
    Path(os.environ["STATE"]).write_text(json.dumps(order))
    return f"Saved {order['name']}"


app.run(port=int(os.environ["PORT"]))
