"""Analysis of evaluation records: statistics, comparisons, tables and the HTML report."""
