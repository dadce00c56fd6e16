"""How long commands take to start: `.venv/bin/python eval/bench/start_up.py [--rounds N]`.

Medians of milliseconds, without the first of each: CPU and duration of `--help` and `--version`, and of `run` from the
start of its process until the model gets the first screenshot of a page. The model is a server of this process, which
ends the task with its reply.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from screenwright.agent.core.messages import Message
from screenwright.agent.models.http_server import ModelServer, serve
from screenwright.agent.models.scripted import ScriptedModel

SCREENWRIGHT = [sys.executable, "-m", "screenwright"]


@dataclass
class Asked:
    """Replies that the task is finished, and notes when it was asked."""

    at_s: list[float] = field(default_factory=list[float])

    def reply(self, _messages: Sequence[Message]) -> str:
        """The reply to a prompt."""
        self.at_s.append(time.perf_counter())
        return "Thought: It is done.\nAction: finished()"


def command(*arguments: str) -> tuple[float, float]:
    """Seconds of CPU and of a command that should succeed."""
    before, started = os.times(), time.perf_counter()
    subprocess.run([*SCREENWRIGHT, *arguments], check=True, capture_output=True, env=_environment())
    after, ended = os.times(), time.perf_counter()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, ended - started


def _environment() -> dict[str, str]:
    """That of this process, but modules are compiled once, as in an installation."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "screenwright-start-up")
    }


def first_look(server: ModelServer, asked: Asked, folder: Path) -> float:
    """Seconds from the start of `run` until the model is asked."""
    started, asked.at_s = time.perf_counter(), []
    model = ["--model", server.url, "--dialect", "ui-tars-1.5", "--no-calibrate"]  # which would ask it before
    command("run", "Read the page", *model, "--out", str(folder))
    return asked.at_s[0] - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print("| | CPU, ms | ms |\n|---|---|---|")
    for arguments in (["--help"], ["--version"], ["run", "--help"]):
        times = [command(*arguments) for _ in range(rounds + 1)][1:]
        cpu, seconds = (median(one) * 1000 for one in zip(*times, strict=True))
        print(f"| `screenwright {' '.join(arguments)}` | {cpu:.0f} | {seconds:.0f} |", flush=True)
    asked = Asked()
    with tempfile.TemporaryDirectory() as folder, serve(ScriptedModel(asked.reply)) as server:
        looks = [first_look(server, asked, Path(folder) / str(number)) for number in range(rounds + 1)][1:]
    print(f"| `run` until the model gets the first screenshot | | {1000 * median(looks):.0f} |")


if __name__ == "__main__":
    main()
