"""Which settings apply to which kind of model. One that has no meaning for a model is refused, never ignored."""

import os
from collections.abc import Collection, Mapping
from enum import Enum, auto

from ....envs.config import SettingError
from ...core.model import Model
from ...policy.policy import PolicyProvider

_PROTOCOL = frozenset(
    (
        *("dialect", "prompt", "thoughts", "language", "several_actions"),
        *("grounder", "grounder_name", "grounder_dialect", "constrain", "max_image_pixels"),
    )
)
_SAMPLING = frozenset({"temperature", "top_p", "max_tokens", "request"})
_OF_VENDORS = frozenset({"long_edge"})
_OF_SERVERS = frozenset({"image_uuids", "calibrate"})
_OF_REMOTES = frozenset({"model_timeout"})
_READS = frozenset({"prompt", "max_image_pixels"})
"""Of the protocol of prompts and replies, what the reader has as well."""


class _Kind(Enum):
    READER = auto()
    SERVER = auto()
    LOCAL = auto()
    VENDOR = auto()


def check_address(given: Collection[str], address: str) -> None:
    """Refuse the first of the `given` settings that has no meaning for the model at `address`, if its kind is known.

    Raises:
        SettingError: with its name.
    """
    scheme = "local" if os.path.isdir(address) else address.partition(":")[0]  # noqa: PTH112 -- Path.is_dir raises
    if (kind := _OF_SCHEME.get(scheme)) is not None:
        _check(given, kind, address)


def check_applicable(given: Collection[str], model: Model, address: str) -> None:
    """Refuse the first of the `given` settings that has no meaning for `model`, which was opened from `address`.

    Raises:
        SettingError: with its name.
    """
    from ...models.local.model import LocalModel

    kind = _Kind.SERVER
    if isinstance(model, PolicyProvider):
        kind = _Kind.VENDOR
    elif isinstance(model, LocalModel):
        kind = _Kind.LOCAL
    elif model.info().name == "reader" and not model.info().endpoint:
        kind = _Kind.READER
    _check(given, kind, address)


def _check(given: Collection[str], kind: _Kind, address: str) -> None:
    refused, reason = _refused(kind, address)
    for name in sorted(refused.intersection(given)):
        raise SettingError(name, _VENDORS_ONLY if name in _OF_VENDORS else reason, excluded_by="model")


def check_parameters(changes: Mapping[str, object], model: Model) -> None:
    """Refuse the first parameter of a request that a model in this process does not have.

    Raises:
        SettingError: with its name.
    """
    from ...models.local.model import LocalModel

    if not isinstance(model, LocalModel):
        return
    extra = changes.get("extra_body")
    extra_names = set(extra) if isinstance(extra, Mapping) else set[str]()
    unknown = changes.keys() - LocalModel.parameters - {"extra_body"} | extra_names - LocalModel.extra_parameters
    if unknown:
        raise SettingError("request", f"sets {min(unknown)}, which a model in this process does not have: leave it out")


_VENDORS_ONLY = "applies to the APIs of vendors, such as openai:gpt-5.4: leave it out"


_OF_SCHEME = {
    "reader": _Kind.READER,
    "local": _Kind.LOCAL,
    **dict.fromkeys(("http", "https"), _Kind.SERVER),
    **dict.fromkeys(("openai", "anthropic", "gemini"), _Kind.VENDOR),
}


def _refused(kind: _Kind, address: str) -> tuple[frozenset[str], str]:
    """The settings without a meaning for that kind of model, and what to say about them."""
    match kind:
        case _Kind.VENDOR:
            named = {"model_name"} if address.partition(":")[2] else set[str]()
            reason = f"does not apply to {address}, whose API has its own: leave it out"
            return _PROTOCOL | _OF_SERVERS | named, reason
        case _Kind.LOCAL:
            reason = "applies to a model on a server, not to one in this process: leave it out"
            return _OF_VENDORS | _OF_SERVERS | _OF_REMOTES | {"constrain"}, reason
        case _Kind.READER:
            reason = "does not apply to the reader: leave it out, or name another --model"
            return (_PROTOCOL - _READS) | _SAMPLING | _OF_VENDORS | _OF_SERVERS | _OF_REMOTES | {"model_name"}, reason
        case _Kind.SERVER:
            return _OF_VENDORS, ""
