"""Models behind the computer-use APIs of their vendors, through the vendors' own SDKs.

Read `exchange.py` first: the conversation is built from the recorded steps for each request, so that a resumed run
continues it exactly. `policy.py` decides a step, `model.py` sends requests, and one module per API has its wire format.
"""
