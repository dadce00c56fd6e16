"""Learning from recorded episodes: training data as tokens, and training with the field's own trainers."""
