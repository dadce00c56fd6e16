"""Runs the loop again on a recorded run: its screens, replies and answers come from the record, as from a cassette."""
