"""The command line: builds the objects that a program would build by hand, and prints."""
