"""The oracle: solves each page with ordinary actions, which shows the best score the harness allows.

The scripts in this folder read the page's state and return the next actions; the agent loop performs them with mouse
and keyboard, as for any model.
"""

from .policy import OraclePolicy, can_solve

__all__ = ["OraclePolicy", "can_solve"]
