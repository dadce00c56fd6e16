"""`screenwright serve`: a model behind an OpenAI-compatible address, by vLLM, or the embedded reader itself."""

import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

from PIL import Image

from ..agent.messages import ImagePart, Message
from ..agent.models.http_server import serve as serve_model
from ..agent.models.model import ModelLost, Sampling
from ..agent.models.open import open_model
from ..agent.models.served import ServedModel
from ..agent.serving import Serving, vllm_command
from ..envs.geometry import Size
from ..envs.screenshot import Screenshot

_READY_S = 1800.0
_FIRST = Size(644, 476)


def serve(model: str, serving: Serving, *, show: bool) -> int:
    """Serve until Ctrl-C, or only `show` the command; returns the exit code.

    Raises:
        ValueError: it cannot be served so; says what to change.
    """
    if model == "reader":
        return _serve_reader(serving)
    command = vllm_command(model, serving)
    if show:
        print(shlex.join(command))
        return 0
    if shutil.which(command[0]) is None:
        raise ValueError("vllm is not installed here: pip install 'screenwright[serve]' on a Linux machine with a GPU")
    print(shlex.join(command), file=sys.stderr)
    process = subprocess.Popen(command)
    try:
        if not _wait_until_ready(process, serving):
            return process.wait() or 1
        _first_request(serving)
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        process.terminate()
        process.wait()


def _serve_reader(serving: Serving) -> int:
    try:
        with serve_model(open_model("reader"), host=serving.host, port=serving.port, name="reader") as server:
            print(f"the reader answers at {server.url}; Ctrl-C ends it", file=sys.stderr, flush=True)
            server.wait()
    except OSError as error:
        raise ValueError(f"{serving.host}:{serving.port} cannot be had: {error.strerror or error}") from error
    except KeyboardInterrupt:
        pass
    return 0


def _wait_until_ready(process: "subprocess.Popen[bytes]", serving: Serving) -> bool:
    end = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://{serving.host}:{serving.port}/health", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    return False


def _first_request(serving: Serving) -> None:
    """Ask once with a picture, as a run would: what fails now would fail then, and the first request is slow."""
    picture = ImagePart.of(Screenshot(Image.new("RGB", (_FIRST.width, _FIRST.height), "white")), _FIRST)
    address = f"http://{serving.host}:{serving.port}/v1"
    started = time.monotonic()
    try:
        with ServedModel(address) as model:
            model.complete([Message.of("user", picture, "What do you see?")], Sampling(max_tokens=16))
    except ModelLost as lost:
        print(f"ready, but a first request failed: {lost}", file=sys.stderr)
    else:
        print(f"ready at {address}; a first reply took {time.monotonic() - started:.1f} s", file=sys.stderr)
