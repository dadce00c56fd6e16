"""How a conversation becomes the messages that a model is sent."""
