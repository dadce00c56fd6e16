"""Libraries do not report their use to their makers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from screenwright._telemetry import disable_telemetry


@pytest.mark.reader
def test_the_reader_starts_no_telemetry_of_onnx_runtime(tmp_path: Path) -> None:
    """Which would create the file of its session in the temporary folder."""
    program = "import screenwright.agent.reader.vision.ocr"
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    environ.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", program], env=environ, check=True)
    assert list(tmp_path.iterdir()) == []


def test_a_choice_of_the_user_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"RAY_USAGE_STATS_ENABLED": "1"})
    disable_telemetry()
    assert (os.environ["RAY_USAGE_STATS_ENABLED"], os.environ["VLLM_NO_USAGE_STATS"]) == ("1", "1")
