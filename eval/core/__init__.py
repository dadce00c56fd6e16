"""What is measured and recorded: tasks, plans, settings, records."""
