"""`screenwright train`: fine-tunes a model on exported conversations, and serves tasks to other trainers."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from screenwright._text import counted

from ..arguments import Command, port_number, positive
from ..settings import SettingsError

if TYPE_CHECKING:  # needs no trainer to print the help
    from ...eval.learn.tuning import TuningResult, TuningSettings


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(
        dest="kind", required=True, metavar="sft|dpo|grpo|round|openenv", parser_class=type(parser)
    )
    sft = kinds.add_parser("sft", help="learn the replies of exported conversations")
    sft.description = "Train a model on the replies in exports, and write a model that serve and eval load."
    _add_data_arguments(sft, "file of screenwright export --format chat", "SFTConfig")
    dpo = kinds.add_parser("dpo", help="learn which of two replies was better, from exported pairs")
    dpo.description = "Train a model to prefer the chosen replies of pairs, and write a model that serve and eval load."
    _add_data_arguments(dpo, "folder of screenwright export --format pairs", "DPOConfig")
    _add_grpo_arguments(kinds.add_parser("grpo", help="reinforcement learning on whole episodes of a benchmark"))
    _add_round_arguments(kinds.add_parser("round", help="rounds of rejection sampling: rollouts, training, evaluation"))
    _add_openenv_arguments(kinds.add_parser("openenv", help="serve tasks of a benchmark as an environment of OpenEnv"))


def _add_data_arguments(parser: argparse.ArgumentParser, data: str, config: str) -> None:
    parser.add_argument("data", type=Path, nargs="+", metavar="DATA", help=data)
    parser.add_argument("--model", required=True, help="folder, or name on the Hugging Face hub")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the trained model")
    parser.add_argument(
        "--test", type=Path, action="append", default=[], metavar="DATA", help="data to report a loss on"
    )
    _add_tuning_arguments(parser, config)


def _add_grpo_arguments(grpo: argparse.ArgumentParser) -> None:
    grpo.description = (
        "Have a model do each task and seed several times, and train it by the rewards (GRPO). --batch times "
        "--accumulate episodes are a step."
    )
    _add_rollout_arguments(grpo)
    grpo.add_argument("--group", type=positive, default=8, metavar="N", help="episodes that are compared (default: 8)")
    _add_tuning_arguments(grpo, "GRPOConfig")


def _add_rollout_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("benchmark", metavar="BENCHMARK", help="benchmark whose tasks are done")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only these tasks; repeatable")
    parser.add_argument("--model", required=True, help="folder, or name on the Hugging Face hub")
    parser.add_argument("--dialect", required=True, metavar="NAME", help="prompt and reply format")
    parser.add_argument("--seeds", required=True, metavar="A-B", help="seeds to learn from")
    parser.add_argument(
        "--temperature", type=float, default=1.0, metavar="X", help="sampling temperature of rollouts (default: 1)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the result")
    parser.add_argument(
        "--eval",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any setting of eval, such as steps=5; repeatable",
    )


def _add_round_arguments(rounds: argparse.ArgumentParser) -> None:
    rounds.description = "Have a model do tasks, train it on what succeeded, measure it on held-out seeds, and repeat."
    _add_rollout_arguments(rounds)
    rounds.add_argument("--held-out", required=True, metavar="A-B", help="seeds to measure on")
    rounds.add_argument("--rounds", type=positive, default=3, metavar="N", help="number of rounds (default: 3)")
    rounds.add_argument("--trials", type=positive, default=4, metavar="N", help="rollouts of each seed (default: 4)")
    rounds.add_argument("--keep", default="done,parsed", metavar="WHICH", help="as of export (default: done,parsed)")
    rounds.add_argument(
        "--data",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="export that each round learns too, such as demonstrations; repeatable",
    )
    _add_tuning_arguments(rounds, "SFTConfig")


def _add_openenv_arguments(openenv: argparse.ArgumentParser) -> None:
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


def _add_tuning_arguments(parser: argparse.ArgumentParser, config: str) -> None:
    parser.add_argument("--epochs", type=float, default=2.0, metavar="N", help="passes over the data (default: 2)")
    parser.add_argument("--batch", type=positive, default=1, metavar="N", help="examples at once (default: 1)")
    parser.add_argument(
        "--accumulate", type=positive, default=16, metavar="N", help="batches for a step of the optimizer (default: 16)"
    )
    parser.add_argument("--lora", type=positive, default=0, metavar="RANK", help="train adapters of this rank, not all")
    parser.add_argument("--learning-rate", type=float, metavar="X", help="default: 1e-5, or 1e-4 with --lora")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the order of the data (default: 0)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help=f"any field of TRL's {config}; repeatable"
    )


def _main(args: argparse.Namespace) -> int:
    return {"sft": _sft, "dpo": _dpo, "grpo": _grpo, "round": _round, "openenv": _openenv}[args.kind](args)


def _openenv(args: argparse.Namespace) -> int:
    from ...eval.learn.openenv import OpenEnvSettings, serve_openenv

    settings = OpenEnvSettings(
        args.benchmark, tuple(args.task), args.dialect, args.steps, args.root, sessions=args.sessions
    )
    with serve_openenv(settings, args.port) as server:
        print(f"serving {args.benchmark} at {server.url}", flush=True)
        server.wait()
    return 0


def _sft(args: argparse.Namespace) -> int:
    from ...eval.learn.sft import train_sft

    return _report(train_sft(_tuning(args, tuple(args.data), tuple(args.test))), "conversation", "conversations")


def _dpo(args: argparse.Namespace) -> int:
    from ...eval.learn.dpo import train_dpo

    return _report(train_dpo(_tuning(args, tuple(args.data), tuple(args.test))), "pair", "pairs")


def _grpo(args: argparse.Namespace) -> int:
    from ...eval.learn.grpo import GrpoSettings, train_grpo

    settings = GrpoSettings(
        benchmark=args.benchmark,
        tuning=_tuning(args),
        dialect=args.dialect,
        seeds=args.seeds,
        tasks=tuple(args.task),
        group=args.group,
        temperature=args.temperature,
        more=dict(_field(text, "--eval") for text in args.eval),
    )
    return _report(train_grpo(settings), "seed of tasks", "seeds of tasks")


def _report(done: "TuningResult", example: str, examples: str) -> int:
    test = "" if done.test_loss is None else f", {done.test_loss:.4g} on the test data"
    trained = f"{counted(done.steps, 'step')} on {counted(done.examples, example, examples)}"
    print(f"{done.folder}: {trained}, loss {done.loss:.4g}{test}")
    print(f"evaluate it with: screenwright eval BENCHMARK --model {done.folder} --dialect {' or '.join(done.dialects)}")
    return 0


def _round(args: argparse.Namespace) -> int:
    from ...eval.learn.rounds import RoundsSettings, as_table, run_rounds

    settings = RoundsSettings(
        benchmark=args.benchmark,
        tuning=_tuning(args, tuple(args.data)),
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


def _tuning(args: argparse.Namespace, data: tuple[Path, ...] = (), test: tuple[Path, ...] = ()) -> "TuningSettings":
    from ...eval.learn.tuning import TuningSettings

    return TuningSettings(
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
