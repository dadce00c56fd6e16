"""Models as judges: the evidence from a recorded run, the prompts, and the parsing of verdicts."""
