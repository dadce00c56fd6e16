"""The screen: what can be seen and done. `env.py` is the contract, `actions.py` the vocabulary."""
