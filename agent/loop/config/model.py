"""The settings of a model and of how it is asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from screenwright._plugins import load_plugin

from ....envs.config import Config, JsonObject, SettingError, setting
from ...core.image_history import HISTORY_HELP, HISTORY_PATTERN, history_named
from ...core.messages import ImageFormat
from ...core.model import Model, ModelLost, ModelUnknown
from ...core.request import sampling_changes
from ...dialects.dialect import Constrainable, Dialect
from ...dialects.planner import Planner
from ...dialects.prompting.prompt_kind import Prompt
from ...dialects.prompting.thoughts import Thoughts
from ...dialects.registry import (
    dialect_for_model,
    dialect_named,
    dialects_for_model,
    has_prompt,
    with_language,
    with_max_image_pixels,
    with_several_actions,
    with_thoughts,
)
from ...policy.grounded_policy import GroundedPolicy
from ...policy.model_policy import ModelPolicy
from ...policy.policy import Policy, PolicyProvider, PolicySettings
from ..open_model import open_model
from .applicable import check_address, check_applicable, check_parameters

_GROUNDING = Prompt.GROUNDING


class ModelConfig(Config):
    """Which model to use."""

    group: ClassVar[str] = "model"

    model: str = setting(
        "reader",
        "reader, the address of an OpenAI-compatible server, the folder of a model, or a vendor's model such as "
        "openai:gpt-5.4; eval: several addresses with commas are replicas",
        common=True,
    )
    model_name: str | None = setting(None, "name of the model, if the server has several", common=True)
    image_uuids: bool = setting(False, "vLLM: send the bytes of each screenshot only once")
    model_timeout: float = setting(120.0, "seconds that a model server may be silent", gt=0)

    def build(self, slot: int | None = None) -> Model:
        """The model, not contacted yet. Different `slot`s, such as the workers of an evaluation, get replicas in turn.

        Raises:
            ValueError: there is no such model, or there are replicas and no `slot`.
            ImportError: the extra that it needs is not installed.
        """
        replicas = self.replicas
        if not replicas:
            raise SettingError("model", "names no model")
        if slot is None and len(replicas) > 1:
            raise SettingError("model", f"names {len(replicas)} replicas, which only eval uses: name one address")
        return self._open(replicas[(slot or 0) % len(replicas)])

    @property
    def replicas(self) -> list[str]:
        """The addresses of the model."""
        return [part for part in self.model.split(",") if part]

    def check_replicas(self, model: Model) -> None:
        """Contact the other replicas of `model`, which is connected.

        Raises:
            SettingError: one of them is another model.
            ModelUnknown: one of them does not have the model.
        """
        for address in self.replicas if len(self.replicas) > 1 else ():
            other = self._open(address)
            try:
                if other.info().endpoint and not isinstance(other, PolicyProvider):
                    other.connect()
            except ModelUnknown:
                raise
            except ModelLost:
                continue  # the worker that uses it reports it
            finally:
                getattr(other, "close", lambda: None)()
            name, expected = other.info().name, model.info().name
            if name != expected:
                problem = f"names replicas of different models, {expected} and, at {address}, {name}"
                raise SettingError("model", f"{problem}: name the addresses of one model")

    def _open(self, address: str) -> Model:
        options: dict[str, Any] = {"image_uuids": self.image_uuids, "timeout_s": self.model_timeout}
        return open_model(address, self.model_name, **options)


@dataclass(frozen=True, slots=True)
class ChosenDialects:
    """The dialects of the model and of the grounder; None if the model's name chooses it later."""

    model: Dialect | None = None
    grounder: Dialect | None = None


class AgentConfig(Config):
    """How to prompt the model and parse its replies."""

    group: ClassVar[str] = "model"

    model: ModelConfig = ModelConfig()
    policy: str | None = setting(None, "policy of an installed plugin, instead of a model")
    dialect: str | None = setting(
        None, "prompt and reply format, such as ui-tars-1.5 (default: by the model's name)", common=True
    )
    prompt: Literal["computer", "browser", "mobile"] | None = setting(
        None, "prompt of the dialect, if it has several (default: by the kind of screen)"
    )
    thoughts: Thoughts = setting(
        Thoughts.OFFICIAL, "with --dialect: official prompt, or planned to also ask for a plan and its milestones"
    )
    language: Literal["English", "Chinese"] | None = setting(
        None, "with --dialect: language of the model's thoughts (default: the dialect's)"
    )
    history: str | None = setting(None, f"{HISTORY_HELP} (default: the dialect's)", pattern=HISTORY_PATTERN)
    temperature: float | None = setting(None, "sampling temperature (default: the dialect's)", ge=0, common=True)
    top_p: float | None = setting(None, "nucleus sampling (default: the dialect's)", gt=0, le=1)
    max_tokens: int | None = setting(
        None, "maximum number of tokens per reply (default: the dialect's)", gt=0, common=True
    )
    request: JsonObject | None = setting(
        None,
        "further parameters of each request, as JSON, such as "
        """'{"top_k": 20, "chat_template_kwargs": {"enable_thinking": false}}'""",
    )
    several_actions: bool = setting(
        False, "with --dialect: ask for several actions per reply where the later ones do not depend on the first"
    )
    grounder: str | None = setting(
        None, "address of a second model that locates the targets which the model names", common=True
    )
    grounder_name: str | None = setting(None, "name of the grounder, if its server has several")
    grounder_dialect: str | None = setting(None, "dialect of the grounder (default: by its name)")
    image_format: Literal["png", "jpeg"] = setting("png", "format of the screenshots sent to the model")
    max_image_pixels: int | None = setting(
        None,
        "send screenshots of at most this many pixels (default: the dialect's limit)",
        gt=0,
    )
    long_edge: int | None = setting(
        None, "APIs of vendors: pixels of the longer side of the screenshots sent (default: the vendor's advice)", gt=0
    )
    constrain: bool = setting(False, "vLLM: constrain replies to the grammar of the dialect")
    calibrate: bool = setting(
        True, "measure at the first contact with a model on a server whether its clicks hit in its dialect"
    )

    @model_validator(mode="after")
    def _check_policy(self) -> Self:
        ignored = sorted(self.changed() - {"policy"})
        if self.policy is not None and ignored:
            problem = "applies to models, not to --policy: leave it out"
            raise SettingError(ignored[0], problem, excluded_by="policy")
        return self

    def check_address(self) -> None:
        """Refuse what has no meaning for the kind of model that the address names; `build_policy` refuses the rest.

        Raises:
            SettingError: with the name of the setting.
        """
        if self.model.replicas:
            check_address(self._asked, self.model.replicas[0])

    @property
    def _asked(self) -> frozenset[str]:
        """The settings that the model has to have; with a grounder, that is the one which is measured."""
        return self.changed() - ({"calibrate"} if self.grounder is not None else set[str]())

    def build_policy(
        self, model: Model | None = None, dialects: ChosenDialects | None = None, *, summarize: bool = True
    ) -> Policy:
        """The policy that asks `model` in `dialects`, as `check_model` chose them (default: those of the settings).

        Raises:
            ValueError: there is no such dialect or policy, or the dialect does not support a setting.
        """
        if self.policy is not None:
            policy: Policy = load_plugin("policy", self.policy)()
            return policy
        model = model or self.model.build()
        self._check_applicable(model)
        history = history_named(self.history) if self.history else None
        changes = self._sampling_changes()
        if isinstance(model, PolicyProvider):
            return model.policy(PolicySettings(history, changes, ImageFormat(self.image_format), self.long_edge))
        dialects = dialects or ChosenDialects(self.build_dialect())
        planner = ModelPolicy(
            model,
            dialects.model,
            history=history,
            sampling_changes=changes,
            image_format=ImageFormat(self.image_format),
            prompt=Prompt(self.prompt) if self.prompt else None,
            constrain=self.constrain,
            summarize=summarize,
            max_image_pixels=self.max_image_pixels,
        )
        if self.grounder is None:
            return self._without_grounder(planner)
        dialect = dialects.grounder or (dialect_named(self.grounder_dialect) if self.grounder_dialect else None)
        return GroundedPolicy(planner, self._open_grounder(self.grounder), dialect)

    def _open_grounder(self, address: str) -> Model:
        grounder = open_model(address, self.grounder_name, timeout_s=self.model.model_timeout)
        if isinstance(grounder, PolicyProvider):
            raise SettingError("grounder", f"cannot be {address}, whose API has its own: name the address of a server")
        given = {"model_name"} if self.grounder_name is not None else set[str]()
        try:
            check_applicable(given, grounder, address)
        except SettingError as error:
            raise SettingError("grounder_name", error.problem) from error
        return grounder

    def _check_grounder(self, address: str, report: Callable[[str], object]) -> Dialect | None:
        """Contact the grounder and find its dialect, before a screen opens: it is measured like a single model.

        Raises:
            SettingError: it cannot be reached, or its dialect is not known, has no grounding prompt, or does not fit.
        """
        grounder = self._open_grounder(address)
        try:
            grounder.connect()
            return self._grounder_dialect(grounder, report)
        except ModelLost as lost:
            problem = str(lost).replace("--model-name", "--grounder-name")
            raise SettingError("grounder", f"cannot be used: {problem}") from lost
        finally:
            getattr(grounder, "close", lambda: None)()

    def _grounder_dialect(self, grounder: Model, report: Callable[[str], object]) -> Dialect | None:
        name = grounder.info().name
        given = dialect_named(self.grounder_dialect) if self.grounder_dialect else None
        candidates = [one for one in ([given] if given else _candidates(name)) if has_prompt(one, _GROUNDING)]
        if given and not candidates:
            raise SettingError("grounder_dialect", f"{given.name} has no grounding prompt: name another one")
        if self.calibrate and _is_measurable(grounder):
            try:
                chosen = _fitting_dialect(grounder, candidates, {}, report)
            except ValueError as error:
                problem = str(error).replace("--dialect", "--grounder-dialect")
                raise SettingError("grounder", f"cannot be used: {problem}") from error
            if chosen is not None:
                return chosen
        candidates = [one for one in candidates if given or one.name in {by.name for by in dialects_for_model(name)}]
        if len(candidates) == 1:
            return candidates[0]
        names = " or ".join(dialect.name for dialect in candidates) or "with the dialect of that model"
        raise SettingError("grounder", f"{name!r} does not determine a dialect: add --grounder-dialect {names}")

    def _check_applicable(self, model: Model) -> None:
        """Refuse what has no meaning for `model`.

        Raises:
            SettingError: with the name of the setting.
        """
        check_applicable(self._asked, model, next(iter(self.model.replicas), ""))
        check_parameters(self._sampling_changes(), model)

    def _without_grounder(self, policy: ModelPolicy) -> ModelPolicy:
        for name in ("grounder_name", "grounder_dialect"):
            if getattr(self, name) is not None:
                raise SettingError(name, "applies to a grounder: name its address with --grounder")
        if isinstance(policy.dialect, Planner):
            raise SettingError("dialect", "planner names targets in words: add --grounder with the address of a model")
        return policy

    def _sampling_changes(self) -> dict[str, Any]:
        single = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}
        try:
            return {name: value for name, value in single.items() if value is not None} | sampling_changes(
                self.request or {}
            )
        except ValueError as error:
            raise SettingError("request", str(error)) from error

    def build_dialect(self) -> Dialect | None:
        """The dialect; None where the model's name chooses it.

        Raises:
            ValueError: there is no such dialect, or it does not support a setting.
        """
        if self.dialect is None:
            for name, is_set in (
                ("language", self.language),
                ("thoughts", self.thoughts is not Thoughts.OFFICIAL),
                ("several_actions", self.several_actions),
            ):
                if is_set:
                    raise SettingError(name, "needs --dialect, since the model's own may not be known yet")
            return None
        dialect = with_thoughts(dialect_named(self.dialect), self.thoughts)
        dialect = with_several_actions(dialect) if self.several_actions else dialect
        return dialect if self.language is None else with_language(dialect, self.language)

    def check_model(self, model: Model, report: Callable[[str], object] = lambda line: None) -> ChosenDialects:
        """The dialects for `model` and its grounder.

        A model on a server is measured at its first contact, and if its name leaves several dialects open, the one that
        fits is chosen. `report` is called with a line about the result.

        Raises:
            ValueError: a setting does not apply to the model, the server has no such model, or its clicks miss in its
                dialect.
        """
        self._check_applicable(model)
        dialect = self.build_dialect()
        grounder = self._check_grounder(self.grounder, report) if self.grounder is not None else None
        if isinstance(model, PolicyProvider):
            try:
                model.connect()
            except ModelLost as lost:
                raise ValueError(str(lost)) from lost
        try:
            if model.info().endpoint and not isinstance(model, PolicyProvider):
                model.connect()
                self._check_server(model)
                dialect = self._chosen_dialect(model, dialect, report)
            self.model.check_replicas(model)
        except ModelUnknown as unknown:
            raise ValueError(str(unknown)) from unknown
        except ModelLost:
            pass  # the run reports it
        finally:
            if model.info().endpoint:  # the run connects again; the agent may never run
                getattr(model, "close", lambda: None)()
        self._check_dialect(dialect or dialect_for_model(model.info().name))
        return ChosenDialects(dialect, grounder)

    def _check_server(self, model: Model) -> None:
        """Refuse what only vLLM has, for another server that answers."""
        from ...models.served.model import ServedModel

        if isinstance(model, ServedModel) and not model.facts().is_vllm:
            for name, is_set in (("constrain", self.constrain), ("image_uuids", self.model.image_uuids)):
                if is_set:
                    raise SettingError(name, f"needs vLLM, and {model.base_url} is another server: leave it out")

    def _check_dialect(self, dialect: Dialect | None) -> None:
        """Refuse settings without a meaning for `dialect`, if it is known."""
        if dialect is None:
            return
        if self.constrain and not isinstance(dialect, Constrainable):
            raise SettingError("constrain", f"needs a grammar, and the dialect {dialect.name} has none: leave it out")
        if self.prompt is not None:
            choices = [one for one in Prompt if one is not _GROUNDING and has_prompt(dialect, one)]
            if Prompt(self.prompt) not in choices:
                has = f"only {' and '.join(choices)}: choose one of them" if choices else "a single one: leave it out"
                raise SettingError("prompt", f"is {self.prompt}, but the dialect {dialect.name} has {has}")

    def _chosen_dialect(self, model: Model, dialect: Dialect | None, report: Callable[[str], object]) -> Dialect | None:
        """The dialect that `model` fits, by measuring it; the points of a planner with a grounder do not matter."""
        name = model.info().name
        if not self.calibrate or not _is_measurable(model):
            return dialect
        if self.grounder is not None and (dialect or dialect_for_model(name)):
            return dialect
        if self.grounder is not None and not dialects_for_model(name):
            raise SettingError("", f"no dialect is known for the model {name!r}: add --dialect planner for a grounder")
        candidates = [dialect] if dialect else _candidates(name)
        if self.max_image_pixels is not None:
            candidates = [with_max_image_pixels(candidate, self.max_image_pixels) for candidate in candidates]
        return _fitting_dialect(model, candidates, self._sampling_changes(), report) or dialect


def _candidates(name: str) -> list[Dialect]:
    from ...doctor import candidates_for  # its HTTP client takes a third of a second to import

    return candidates_for(name)


def _fitting_dialect(
    model: Model, candidates: Sequence[Dialect], changes: Mapping[str, Any], report: Callable[[str], object]
) -> Dialect | None:
    from ...doctor import default_folder, fitting_dialect

    return fitting_dialect(model, candidates, default_folder(), changes=changes, report=report)


def _is_measurable(model: Model) -> bool:
    """Whether it is a model on a server of the user's; the reader and the vendors' own APIs have a known space."""
    from ...models.served.model import ServedModel

    return isinstance(model, ServedModel) and model.info().name != "reader"
