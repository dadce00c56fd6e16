"""The policy of a model: its own, or the one that prompts it in a dialect."""

from ..core.image_history import History
from ..core.model import Model
from ..dialects.dialect import Dialect
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import dialect_named
from ..policy.model_policy import ModelPolicy
from ..policy.policy import Policy, PolicyProvider, PolicySettings
from .open_model import open_model


def open_policy(
    model: Model | str, dialect: Dialect | str | None, prompt: Prompt | None, history: History | None, summarize: bool
) -> Policy:
    """The policy of `model`, which may be the address of one. What is None is the model's default.

    Raises:
        ValueError: there is no such model or dialect, or the model's API has its own dialect and prompt.
    """
    opened = open_model(model) if isinstance(model, str) else model
    provider: object = opened
    if isinstance(provider, PolicyProvider):
        if dialect is not None or prompt is not None:
            raise ValueError("dialect and prompt do not apply to a model whose API has its own: leave them out")
        return provider.policy(PolicySettings(history))
    if isinstance(dialect, str):
        dialect = dialect_named(dialect)
    return ModelPolicy(opened, dialect, history=history, prompt=prompt, summarize=summarize)
