"""`screenwright replay` performs a recorded run or a recipe again; `screenwright recipe` writes runs as a recipe."""

import argparse
import os
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

from screenwright._files import write_file
from screenwright._text import counted

from ...agent.core.limits import StopReason
from ...agent.guard.approval import NoApprover
from ...agent.loop.agent import Agent
from ...agent.loop.config.run import ReplayConfig, RunConfig
from ...agent.record.archive import DIVERGENCE
from ...agent.record.events import Ended
from ...agent.record.lock import lock_folder
from ...agent.record.trajectory import RunError, read_run
from ...agent.replay.healing import with_healed
from ...agent.replay.recipe import Recipe, RecipeStep, join, recipe_of
from ...agent.replay.recipe_file import RECIPE_FILE, read_recipe, write_recipe
from ...envs.secrets import Secret
from ..approver import TerminalApprover
from ..arguments import Command, flag_of, given_flags
from ..settings import NO_FILE, SettingsError, SettingValue, build_settings, given_now, given_settings
from ..terminal import Terminal, new_run_folder, quoted
from .run import (
    EXIT_CODES,
    SETTINGS_FILE,
    confirm_takeover,
    files_of,
    recorded_settings,
    run_name,
    show_events,
    stopping_cleanly,
)

PROPOSED = "recipe"
"""The folder of the recipe with new anchors, in that of a run."""


def _add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="RUN", help="folder of a finished run, or of a recipe")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a parameter of the recipe; repeatable",
    )
    parser.add_argument(
        "--each",
        type=Path,
        metavar="FILE",
        help="perform the recipe for each row of a CSV file, whose columns are its parameters; with the same --out, "
        "rows that are done are not repeated",
    )
    parser.add_argument("--accept", action="store_true", help="with --heal: write new anchors to the recipe")
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON on standard output")


def _replay(args: argparse.Namespace) -> int:
    from ...agent.replay.parametrize import with_expected_texts

    terminal = Terminal()
    recipe = _load(args.source)
    if not (args.source / RECIPE_FILE).exists():  # what a recipe does not expect, its user has left out
        recipe = with_expected_texts(recipe)
    config = _settings(args, args.source, terminal)
    given = _assignments(args.set)
    if args.accept and (config.heal is None or args.each is not None or not (args.source / RECIPE_FILE).exists()):
        raise SettingsError(
            "--accept changes a recipe that --heal has repaired: name a recipe and --heal, without --each"
        )
    secrets = config.build_secrets()
    if missing := [name for name in recipe.secrets if name not in {secret.name for secret in secrets}]:
        raise SettingsError(f"{args.source} types the secret {missing[0]}: give it with --secret {missing[0]}=SOURCE")
    if args.each is not None:
        return _replay_rows(args, recipe, config, secrets, terminal)
    name = f"replay-{run_name(recipe.task, secrets)}"
    with new_run_folder(name) if config.out is None else nullcontext(config.out) as folder:
        ended, healed = _perform(recipe.filled(given), config, folder, secrets, terminal, as_json=args.json)
        if healed:
            terminal.line(_propose(recipe, healed, args, folder))
    if ended.answer and not args.json:
        print(ended.answer)
    terminal.line(f"recorded in {folder}; view it with: screenwright view {quoted(folder)}")
    return EXIT_CODES[ended.stop]


def _perform(
    recipe: Recipe,
    config: ReplayConfig,
    folder: Path,
    secrets: tuple[Secret, ...],
    terminal: Terminal,
    *,
    as_json: bool,
) -> tuple[Ended, dict[int, RecipeStep]]:
    """Perform `recipe`, whose parameters are filled in, recorded in `folder`; also the steps that were healed."""
    from ...agent.replay.comparison import side_by_side
    from ...agent.replay.healing import HealingPolicy
    from ...agent.replay.policy import ReplayPolicy

    policy = ReplayPolicy(recipe, wait_s=config.wait)
    model = config.build_healer(terminal.report)
    healer = HealingPolicy(policy, model) if model is not None else None
    approver = TerminalApprover(terminal, folder) if os.isatty(0) or config.action_rules.confirm else NoApprover()
    guard, rules = config.build_guard(), config.build_rules()
    env = config.env.build(folder)
    agent: Agent = config.build_replay(healer or policy, guard=guard, rules=rules, approver=approver, secrets=secrets)
    with closing(agent):
        if config.env.takes_over and not config.yes:
            confirm_takeover(config.env, terminal)
        with env, stopping_cleanly(agent, terminal):
            events = agent.stream(recipe.task, env, out=folder)
            ended = show_events(events, env, folder, config, terminal, as_json=as_json)
    for line in files_of(env):
        terminal.line(line)
    if ended.stop is StopReason.DIVERGED and policy.mismatch is not None:
        path = folder / DIVERGENCE
        write_file(path, side_by_side(policy.mismatch).png, inside=folder)
        terminal.line(f"the recorded screen and this one, side by side: {path}")
    if healer is None:
        return ended, {}
    terminal.line(f"{counted(healer.calls, 'call')} of the model for {counted(len(recipe.steps), 'step')}")
    return ended, healer.healed if ended.stop is StopReason.FINISHED else {}


def _propose(recipe: Recipe, healed: dict[int, RecipeStep], args: argparse.Namespace, folder: Path) -> str:
    """Write the recipe with the new anchors: over the recipe with `--accept`, else next to the run. What was done."""
    steps = ", ".join(str(index + 1) for index in sorted(healed))
    target = args.source if args.accept else folder / PROPOSED
    write_recipe(with_healed(recipe, healed), target)
    if args.accept:
        return f"the recipe has a new anchor for step {steps}"
    if (args.source / SETTINGS_FILE).exists():
        _copy_settings(args.source, target)
    return f"the recipe with a new anchor for step {steps} is in {target}: check it and use it, or repeat with --accept"


def _replay_rows(
    args: argparse.Namespace,
    recipe: Recipe,
    config: ReplayConfig,
    secrets: tuple[Secret, ...],
    terminal: Terminal,
) -> int:
    """Perform the recipe for each row that is not settled; the exit code is 1 if a row is not finished."""
    from ...agent.replay.rows import check_same_rows, read_rows, row_folder, row_state, write_results

    if config.out is None:
        raise SettingsError("--each needs --out FOLDER, in which the rows are recorded")
    rows, given, out = read_rows(args.each, recipe), _assignments(args.set), config.out
    recipe.filled(given)  # refuses unknown parameters before a screen opens
    if unused := [name for name in rows.header if name not in recipe.parameters]:
        terminal.line(f"columns that are no parameters are only copied: {', '.join(unused)}")
    if kept := [name for name in recipe.parameters if name not in {*rows.header, *given}]:
        terminal.line(f"parameters without a column keep their recorded value: {', '.join(kept)}")
    out.mkdir(0o700, parents=True, exist_ok=True)
    try:
        lock = lock_folder(out)
    except OSError as error:
        raise RunError(f"{out}: {error.strerror}") from error
    with closing(lock):
        check_same_rows(out, rows, given, recipe)
        states = [row_state(out, index, recipe) for index in range(len(rows.rows))]
        for index in range(len(rows.rows)):
            if states[index].is_settled:
                continue
            filled = recipe.filled({**given, **rows.values(index, recipe)})
            terminal.line(f"row {index + 1} of {len(rows.rows)}")
            folder = row_folder(out, index)
            ended, _ = _perform(filled, config, folder, secrets, terminal, as_json=args.json)
            states[index] = row_state(out, index, recipe)
            write_results(out, rows, states, recipe)
            if ended.stop is StopReason.CANCELLED:
                return EXIT_CODES[ended.stop]
        path = write_results(out, rows, states, recipe)
    done = sum(state.result == StopReason.FINISHED for state in states)
    terminal.line(f"{done} of {len(states)} rows finished; results: {path}")
    return 0 if done == len(states) else 1


def _load(source: Path) -> Recipe:
    """The recipe in the folder `source`, or that of the run there."""
    return read_recipe(source) if (source / RECIPE_FILE).exists() else recipe_of(read_run(source))


def _settings(args: argparse.Namespace, source: Path, terminal: Terminal) -> ReplayConfig:
    """The settings: those that the run was recorded with, and flags, variables and `--config` over them."""
    found = source / SETTINGS_FILE
    flags = given_flags(args, ReplayConfig)
    if "heal" not in flags and (of_model := sorted(ReplayConfig.of_models() & flags.keys())):
        raise SettingsError(f"{flag_of(of_model[0])} applies to a model: add --heal")
    base = given_settings(ReplayConfig, {}, {}, args.config or NO_FILE)
    now = given_now(ReplayConfig, flags, os.environ)
    recorded: Mapping[str, SettingValue] = {}
    if found.exists() and args.config is None:
        kept = ReplayConfig.settings().keys() - ReplayConfig.of_models() - {"steps", "out"}
        of_run = given_settings(RunConfig, {}, {}, None, found)
        recorded = {name: one for name, one in of_run.items() if name in kept}
    elif not found.exists() and not {"env", "url", "cdp"} & {*base, *now}:
        raise SettingsError(f"{source} has no settings: name the screen, such as --url or --env desktop")
    return build_settings(ReplayConfig, {**base, **recorded, **now}, terminal.line)


def _assignments(given: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise SettingsError(f"--set {one} should be NAME=VALUE")
        values[name] = value
    return values


# -- recipe


def _add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources", type=Path, nargs="+", metavar="RUN", help="folder of a finished run or a recipe; several are joined"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder to write (default: RUN/recipe)")


def _recipe(args: argparse.Namespace) -> int:
    from ...agent.replay.parametrize import parametrized

    first: Path = args.sources[0]
    out: Path = args.out or first / "recipe"
    if (out / RECIPE_FILE).exists():
        raise SettingsError(f"{out} already contains a recipe: name another folder with --out")
    recipe = join([parametrized(_load(source)) for source in args.sources])
    path = write_recipe(recipe, out)
    if (first / SETTINGS_FILE).exists():
        _copy_settings(first, out)
    print(path)
    return 0


def _copy_settings(source: Path, target: Path) -> None:
    """Copy the settings; they are trusted where they are if they were trusted where they were."""
    recorded = recorded_settings(source)
    write_file(target / SETTINGS_FILE, recorded.content, inside=target)
    if recorded.is_trusted:
        recorded_settings(target).trust()


COMMANDS = {
    "replay": Command(
        _replay,
        "Perform a finished run, or a recipe, again without a model. Targets are found by their pixels and texts; the "
        "run ends as diverged where the screen is not what it was.",
        _add_replay_arguments,
        ReplayConfig,
        usage="RUN [flags]",
    ),
    "recipe": Command(
        _recipe,
        "Write finished runs as a recipe: steps, pictures, parameters and expected texts that you can edit. Prints the "
        "path of its file.",
        _add_recipe_arguments,
    ),
}
