"""An order form in Gradio; saves to the file named by the environment variable STATE."""

import json
import os
from pathlib import Path

import gradio as gr


def save(*values):
    """Save the order."""
    order = dict(zip(("name", "pieces", "colour", "size", "gift"), values, strict=True))
    Path(os.environ["STATE"]).write_text(json.dumps(order))
    return f"Saved {order['name']}"


with gr.Blocks() as page:
    fields = [
        gr.Textbox(label="Full name"),
        gr.Number(label="Pieces", value=1),
        gr.Dropdown(["Red", "Cobalt", "Green"], label="Colour", value="Red"),
        gr.Radio(["Small", "Medium", "Large"], label="Size", value="Small"),
        gr.Checkbox(label="Gift wrap"),
    ]
    gr.Button("Save order").click(save, fields, gr.Textbox(label="Result"))
page.launch(server_port=int(os.environ["PORT"]), quiet=True)
