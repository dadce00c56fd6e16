"""`screenwright train`: fine-tunes a model on exported conversations, and serves tasks to other trainers."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import Command, port_number, positive
from .settings import SettingsError

if TYPE_CHECKING:  # needs no trainer to print the help
    from ..eval.learn.sft import SftSettings


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="sft|round|openenv", parser_class=type(parser))
    sft = kinds.add_parser("sft", help="learn the replies of exported conversations")
    sft.description = "Train a model on the replies in exports, and write a model that serve and eval load."
    sft.add_argument("data", type=Path, nargs="+", metavar="DATA", help="file of screenwright export --format chat")
    sft.add_argument("--model", required=True, help="folder, or name on the Hugging Face hub")
    sft.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the trained model")
    sft.add_argument("--test", type=Path, action="append", default=[], metavar="DATA", help="data to report a loss on")
    _add_tuning_arguments(sft)
    rounds = kinds.add_parser("round", help="rounds of rejection sampling: rollouts, filter, training, evaluation")
    rounds.description = "Have a model do tasks, train it on what succeeded, measure it on held-out seeds, and repeat."
    rounds.add_argument("benchmark", metavar="BENCHMARK", help="benchmark whose tasks are done")
    rounds.add_argument("--task", action="append", default=[], metavar="NAME", help="only these tasks; repeatable")
    rounds.add_argument("--model", required=True, help="folder, or name on the Hugging Face hub")
    rounds.add_argument("--dialect", required=True, metavar="NAME", help="prompt and reply format")
    rounds.add_argument("--seeds", required=True, metavar="A-B", help="seeds to learn from")
    rounds.add_argument("--held-out", required=True, metavar="A-B", help="seeds to measure on")
    rounds.add_argument("--rounds", type=positive, default=3, metavar="N", help="number of rounds (default: 3)")
    rounds.add_argument("--trials", type=positive, default=4, metavar="N", help="rollouts of each seed (default: 4)")
    rounds.add_argument(
        "--temperature", type=float, default=1.0, metavar="X", help="sampling temperature of rollouts (default: 1)"
    )
    rounds.add_argument("--keep", default="done,parsed", metavar="WHICH", help="as of export (default: done,parsed)")
    rounds.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the rounds")
    rounds.add_argument(
        "--eval",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any setting of eval, such as steps=5; repeatable",
    )
    _add_tuning_arguments(rounds)
    openenv = kinds.add_parser("openenv", help="serve tasks of a benchmark as an environment of OpenEnv")
    openenv.description = "Serve tasks of a benchmark as an environment of OpenEnv, on this machine, until Ctrl-C."
    openenv.add_argument("benchmark", metavar="BENCHMARK", help="benchmark whose tasks are served")
    openenv.add_argument("--task", action="append", default=[], metavar="NAME", help="only these tasks; repeatable")
    openenv.add_argument("--root", type=Path, metavar="FOLDER", help="folder of the benchmark's data")
    openenv.add_argument(
        "--dialect", default="ui-tars-1.5", metavar="NAME", help="format of replies (default: %(default)s)"
    )
    openenv.add_argument("--steps", type=positive, metavar="N", help="steps of an episode (default: the benchmark's)")
    openenv.add_argument("--sessions", type=positive, default=4, metavar="N", help="episodes at once (default: 4)")
    openenv.add_argument("--port", type=port_number, default=8000, help="port to listen on (default: 8000)")


def _add_tuning_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--epochs", type=float, default=2.0, metavar="N", help="passes over the data (default: 2)")
    parser.add_argument("--batch", type=positive, default=1, metavar="N", help="conversations at once (default: 1)")
    parser.add_argument(
        "--accumulate", type=positive, default=16, metavar="N", help="batches for a step of the optimizer (default: 16)"
    )
    parser.add_argument("--lora", type=positive, default=0, metavar="RANK", help="train adapters of this rank, not all")
    parser.add_argument("--learning-rate", type=float, metavar="X", help="default: 1e-5, or 1e-4 with --lora")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the order of the data (default: 0)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="any field of TRL's SFTConfig; repeatable"
    )


def _main(args: argparse.Namespace) -> int:
    return {"sft": _sft, "round": _round, "openenv": _openenv}[args.kind](args)


def _openenv(args: argparse.Namespace) -> int:
    from ..eval.learn.openenv import OpenEnvSettings, serve_openenv

    settings = OpenEnvSettings(
        args.benchmark, tuple(args.task), args.dialect, args.steps, args.root, sessions=args.sessions
    )
    with serve_openenv(settings, args.port) as server:
        print(f"serving {args.benchmark} at {server.url}", flush=True)
        server.wait()
    return 0


def _sft(args: argparse.Namespace) -> int:
    from ..eval.learn.sft import train_sft

    settings = _tuning(args, tuple(args.data), tuple(args.test))
    done = train_sft(settings)
    test = "" if done.test_loss is None else f", {done.test_loss:.4g} on the test data"
    print(f"{done.folder}: {done.steps} steps on {done.conversations} conversations, loss {done.loss:.4g}{test}")
    print(f"evaluate it with: screenwright eval BENCHMARK --model {done.folder} --dialect {' or '.join(done.dialects)}")
    return 0


def _round(args: argparse.Namespace) -> int:
    from ..eval.learn.rounds import RoundsSettings, as_table, run_rounds

    settings = RoundsSettings(
        benchmark=args.benchmark,
        tuning=_tuning(args),
        dialect=args.dialect,
        seeds=args.seeds,
        held_out=args.held_out,
        out=args.out,
        tasks=tuple(args.task),
        rounds=args.rounds,
        trials=args.trials,
        temperature=args.temperature,
        keep=args.keep,
        more=dict(_field(text, "--eval") for text in args.eval),
    )
    print(as_table(run_rounds(settings, lambda line: print(line, file=sys.stderr, flush=True))), end="")
    return 0


def _tuning(args: argparse.Namespace, data: tuple[Path, ...] = (), test: tuple[Path, ...] = ()) -> "SftSettings":
    from ..eval.learn.sft import SftSettings

    return SftSettings(
        model=args.model,
        data=data,
        out=args.out,
        test=test,
        epochs=args.epochs,
        batch=args.batch,
        accumulate=args.accumulate,
        lora=args.lora,
        learning_rate=args.learning_rate,
        seed=args.seed,
        more=dict(_field(text, "--set") for text in args.set),
    )


def _field(text: str, flag: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise SettingsError(f"{flag} {text!r} should be NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


COMMANDS = {"train": Command(_main, "Train a model with TRL, or serve tasks to another trainer.", _add_arguments)}
