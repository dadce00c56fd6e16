"""The command line: builds objects of the library from settings, runs them and prints the results."""
