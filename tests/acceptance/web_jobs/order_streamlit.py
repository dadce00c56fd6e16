"""A form in Streamlit that saves what changes to the file named by the environment variable STATE."""

import json
import os
import time
from pathlib import Path

import pandas as pd
import streamlit as st

STATE = Path(os.environ["STATE"])


def save(**values):
    """Save values."""
    state = json.loads(STATE.read_text()) if STATE.exists() else {}
    STATE.write_text(json.dumps(state | values, default=str))


form, table, chat = st.tabs(["Form", "Table", "Chat"])
with form:
    left, right = st.columns(2)
    with left:
        name = st.text_input("Full name")
        pieces = st.number_input("Pieces", value=1, step=1)
        colour = st.selectbox("Colour", ["Red", "Cobalt", "Green"])
        tags = st.multiselect("Tags", ["early", "late", "fragile"])
    with right:
        size = st.radio("Size", ["Small", "Medium", "Large"], horizontal=True)
        gift = st.checkbox("Gift wrap")
        weight = st.slider("Weight", 0, 100, 10)
        express = st.toggle("Express")
        if st.button("Save order"):
            save(
                name=name, pieces=pieces, colour=colour, tags=tags, size=size, gift=gift, weight=weight, express=express
            )
            st.success(f"Saved {name}")
        if st.button("Compute"):
            with st.spinner("Computing"):
                time.sleep(1.5)
            save(computed=True)
            st.write("The result is 42")
with table:
    rows = st.data_editor(pd.DataFrame({"item": ["pen", "ink"], "count": [1, 2]}), num_rows="fixed")
    if st.button("Save table"):
        save(rows=rows.to_dict("records"))
        st.toast("Table saved")
with chat:
    if text := st.chat_input("Say something"):

        def words():
            """The words of the answer."""
            for word in f"You said {text} and I heard it well".split():
                time.sleep(0.08)
                yield f"{word} "

        with st.chat_message("user"):
            st.write(text)
        with st.chat_message("assistant"):
            st.write_stream(words())
        save(said=text)
