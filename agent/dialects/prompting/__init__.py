"""From a conversation to the messages for a model."""
