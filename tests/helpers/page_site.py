"""A loopback site for tests; see `screenwright.eval.benchmarks.gallery.site`."""

from screenwright.eval.benchmarks.gallery.site import REPORT_SCRIPT, Page, Site

__all__ = ["REPORT_SCRIPT", "Page", "Site"]
