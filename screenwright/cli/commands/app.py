"""`screenwright app`: serves the web application, with the settings of `screenwright run` for its tasks."""

import argparse
import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from screenwright._home import state_folder

from ..._plugins import plugin_names
from ..._version import __version__
from ...agent.guard.approval import Approver
from ...agent.guard.rules_file import PRESETS, load_rules
from ...agent.loop.config.model import AgentConfig
from ...agent.loop.config.run import RunConfig
from ...agent.models.transport import is_loopback
from ...agent.record.html import Json
from ...agent.record.trajectory import read_run
from ...app.queue import QueuedTask, QueueError
from ...app.runner import CannotRun, Prepared
from ...app.tags import TagsRefused
from ...envs.check import CheckStatus
from ...envs.secrets import Secret
from ..arguments import Command, given_flags, port_number
from ..settings import SettingsError, SettingValue, build_settings, given_settings
from ..streams import interrupt, stop_signals
from .doctor import EXTRAS, check_extra
from .run import SETTINGS_FILE, at_last_page, build_run, files_of, record_settings, recorded_settings, run_name

_PORT = 8765
_MAX_PARALLEL = 16
_CHOICES = {"screen", "url", "program", "model", "rules", "steps"}
_VIRTUAL = {"env": "desktop", "virtual": True}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=_PORT, help="port to listen on, 0 for any (default: %(default)s)"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="FOLDER", help="folder of the runs (default: %(default)s)"
    )
    parser.add_argument(
        "--parallel", type=_tasks, default=1, metavar="N", help="tasks at the same time (default: %(default)s)"
    )
    parser.add_argument("--open", action="store_true", help="open it in the web browser")


def _tasks(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_PARALLEL):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MAX_PARALLEL}")
    return int(text)


def _main(args: argparse.Namespace) -> int:
    from ...app.server import AppServer  # needs the extra `server`

    given = given_settings(RunConfig, given_flags(args, RunConfig), os.environ, args.config)
    if "out" in given:
        raise SettingsError(f"{given['out'].origin} names the folder of one run: use --runs FOLDER for all")
    config = build_settings(RunConfig, given)
    if config.env.takes_over and not config.yes:
        raise SettingsError(f"tasks on this screen take over {config.env.takes_over}: add --yes")
    if config.env.takes_over and args.parallel > 1:
        raise SettingsError("tasks on the same screen run one after the other: leave out --parallel")
    factory = SettingsFactory(given, config, config.build_secrets())
    runs: Path = args.runs.absolute()
    state = state_folder() / "app" / sha256(os.fsencode(runs)).hexdigest()[:16]
    try:
        server = AppServer(factory, runs, state, host=args.host, port=args.port, parallel=args.parallel)
    except BlockingIOError as error:
        raise SettingsError(f"an app for {runs} is running already: {error.strerror}") from error
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.filename is not None:  # of a folder, not of the port
            raise SettingsError(f"{error.filename}: {error.strerror}") from error
        problem = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"cannot serve on {args.host} port {args.port}: {problem}; choose another --port"
        ) from error
    except (QueueError, TagsRefused) as error:
        raise SettingsError(str(error)) from error
    if not os.access(runs, os.W_OK | os.X_OK):
        print(f"{args.runs} cannot be written: no task can be recorded there", file=sys.stderr)
    try:
        with server, stop_signals(interrupt):
            print(f"open {server.url}", flush=True)
            print("Who has this address can run tasks as you. Ctrl-C stops it.", file=sys.stderr)
            if not is_loopback(args.host):
                print(f"Other machines can reach {args.host}, and nothing is encrypted: see the guide", file=sys.stderr)
            if args.open:
                webbrowser.open(server.url)
            server.wait()
    except KeyboardInterrupt:
        pass
    return 0


@dataclass(frozen=True, slots=True)
class SettingsFactory:
    """A `RunFactory` over the settings that were `given`, of which `config` is the tree."""

    given: Mapping[str, SettingValue]
    config: RunConfig
    secrets: tuple[Secret, ...] = ()

    def options(self) -> Json:
        """See `RunFactory`."""
        rules = self.config.action_rules
        return {
            "version": __version__,
            "screens": [{"id": name, "name": label, "problem": _problem_with(name)} for name, label in self._screens()],
            "models": [*dict.fromkeys((self.config.agent.model.model, "reader"))],
            "policy": self.config.agent.policy or "",
            "rules": [] if self._has_rules else ["", *PRESETS],
            "fixed": "asks before each action" if rules.confirm else rules.rules or self.config.guard or "",
            "steps": self.config.limits.build().steps,
            **self._start,
        }

    def check(self, choices: Mapping[str, str]) -> None:
        """See `RunFactory`."""
        self.config_of(choices)

    def name(self, task: str) -> str:
        """See `RunFactory`."""
        return run_name(task, self.secrets)

    def prepare(self, job: QueuedTask, folder: Path, approver: Approver, report: Callable[[str], object]) -> Prepared:
        """See `RunFactory`."""
        resume = (folder / "events.jsonl").exists()
        config = self.recorded_config(folder) if resume else self.config_of(job.choices)
        secrets = self.secrets if type(config.env) is type(self.config.env) else ()
        try:
            agent, env = build_run(config, folder, approver, secrets, report, resume=resume)
        except (ValueError, ImportError, SettingsError) as error:
            raise CannotRun(str(error)) from error
        return Prepared(agent, env, lambda: None if resume else record_settings(folder, config), lambda: files_of(env))

    def config_of(self, choices: Mapping[str, str]) -> RunConfig:
        """The settings of a task with these choices; raises as `check`."""
        chosen = {name: value.strip() for name, value in choices.items() if value.strip()}
        screen = chosen.pop("screen", "") or self._screens()[0][0]
        is_known = screen in dict(self._screens()) and chosen.get("rules", PRESETS[0]) in PRESETS
        if choices.keys() - _CHOICES or not is_known:
            raise CannotRun("the task has choices that are not offered: reload the page")
        if self._has_rules and "rules" in chosen:
            raise CannotRun("the rules are set where the app was started")
        for name, shown in self._start.items():
            if chosen.get(name) == shown or screen != {"url": "browser", "program": "virtual"}[name]:
                chosen.pop(name, None)  # as it was given, or it does not apply
        _check_model(chosen.get("model", ""), self.config.agent.model.model)
        if "url" in chosen:
            chosen["url"] = _web_address(chosen["url"])
        values: dict[str, object] = {**self._given_for(screen, chosen.get("model")), **chosen}
        if screen == "virtual":
            values |= {**_VIRTUAL, **({"program": [chosen["program"]]} if "program" in chosen else {})}
        return self._built(values)

    def recorded_config(self, folder: Path) -> RunConfig:
        """The settings with which this user has started the run in `folder`.

        Raises:
            CannotRun: someone else did, or it was started from Python.
        """
        if not (folder / SETTINGS_FILE).exists() or not recorded_settings(folder).is_trusted:
            raise CannotRun(f"the run has no settings of yours: continue it with screenwright run --resume {folder}")
        try:
            given = given_settings(RunConfig, {}, {}, found=folder / SETTINGS_FILE)
        except SettingsError as error:
            raise CannotRun(str(error)) from error
        values = {name: one.value for name, one in given.items()}
        rules = read_run(folder).started.rules_sha256
        named = {load_rules(name).sha256: name for name in PRESETS} | (
            {load_rules(self.config.action_rules.rules).sha256: self.config.action_rules.rules}
            if self.config.action_rules.rules
            else {}
        )
        if rules in named:
            values["rules"] = named[rules]
        return at_last_page(self._built(values), folder)

    def _built(self, values: Mapping[str, object]) -> RunConfig:
        try:
            return build_settings(RunConfig, {name: SettingValue(value, name) for name, value in values.items()})
        except SettingsError as error:
            raise CannotRun(str(error)) from error

    def _given_for(self, screen: str, model: str | None) -> dict[str, object]:
        """The given settings that apply to this screen, and to this model if another one was given."""
        kind, settings = ("desktop" if screen == "virtual" else screen), RunConfig.settings()
        values = {name: one.value for name, one in self.given.items()}
        if screen not in ("browser", "virtual"):
            kind = self.config.env.kind_name()
        elif screen != _screen_of(self.config):
            values = {name: value for name, value in values.items() if settings[name].path[0] != "env"}
        if model and model != self.config.agent.model.model:
            values = {name: value for name, value in values.items() if name not in AgentConfig.settings()}
        kinds = {name: settings[name].kinds for name in values}
        return {name: value for name, value in values.items() if not kinds[name] or kind in kinds[name]}

    @property
    def _start(self) -> dict[str, str]:
        """What the page shows at first: the page of a browser and the programs of a desktop that were given."""
        url, programs = getattr(self.config.env, "url", ""), getattr(self.config.env, "program", ())
        return {"url": str(url).replace("about:blank", ""), "program": "; ".join(programs)}

    @property
    def _has_rules(self) -> bool:
        """Whether the rules were set where the app was started: its page cannot loosen them."""
        return bool(self.config.action_rules.rules or self.config.action_rules.confirm or self.config.guard)

    def _screens(self) -> list[tuple[str, str]]:
        """The screens that are offered, the one of the settings first."""
        own = _screen_of(self.config)
        names = {"browser": "Browser page", "virtual": "Virtual desktop"}
        names.setdefault(own, f"{self.config.env.takes_over or own}".removeprefix("the ").capitalize())
        return sorted(names.items(), key=lambda item: item[0] != own)


def _screen_of(config: RunConfig) -> str:
    """The name of the screen of the settings on the start page."""
    kind = config.env.kind_name()
    if config.env.takes_over:
        return f"{kind} screen"
    return "virtual" if kind == "desktop" else kind


def _problem_with(screen: str) -> str:
    """What is missing for this kind of screen; empty if it can be used, as far as that is known without starting it."""
    extra = {"browser": "browser", "virtual": "desktop"}.get(screen)
    if extra is None:
        return ""
    check = check_extra(extra, EXTRAS[extra], requested=True)
    if check.status is not CheckStatus.OK:
        return f"{check.found}; {check.fix}"
    if screen == "virtual":
        from ...envs.desktop.virtual.packages import OPTIONAL, VIRTUAL_PACKAGES, how_to_install, missing

        return how_to_install([one for one in missing(VIRTUAL_PACKAGES) if one not in OPTIONAL])
    return ""


def _check_model(model: str, configured: str) -> None:
    """Refuse a folder of this machine, unless the app was started with it."""
    kinds = {name for name in plugin_names("model") if name != "local"}
    if model and model != configured and model.partition(":")[0] not in kinds:
        known = ", ".join(sorted(kinds - {"http", "https"}))
        raise CannotRun(f"{model!r} is not a model: name the address of a server, or one of {known}")


def _web_address(text: str) -> str:
    """`text` as the address of a web page; a file of this machine is not one."""
    from ...envs.browser.page.addresses import start_address

    address = start_address(text)
    if urlsplit(address).scheme not in ("http", "https") and address != "about:blank":
        raise CannotRun(f"{text!r} is not a web address: write one such as https://example.org")
    return address


COMMANDS = {
    "app": Command(
        _main,
        "Serve a web application to start tasks, watch them, approve actions and search recorded runs. It prints its "
        "address, which only you may know. The other flags are those of run.",
        _add_arguments,
        RunConfig,
        usage="[flags]",
    )
}
