"""The values that everything in `agent` shares: coordinates, messages, decisions, limits, and the model contract."""
