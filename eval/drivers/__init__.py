"""Driver scripts that run in separate Pythons: one per benchmark package, and the loop that they share.

`subprocess_client.py` starts them by path; they are never imported, since Screenwright is not installed there. This
folder comes first on their path, so no file in it may shadow a module that the benchmark's software imports.
"""
