"""What the reader sees: text and controls, found by OCR and by their shapes."""
