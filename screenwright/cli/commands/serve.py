"""`screenwright serve`: serves a model with vLLM, or the embedded reader, at an OpenAI-compatible address."""

import argparse
import http.client
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from PIL import Image

from ..._telemetry import disable_telemetry
from ...agent.core.messages import ImagePart, Message
from ...agent.core.model import ModelLost, Sampling
from ...agent.dialects.registry import dialects_for_model
from ...agent.models.served.model import ServedModel
from ...agent.models.transport import is_loopback
from ...agent.models.vllm_command import ServeOptions, vllm_command
from ...agent.models.vllm_families import serving_profile
from ...envs.geometry import Size
from ...envs.screenshot import Screenshot
from ..arguments import Command, flag_of, port_number
from ..settings import SettingsError

_READY_S = 1800.0
"""Long enough to download the weights of a large model."""

_TERMINATE_S = 20.0
_POLL_S = 0.2
_KEY_VARIABLE = "VLLM_API_KEY"
_LONG_RUN = 32
"""Steps; histories that keep every image are served with that many per prompt."""

_WARM_UP_SIZE = Size(1288, 728)
"""The image size for a screen of 1280x720."""

_OURS = ("--model", "--host", "--port")
"""Flags of vLLM that screenwright sets, and has to know."""

_WILDCARD_HOSTS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where to connect, not where to listen


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    serving = ServeOptions()
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a name on the Hugging Face hub, a folder, or reader")
    parser.add_argument("--model", dest="model_flag", metavar="MODEL", help="the same")
    parser.add_argument("--host", default=serving.host, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=serving.port, help="port to listen on (default: %(default)s)"
    )
    parser.add_argument("--gpus", type=int, help=f"number of GPUs (default: {serving.gpus})")
    parser.add_argument(
        "--images",
        type=int,
        help=f"images per prompt (default: those that the dialect sends, at least {serving.images})",
    )
    parser.add_argument("--ray", action="store_true", help="run on several machines that Ray connects")
    parser.add_argument(
        "--gpus-per-machine",
        type=int,
        help=f"with --ray, number of GPUs on each machine (default: {serving.gpus_per_machine})",
    )
    parser.add_argument("--print", action="store_true", help="only print the vllm command")


def _main(args: argparse.Namespace) -> int:
    if args.model_flag and args.model:
        raise SettingsError("name the model once: as MODEL or as --model MODEL")
    model = args.model_flag or args.model
    if model is None:
        raise SettingsError("name the model to serve: a name on the Hugging Face hub, a folder, or reader")
    sizes = {
        name: value for name in ("gpus", "images", "gpus_per_machine") if (value := getattr(args, name)) is not None
    }
    if model == "reader":
        _check_none_given([*sizes, *(["ray"] if args.ray else [])], "applies to vLLM, which does not serve the reader")
    elif not args.ray:
        _check_none_given({"gpus_per_machine"} & sizes.keys(), "applies to several machines: add --ray")
    _check_passed_on(args.passed_on)
    if "images" not in sizes and model != "reader":
        sizes["images"] = _images_of(model)
    serving = ServeOptions(args.host, args.port, ray=args.ray, extra_args=args.passed_on, **sizes)
    return serve(model, serving, show=args.print)


def _check_none_given(names: Iterable[str], problem: str) -> None:
    for name in names:
        raise SettingsError(f"{flag_of(name)} {problem}")


def _check_passed_on(flags: Sequence[str]) -> None:
    """Refuse what vLLM would not take as a flag, and flags with which it would not be found where we look."""
    if flags and not flags[0].startswith("-"):
        raise SettingsError(f"{flags[0]!r} is not a flag of vllm serve: put MODEL before --, and its flags after it")
    for flag in _OURS:
        if any(one == flag or one.startswith(f"{flag}=") for one in flags):
            raise SettingsError(f"{flag} is a flag of screenwright serve: write it before --")


def _images_of(model: str) -> int:
    """As many images per prompt as the history of the model's dialect keeps, with room for other short histories."""
    steps = range(1, _LONG_RUN + 1)
    kept = (len(dialect.history.images(step)) for dialect in dialects_for_model(model) for step in steps)
    return max((ServeOptions().images, *kept))


def serve(model: str, serving: ServeOptions, *, show: bool) -> int:
    """Serve until Ctrl-C, or only `show` the command; returns the exit code.

    Raises:
        ValueError: the options do not fit the model; the message names the fix.
        ImportError: the reader is not installed; the message names the extra.
    """
    if model == "reader":
        if show:
            raise ValueError("the reader is served by screenwright itself, so there is no command to print")
        if serving.extra_args:
            raise ValueError("the reader is served by screenwright itself, without vLLM: leave out -- and what follows")
        return _serve_reader(serving)
    if serving_profile(model).runs_code and "--trust-remote-code" not in serving.extra_args:
        raise ValueError(f"{model} comes with Python code that vLLM would run: to allow it, add -- --trust-remote-code")
    command = vllm_command(model, serving)
    if show:
        print(shlex.join(command))
        return 0
    if shutil.which(command[0]) is None:
        raise ValueError("vllm is not installed here: pip install 'screenwright[vllm]' on a Linux machine with a GPU")
    _check_key(serving)
    _check_free(serving)
    print(shlex.join(command), file=sys.stderr, flush=True)
    return _run(command, serving)


def _serve_reader(serving: ServeOptions) -> int:
    _check_key(serving)
    _check_free(serving)
    from ...agent.models.http_server import serve as serve_model  # optional dependencies, and slow to import
    from ...agent.reader import ReaderModel

    reader = ReaderModel(chats=True)
    try:
        with serve_model(reader, host=serving.host, port=serving.port, name="reader", api_key=_key()) as server:
            print(f"the reader is served at {server.url}; press Ctrl-C to stop", file=sys.stderr, flush=True)
            server.wait()
    except KeyboardInterrupt:
        pass
    return 0


def _run(command: list[str], serving: ServeOptions) -> int:
    """Run vLLM in its own process group, so that all its processes can be ended; returns its exit code."""
    disable_telemetry()
    process = subprocess.Popen(command, start_new_session=True)
    try:
        if _wait_until_ready(process, serving):
            _warm_up(serving)
            process.wait()
        elif process.poll() is None:
            print(f"screenwright: vllm was not ready after {_READY_S:.0f} s", file=sys.stderr)
            return 1
        print(f"screenwright: vllm ended with exit code {process.returncode}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Terminate the process group, and kill it if it does not end in time."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_TERMINATE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# -- the address


def _check_free(serving: ServeOptions) -> None:
    """Refuse an address that is in use: the program there would be taken for our server."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignore connections in TIME_WAIT
        try:
            probe.bind((serving.host, serving.port))
        except OSError as error:
            raise ValueError(
                f"cannot listen on {serving.host} port {serving.port} ({error.strerror or error}): choose another "
                "--port or --host"
            ) from error


def _key() -> str:
    """The key that clients must send; vLLM reads the same variable.

    Raises:
        ValueError: no client can send it.
    """
    from ...agent.models.transport import checked_key  # its HTTP client takes a third of a second to import

    return checked_key(os.environ.get(_KEY_VARIABLE, ""), _KEY_VARIABLE)


def _check_key(serving: ServeOptions) -> None:
    """Refuse to serve other machines without a key."""
    has_key = _key() or any(one.partition("=")[0] == "--api-key" for one in serving.extra_args)
    if not is_loopback(serving.host) and not has_key:
        raise ValueError(
            f"other machines can reach --host {serving.host!r}: set {_KEY_VARIABLE} to a key that clients must send, "
            "or use --host 127.0.0.1"
        )


def _connect_host(serving: ServeOptions) -> str:
    return _WILDCARD_HOSTS.get(serving.host, serving.host)


# -- readiness


def _wait_until_ready(process: "subprocess.Popen[bytes]", serving: ServeOptions) -> bool:
    end = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < end:
        if _is_healthy(serving):
            return True
        time.sleep(_POLL_S)
    return False


def _is_healthy(serving: ServeOptions) -> bool:
    """Whether the server reports to be healthy; asked without a proxy."""
    connection = http.client.HTTPConnection(_connect_host(serving), serving.port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _warm_up(serving: ServeOptions) -> None:
    """Send one request with an image, as a run would: it finds errors early, and the first request is slow."""
    image = ImagePart.of(
        Screenshot(Image.new("RGB", (_WARM_UP_SIZE.width, _WARM_UP_SIZE.height), "white")), _WARM_UP_SIZE
    )
    host = _connect_host(serving)
    address = f"http://[{host}]:{serving.port}/v1" if ":" in host else f"http://{host}:{serving.port}/v1"
    started = time.monotonic()
    try:
        with ServedModel(address, api_key=_key() or None) as model:
            reply = model.complete([Message.of("user", image, "What do you see?")], Sampling(max_tokens=16))
    except ModelLost as lost:
        print(f"screenwright: the server is up, but a first request failed: {lost}", file=sys.stderr, flush=True)
        return
    took = time.monotonic() - started
    print(f"ready at {address}: a first reply, to {reply.usage.prompt} tokens, took {took:.1f} s", file=sys.stderr)
    print(f"screenwright run TASK --model {address}", file=sys.stderr, flush=True)


COMMANDS = {
    "serve": Command(
        _main,
        "Serve MODEL with vLLM, or the embedded reader, at an OpenAI-compatible address, until Ctrl-C.",
        _add_arguments,
        usage="MODEL [flags] [-- flags of vllm serve]",
    )
}
