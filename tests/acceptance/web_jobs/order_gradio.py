"""A form in Gradio that saves to the file named by the environment variable STATE."""

import json
import os
import time
from pathlib import Path

import gradio as gr

STATE = Path(os.environ["STATE"])
NAMES = ("name", "pieces", "colour", "size", "gift", "weight", "tags")


def save(*values):
    """Save the order."""
    STATE.write_text(json.dumps(dict(zip(NAMES, values, strict=True))))
    return f"Saved {values[0]}"


def count(progress=gr.Progress()):
    """Count slowly."""
    for _ in progress.tqdm(range(6), desc="Counting"):
        time.sleep(0.25)
    STATE.write_text(json.dumps({"counted": 6}))
    return "Counted to 6"


def reply(text, history):
    """Answer in pieces."""
    answer = ""
    for word in f"You said {text} and I heard it well".split():
        time.sleep(0.08)
        answer = f"{answer} {word}".strip()
        yield answer
    STATE.write_text(json.dumps({"said": text}))


with gr.Blocks() as page:
    with gr.Tab("Form"):
        with gr.Row():
            with gr.Column():
                fields = [
                    gr.Textbox(label="Full name"),
                    gr.Number(label="Pieces", value=1),
                    gr.Dropdown(["Red", "Cobalt", "Green"], label="Colour", value="Red"),
                ]
            with gr.Column():
                fields += [
                    gr.Radio(["Small", "Medium", "Large"], label="Size", value="Small"),
                    gr.Checkbox(label="Gift wrap"),
                    gr.Slider(0, 100, 10, label="Weight"),
                ]
        fields.append(gr.Dropdown(["early", "late", "fragile"], label="Tags", multiselect=True))
        gr.Button("Save order").click(save, fields, gr.Textbox(label="Result"))
    with gr.Tab("Slow"):
        gr.Button("Count").click(count, None, gr.Textbox(label="Total"))
    with gr.Tab("Chat"):
        gr.ChatInterface(reply)
page.launch(server_port=int(os.environ["PORT"]), quiet=True)
