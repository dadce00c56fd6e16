"""Which hosts the pages of a browser may reach."""
