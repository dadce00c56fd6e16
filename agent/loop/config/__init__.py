"""The settings of an agent; every node builds what it describes. Read `run.py` first."""
