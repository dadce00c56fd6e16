"""The episode loop. Read `episode.py` first; `agent.py` is what programs use."""
