"""Records what a person does on a screen as a run, with the same events as a run of an agent."""
