"""What the records of an evaluation show: statistics, comparisons, tables, the report."""
