"""The sentry: a process of its own that sees what the person at a screen does while it is worked.

It ends the work at a hot key, in the middle of an action, also where the process that works the screen hangs; it says
when the person uses mouse or keyboard; and however the worker ends, nothing of what it pressed stays down.
"""

from .watched import WITHOUT, Unwatched, Watched, start_sentry

__all__ = ["WITHOUT", "Unwatched", "Watched", "start_sentry"]
