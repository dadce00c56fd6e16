"""Computer vision for the reader: finds text with OCR, and controls by their shapes."""

from screenwright._telemetry import disable_telemetry

disable_telemetry()  # before ONNX Runtime is imported
