"""A model behind any OpenAI-compatible server. Read `model.py` first."""
