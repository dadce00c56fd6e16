"""Switches off what libraries report about their use to their makers."""

import os

_VARIABLES = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime also leaves a file `.ses` in the temporary folder
    "RAY_USAGE_STATS_ENABLED": "0",
    "VLLM_NO_USAGE_STATS": "1",
}


def disable_telemetry() -> None:
    """Call this before a library that reports its use is imported or started; a variable that is set stays as it is."""
    for name, value in _VARIABLES.items():
        os.environ.setdefault(name, value)
