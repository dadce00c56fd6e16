"""The watchdog: a separate process that detects the hot key and the user's mouse and keyboard input during a run.

On the hot key it stops the run, even in the middle of an action or while the agent's process hangs. When the agent's
process ends, for any reason, it releases every key and button that the agent holds down.
"""

from .client import DISABLE, NoWatchdog, WatchdogClient, start_watchdog

__all__ = ["DISABLE", "NoWatchdog", "WatchdogClient", "start_watchdog"]
