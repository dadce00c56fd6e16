"""`screenwright app`: a local web application to start tasks, watch them, approve actions and read old runs.

Read `server.py` first; `safety.py` says who may ask for what. Needs the extra `server`.
"""
