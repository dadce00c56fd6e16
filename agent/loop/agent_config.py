"""The settings of a model and of how it is asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from screenwright._plugins import load_plugin

from ...envs.config import Config, JsonObject, SettingError, setting
from ..core.image_history import HISTORY_HELP, HISTORY_PATTERN, history_named
from ..core.messages import ImageFormat
from ..core.model import Model, ModelLost, ModelUnknown
from ..core.request import sampling_changes
from ..dialects.dialect import Dialect
from ..dialects.planner import Planner
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.prompting.thoughts import Thoughts
from ..dialects.registry import (
    dialect_named,
    dialect_names,
    dialects_for_model,
    with_language,
    with_max_image_pixels,
    with_several_actions,
    with_thoughts,
)
from ..policy.grounded_policy import GroundedPolicy
from ..policy.model_policy import ModelPolicy
from ..policy.policy import Policy, PolicyProvider, PolicySettings
from .open_model import open_model


class ModelConfig(Config):
    """Which model to use."""

    group: ClassVar[str] = "model"

    model: str = setting(
        "reader",
        "reader, the address of an OpenAI-compatible server, the folder of a model, or a vendor's model such as "
        "openai:gpt-5.4; several addresses with commas are replicas",
        common=True,
    )
    model_name: str | None = setting(None, "name of the model, if the server has several", common=True)
    image_uuids: bool = setting(False, "vLLM: send the bytes of each screenshot only once")
    model_timeout: float = setting(120.0, "seconds that a model server may be silent", gt=0)

    def build(self, slot: int = 0) -> Model:
        """The model, not contacted yet. Different `slot`s are spread over the replicas.

        Raises:
            ValueError: there is no such model.
            ImportError: the extra that it needs is not installed.
        """
        replicas = [part for part in self.model.split(",") if part]
        if not replicas:
            raise SettingError("model", "names no model")
        return open_model(
            replicas[slot % len(replicas)],
            self.model_name,
            image_uuids=self.image_uuids,
            timeout_s=self.model_timeout,
        )


_OF_DIALECTS = (
    *("dialect", "prompt", "thoughts", "language", "several_actions"),
    *("grounder", "grounder_name", "grounder_dialect", "constrain", "max_image_pixels"),
)
"""Settings of prompts and replies, which a model whose API has a protocol of its own does not have."""


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
        ignored = sorted(self.model_fields_set - {"policy", "model"})
        if self.policy is not None and ignored:
            raise SettingError(ignored[0], "applies to models, not to --policy: leave it out")
        return self

    def build_policy(
        self, model: Model | None = None, dialect: Dialect | None = None, *, summarize: bool = True
    ) -> Policy:
        """The policy that asks `model` in `dialect` (default: those of the settings).

        Raises:
            ValueError: there is no such dialect or policy, or the dialect does not support a setting.
        """
        if self.policy is not None:
            policy: Policy = load_plugin("policy", self.policy)()
            return policy
        model = model or self.model.build()
        history = history_named(self.history) if self.history else None
        changes = self._sampling_changes()
        if isinstance(model, PolicyProvider):
            return self._own_policy(model, PolicySettings(history, changes, ImageFormat(self.image_format)))
        if self.long_edge is not None:
            raise SettingError("long_edge", "applies to the APIs of vendors, such as openai:gpt-5.4: leave it out")
        planner = ModelPolicy(
            model,
            dialect or self.build_dialect(),
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
        return self._grounded(planner)

    def _grounded(self, planner: ModelPolicy) -> GroundedPolicy:
        assert self.grounder is not None
        grounder = open_model(self.grounder, self.grounder_name, timeout_s=self.model.model_timeout)
        dialect = dialect_named(self.grounder_dialect) if self.grounder_dialect else None
        return GroundedPolicy(planner, grounder, dialect)

    def _check_grounder(self, model: Model) -> None:
        """Contact the grounder of the planner `model` and find its dialect, before a screen opens.

        Raises:
            SettingError: it cannot be reached, or its dialect is not known or has no grounding prompt.
        """
        policy = self._grounded(ModelPolicy(model))
        try:
            policy.open_grounder()
        except ModelLost as lost:
            raise SettingError("grounder", f"cannot be used: {lost}") from lost
        except ValueError as error:
            if self.grounder_dialect is not None:
                raise SettingError("grounder_dialect", f"{self.grounder_dialect} has no grounding prompt") from error
            fitting = dialects_for_model(policy.model.info().name)
            names = " or ".join(dialect.name for dialect in fitting) or "with the dialect of that model"
            name = policy.model.info().name
            problem = f"{name!r} does not determine a dialect: add --grounder-dialect {names}"
            raise SettingError("grounder", problem) from error
        finally:
            getattr(policy.model, "close", lambda: None)()

    def _own_policy(self, model: PolicyProvider, settings: PolicySettings) -> Policy:
        """The policy of a model whose API has a protocol of its own."""
        for name in _OF_DIALECTS:
            if name in self.model_fields_set and getattr(self, name) != type(self).model_fields[name].default:
                raise SettingError(name, f"does not apply to {self.model.model}, whose API has its own: leave it out")
        return model.policy(replace(settings, long_edge=self.long_edge))

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

    def check_model(self, model: Model, report: Callable[[str], object] = lambda line: None) -> Dialect | None:
        """The dialect for `model`; None if its name chooses it later.

        A model on a server is measured at its first contact, and if its name leaves several dialects open, the one that
        fits is chosen. `report` is called with a line about the result.

        Raises:
            ValueError: the server has no such model, or its clicks miss in its dialect.
        """
        dialect = self.build_dialect()
        if self.grounder is not None:
            self._check_grounder(model)
        if not model.info().endpoint:
            return dialect
        if isinstance(model, PolicyProvider):
            try:
                model.connect()
            except ModelLost as lost:
                raise ValueError(str(lost)) from lost
            return dialect
        try:
            model.connect()
            if not self.calibrate or self.grounder is not None or not _is_measurable(model):
                return dialect
            return self._fitting_dialect(model, dialect, report) or dialect
        except ModelUnknown as unknown:
            raise ValueError(str(unknown)) from unknown
        except ModelLost:
            return dialect  # the run reports it
        finally:
            getattr(model, "close", lambda: None)()  # the run connects again; the agent may never run

    def _fitting_dialect(
        self, model: Model, dialect: Dialect | None, report: Callable[[str], object]
    ) -> Dialect | None:
        from ..doctor import WELL_KNOWN, default_folder, fitting_dialect

        candidates = [dialect] if dialect else dialects_for_model(model.info().name)
        if not candidates:
            names = dict.fromkeys((*WELL_KNOWN, *dialect_names()))
            candidates = [known for known in map(dialect_named, names) if not isinstance(known, Planner)]
        if self.max_image_pixels is not None:
            candidates = [with_max_image_pixels(candidate, self.max_image_pixels) for candidate in candidates]
        return fitting_dialect(model, candidates, default_folder(), changes=self._sampling_changes(), report=report)


def _is_measurable(model: Model) -> bool:
    """Whether it is a model on a server of the user's; the reader and the vendors' own APIs have a known space."""
    from ..models.served import ServedModel

    return isinstance(model, ServedModel) and model.info().name != "reader"
