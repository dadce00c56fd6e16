"""`screenwright serve`: a model behind an OpenAI-compatible address, by vLLM, or the embedded reader itself."""

import http.client
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

from PIL import Image

from ..agent.core.messages import ImagePart, Message
from ..agent.core.model import ModelLost, Sampling
from ..agent.models.served import ServedModel
from ..agent.models.vllm_command import Serving, vllm_command
from ..envs.geometry import Size
from ..envs.screenshot import Screenshot

_READY_S = 1800.0
"""The weights of a large model may have to be fetched first."""

_END_S = 20.0
_POLL_S = 0.5
_FIRST = Size(1288, 728)
"""What a screen of 1280x720 is sent as."""

_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where to find it, not where to listen


def serve(model: str, serving: Serving, *, show: bool) -> int:
    """Serve until Ctrl-C, or only `show` the command; returns the exit code.

    Raises:
        ValueError: it cannot be served so; says what to change.
        ImportError: the reader is not installed; says how to.
    """
    if model == "reader":
        if show:
            raise ValueError("the reader is served by screenwright itself: there is no command to show")
        return _serve_reader(serving)
    command = vllm_command(model, serving)
    if show:
        print(shlex.join(command))
        return 0
    if shutil.which(command[0]) is None:
        raise ValueError("vllm is not installed here: pip install 'screenwright[vllm]' on a Linux machine with a GPU")
    _check_free(serving)
    print(shlex.join(command), file=sys.stderr, flush=True)
    with _ended_by_sigterm_as_by_ctrl_c():
        return _run(command, serving)


def _serve_reader(serving: Serving) -> int:
    from ..agent.models.http_server import serve as serve_model  # optional dependencies, and slow to import
    from ..agent.reader import ReaderModel

    reader = ReaderModel(chats=True)
    try:
        with (
            _ended_by_sigterm_as_by_ctrl_c(),
            serve_model(reader, host=serving.host, port=serving.port, name="reader") as server,
        ):
            print(f"the reader answers at {server.url}; Ctrl-C ends it", file=sys.stderr, flush=True)
            server.wait()
    except OSError as error:
        raise _not_free(serving, error) from error
    except KeyboardInterrupt:
        pass
    return 0


def _run(command: list[str], serving: Serving) -> int:
    """Run vLLM, in a group of processes of its own, so that none of them is left behind; returns its exit code."""
    process = subprocess.Popen(command, start_new_session=True)
    try:
        if _wait_until_ready(process, serving):
            _first_request(serving)
            process.wait()
        elif process.poll() is None:
            print(f"screenwright: vllm was not ready after {_READY_S:.0f} s", file=sys.stderr)
            return 1
        print(f"screenwright: vllm has ended with exit code {process.returncode}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the whole group to end, and after a while make it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def _ended_by_sigterm_as_by_ctrl_c() -> Generator[None, None, None]:
    """While this lasts, SIGTERM ends the server as Ctrl-C does, and so takes its processes along."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# -- the address


def _check_free(serving: Serving) -> None:
    """Refuse an address that is taken: whatever answers there would pass for our server."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not refused for connections that linger
        try:
            probe.bind((serving.host, serving.port))
        except OSError as error:
            raise _not_free(serving, error) from error


def _not_free(serving: Serving, error: OSError) -> ValueError:
    reason = error.strerror or str(error)
    return ValueError(f"cannot listen on {serving.host} port {serving.port} ({reason}): say another --port or --host")


def _reached_at(serving: Serving) -> str:
    return _ANYWHERE.get(serving.host, serving.host)


# -- readiness


def _wait_until_ready(process: "subprocess.Popen[bytes]", serving: Serving) -> bool:
    end = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < end:
        if _is_healthy(serving):
            return True
        time.sleep(_POLL_S)
    return False


def _is_healthy(serving: Serving) -> bool:
    """Whether the server says so itself; asked without any proxy in between."""
    connection = http.client.HTTPConnection(_reached_at(serving), serving.port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _first_request(serving: Serving) -> None:
    """Ask once with a picture, as a run would: what fails now would fail then, and the first request is slow."""
    picture = ImagePart.of(Screenshot(Image.new("RGB", (_FIRST.width, _FIRST.height), "white")), _FIRST)
    host = _reached_at(serving)
    address = f"http://[{host}]:{serving.port}/v1" if ":" in host else f"http://{host}:{serving.port}/v1"
    started = time.monotonic()
    try:
        with ServedModel(address) as model:
            reply = model.complete([Message.of("user", picture, "What do you see?")], Sampling(max_tokens=16))
    except ModelLost as lost:
        print(f"screenwright: it is up, but a first request failed: {lost}", file=sys.stderr, flush=True)
        return
    took = time.monotonic() - started
    print(f"ready at {address}: a first reply, to {reply.usage.prompt} tokens, took {took:.1f} s", file=sys.stderr)
    print(f"screenwright run TASK --model {address}", file=sys.stderr, flush=True)
