"""A model without weights to fetch: reads the screen by OCR and follows literal instructions."""
