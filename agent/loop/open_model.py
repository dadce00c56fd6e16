"""Opens a model by address: `reader`, the URL of a server, the folder of a model, or the name of a plugin.

A package adds a kind of model through an entry point in the group `screenwright.models`: a function of the address and
`ModelOptions` that returns a `Model`. The entry point `acme` opens `acme` and all addresses that start with `acme:`.
"""

import os
from typing import Any

from screenwright._plugins import load_plugin, plugin_names

from ..core.model import Model, ModelOptions

_LOCAL = "local:"


def open_model(address: str, name: str | None = None, **options: Any) -> Model:
    """Open the model at `address`. Nothing is contacted or loaded yet.

    `http://host:port/v1` is an OpenAI-compatible server, where `name` selects one of several models. A folder, or
    `local:` and a folder or a name on the Hugging Face hub, runs in this process. `openai:NAME`, `anthropic:NAME` and
    `gemini:NAME` are models behind the vendor's own API. `options` are further fields of `ModelOptions`.

    Raises:
        ValueError: there is no such model.
        ImportError: an optional dependency is not installed; the message names the extra.
    """
    is_folder = os.path.isdir(address)  # noqa: PTH112 -- Path.is_dir raises for a name that is too long
    scheme = "local" if is_folder else address.partition(":")[0]
    if scheme not in plugin_names("model"):
        kinds = ", ".join(name for name in plugin_names("model") if name not in ("http", "https", "local"))
        raise ValueError(
            f"there is no model {address!r}: name one of {kinds}, the address of a server such as "
            "http://host:8000/v1, or the folder of a model"
        )
    model: Model = load_plugin("model", scheme)(address, ModelOptions(name, **options))
    return model


def open_reader(address: str, options: ModelOptions) -> Model:
    """The embedded OCR reader."""
    from ..reader import ReaderModel  # its OCR takes a second to import

    return ReaderModel()


def open_served(address: str, options: ModelOptions) -> Model:
    """The model at an OpenAI-compatible server."""
    from ..models.served.model import ServedModel  # its HTTP client takes a third of a second to import

    return ServedModel(address, options.name, image_uuids=options.image_uuids, timeout_s=options.timeout_s)


def open_openai(address: str, options: ModelOptions) -> Model:
    """A model with OpenAI's computer tool."""
    from ..vendors.openai_api import OpenAiModel  # each SDK takes a second to import

    return OpenAiModel(_vendor_model(address, options), timeout_s=options.timeout_s)


def open_anthropic(address: str, options: ModelOptions) -> Model:
    """A model with Anthropic's computer toolset."""
    from ..vendors.anthropic_api import AnthropicModel

    return AnthropicModel(_vendor_model(address, options), timeout_s=options.timeout_s)


def open_gemini(address: str, options: ModelOptions) -> Model:
    """A model with Gemini's computer use."""
    from ..vendors.gemini_api import GeminiModel

    return GeminiModel(_vendor_model(address, options), timeout_s=options.timeout_s)


def _vendor_model(address: str, options: ModelOptions) -> str:
    return address.partition(":")[2] or options.name or ""


def open_local(address: str, options: ModelOptions) -> Model:
    """A model that runs in this process, from a folder or from the Hugging Face hub."""
    from ..models.local.model import LocalModel

    return LocalModel(address.removeprefix(_LOCAL), name=options.name)
