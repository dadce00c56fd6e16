"""`screenwright record`: records what a person does as a run."""

import argparse
import os
from contextlib import nullcontext
from pathlib import Path
from types import FrameType

from ...agent.demonstration.config import RecordConfig
from ...agent.demonstration.recorder import STOP_KEYS, Demonstration
from ...agent.record.events import Ended, Event
from ...agent.record.trajectory import RunLog
from ...envs.secrets import SecretVault
from ..arguments import Command, flag_of, given_flags
from ..settings import SettingsError, load_settings
from ..streams import stop_signals
from ..terminal import Progress, Terminal, new_run_folder, quoted
from .run import run_name


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", help="what you are going to do")


def _main(args: argparse.Namespace) -> int:
    task: str = args.task.strip()
    if not task:
        raise SettingsError("the TASK is empty: say what you are going to do")
    flags = given_flags(args, RecordConfig)
    if unused := sorted(flags.keys() & RecordConfig.unused()):
        raise SettingsError(f"{flag_of(unused[0])} has no meaning for a recording: leave it out")
    config = load_settings(RecordConfig, flags, os.environ, args.config)
    with new_run_folder(run_name(task, ())) if config.out is None else nullcontext(config.out) as folder:
        return _record(config, task, folder)


def _record(config: RecordConfig, task: str, folder: Path) -> int:
    terminal, stopped = Terminal(), list[bool]()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if stopped:
            raise KeyboardInterrupt
        stopped.append(True)

    screen, last = config.build_screen(), None
    vault = SecretVault(config.build_secrets())
    with screen.build(folder) as env, RunLog(folder) as log, stop_signals(stop):
        progress = Progress(terminal)
        terminal.line(f"do the task now; end it with Ctrl-C here, or with {'+'.join(STOP_KEYS)} on the screen")
        event: Event
        for event in Demonstration(task, env, log, vault).run(lambda: bool(stopped)):
            progress.show(event)
            last = event
            if event.event == "started" and (url := getattr(env, "watch_url", "")):
                terminal.line(f"work on it at {url}")
    assert isinstance(last, Ended)
    terminal.line(f"recorded in {folder}; view it with: screenwright view {quoted(folder)}")
    print(folder)
    return 0


COMMANDS = {
    "record": Command(
        _main,
        "Record what you do on a screen as a run: clicks, drags, scrolling, texts and keys, each with a screenshot.",
        _add_arguments,
        RecordConfig,
        usage="TASK [flags]",
    )
}
