"""Computer vision for the reader: finds text with OCR, and controls by their shapes."""
