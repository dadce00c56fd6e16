"""Environments: screens to observe and act on. `env.py` is the contract, `actions.py` the action vocabulary."""
