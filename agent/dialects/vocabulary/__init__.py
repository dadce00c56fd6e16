"""The action vocabularies: from calls to actions, and back."""
