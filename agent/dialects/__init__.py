"""How each model family is asked and answers: one file a family; `dialect.py` is the contract."""
