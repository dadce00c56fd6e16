"""How each page is done, by ordinary actions: the ceiling of the harness.

The scripts beside this look into the page, know the answers, and say what to do next; the loop does it by mouse and
keyboard as it would for any model.
"""

from .policy import OraclePolicy, can_solve

__all__ = ["OraclePolicy", "can_solve"]
