"""What each action changed, and what to do when an episode loops: screen diffs, loop detection, recovery, critic."""
