"""An order form in Streamlit; saves to the file named by the environment variable STATE."""

import json
import os
from pathlib import Path

import streamlit as st

st.title("Order")
order = {
    "name": st.text_input("Full name"),
    "pieces": st.number_input("Pieces", value=1, step=1),
    "colour": st.selectbox("Colour", ["Red", "Cobalt", "Green"]),
    "size": st.radio("Size", ["Small", "Medium", "Large"]),
    "gift": st.checkbox("Gift wrap"),
}
if st.button("Save order"):
    Path(os.environ["STATE"]).write_text(json.dumps(order))
    st.write("Saved", order["name"])
