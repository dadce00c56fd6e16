"""Screen changes, loop detection, and the critic that checks a finish."""
