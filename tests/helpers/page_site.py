"""A loopback site for tests; see `screenwright.eval.benchmarks.gallery.site`."""

from screenwright.eval.benchmarks.gallery.site import TELL, Page, Site

__all__ = ["TELL", "Page", "Site"]
