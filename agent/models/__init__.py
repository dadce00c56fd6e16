"""What thinks: any model that answers messages with text. `model.py` is the contract."""
