"""The actions of each family's vocabulary: from named calls to actions, and back."""
